"""The connection to PostgreSQL, which is cut shortly after the deadline even if the server does not respond."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from common.database import ReusableConnection

from .deadline import Deadline

# A working server cancels the statement itself at the deadline. This much later, the client stops waiting.
_GRACE_SECONDS = 1.0


class DatabaseConnection(ReusableConnection):
    """Provides a working connection until a deadline; one that failed is replaced."""

    @contextmanager
    def connection(self, deadline: Deadline) -> Iterator[psycopg.Connection]:
        """A connection in autocommit mode that has just answered. It is cut shortly after the deadline.

        Raises psycopg.OperationalError if the database can't be reached, OutOfTimeError if the deadline has passed.
        After any error the next connection is a new one.
        """
        timer = threading.Timer(deadline.milliseconds_left() / 1000 + _GRACE_SECONDS, self._cut)
        timer.start()
        try:
            yield self.get()
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()

    def _cut(self) -> None:
        """Shut the socket down, so that a call that waits for the server fails at once.

        Nothing else ends that wait in time: the server itself applies `statement_timeout`, and keepalive succeeds as
        long as the kernel on the other side answers. This runs on another thread, which may do nothing else to a
        connection.
        """
        connection = self.current
        if connection is not None:
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as link:
                link.shutdown(socket.SHUT_RDWR)
