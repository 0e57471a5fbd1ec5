"""The local cloud can deploy every resource type of every environment."""

from local_cloud.emulator.registration import uncovered
from tests.support.synthesis import Synthesized


def test_every_resource_type_of_every_environment_is_covered(every_environment: Synthesized) -> None:
    types = {resource["Type"] for resource in every_environment.everything().values()}
    assert types
    assert uncovered(types) == set(), "add a module for each to a registry of local_cloud"
