"""The address plan leaves room and never overlaps, for any sizes it accepts."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import assume, given
from hypothesis import strategies as st

from config.address_plan import MAX_ZONES, AddressPlan, usable_addresses

PREFIXES = st.integers(min_value=19, max_value=28)


@given(vpc=st.integers(min_value=16, max_value=22), public=PREFIXES, app=PREFIXES, data=PREFIXES)
def test_no_two_subnets_of_any_plan_overlap(vpc: int, public: int, app: int, data: int) -> None:
    network = IPv4Network(f"10.0.0.0/{vpc}")
    try:
        plan = AddressPlan(vpc=network, public_prefix=public, app_prefix=app, data_prefix=data)
    except ValueError:
        assume(False)
        return
    subnets = [plan.subnet(tier, zone) for tier in ("public", "app", "data") for zone in range(MAX_ZONES)]
    assert all(subnet.subnet_of(network) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))
    for tier, block in plan.blocks().items():
        assert all(plan.subnet(tier, zone).subnet_of(block) for zone in range(MAX_ZONES))


def test_usable_addresses_leave_out_what_aws_reserves() -> None:
    assert usable_addresses(28) == 11
