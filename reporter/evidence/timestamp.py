"""Time stamps (RFC 3161): an authority's word that something was there at a time."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import requests
from asn1crypto import tsp
from cryptography import x509
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError, handle_tsp_response
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from reporter.errors import EvidenceError, SettingsError
from reporter.showing import without_passwords
from reporter.trust import UNTRUSTED, USUAL_TRUST, Trust
from reporter.web import (
    FAULTS,
    LONGEST_ANSWER_S,
    Deadline,
    NoConnection,
    OverLimit,
    distrust,
    open_session,
    read_body,
    send,
)

# It also raises what it finds wrong; its logs are tracebacks.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_LARGEST_REPLY: Final = 1 << 20
MALFORMED: Final = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    AssertionError,
    ArithmeticError,
    RecursionError,
    zlib.error,
)
"""What libraries raise when bytes are no signature or time stamp."""


class NoStamp(EvidenceError):
    """The authority gave no time stamp."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a time stamp says."""

    time: datetime
    authority: x509.Certificate


class Authority(TimeStamper):
    """An authority, asked over HTTP. Once it has failed it is not asked again."""

    def __init__(self, url: str, trust: Trust = USUAL_TRUST) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = url
        self._trust = trust
        self.trouble: NoStamp | None = None

    @property
    def name(self) -> str:
        """Its address, without the user and the secrets it may hold."""
        parts = urlsplit(self._url)
        address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        return without_passwords(address)

    def stamp(self, content: bytes) -> bytes:
        """The reply with a time stamp of a content, as the authority sent it.

        Raises:
            NoStamp: it cannot be reached, refuses, or sends something else.
        """
        digest = hashlib.sha256(content).digest()
        _, request = self.request_cms(digest, "sha256")  # type: ignore[no-untyped-call]
        return self._reply(request)

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """What pyHanko asks for while it signs a PDF."""
        return tsp.TimeStampResp.load(await asyncio.to_thread(self._reply, req))

    def _reply(self, request: tsp.TimeStampReq) -> bytes:
        """The reply to a request, which stamps what was asked for."""
        reply = self._ask(request.dump())
        imprint = request["message_imprint"]["hashed_message"].native
        try:
            handle_tsp_response(tsp.TimeStampResp.load(reply), request["nonce"].native)
            _read(reply, lambda _: imprint)
        except (EvidenceError, TimestampRequestError, *MALFORMED) as error:
            raise self._failed("sent no valid time stamp") from error
        return reply

    def _ask(self, query: bytes) -> bytes:
        if self.trouble:
            raise self.trouble
        headers = {
            "Content-Type": "application/timestamp-query",
            "Accept": "application/timestamp-reply",
        }
        request = requests.Request("POST", self._url, headers=headers, data=query)
        try:
            with (
                open_session(self._trust) as session,
                Deadline(LONGEST_ANSWER_S) as deadline,
                send(session, session.prepare_request(request)) as response,
            ):
                if response.status_code != requests.codes.ok:
                    raise self._failed(f"answered {response.status_code}")
                return read_body(response, _LARGEST_REPLY, deadline)
        except SettingsError as error:
            raise self._failed("cannot be asked", f"{error} {error.hint}") from error
        except NoConnection as error:
            why = f"The request was given up: {error}."
            raise self._failed("cannot be reached", why) from error
        except OverLimit as error:
            why = f"The request was given up: {error}."
            raise self._failed("sent no valid time stamp", why) from error
        except FAULTS as error:
            if why := distrust(error, self._url):
                raise self._failed("cannot be trusted", f"{why} {UNTRUSTED}") from error
            raise self._failed(f"cannot be reached ({type(error).__name__})") from error

    def _failed(self, what: str, why: str = "") -> NoStamp:
        later = "What was archived has no time stamp yet; the next `reporter archive` adds it."
        self.trouble = NoStamp(
            f"The time-stamp authority {self.name} {what}.", hint=f"{why} {later}".lstrip()
        )
        return self.trouble


def read_stamp(reply: bytes, content: bytes) -> Stamp:
    """What a time stamp says of a content.

    Raises:
        EvidenceError: it is none, or is of another content.
    """
    return _read(reply, lambda algorithm: hashlib.new(algorithm, content).digest())


def _read(reply: bytes, imprint: Callable[[str], bytes]) -> Stamp:
    try:
        response = tsp.TimeStampResp.load(reply, strict=True)
        if response["status"]["status"].native not in ("granted", "granted_with_mods"):
            raise EvidenceError("The authority refused to stamp it.")
        signed = response["time_stamp_token"]["content"]
        certificate = extract_certificate_info(signed).signer_cert
        stamped_at = signed["encap_content_info"]["content"].parsed["gen_time"].native
        # Whether the authority is to be trusted is another question; here only whether the stamp is
        # its own.
        context = ValidationContext(trust_roots=[certificate], moment=stamped_at)
        fields = asyncio.run(validate_tst_signed_data(signed, context, imprint))
        status = TimestampSignatureStatus(**fields)
    except MALFORMED as error:
        raise EvidenceError("It is not a readable time stamp.") from error
    if not (status.intact and status.valid and status.trusted):
        raise EvidenceError("The time stamp belongs to something else, or was changed.")
    return Stamp(stamped_at, x509.load_der_x509_certificate(certificate.dump()))
