"""A local cloud with nothing deployed."""

from __future__ import annotations

from local_cloud.cloud import LocalCloud
from local_cloud.report import Summary


class WithoutStacks(LocalCloud):
    """Takes its services as they are where a real one would go on to deploy."""

    def _bring_up(self) -> Summary:
        self.state.deployed.touch()
        # A summary tells of stacks, and nobody asks for it here.
        return None  # type: ignore[return-value]
