"""Identity providers that issue OpenID Connect tokens."""

from __future__ import annotations

from ...emulator.api import client
from ...emulator.registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    made = client("iam").create_open_id_connect_provider(Url=properties["Url"], ClientIDList=properties["ClientIdList"])
    arn = made["OpenIDConnectProviderArn"]
    return arn, {"Arn": arn}


def _delete(physical_id: str, properties: Properties) -> None:
    client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=physical_id)


RESOURCE = Made(type="AWS::IAM::OIDCProvider", create=_create, delete=_delete)
