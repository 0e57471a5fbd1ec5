"""How a whole file is turned down."""


class RefusedError(Exception):
    """The whole file can't be taken; the message is the reason, for its sender."""
