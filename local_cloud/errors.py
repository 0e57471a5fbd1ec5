"""The one error that a user of the local cloud gets to see."""


class LocalCloudError(Exception):
    """Something a person can mend; the message says what was wrong, with which value, and how to mend it."""
