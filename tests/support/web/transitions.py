"""Changes of the values of this capability."""

from collections.abc import Mapping
from typing import Any

from config.environments import PROD_WEB
from config.web import Internal, OnDemandInstances, WithSpotInstances
from tests.support.transitions import Transition
from tests.support.web.variants import PUBLIC_EXPOSURE

PUBLIC: Mapping[str, Any] = {"web.exposure": PUBLIC_EXPOSURE}
SPOT = WithSpotInstances(types=("m7g.large", "m6g.large", "c7g.large"), on_demand_base=1, spot_percent=50)
WITH_SPOT: Mapping[str, Any] = {"web.capacity": SPOT}
TRANSITIONS = (
    Transition(value="web", to=None),
    Transition(value="web", to=PROD_WEB, before={"web": None}),
    Transition(value="web.exposure", to=PUBLIC_EXPOSURE),
    Transition(value="web.exposure", to=Internal(), before=PUBLIC),
    Transition(value="web.exposure.origins", to=("https://orders.example.com",)),
    Transition(value="web.exposure.domain", to="files.example.com", before=PUBLIC),
    Transition(value="web.exposure.hosted_zone_id", to="Z9876543210ABCDEFGHIJ", before=PUBLIC),
    Transition(value="web.exposure.sign_in_domain_prefix", to="example-files", before=PUBLIC),
    Transition(value="web.exposure.mfa", to="optional", before=PUBLIC),
    Transition(value="web.exposure.sign_in_plan", to="plus", before=PUBLIC),
    Transition(value="web.exposure.requests_per_five_minutes", to=1000, before=PUBLIC),
    Transition(value="web.capacity", to=SPOT),
    Transition(value="web.capacity.types", to=("m7g.xlarge", "m6g.xlarge")),
    Transition(value="web.capacity.on_demand_base", to=2, before=WITH_SPOT),
    Transition(value="web.capacity.spot_percent", to=80, before=WITH_SPOT),
    Transition(value="web.min_instances", to=4),
    Transition(value="web.max_instances", to=12),
    Transition(value="web.warm_instances", to=2, before={"web.capacity": OnDemandInstances(types=("m7g.large",))}),
    Transition(value="web.requests_per_minute", to=5000),
    Transition(value="web.deletion_protection", to=False),
    Transition(value="web.log_days", to=30),
)
