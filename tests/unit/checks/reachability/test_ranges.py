"""Ranges behave like sets of numbers, in every small case."""

from collections.abc import Iterator
from ipaddress import ip_network
from itertools import combinations, product

import pytest

from checks.reachability.ranges import PUBLIC, Ranges, addresses, ranges

SPANS = [(first, last) for first in range(6) for last in range(first, 6)]
CASES = [ranges(*spans) for count in (0, 1, 2) for spans in combinations(SPANS, count)]


def numbers(found: Ranges) -> set[int]:
    return {number for first, last in found.spans for number in range(first, last + 1)}


def tidy(found: Ranges) -> bool:
    """Sorted, and with a gap between neighbours, so that equal sets are equal spans."""
    edges = [edge for span in found.spans for edge in span]
    return edges == sorted(edges) and all(end + 1 < start for end, start in zip(edges[1::2], edges[2::2], strict=False))


def pairs() -> Iterator[tuple[Ranges, Ranges]]:
    unique = sorted(set(CASES), key=lambda case: case.spans)
    return product(unique, unique)


def test_union_intersection_and_difference_are_those_of_sets() -> None:
    for one, other in pairs():
        for found, expected in (
            (one | other, numbers(one) | numbers(other)),
            (one & other, numbers(one) & numbers(other)),
            (one - other, numbers(one) - numbers(other)),
        ):
            assert numbers(found) == expected, (one, other)
            assert tidy(found), (one, other)


def test_a_span_inside_another_one_adds_nothing() -> None:
    assert ranges((0, 10), (2, 3)).spans == ((0, 10),)
    assert not ranges()


@pytest.mark.parametrize(
    ("block", "public"),
    [
        ("8.8.8.0/24", True),
        ("203.0.113.0/24", True),  # for documentation, and used as a placeholder for real peers
        ("10.0.0.0/8", False),
        ("172.16.0.0/12", False),
        ("192.168.0.0/16", False),
        ("100.64.0.0/10", False),
        ("169.254.0.0/16", False),
        ("255.255.255.255/32", False),
        ("2a05:d014::/36", True),
        ("fd00::/8", False),
        ("fe80::/10", False),
    ],
)
def test_the_internet_is_every_public_address(block: str, public: bool) -> None:
    network = ip_network(block)
    found = addresses(network)
    assert (PUBLIC[network.version] & found) == (found if public else Ranges())
