"""The error that refuses a whole file."""


class RefusedError(Exception):
    """The whole file is refused; the message is the reason, written for the person who sent it."""
