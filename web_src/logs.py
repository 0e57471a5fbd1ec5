"""The log of the web app: one JSON object per line on the standard error stream.

systemd appends that stream to a file, which the CloudWatch agent reads line by line (components/web/user_data.py).
"""

from __future__ import annotations

import json
import logging
import logging.config
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Formats a record as one line. A record has more fields with `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. JSON escapes line breaks and other control characters, so that no text can start a new line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure() -> None:
    """Log the app's own lines and the server's from INFO on, those of libraries from WARNING on.

    Without this, only warnings are logged: Python has no handler for other levels, and uvicorn adds one to its own
    loggers only.
    """
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": JsonLines}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {name: {"level": "INFO"} for name in (__package__, "uvicorn")},
        }
    )
