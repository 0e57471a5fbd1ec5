"""The subnets of an address plan never overlap, whatever sizes it accepts."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from config.address_plan import MAX_ZONES, SLOT_BITS, AddressPlan, usable_addresses


@st.composite
def plans(draw: st.DrawFn) -> AddressPlan:
    """Plans that fit: app takes up to half of the VPC, the other two tiers up to a quarter each."""
    vpc = draw(st.integers(16, 22))
    prefixes = st.integers(vpc + SLOT_BITS + 2, 28)
    return AddressPlan(
        vpc=IPv4Network(f"10.0.0.0/{vpc}"),
        public_prefix=draw(prefixes),
        app_prefix=draw(st.integers(vpc + SLOT_BITS + 1, 28)),
        data_prefix=draw(prefixes),
    )


@given(plan=plans())
def test_no_two_subnets_of_any_plan_overlap(plan: AddressPlan) -> None:
    subnets = [plan.subnet(tier, zone) for tier in ("public", "app", "data") for zone in range(MAX_ZONES)]
    assert all(subnet.subnet_of(plan.vpc) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))
    for tier, block in plan.blocks().items():
        assert all(plan.subnet(tier, zone).subnet_of(block) for zone in range(MAX_ZONES))


def test_usable_addresses_leave_out_what_aws_reserves() -> None:
    assert usable_addresses(28) == 11
