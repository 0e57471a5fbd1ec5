"""Asks the DNS of the internet which name servers a domain has: boto3 has no call for that."""

from __future__ import annotations

import re
import secrets
import socket
import struct
from pathlib import Path

from ops.common.check import SkippedError

_RESOLVERS = Path("/etc/resolv.conf")
_PORT, _SECONDS, _MAX_BYTES = 53, 5.0, 4096
_NS, _INTERNET, _RECURSION_DESIRED = 2, 1, 0x0100
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_POINTER = 0xC0  # in the length of a label: the rest of the name is elsewhere in the message


def of(domain: str) -> set[str]:
    """The names in the domain's NS records; empty if it has none. Raises SkippedError without an answer."""
    resolver = re.search(r"^nameserver\s+(\S+)", _RESOLVERS.read_text() if _RESOLVERS.exists() else "", re.MULTILINE)
    if not resolver:
        raise SkippedError(f"{_RESOLVERS} names no DNS resolver")
    query = _query(domain)
    family = socket.AF_INET6 if ":" in resolver[1] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect((resolver[1], _PORT))
            connection.send(query)
            answer = connection.recv(_MAX_BYTES)
    except OSError as error:
        raise SkippedError(f"the DNS resolver {resolver[1]} does not answer ({error})") from error
    if answer[:2] != query[:2] or answer[3] & 0x0F not in (_NO_ERROR, _NO_SUCH_NAME):
        raise SkippedError(f"the DNS resolver {resolver[1]} can't answer")
    try:
        return set(_names(answer))
    except (IndexError, struct.error) as error:
        raise SkippedError(f"the DNS resolver {resolver[1]} sends an answer that can't be read") from error


def _query(domain: str) -> bytes:
    """RFC 1035, section 4.1."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in domain.split("."))
    header = struct.pack(">6H", secrets.randbits(16), _RECURSION_DESIRED, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack(">2H", _NS, _INTERNET)


def _names(message: bytes) -> list[str]:
    """The names in the NS records among the answers."""
    _, _, questions, answers, _, _ = struct.unpack_from(">6H", message)
    at, found = 12, []
    for _ in range(questions):
        at = _name(message, at)[1] + 4
    for _ in range(answers):
        at = _name(message, at)[1]
        type_, _, _, length = struct.unpack_from(">2HIH", message, at)
        at += 10
        if type_ == _NS:
            found.append(_name(message, at)[0])
        at += length
    return found


def _name(message: bytes, at: int) -> tuple[str, int]:
    """The name that starts there, in lower case, and where it ends."""
    labels, end = [], 0
    while length := message[at]:
        if length >= _POINTER:
            end = end or at + 2
            start = (length - _POINTER) * 256 + message[at + 1]
            at = start if start < at else len(message)  # only backwards, or it would never end
            continue
        labels.append(message[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    return ".".join(labels), end or at + 1
