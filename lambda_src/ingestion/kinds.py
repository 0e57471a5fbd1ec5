"""Recognizes files that can't be read, by their first bytes, and says what to send instead."""

from __future__ import annotations

import re

from .refusal import RefusedError

BEGINNING_BYTES = 512
SAVE_AS = 'Save it as "CSV UTF-8" and send it again.'

_GZIP_INSTEAD = "Compress it with gzip, or not at all."
_EXTRACT = "Send the files that it contains, each by itself."
_EXPORT = "Export the rows as CSV or JSON Lines."
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (rb"\xff\xfe\0\0", "UTF-32 text", SAVE_AS),
    (rb"\0\0\xfe\xff", "UTF-32 text", SAVE_AS),
    (rb"\x1f\x8b", "compressed twice", "Compress it once, or not at all."),
    (rb"\x1f\x9d", "compressed with compress (.Z)", _GZIP_INSTEAD),
    (rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "compressed with bzip2", _GZIP_INSTEAD),
    (rb"\xfd7zXZ\0", "compressed with xz", _GZIP_INSTEAD),
    (rb"\]\0\0[\0-\xff]{2}", "compressed with LZMA", _GZIP_INSTEAD),
    (rb"\x28\xb5\x2f\xfd", "compressed with Zstandard", _GZIP_INSTEAD),
    (rb"\x04\x22\x4d\x18", "compressed with LZ4", _GZIP_INSTEAD),
    (rb"\xff\x06\0\0sNaPpY", "compressed with Snappy", _GZIP_INSTEAD),
    (rb"PK(?:\x05\x06|\x07\x08)", "a ZIP archive that is empty or one of several parts", _EXTRACT),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _EXTRACT),
    (rb"Rar!\x1a\x07", "a RAR archive", _EXTRACT),
    (rb"[\0-\xff]{257}ustar", "a tar archive", _EXTRACT),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel 97 workbook (.xls), or a workbook with a password",
        "Save it as an Excel workbook (.xlsx) without a password, or as CSV UTF-8, and send it again.",
    ),
    (rb"Obj\x01", "an Avro file", _EXPORT),
    (rb"PAR1[\0-\x1f]", "a Parquet file", _EXPORT),
    (rb"ORC[^\t\r\n -~]", "an ORC file", _EXPORT),
    (rb"ARROW1\0", "an Arrow file", _EXPORT),
    (rb"SEQ[\0-\x08]", "a Hadoop sequence file", _EXPORT),
    (rb"SQLite format 3\0", "a SQLite database", _EXPORT),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file", _EXPORT),
    (rb"%PDF-", "a PDF document", _EXPORT),
    (rb"\{\\rtf", "an RTF document", _EXPORT),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a", "an image", _EXPORT),
    (rb"-----BEGIN PGP", "encrypted", "Send it without encryption: it travels over TLS."),
    (
        rb"(?i:(?:\xef\xbb\xbf)?\s*(?:<!--[^>]*>\s*)?<(?:!doctype\s+html|html|head|body|table|meta|style|div)\b)",
        "an HTML page",
        f"It may be an error page that was saved as a file, or a web page with a table. {_EXPORT}",
    ),
    (rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE|[A-Za-z][\w.:-]*[\s/>])", "an XML document", _EXPORT),
)
_PATTERNS = [(re.compile(pattern), kind, instead) for pattern, kind, instead in _KINDS]


def refuse_known(beginning: bytes) -> None:
    """Raise RefusedError if the first bytes of a file are those of a kind that can't be read."""
    for pattern, kind, instead in _PATTERNS:
        if pattern.match(beginning):
            raise RefusedError(f"The file is {kind}. {instead}")
