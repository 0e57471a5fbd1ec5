"""Sign-in with Cognito: invited users, each with a password and a second factor."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_elasticloadbalancingv2_actions as actions
from constructs import Construct

from components.common.acknowledgement import AWS_SOLUTIONS, acknowledge, by
from config.web import Public

SESSION = Duration.hours(12)  # a working day; the load balancer refreshes the tokens every hour
TOKEN = Duration.hours(1)
INVITATION = Duration.days(7)
# To which Cognito sends users back after the sign-in (User Guide for Application Load Balancers, "Authenticate users").
CALLBACK_PATH = "/oauth2/idpresponse"
MFA = {"required": cognito.Mfa.REQUIRED, "optional": cognito.Mfa.OPTIONAL}
PLANS = {"essentials": cognito.FeaturePlan.ESSENTIALS, "plus": cognito.FeaturePlan.PLUS}


class SignIn(Construct):
    """A user pool whose users an administrator invites; nobody can sign up."""

    def __init__(
        self, scope: Construct, id_: str, *, config: Public, deletion_protection: bool, removal: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        self._domain_name = config.domain
        self.pool = self._pool(config, deletion_protection, removal)
        self.client = self._client(config)
        self._domain = self.pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=config.sign_in_domain_prefix),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        # Without a branding style, even Cognito's own, the newer pages return an error (Amazon Cognito Developer Guide,
        # "Apply branding to managed login pages").
        cognito.CfnManagedLoginBranding(
            self,
            "ManagedLoginBranding",
            user_pool_id=self.pool.user_pool_id,
            client_id=self.client.user_pool_client_id,
            use_cognito_provided_values=True,
        )

    def require(
        self,
        target: elbv2.ListenerAction,
        *,
        otherwise: elbv2.UnauthenticatedAction = elbv2.UnauthenticatedAction.AUTHENTICATE,
    ) -> elbv2.ListenerAction:
        """`target` for users who are signed in. `otherwise` decides what others get: the sign-in page, or 401."""
        return actions.AuthenticateCognitoAction(
            user_pool=self.pool,
            user_pool_client=self.client,
            user_pool_domain=self._domain,
            scope="openid email",
            session_timeout=SESSION,
            on_unauthenticated_request=otherwise,
            allow_https_outbound=False,  # the load balancer's own group has that rule, for each IP version in use
            next=target,
        )

    def environment(self, load_balancer: elbv2.ApplicationLoadBalancer) -> dict[str, str]:
        """The variables with which the app verifies who signed in, and the address of the sign-out."""
        client = self.client.user_pool_client_id
        return {
            "SIGN_IN_LOAD_BALANCER_ARN": load_balancer.load_balancer_arn,
            "SIGN_IN_CLIENT_ID": client,
            "SIGN_IN_ISSUER": self.pool.user_pool_provider_url,
            # Ends Cognito's session; the app has ended the load balancer's. Then Cognito redirects to the first page,
            # which requires a sign-in.
            "SIGN_IN_LOGOUT_URL": (
                f"{self._domain.base_url()}/logout?client_id={client}&logout_uri=https%3A%2F%2F{self._domain_name}%2F"
            ),
        }

    def _pool(self, config: Public, deletion_protection: bool, removal: RemovalPolicy) -> cognito.UserPool:
        plus = config.sign_in_plan == "plus"
        pool = cognito.UserPool(
            self,
            "UserPool",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True, mutable=True)
            ),
            mfa=MFA[config.mfa],
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=INVITATION,
            ),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            user_invitation=cognito.UserInvitationConfig(
                email_subject=f"Your invitation to {config.domain}",
                email_body=f"You are invited to https://{config.domain}/. Within {INVITATION.to_days():g} days sign in "
                "as {username} with the password {####}, and choose your own.",
            ),
            feature_plan=PLANS[config.sign_in_plan],
            standard_threat_protection_mode=(
                cognito.StandardThreatProtectionMode.FULL_FUNCTION if plus else None  # other plans refuse it
            ),
            deletion_protection=deletion_protection,
            removal_policy=removal,
        )
        if not plus:
            acknowledge(
                pool,
                *by(AWS_SOLUTIONS, rule="COG8"),
                reason="Threat protection is billed per user, and a second factor already stops a stolen password",
                would_change='with web.exposure.sign_in_plan = "plus"',
            )
        if config.mfa == "optional":
            acknowledge(
                pool,
                *by(AWS_SOLUTIONS, rule="COG2"),
                reason="In this environment each user decides about a second factor",
                would_change="with web.exposure.mfa",
            )
        return pool

    def _client(self, config: Public) -> cognito.UserPoolClient:
        return self.pool.add_client(
            "Client",
            generate_secret=True,  # a load balancer requires it
            auth_flows=cognito.AuthFlow(user_srp=True),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
                callback_urls=[f"https://{config.domain}{CALLBACK_PATH}"],
                logout_urls=[f"https://{config.domain}/"],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=TOKEN,
            id_token_validity=TOKEN,
            refresh_token_validity=SESSION,
        )
