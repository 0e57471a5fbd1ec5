"""The error that users of the local cloud see."""


class LocalCloudError(Exception):
    """A problem that a person can fix; the message names the cause, the value, and the remedy."""
