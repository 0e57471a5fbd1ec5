"""The CA bundle of database clients holds the listed certificates, and they are valid."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import pytest

from scripts.refresh_certificates import BUNDLE, FINGERPRINTS, authorities, main

HALF_A_YEAR = 180 * 24 * 3600
PUBLIC_ROOTS = {
    "Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "Starfield Services Root Certificate Authority - G2": (
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"
    ),
}


def test_the_bundle_is_exactly_what_is_listed() -> None:
    assert [each.line for each in authorities(BUNDLE.read_text())] == FINGERPRINTS.read_text().splitlines()


def test_every_certificate_parses_and_may_sign_others() -> None:
    store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    store.load_verify_locations(BUNDLE)
    written = BUNDLE.read_text().count("BEGIN CERTIFICATE")
    assert store.cert_store_stats() == {"x509": written, "crl": 0, "x509_ca": written}


def test_no_certificate_expires_within_half_a_year() -> None:
    assert [each.name for each in authorities(BUNDLE.read_text()) if each.ends < time.time() + HALF_A_YEAR] == []


def test_amazons_public_roots_have_their_published_fingerprints() -> None:
    found = {each.name: each.fingerprint for each in authorities(BUNDLE.read_text())}
    assert {name: found.get(name) for name in PUBLIC_ROOTS} == PUBLIC_ROOTS


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "eu-central-1", "eu-west-1", "ap-southeast-2"])
def test_each_region_has_a_root_for_every_kind_of_rds_key(region: str) -> None:
    names = {each.name for each in authorities(BUNDLE.read_text())}
    assert {f"Amazon RDS {region} Root CA {kind} G1" for kind in ("RSA2048", "RSA4096", "ECC384")} <= names


def test_refreshing_from_the_bundle_itself_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.refresh_certificates.BUNDLE", tmp_path / "bundle.pem")
    monkeypatch.setattr("scripts.refresh_certificates.FINGERPRINTS", tmp_path / "list.txt")
    main([str(BUNDLE), str(BUNDLE)])
    assert (tmp_path / "bundle.pem").read_bytes() == BUNDLE.read_bytes()
    assert (tmp_path / "list.txt").read_bytes() == FINGERPRINTS.read_bytes()
