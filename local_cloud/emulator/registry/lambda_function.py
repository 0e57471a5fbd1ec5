"""Functions: the emulator's provisioner ignores the VPC."""

from ..api import chosen, client
from ..registration import Attributes, Completed, Properties


def _complete(physical_id: str, properties: Properties, attributes: Attributes) -> Attributes:
    network = chosen(properties.get("VpcConfig") or {}, "SubnetIds", "SecurityGroupIds")
    if network:
        client("lambda").update_function_configuration(FunctionName=physical_id, VpcConfig=network)
    return {}


RESOURCE = Completed(type="AWS::Lambda::Function", complete=_complete)
