"""Bearer tokens by OAuth 2.0 client credentials: a secret, or a certificate's signed assertion."""

from __future__ import annotations

import base64
import math
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from reporter.certificates import load_certificates
from reporter.errors import FetchError, SettingsError
from reporter.foreign import NotJson, read_json
from reporter.showing import excerpt, keep_secret
from reporter.sources.avepoint.http import Exchange, HttpAnswer

RENEW_BEFORE_S = 120
"""A token with less life left is renewed, so that it cannot run out under way."""
ASSERTION_LIFE_S = 300
_LARGEST_REPLY: Final = 1 << 20
_TOKEN: Final = re.compile(r"[!-~]{1,65536}")
"""What a header can carry, which is more than RFC 6750 allows."""
_USUAL_LIFE_S: Final = 3600.0
"""The lifetime of a token whose endpoint does not say how long it lives."""


class Credential(Protocol):
    """The proof of who we are."""

    @property
    def origin(self) -> str:
        """Where it was found."""

    def form(self, client_id: str, token_url: str) -> dict[str, str]:
        """The fields of the token request that prove it."""


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """The secret of the app registration."""

    secret: str = field(repr=False)
    origin: str = ""
    """Where it was found."""

    def form(self, client_id: str, token_url: str) -> dict[str, str]:
        return {"client_id": client_id, "client_secret": self.secret}


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate of the app registration with its private key (RFC 7523)."""

    key: RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate
    origin: str = ""
    """Where it was found."""

    @classmethod
    def load(cls, path: Path, password: str | None, origin: str = "") -> ClientCertificate:
        """The certificate and key in a `.pfx`/`.p12` or PEM file.

        Raises:
            SettingsError: no such file, a wrong password, or no RSA key in it.
        """
        key, certificate, _ = load_certificates(path, password, "api")
        if not isinstance(key, RSAPrivateKey) or certificate is None:
            raise SettingsError(
                f"The certificate {path} holds no RSA key with its certificate.",
                hint="Export it again with its private key.",
            )
        return cls(key, certificate, origin)

    @property
    def may_sign(self) -> bool:
        """Whether its key usage includes digitalSignature, which the service requires."""
        try:
            usage = self.certificate.extensions.get_extension_for_class(x509.KeyUsage)
        except x509.ExtensionNotFound:
            return False
        return usage.value.digital_signature

    def form(self, client_id: str, token_url: str) -> dict[str, str]:
        now = int(time.time())
        thumbprint = self.certificate.fingerprint(hashes.SHA1())  # noqa: S303  x5t is SHA-1 by RFC 7515
        assertion = jwt.encode(
            {
                "iss": client_id,
                "sub": client_id,
                "aud": token_url,
                "jti": str(uuid.uuid4()),
                "iat": now,
                "nbf": now - 5,
                "exp": now + ASSERTION_LIFE_S,
            },
            self.key,
            "RS256",
            # The vendor's own samples send one or the other.
            headers={
                "kid": thumbprint.hex().upper(),
                "x5t": base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode(),
            },
        )
        keep_secret(assertion)
        return {
            "client_id": client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }


class TokenAuth(requests.auth.AuthBase):
    """Signs requests with a token that is renewed before it runs out; shared by all threads."""

    def __init__(
        self,
        exchange: Exchange,
        token_url: str,
        client_id: str,
        credential: Credential,
        scopes: tuple[str, ...],
    ) -> None:
        self._exchange = exchange
        self._token_url = token_url
        self._client_id = client_id
        self._credential = credential
        self._scopes = scopes
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token()}"
        return request

    def token(self) -> str:
        """A token with some life left.

        Raises:
            FetchError: the token endpoint cannot be reached, or refuses.
        """
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._renew()
            return self._token

    def reject(self, request: requests.PreparedRequest) -> None:
        """Discard the token a request was signed with; another thread's newer one is kept."""
        with self._lock:
            if request.headers.get("Authorization") == f"Bearer {self._token}":
                self._good_until = 0.0

    def _renew(self) -> None:
        form = self._credential.form(self._client_id, self._token_url)
        form |= {"grant_type": "client_credentials", "scope": " ".join(self._scopes)}
        request = requests.Request("POST", self._token_url, data=form)
        answer = self._exchange.send(request, largest=_LARGEST_REPLY)
        reply = _fields_of(answer)
        token = reply.get("access_token")
        if isinstance(token, str):
            keep_secret(token)  # before anything of the reply is shown
        if answer.status != requests.codes.ok or "access_token" not in reply:
            raise TokenRefused(answer, reply, self._scopes)
        if not (isinstance(token, str) and _TOKEN.fullmatch(token)):
            # It is not shown: it may be most of one.
            raise FetchError(
                f"{excerpt(answer.url)} returned a token that cannot go into a request header.",
                hint="Check token_url and environment in [api].",
            )
        self._token = token
        life = _life_s(reply.get("expires_in"))
        self._good_until = time.monotonic() + max(life - RENEW_BEFORE_S, life / 2)


class TokenRefused(FetchError):
    """The token endpoint said no."""

    def __init__(self, answer: HttpAnswer, reply: dict[str, Any], scopes: tuple[str, ...]) -> None:
        self.code = _text_in(reply, "error")
        words = " ".join(filter(None, (self.code, _text_in(reply, "error_description"))))
        hints = {
            "invalid_client": "Check client_id and client_secret (or certificate) in [api]; "
            "a secret is valid for one to three years and may have expired.",
            "invalid_scope": f"Give the app registration the permissions {', '.join(scopes)}.",
        }
        refusal = f"refused a token: {answer.status} {words or 'without a reason'}"
        if answer.status == requests.codes.ok:
            refusal = f"answered 200 without a token{f': {words}' if words else ''}"
        super().__init__(
            f"{excerpt(answer.url)} {refusal}.",
            hint=hints.get(self.code, "Check token_url and environment in [api]."),
        )


def _fields_of(answer: HttpAnswer) -> dict[str, Any]:
    """The fields of a token endpoint's reply; none where it is no JSON object. No error quotes it:
    a token may be anywhere in it.
    """
    try:
        reply = read_json(answer.body)
    except NotJson:
        return {}
    return reply if isinstance(reply, dict) else {}


def _text_in(reply: dict[str, Any], name: str) -> str:
    text = reply.get(name)
    return excerpt(text) if isinstance(text, str) else ""


def _life_s(expires_in: object) -> float:
    """How long a token lives; the usual lifetime where its endpoint gives none that is readable."""
    try:
        life = float(expires_in)  # type: ignore[arg-type]  # whatever came
    except (TypeError, ValueError, OverflowError):
        return _USUAL_LIFE_S
    return life if math.isfinite(life) and life >= 0 else _USUAL_LIFE_S
