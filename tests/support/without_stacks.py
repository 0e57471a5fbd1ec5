"""A local cloud with nothing deployed."""

from __future__ import annotations

from local_cloud.cloud import LocalCloud
from local_cloud.report import Summary


class WithoutStacks(LocalCloud):
    """Stops after its processes have started, where others deploy."""

    def _bring_up(self) -> Summary:
        self.state.deployed.touch()
        # A summary is about stacks, and no test here uses it.
        return None  # type: ignore[return-value] # see above
