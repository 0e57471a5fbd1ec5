"""The environments whose deployments are compared with the policies of `make bootstrap`."""

from dataclasses import replace
from typing import get_args

from config.bootstrap import BootstrapNames
from config.environments import DEV
from config.model import Environment
from config.network import DualStack, InterfaceEndpoint, NoNat
from tests.support.databases import VARIANTS as DATABASES
from tests.support.synthesis import ENVIRONMENTS, Synthesized, synthesize
from tests.support.variants import unusual, variants

CASES = {
    **ENVIRONMENTS,
    **DATABASES,
    "dev without NAT": replace(
        DEV, network=replace(DEV.network, nat=NoNat(), interface_endpoints=frozenset(get_args(InterfaceEndpoint)))
    ),
    "dev with dual stack": replace(DEV, network=replace(DEV.network, addressing=DualStack())),
    **variants(),
    **unusual(),
}
NAMES = BootstrapNames(project="acme", environment="dev")
FOREIGN = "other-dev-"
# Of templates that are deployed with the bootstrap.
PARAMETER = "BootstrapVersion"


def with_bootstrap(environment: Environment) -> Synthesized:
    """The environment without the stacks that people deploy with credentials of their own."""
    synthesized = synthesize(environment)
    by_bootstrap = {
        name: template
        for name, template in synthesized.templates.items()
        if PARAMETER in template.get("Parameters", {})
    }
    return replace(synthesized, templates=by_bootstrap)
