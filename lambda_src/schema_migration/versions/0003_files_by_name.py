"""Files are found by the beginning of their name, the last part of the key, in capitals or not.

An index of one entry a file: it costs a load nothing that could be measured.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0001"


def upgrade() -> None:
    """Add the index; the web app's query has the same expression."""
    op.execute("CREATE INDEX files_name ON files (lower(substring(key FROM '[^/]*$')))")
