"""Roles that workflows on GitHub assume with a token of their job, without a stored secret."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, acknowledge, by
from components.common.workload_role import AccessPolicy
from config.delivery import AUDIENCE, ISSUER, DeliveryConfig, NewProvider

# A change of the database's instances takes longer than an hour, which is the default.
SESSION = Duration.hours(3)
# Of the bootstrap (AWS CDK Developer Guide, "Customize CDK bootstrapping"). Container images are not used.
BOOTSTRAP_ROLES = ("deploy-role", "file-publishing-role", "lookup-role")
READ_ONLY = "ReadOnlyAccess"
# CloudFormation's role, as `make bootstrap` makes it, may change only roles and policies without a path.
PATH = "/delivery/"
# What AWS's policy lets its users read besides settings. No command needs it.
CONTENT = (
    *("s3:GetObject", "s3:GetObjectVersion", "sqs:ReceiveMessage", "ssm:GetParameter", "ssm:GetParameters"),
    *("ssm:GetParametersByPath", "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"),
    *("dynamodb:GetRecords", "dynamodb:PartiQLSelect", "rds:DownloadCompleteDBLogFile"),
    "rds:DownloadDBLogFilePortion",
)


class Delivery(Construct):
    """One role deploys and verifies the environment, another one only verifies. A third one is for pull requests.

    GitHub's rules for an environment decide which jobs get a token with its name: a role trusts one environment of one
    repository, never a branch or a whole repository.
    """

    def __init__(self, scope: Construct, id_: str, *, config: DeliveryConfig, prefix: str, qualifier: str) -> None:
        """`prefix` is what the names of the environment's stacks start with, and `qualifier` that of its bootstrap."""
        super().__init__(scope, id_)
        self._config = config
        self._prefix = prefix
        self._provider_arn = self._provider()
        self._roles = self._container_of_roles()
        self.verify_policy = self._verify_policy()
        self.deploy_role = self._role(
            "Deploy",
            config.github_environment,
            "Deploys from GitHub",
            self.verify_policy,
            self._deploy_policy(qualifier),
        )
        self.verify_role = self._role(
            "Verify", config.verify_environment, "Verifies from GitHub what is deployed", self.verify_policy
        )

    def pull_requests_role(self, github_environment: str, *, prefix: str, qualifier: str) -> iam.Role:
        """The role that deploys and deletes environments whose stacks have names that start with `prefix`.

        `qualifier` is that of their bootstrap.
        """
        return self._role(
            "PullRequests",
            github_environment,
            "Deploys and deletes the environments of pull requests from GitHub",
            self._pull_requests_policy(prefix, qualifier),
        )

    def _provider(self) -> str:
        """IAM needs no thumbprint for GitHub, whose certificate it verifies with its own list of authorities.

        Source: IAM API Reference, "UpdateOpenIDConnectProviderThumbprint".
        """
        if isinstance(self._config.provider, NewProvider):
            provider = iam.CfnOIDCProvider(self, "Provider", url=f"https://{ISSUER}", client_id_list=[AUDIENCE])
            # All environments and teams of the account sign in with it.
            provider.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
            return provider.attr_arn
        return f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:oidc-provider/{ISSUER}"

    def _container_of_roles(self) -> Construct:
        roles = Construct(self, "GitHub")
        acknowledge(
            roles,
            *by(AWS_SOLUTIONS, rule=f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{READ_ONLY}]"),
            reason="Drift detection reads each resource with the caller's permissions; reading content is denied",
            would_change="if drift detection could read with a role of CloudFormation's",
        )
        return roles

    def _role(self, id_: str, github_environment: str, description: str, *policies: AccessPolicy) -> iam.Role:
        subject = self._config.subject(github_environment)
        conditions = {"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject}}
        return iam.Role(
            self._roles,
            f"{id_}Role",
            path=PATH,
            assumed_by=iam.WebIdentityPrincipal(self._provider_arn, conditions),
            description=description,
            max_session_duration=SESSION,
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(READ_ONLY), *policies],
        )

    def _policy(self, id_: str, description: str) -> AccessPolicy:
        return AccessPolicy(self, id_, description=description, path=PATH)

    def _deploy_policy(self, qualifier: str) -> AccessPolicy:
        """People deploy this stack. The CDK's command line calls DeleteChangeSet even if nothing has changed in it."""
        policy = self._policy("DeployPolicy", "Assumes the roles of the CDK's bootstrap")
        policy.allow("sts:AssumeRole", resources=_bootstrap_roles(qualifier))
        this = f"arn:{Aws.PARTITION}:cloudformation:{Aws.REGION}:{Aws.ACCOUNT_ID}:stack/{Aws.STACK_NAME}/*"
        policy.allow("cloudformation:DeleteChangeSet", resources=[this])
        acknowledge(
            policy,
            *by(AWS_SOLUTIONS, rule=f"IAM5[Resource::{_shown(this)}]"),
            reason="The command line names the stack, and not its id",
            would_change="if the CDK's command line made no change sets",
        )
        return policy

    def _verify_policy(self) -> AccessPolicy:
        """To which each stack adds what its checks need (`allow_verify`)."""
        policy = self._policy("VerifyPolicy", "Detects drift, and reads no content")
        _deny_content(policy)
        stacks = _stacks(self._prefix)
        policy.allow("cloudformation:DetectStackDrift", "cloudformation:DetectStackResourceDrift", resources=[stacks])
        acknowledge(
            policy,
            *by(AWS_SOLUTIONS, rule=f"IAM5[Resource::{_shown(stacks)}]"),
            reason="The ids of the environment's stacks are not known in advance, but the start of their names is",
            would_change="if CloudFormation accepted a condition on a tag for the detection of drift",
        )
        return policy

    def _pull_requests_policy(self, prefix: str, qualifier: str) -> AccessPolicy:
        """And what `make destroy` does. CloudFormation deletes with its own role, that of the last deployment."""
        policy = self._policy("PullRequestsPolicy", "Deploys and deletes the environments of pull requests")
        _deny_content(policy)
        policy.allow("sts:AssumeRole", resources=_bootstrap_roles(qualifier))
        buckets = f"arn:{Aws.PARTITION}:s3:::{prefix}*"
        allowed = {
            ("cloudformation:DeleteStack",): _stacks(prefix),
            ("s3:DeleteBucketPolicy",): buckets,
            ("s3:DeleteObjectVersion", "s3:AbortMultipartUpload"): f"{buckets}/*",
            ("logs:DeleteLogGroup",): (
                f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:/aws/rds/*/{prefix}*"
            ),
        }
        for actions, resource in allowed.items():
            policy.allow(*actions, resources=[resource])
        acknowledge(
            policy,
            *(one for each in allowed.values() for one in by(AWS_SOLUTIONS, rule=f"IAM5[Resource::{_shown(each)}]")),
            reason="The role exists before the environments of pull requests; their names start alike",
            would_change="if each pull request had an account of its own",
        )
        return policy


def _bootstrap_roles(qualifier: str) -> list[str]:
    """CloudFormation's own role does what a deployment does. Whoever deploys can only start it."""
    return [
        f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/cdk-{qualifier}-{name}-{Aws.ACCOUNT_ID}-{Aws.REGION}"
        for name in BOOTSTRAP_ROLES
    ]


def _deny_content(policy: AccessPolicy) -> None:
    """Denies what AWS's policy for reading lets a role read besides settings."""
    policy.add_statements(
        iam.PolicyStatement(sid="NoContent", effect=iam.Effect.DENY, actions=list(CONTENT), resources=["*"])
    )


def _stacks(prefix: str) -> str:
    return f"arn:{Aws.PARTITION}:cloudformation:{Aws.REGION}:{Aws.ACCOUNT_ID}:stack/{prefix}*/*"


def _shown(arn: str) -> str:
    """The ARN as findings of cdk-nag show it."""
    names = {"Partition": Aws.PARTITION, "Region": Aws.REGION, "AccountId": Aws.ACCOUNT_ID, "StackName": Aws.STACK_NAME}
    for name, token in names.items():
        arn = arn.replace(token, f"<AWS::{name}>")
    return arn
