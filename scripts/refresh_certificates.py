"""Writes the CA bundle of the database clients from PEM files: `python scripts/refresh_certificates.py FILE...`.

It takes all CA certificates in the files, except expired ones and those of AWS's test regions. It writes them, sorted,
to `database-ca.pem` and `fingerprints.txt` in components/database/certificates.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "components" / "database" / "certificates"
BUNDLE = FOLDER / "database-ca.pem"
FINGERPRINTS = FOLDER / "fingerprints.txt"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_TEST_REGION = re.compile(r"Amazon RDS (Beta|Preview) ")


@dataclass(frozen=True, kw_only=True, order=True)
class Authority:
    """A CA certificate; `ends` is the end of its validity, in seconds since 1970."""

    name: str
    fingerprint: str
    ends: float
    pem: str

    @property
    def line(self) -> str:
        """Its line in fingerprints.txt: SHA-256, last day, name."""
        return f"{self.fingerprint}  {time.strftime('%Y-%m-%d', time.gmtime(self.ends))}  {self.name}"


def authorities(text: str) -> list[Authority]:
    """Every CA certificate in a PEM text, in order. Raises ssl.SSLError or ValueError for an invalid certificate."""
    found = []
    for pem in _CERTIFICATE.findall(text):
        store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        store.load_verify_locations(cadata=pem)
        # OpenSSL lists only certificates that may sign others.
        for certificate in store.get_ca_certs():
            # The stubs give a certificate's subject no usable type.
            subject = dict(pair for part in certificate["subject"] for pair in part)  # type: ignore[misc] # see above
            der = ssl.PEM_cert_to_DER_cert(pem)
            found.append(
                Authority(
                    name=subject.get("commonName") or subject["organizationName"],
                    fingerprint=hashlib.sha256(der).hexdigest(),
                    ends=ssl.cert_time_to_seconds(str(certificate["notAfter"])),
                    pem=ssl.DER_cert_to_PEM_cert(der),
                )
            )
    return found


def main(paths: list[str]) -> None:
    """Write the bundle and its fingerprints."""
    if not paths:
        sys.exit(__doc__)
    found = {each for path in paths for each in authorities(Path(path).read_text(encoding="utf-8"))}
    kept = sorted(each for each in found if each.ends > time.time() and not _TEST_REGION.match(each.name))
    BUNDLE.write_text("".join(each.pem for each in kept), encoding="utf-8")
    FINGERPRINTS.write_text("".join(f"{each.line}\n" for each in kept), encoding="utf-8")
    sys.stdout.write(f"{BUNDLE.name} has {len(kept)} of {len(found)} certificates\n")


if __name__ == "__main__":
    main(sys.argv[1:])
