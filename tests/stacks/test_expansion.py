"""A deployment that removes what later stacks use first keeps it, exactly as it is deployed."""

from typing import Any

from aws_cdk import App, Stack

from stacks.expansion import keep

DEPLOYED: dict[str, Any] = {
    "Resources": {
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "DependsOn": ["Other"],
            "DeletionPolicy": "Retain",
            "Metadata": {"aws:cdk:path": "Data/Group"},
            "Properties": {
                "GroupDescription": {"Fn::Sub": "of ${AWS::StackName}"},
                "VpcId": {"Fn::GetStackOutput": {"StackName": "acme-network", "OutputName": "Vpc"}},
                "SecurityGroupEgress": [{"CidrIp": "10.0.0.0/8", "IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}],
                "Tags": [{"Key": "a.b", "Value": {"Ref": "Other"}}],
            },
        },
        "Other": {"Type": "AWS::SQS::Queue"},
    },
    "Outputs": {"PublishOutputGroup": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}}},
}


def _synthesized(templates: dict[str, Any]) -> dict[str, Any]:
    app = App(analytics_reporting=False)
    stack = Stack(app, "Data", stack_name="acme-data")
    keep(app, templates)
    template: dict[str, Any] = app.synth().get_stack_by_name(stack.stack_name).template
    return template


def test_resources_and_outputs_are_kept_as_they_are_deployed() -> None:
    template = _synthesized({"acme-data": DEPLOYED})
    assert {id_: template["Resources"][id_] for id_ in DEPLOYED["Resources"]} == DEPLOYED["Resources"]
    assert {id_: template["Outputs"][id_] for id_ in DEPLOYED["Outputs"]} == DEPLOYED["Outputs"]


def test_another_stack_keeps_nothing() -> None:
    assert "Group" not in _synthesized({"acme-other": DEPLOYED}).get("Resources", {})
