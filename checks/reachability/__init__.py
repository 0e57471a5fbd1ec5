"""Who can open a connection to whom, computed from the synthesized templates of an environment alone."""

from checks.reachability.guard import UnsupportedError
from checks.reachability.node import Kind, Node
from checks.reachability.reachability import Reachability, UnknownNameError
from checks.reachability.resolve import UnresolvedError

__all__ = ["Kind", "Node", "Reachability", "UnknownNameError", "UnresolvedError", "UnsupportedError"]
