"""Signs uploads: a presigned form allows uploading one file to one key of the landing bucket, for a short time."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.session import Session

from .settings import Settings

# botocore renews an instance's credentials ten minutes before they expire, so a form never outlives its credentials.
VALID_SECONDS = 600
_MAX_NAME_CHARACTERS = 120
_ALLOWED_PUNCTUATION = frozenset(" ._-()+,@=")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A form to POST as multipart/form-data to `url`: first these fields, then the file, in a field named "file"."""

    url: str
    fields: dict[str, str]
    key: str
    max_bytes: int
    valid_seconds: int


class UploadSigner:
    """Signs uploads with the instance's credentials, which allow nothing in the bucket but writing objects."""

    def __init__(self, settings: Settings, session: Session) -> None:
        self._bucket = settings.landing_bucket
        self._prefix = settings.incoming_prefix
        local = settings.upload_endpoint_url is not None
        # botocore generates the client's methods at run time, so type checkers don't know them.
        self._s3: Any = session.create_client(
            "s3",
            region_name=settings.database.region,
            endpoint_url=settings.upload_endpoint_url,
            config=Config(
                signature_version="s3v4",
                # The regional endpoint, because the global one redirects requests for a new bucket.
                s3={"addressing_style": "path" if local else "virtual", "us_east_1_regional_endpoint": "regional"},
            ),
        )
        address = urlsplit(self._s3.meta.endpoint_url)
        self.origin = f"{address.scheme}://{'' if local else f'{self._bucket}.'}{address.netloc}"

    def sign(self, dataset: str, name: str, max_bytes: int) -> Upload:
        """Sign the upload of a file with that name into the folder of the dataset.

        Blocks while it fetches credentials; raises NoCredentialsError. The form names no encryption, so the bucket's
        default applies.
        """
        key = f"{self._prefix}{dataset}/{uuid.uuid4()}/{safe_name(name)}"
        post: dict[str, Any] = self._s3.generate_presigned_post(
            self._bucket,
            key,
            Conditions=[["content-length-range", 1, max_bytes]],
            ExpiresIn=VALID_SECONDS,
        )
        return Upload(
            url=post["url"],
            fields=post["fields"],
            key=key,
            max_bytes=max_bytes,
            valid_seconds=VALID_SECONDS,
        )


def safe_name(name: str) -> str:
    """The name without folders, and with "_" in place of everything but letters, digits and some punctuation.

    That includes "$": S3 would replace ${filename} in a key by the file's name, and botocore would then sign every key
    with the same prefix.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    safe = "".join(character if character.isalnum() or character in _ALLOWED_PUNCTUATION else "_" for character in last)
    return safe[-_MAX_NAME_CHARACTERS:].strip(" .") or "file"
