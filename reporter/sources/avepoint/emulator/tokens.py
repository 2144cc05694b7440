"""The token endpoint: who may have a token, and what a token is good for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

PERMISSIONS_V1: Final = frozenset(
    {
        "partner.customers.read.all",
        "partner.jobs.read.all",
        "partner.cbprotected.read.all",
        "partner.license.read.all",
    }
)
PERMISSIONS_V3: Final = frozenset(
    {
        "elements.customers.read.all",
        "elements.jobs.read.all",
        "elements.cbprotected.read.all",
        "elements.license.read.all",
    }
)
PERMISSIONS_TENANT: Final = frozenset(
    {"microsoft365backup.jobInfo.read.all", "microsoft365backup.settings.read.all"}
)
"""Of the app registration that a customer makes in its own tenant."""
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ASSERTION_S: Final = 3600
_LONGEST_SCOPE: Final = 300


class Refusal(Exception):
    """An OAuth error code, and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is good for, and until when (monotonic seconds)."""

    scopes: frozenset[str]
    until: float


class TokenOffice:
    """Issues tokens to one app registration and remembers them."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        granted: frozenset[str],
        lifetime_s: float,
        certificate: x509.Certificate | None,
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self._granted = granted
        self._lifetime_s = lifetime_s
        self._certificate = certificate
        self._grants: dict[str, Grant] = {}
        self._seen_assertions: set[str] = set()
        self._lock = threading.Lock()

    def issue(self, form: Mapping[str, str], token_url: str) -> dict[str, Any]:
        """The reply to a token request.

        Raises:
            Refusal: something about it is wrong.
        """
        if form.get("grant_type") != "client_credentials":
            raise Refusal("unsupported_grant_type", "only client_credentials")
        if "client_assertion" in form:
            self._check_assertion(form, token_url)
        else:
            self._check_secret(form)
        scope = form.get("scope", "")
        if len(scope) > _LONGEST_SCOPE:
            raise Refusal("invalid_scope", f"scope is longer than {_LONGEST_SCOPE} characters")
        scopes = frozenset(scope.split())
        if not scopes <= self._granted:
            missing = ", ".join(sorted(scopes - self._granted))
            raise Refusal("invalid_scope", f"not granted: {missing}")
        with self._lock:
            token = hashlib.sha256(f"{self.client_secret}:{len(self._grants)}".encode()).hexdigest()
            self._grants[token] = Grant(scopes, time.monotonic() + self._lifetime_s)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(self._lifetime_s),
            "scope": " ".join(sorted(scopes)),
        }

    def scopes_of(self, token: str) -> frozenset[str] | None:
        """What a token is good for now; None where it is unknown, revoked or has run out."""
        with self._lock:
            grant = self._grants.get(token)
        return grant.scopes if grant and time.monotonic() < grant.until else None

    def revoke(self, token: str) -> None:
        """Make a token worthless; the number of tokens issued stays."""
        with self._lock:
            if token in self._grants:
                self._grants[token] = Grant(frozenset(), 0.0)

    def _check_secret(self, form: Mapping[str, str]) -> None:
        same_id = hmac.compare_digest(form.get("client_id", "").encode(), self.client_id.encode())
        same_secret = hmac.compare_digest(
            form.get("client_secret", "").encode(), self.client_secret.encode()
        )
        if not (same_id and same_secret):
            raise Refusal("invalid_client", "client id or secret is wrong")

    def _check_assertion(self, form: Mapping[str, str], token_url: str) -> None:
        if form.get("client_assertion_type") != _ASSERTION_TYPE or self._certificate is None:
            raise Refusal("invalid_client", "no certificate is registered, or wrong assertion type")
        assertion = form["client_assertion"]
        key = self._certificate.public_key()
        assert isinstance(key, RSAPublicKey)
        try:
            _check_thumbprint(jwt.get_unverified_header(assertion), self._certificate)
            claims = jwt.decode(
                assertion,
                key,
                algorithms=["RS256"],
                audience=token_url,
                options={"require": ["exp", "nbf", "iss", "sub", "aud", "jti"]},
            )
        except jwt.PyJWTError as error:
            raise Refusal("invalid_client", f"{type(error).__name__}: {error}") from error
        self._check_claims(claims)

    def _check_claims(self, claims: Mapping[str, Any]) -> None:
        if not claims["iss"] == claims["sub"] == self.client_id:
            raise Refusal("invalid_client", "iss and sub must be the client id")
        if claims["exp"] - time.time() > _LONGEST_ASSERTION_S + 60:
            raise Refusal("invalid_client", "exp is more than an hour ahead")
        with self._lock:
            if claims["jti"] in self._seen_assertions:
                raise Refusal("invalid_client", "jti was used before")
            self._seen_assertions.add(claims["jti"])


def _check_thumbprint(header: Mapping[str, Any], certificate: x509.Certificate) -> None:
    """The vendor's samples name the certificate by `x5t`, by `kid` in hexadecimal, or by both.

    Raises:
        Refusal: none of the two is there, or one is another certificate's.
    """
    thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303  x5t is SHA-1
    x5t = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    if header.get("x5t", x5t) != x5t:
        raise Refusal("invalid_client", "x5t is not the registered certificate's")
    if str(header.get("kid", thumbprint.hex())).lower() != thumbprint.hex():
        raise Refusal("invalid_client", "kid is not the registered certificate's")
    if not {"x5t", "kid"} & header.keys():
        raise Refusal("invalid_client", "x5t or kid must name the registered certificate")
