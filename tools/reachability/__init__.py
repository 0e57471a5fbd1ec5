"""Who can open a connection to whom, computed from the synthesized templates of an environment alone."""

from tools.reachability.guard import UnsupportedError
from tools.reachability.node import Kind, Node
from tools.reachability.reachability import Reachability, UnknownNameError
from tools.reachability.resolve import UnresolvedError

__all__ = ["Kind", "Node", "Reachability", "UnknownNameError", "UnresolvedError", "UnsupportedError"]
