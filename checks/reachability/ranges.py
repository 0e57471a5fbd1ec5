"""Sets of numbers as ranges: ports, and the addresses of one IP version, with exact set arithmetic."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

Family = Literal[4, 6]
Block = IPv4Network | IPv6Network
Span = tuple[int, int]  # first and last number, both included

LAST_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """A set of whole numbers: sorted spans that neither overlap nor touch. Create it with `ranges` or `addresses`."""

    spans: tuple[Span, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.spans)

    def __or__(self, other: "Ranges") -> "Ranges":
        return ranges(*self.spans, *other.spans)

    def __and__(self, other: "Ranges") -> "Ranges":
        return self - (self - other)

    def __sub__(self, other: "Ranges") -> "Ranges":
        left = self.spans
        for start, end in other.spans:
            left = tuple(piece for span in left for piece in _without(span, start, end))
        return Ranges(spans=left)


def _without(span: Span, start: int, end: int) -> Iterable[Span]:
    first, last = span
    if first < start:
        yield first, min(last, start - 1)
    if last > end:
        yield max(first, end + 1), last


def ranges(*spans: Span) -> Ranges:
    """The numbers of all `spans`, which may overlap and be in any order."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return Ranges(spans=tuple(merged))


def addresses(*blocks: Block) -> Ranges:
    """The addresses of blocks of one IP version."""
    return ranges(*((int(block.network_address), int(block.broadcast_address)) for block in blocks))


NOTHING = Ranges()
ALL_PORTS = ranges((0, LAST_PORT))
EVERYWHERE: dict[Family, Ranges] = {4: addresses(ip_network("0.0.0.0/0")), 6: addresses(ip_network("::/0"))}

# Addresses without traffic on the internet (RFC 6890). Blocks for documentation count as public: people write them as
# placeholders for real peers, and a rule that names one allows access.
_NOT_PUBLIC = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8"),
    *("169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"),
)
PUBLIC: dict[Family, Ranges] = {
    4: EVERYWHERE[4] - addresses(*(ip_network(block) for block in _NOT_PUBLIC)),
    6: addresses(ip_network("2000::/3")),  # everything that IANA assigns for the internet (RFC 4291)
}
