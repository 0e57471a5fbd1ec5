"""The networks of environments, for the tests of reachability."""

from functools import cache

from checks.reachability import Reachability
from checks.statements import ROLE, holders, statements
from checks.templates import ResourceId, Templates
from config.model import Environment
from tests.support.synthesis import Synthesized, synthesize

HTTPS = 443
# Network ACLs deny this port from every address. So a client that uses this source port gets no replies.
RDP = 3389
# The types of resources between an Auto Scaling group and the group's role.
_INTERMEDIATE_TYPES = ("AWS::EC2::LaunchTemplate", "AWS::IAM::InstanceProfile")


@cache
def reachability(environment: Environment) -> Reachability:
    """The network of the environment; clients on the RDP port are ignored."""
    return reachability_of(synthesize(environment))


def reachability_of(synthesized: Synthesized) -> Reachability:
    """The network of what is synthesized already."""
    s3 = synthesized.environment.network.s3_prefix_list
    return Reachability.of(synthesized.linked, ignored_client_ports=[RDP], prefix_lists={s3: "s3"} if s3 else {})


def database_clients(environment: Environment, target: str) -> set[str]:
    """The nodes with a role that may connect to the `database`, or to the `proxy`, by IAM authentication."""
    templates, reach = synthesize(environment).linked, reachability(environment)
    of_policy = holders(templates)
    roles = {
        role
        for statement in statements(templates)
        if "rds-db:connect" in statement.actions.patterns
        for resource in statement.resources.patterns
        if reach.nodes[target].resource_id in {each.resource_id for each in templates.named(resource)}
        for role in of_policy[statement.resource_id]
    }
    return {
        name for name, node in reach.nodes.items() if node.resource_id and _roles(templates, node.resource_id) & roles
    }


def _roles(templates: Templates, id_: ResourceId) -> set[ResourceId]:
    """The roles to which a resource refers, directly or through its launch template and instance profile."""
    found: set[ResourceId] = set()
    for reference in templates.references(templates.properties(id_), id_.stack):
        type_ = templates.resource(reference.resource_id)["Type"]
        if type_ == ROLE:
            found.add(reference.resource_id)
        elif type_ in _INTERMEDIATE_TYPES:
            found |= _roles(templates, reference.resource_id)
    return found
