"""A local cloud with nothing deployed."""

from __future__ import annotations

from local_cloud.cloud import LocalCloud
from local_cloud.report import Summary


class WithoutStacks(LocalCloud):
    """Starts the processes, but deploys nothing."""

    def _bring_up(self) -> Summary:
        # No test uses the summary, which describes stacks.
        return None  # type: ignore[return-value] # see above
