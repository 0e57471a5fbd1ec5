"""Files are found by the beginning of their key, or of their name, its last part, in capitals or not.

Two index entries a file: a load does not feel them.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the indexes; the web app's queries have the same expressions, and sort by them and the id."""
    op.execute("CREATE INDEX files_key ON files (key, file_id)")
    op.execute("CREATE INDEX files_name ON files (lower(substring(key FROM '[^/]*$')), file_id)")
