"""The token endpoint refuses every assertion that is not quite right, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reporter.sources.avepoint.auth import ClientCertificate
from reporter.sources.avepoint.emulator import Emulator
from tests.certificates import make_certificate
from tests.conftest import StartEmulator

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> ClientCertificate:
    """The certificate that is registered, with its key."""
    _, ((path, password), _) = make_certificate(tmp_path_factory.mktemp("own"))
    return ClientCertificate.load(path, password)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> ClientCertificate:
    """One that nobody registered."""
    _, ((path, password), _) = make_certificate(tmp_path_factory.mktemp("other"))
    return ClientCertificate.load(path, password)


@pytest.fixture
def emulator(start_emulator: StartEmulator, registered: ClientCertificate) -> Emulator:
    return start_emulator(customers=[], certificate=registered.certificate)


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def x5t(certificate: x509.Certificate) -> str:
    return encoded(certificate.fingerprint(hashes.SHA1()))  # noqa: S303  x5t is SHA-1 by RFC 7515


def claims_for(emulator: Emulator, **changes: Any) -> dict[str, Any]:
    """Claims that would be accepted without the changes; a claim changed to None is left out."""
    now = int(time.time())
    right = {
        "iss": emulator.client_id,
        "sub": emulator.client_id,
        "aud": emulator.token_url,
        "jti": str(uuid.uuid4()),
        "nbf": now - 5,
        "exp": now + 300,
    }
    return {key: value for key, value in (right | changes).items() if value is not None}


def signed(claims: Mapping[str, Any], signer: ClientCertificate, thumbprint: str) -> str:
    return jwt.encode(dict(claims), signer.key, "RS256", headers={"x5t": thumbprint})


def answer(emulator: Emulator, assertion: str, **changes: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "scope": "partner.jobs.read.all",
        "client_id": emulator.client_id,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return requests.post(emulator.token_url, data=form | changes, timeout=5)


def assert_refused(response: requests.Response, why: str) -> None:
    assert response.status_code in (400, 401)
    assert response.json()["error"] == "invalid_client"
    assert why in response.json()["error_description"]
    assert "access_token" not in response.json()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"aud": "https://elsewhere.example/connect/token"}, "Audience"),
        ({"aud": None}, "aud"),
        ({"exp": -60}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": 2 * 3600}, "more than an hour"),
        ({"nbf": 240}, "not yet valid"),
        ({"nbf": None}, "nbf"),
        ({"jti": None}, "jti"),
        ({"iss": "somebody-else"}, "iss and sub"),
        ({"sub": "somebody-else"}, "iss and sub"),
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused(
    emulator: Emulator, registered: ClientCertificate, changes: dict[str, Any], why: str
) -> None:
    """Signed by the right key; one claim is wrong or missing. Numbers are seconds from now."""
    now = int(time.time())
    moved = {
        key: now + value if isinstance(value, int) else value for key, value in changes.items()
    }
    assertion = signed(claims_for(emulator, **moved), registered, x5t(registered.certificate))
    assert_refused(answer(emulator, assertion), why)


def test_a_correct_assertion_is_accepted_once(
    emulator: Emulator, registered: ClientCertificate
) -> None:
    """The assertion that all refused ones differ from; replayed, it is refused as well."""
    assertion = signed(claims_for(emulator), registered, x5t(registered.certificate))
    assert answer(emulator, assertion).json()["access_token"]
    assert_refused(answer(emulator, assertion), "jti was used before")


def test_another_key_or_thumbprint_is_refused(
    emulator: Emulator, registered: ClientCertificate, other: ClientCertificate
) -> None:
    """A stranger's signature, a stranger's thumbprint, and both."""
    claims = claims_for(emulator)
    forged = signed(claims, other, x5t(registered.certificate))
    assert_refused(answer(emulator, forged), "Signature verification failed")
    for signer in (registered, other):
        assertion = signed(claims, signer, x5t(other.certificate))
        assert_refused(answer(emulator, assertion), "x5t")


def test_other_algorithms_are_refused(emulator: Emulator, registered: ClientCertificate) -> None:
    """No signature at all, and the public key taken for a shared secret."""
    claims, headers = claims_for(emulator), {"x5t": x5t(registered.certificate)}
    unsigned = jwt.encode(claims, "", "none", headers=headers)
    assert_refused(answer(emulator, unsigned), "InvalidAlgorithmError")

    header = {"alg": "HS256", "typ": "JWT"} | headers
    body = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    public = registered.key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    mac = hmac.new(public, body.encode(), hashlib.sha256).digest()
    assert_refused(answer(emulator, f"{body}.{encoded(mac)}"), "InvalidAlgorithmError")


def test_what_is_not_an_assertion_is_refused(
    emulator: Emulator, registered: ClientCertificate
) -> None:
    """Rubbish, an empty field, and another type of assertion."""
    assert_refused(answer(emulator, "rubbish"), "DecodeError")
    good = signed(claims_for(emulator), registered, x5t(registered.certificate))
    assert_refused(
        answer(emulator, good, client_assertion_type="urn:other"), "wrong assertion type"
    )


@pytest.mark.parametrize("names", [("kid",), ("x5t",), ("kid", "x5t")], ids=str)
def test_the_certificate_is_named_as_the_vendors_samples_do(
    emulator: Emulator,
    registered: ClientCertificate,
    other: ClientCertificate,
    names: tuple[str, ...],
) -> None:
    """By `kid` in hexadecimal, by `x5t`, or by both; a stranger's is refused, and so is none at
    all.
    """

    def headers(certificate: x509.Certificate) -> dict[str, str]:
        thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303  x5t is SHA-1
        both = {"kid": thumbprint.hex().upper(), "x5t": encoded(thumbprint)}
        return {name: both[name] for name in names}

    def assertion(header: dict[str, str]) -> str:
        return jwt.encode(claims_for(emulator), registered.key, "RS256", headers=header)

    assert answer(emulator, assertion(headers(registered.certificate))).json()["access_token"]
    assert_refused(answer(emulator, assertion({})), "must name")
    assert_refused(answer(emulator, assertion(headers(other.certificate))), "is not the registered")


def test_a_scope_that_is_too_long_is_refused(
    emulator: Emulator, registered: ClientCertificate
) -> None:
    """Three hundred characters are accepted, one more is not, though all scopes are granted."""
    permission = "partner.jobs.read.all"
    longest = " ".join([permission] * 13).ljust(300)
    assert len(longest) == 300
    for scope, code in ((longest, 200), (longest + " ", 400)):
        assertion = signed(claims_for(emulator), registered, x5t(registered.certificate))
        reply = answer(emulator, assertion, scope=scope)
        assert reply.status_code == code
    assert reply.json()["error"] == "invalid_scope"
