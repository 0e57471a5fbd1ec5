"""The error that refuses a whole file."""

from common.database import UNSTORABLE


class RefusedError(Exception):
    """The whole file is refused; the message is the reason, written for the person who sent it.

    What libraries say about a damaged file may quote its bytes. A reason that can't be stored would make the load fail
    again and again, and the sender would never see it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(UNSTORABLE.sub("\ufffd", reason))
