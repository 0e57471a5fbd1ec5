"""Whatever any environment deploys, the local cloud takes, really made or recorded by name."""

from local_cloud.emulator.registration import uncovered
from tests.support.synthesis import Synthesized


def test_every_resource_type_of_every_environment_is_covered(every_environment: Synthesized) -> None:
    types = {resource["Type"] for resource in every_environment.everything().values()}
    assert types
    assert uncovered(types) == set(), "add a module for each to local_cloud/emulator/registry"
