"""Which connections the network allows, computed from the synthesized templates of an environment alone."""

from checks.reachability.node import Kind, Node
from checks.reachability.reachability import Reachability, UnknownNameError
from checks.reachability.resolve import UnresolvedError
from checks.reachability.unsupported import UnsupportedError

__all__ = ["Kind", "Node", "Reachability", "UnknownNameError", "UnresolvedError", "UnsupportedError"]
