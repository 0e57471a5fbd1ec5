"""VPCs: the emulator's provisioner returns no CidrBlock."""

from ..registration import Attributes, Completed, Properties


def _complete(physical_id: str, properties: Properties, attributes: Attributes) -> Attributes:
    return {"CidrBlock": properties.get("CidrBlock", "")}


RESOURCE = Completed(type="AWS::EC2::VPC", complete=_complete)
