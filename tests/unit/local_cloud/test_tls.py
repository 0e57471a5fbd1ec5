"""The certificates that a local cloud makes for itself."""

import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from local_cloud.tls import make_certificates


def _handshake(folder: Path, name: str, authority: Path) -> None:
    files = make_certificates(folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    client = ssl.create_default_context(cafile=authority)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as connection:
                connection.recv(1)
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as connection:
            connection.send(b"x")
    finally:
        ours.close()
        thread.join(5)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "bucket.s3.localhost"])
def test_every_local_name_is_verified_strictly(tmp_path: Path, name: str) -> None:
    _handshake(tmp_path, name, tmp_path / "authority.pem")


def test_no_other_name_is_covered(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _handshake(tmp_path, "example.com", tmp_path / "authority.pem")


def test_the_authority_of_another_local_cloud_is_not_trusted(tmp_path: Path) -> None:
    other = make_certificates(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(tmp_path / "this", "localhost", other.authority)


def test_only_the_owner_may_read_the_key(tmp_path: Path) -> None:
    assert stat.S_IMODE(make_certificates(tmp_path).key.stat().st_mode) == 0o600


def test_the_authoritys_key_is_not_kept(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["authority.pem", "server-key.pem", "server.pem"]
