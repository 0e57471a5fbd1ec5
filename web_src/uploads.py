"""Signs uploads: for a short time, one file may be sent straight to the landing bucket, under a key named here."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.session import Session

from .settings import Settings

# botocore renews an instance's credentials when they have ten minutes left, so what is signed never outlives them.
VALID_SECONDS = 600
_MAX_NAME_CHARACTERS = 120
_PLAIN = frozenset(" ._-()+,@=")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Where to POST a file as a multipart form: these fields first, the file last, in a field named "file"."""

    url: str
    fields: dict[str, str]
    key: str
    max_bytes: int
    valid_seconds: int


class Uploads:
    """Signs uploads with the instance's own credentials, which may put objects there and nothing else."""

    def __init__(self, settings: Settings, session: Session) -> None:
        self._bucket = settings.landing_bucket
        self._prefix = settings.incoming_prefix
        self._max_bytes = settings.max_file_bytes
        local = settings.upload_endpoint_url is not None
        # Its methods are made from S3's description as it is created, so no type checker knows them.
        self._s3: Any = session.create_client(
            "s3",
            region_name=settings.region,
            endpoint_url=settings.upload_endpoint_url,
            config=Config(
                signature_version="s3v4",
                # The region's own address: the global one sends browsers elsewhere while a bucket is young.
                s3={"addressing_style": "path" if local else "virtual", "us_east_1_regional_endpoint": "regional"},
            ),
        )
        address = urlsplit(self._s3.meta.endpoint_url)
        self.origin = f"{address.scheme}://{'' if local else f'{self._bucket}.'}{address.netloc}"

    def sign(self, name: str) -> Upload:
        """Sign the upload of a file of that name; raises botocore's NoCredentialsError. Blocks while it asks for them.

        The object's encryption is the bucket's default.
        """
        key = f"{self._prefix}{uuid.uuid4()}/{safe_name(name)}"
        post: dict[str, Any] = self._s3.generate_presigned_post(
            self._bucket,
            key,
            Conditions=[["content-length-range", 1, self._max_bytes]],
            ExpiresIn=VALID_SECONDS,
        )
        return Upload(
            url=post["url"],
            fields=post["fields"],
            key=key,
            max_bytes=self._max_bytes,
            valid_seconds=VALID_SECONDS,
        )


def safe_name(name: str) -> str:
    """The name without folders, and with "_" for everything but letters, digits and a few plain signs.

    S3 puts the file's own name where a key says ${filename}, and botocore then signs any key that begins alike.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign if sign.isalnum() or sign in _PLAIN else "_" for sign in last)
    return plain[-_MAX_NAME_CHARACTERS:].strip(" .") or "file"
