"""The order of files, by which one file's rows take precedence over those of another.

Versions of one key are ordered by S3's sequencer. Others are ordered by the time of the upload, then the key, then the
version. The order depends on nothing else, so the tables end the same in whatever order events arrive, as long as S3's
times and sequencers of a key agree.
"""

from __future__ import annotations

from typing import LiteralString

# Whether the row `files` is earlier than the row `this`. Without a sequencer the time decides. Rows are compared, not
# events: an event of `make reprocess` has neither the version's sequencer nor its time.
EARLIER: LiteralString = """
    CASE WHEN files.bucket = this.bucket AND files.key = this.key
              AND lpad(lower(files.sequencer), 64, '0') <> lpad(lower(this.sequencer), 64, '0')
         THEN lpad(lower(files.sequencer), 64, '0') < lpad(lower(this.sequencer), 64, '0')
         ELSE (files.uploaded_at, files.key, coalesce(lpad(lower(files.sequencer), 64, '0'), ''), files.version_id)
            < (this.uploaded_at, this.key, coalesce(lpad(lower(this.sequencer), 64, '0'), ''), this.version_id)
    END
"""
