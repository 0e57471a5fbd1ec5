"""The SNS topic that alarms notify."""

from aws_cdk import Aws
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class Alerts(Construct):
    """Sends alarms, database events and scaling events by e-mail."""

    def __init__(self, scope: Construct, id_: str, *, key: kms.Key, emails: tuple[str, ...]) -> None:
        super().__init__(scope, id_)
        self._key = key
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        self._allow_to_publish(
            "AlarmsAndDatabasesOfThisAccount", "cloudwatch.amazonaws.com", "events.rds.amazonaws.com"
        )
        for email in emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        self.action = actions.SnsAction(self.topic)

    def allow_publisher(self, service: str) -> None:
        """Lets one more service of AWS send messages for this account, and use the topic's key to encrypt them.

        Source: AWS Cost Management User Guide, "Creating an Amazon SNS topic for budget notifications" and "Creating an
        Amazon SNS topic for anomaly notifications"; Amazon SNS Developer Guide, "Managing encryption keys".
        """
        sid = f"{service.partition('.')[0].capitalize()}OfThisAccount"
        self._allow_to_publish(sid, service)
        self._key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(service)],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )

    def _allow_to_publish(self, sid: str, *services: str) -> None:
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(service) for service in services],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )

    def allow_service_linked_role(self, service: str, role: str) -> None:
        """Lets a service that publishes with its service-linked role use the topic's key.

        A condition names the role, because KMS refuses a principal that doesn't exist yet, and AWS creates this one
        when an account first uses the service. Source: Amazon EC2 Auto Scaling User Guide, "Amazon SNS notification
        options for Amazon EC2 Auto Scaling".
        """
        path = f"aws-service-role/{service}/{role}"
        self._key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"{role}OfThisAccount",
                principals=[iam.AnyPrincipal()],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={
                    "StringEquals": {"kms:CallerAccount": Aws.ACCOUNT_ID},
                    "ArnEquals": {"aws:PrincipalArn": f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{path}"},
                },
            )
        )
