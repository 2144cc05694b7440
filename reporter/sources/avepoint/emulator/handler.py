"""One request to the emulator: who asks, for what, and what goes wrong on the way."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from reporter.sources.avepoint.emulator import pages, tenant
from reporter.sources.avepoint.emulator.objects import details_page
from reporter.sources.avepoint.emulator.tokens import Refusal

if TYPE_CHECKING:
    from reporter.sources.avepoint.emulator.cast import Profile
    from reporter.sources.avepoint.emulator.server import Emulator

_ID: Final = r"(?P<id>[^/]+)"
_V3: Final = "/partner/external/v3/general/customers"
_TENANT: Final = "/backup/m365"
_JOB_INFO: Final = "microsoft365backup.jobInfo.read.all"
_SETTINGS: Final = "microsoft365backup.settings.read.all"
_ROUTES: Final = [
    (method, re.compile(path), name, permission)
    for method, path, name, permission in (
        ("GET", "/partner/customers", "customers", "partner.customers.read.all"),
        ("GET", f"/partner/customers/{_ID}", "customer", "partner.customers.read.all"),
        ("GET", f"/partner/customers/{_ID}/jobs", "jobs", "partner.jobs.read.all"),
        (
            "GET",
            f"/partner/customers/{_ID}/jobs/jobType/(?P<type>[^/]+)/jobModule/(?P<module>[^/]+)",
            "jobs",
            "partner.jobs.read.all",
        ),
        ("GET", f"/partner/customers/{_ID}/protected", "protected", "partner.cbprotected.read.all"),
        ("GET", f"/partner/services/{_ID}", "subscription", "partner.license.read.all"),
        ("POST", f"{_V3}/batch", "v3 customers", "elements.customers.read.all"),
        ("POST", f"{_V3}/{_ID}/avpt-products/jobs/batch", "v3 jobs", "elements.jobs.read.all"),
        (
            "GET",
            f"{_V3}/{_ID}/cloud-backup-m365/overview",
            "v3 protected",
            "elements.cbprotected.read.all",
        ),
        (
            "GET",
            f"{_V3}/{_ID}/jobs/(?P<job>[^/]+)/report-details",
            "v3 details",
            "elements.jobs.read.all",
        ),
        (
            "POST",
            f"{_V3}/{_ID}/tenants/(?P<tenant>[^/]+)/cloud-backup-m365/users/batch",
            "v3 users",
            "elements.cbprotected.read.all",
        ),
        ("POST", f"{_V3}/services/batch", "v3 subscriptions", "elements.license.read.all"),
        ("GET", f"{_TENANT}/cloudbackupjobs", "tenant jobs", _JOB_INFO),
        ("GET", f"{_TENANT}/settings/backup/frequency", "tenant frequency", _SETTINGS),
        ("GET", f"{_TENANT}/settings/retention-policy", "tenant retention", _SETTINGS),
    )
]
_BEFORE_ANSWER: Final = (
    "drop",
    "429-seconds",
    "429-date",
    "429-bare",
    "429-absurd",
    "500",
    "503",
    "forbidden",
    "not-found",
)
_IN_ANSWER: Final = (
    "truncate",
    "drip",
    "drip-head",
    "bomb",
    "broken-json",
    "html",
    "deep",
    "echo",
    "echo-200",
    "many",
    "other-shape",
)
_TOKENS: Final[dict[str, dict[str, Any]]] = {
    "token-life": {"expires_in": "soon"},
    "token-line": {"access_token": "A-TOKEN\r\nX-More: 1"},
    "token-script": {"access_token": "жетон"},
}
"""What is odd about a token, by fault."""
_SLOW_S: Final = 2.0
_DRIP_S: Final = 0.5
_DEPTH: Final = 100_000


class Problem(Exception):
    """A status other than 200, and what the body says."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with keep-alive; `emulator` is set by the server."""

    protocol_version = "HTTP/1.1"
    emulator: Emulator

    def do_GET(self) -> None:  # the name is http.server's
        self._serve()

    def do_POST(self) -> None:  # the name is http.server's
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Logs nothing: requests are counted instead."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        with self.emulator.counted(parts.path.strip("/").replace("/", " ")):
            time.sleep(self.emulator.latency)
            if parts.path == "/connect/token":
                self._token(body)
            else:
                self._api(parts.path, parts.query, body)

    def _token(self, body: bytes) -> None:
        form = dict(parse_qsl(body.decode()))
        asked = "POST /connect/token"
        faults = self.emulator.faults
        try:
            office = self.emulator.office_of(form.get("client_id", ""))
            token = office.issue(form, self.emulator.token_url)
            if faults.strikes("token-list", asked):
                self._send(HTTPStatus.OK, [token])
            elif faults.strikes("token-reason", asked):
                error = {"error": ["invalid_client"], "error_description": [token]}
                self._send(HTTPStatus.BAD_REQUEST, error)
            elif faults.strikes("token-echo", asked):
                reason = f"refused: {body.decode()} {token['access_token']}"
                error = {"error": "invalid_request", "error_description": reason} | token
                self._send(HTTPStatus.BAD_REQUEST, error)
            else:
                fault = faults.first_strike(_TOKENS, asked)
                self._send(HTTPStatus.OK, token | _TOKENS.get(fault or "", {}))
        except Refusal as refusal:
            error = {"error": refusal.code, "error_description": str(refusal)}
            self._send(HTTPStatus.BAD_REQUEST, error)

    def _api(self, path: str, query: str, body: bytes) -> None:
        asked = f"{self.command} {path}?{query}"
        faults = self.emulator.faults
        if faults.strikes("slow", asked):
            time.sleep(_SLOW_S)
        if fault := faults.first_strike(_BEFORE_ANSWER, asked):
            self._fail(fault)
            return
        try:
            answer = self._answer(path, query, body, asked)
        except Problem as problem:
            error = {"error": {"code": problem.status.phrase, "message": str(problem)}}
            self._send(problem.status, error)
            return
        fault = faults.first_strike(_IN_ANSWER, asked)
        if fault == "other-shape":
            self._send(HTTPStatus.OK, {"items": []})
        elif fault == "echo":
            self._send(HTTPStatus.BAD_REQUEST, {"Authorization": self.headers["Authorization"]})
        else:
            self._send(HTTPStatus.OK, answer, fault=fault)

    def _answer(self, path: str, query: str, body: bytes, asked: str) -> Any:
        for method, pattern, name, permission in _ROUTES:
            match = pattern.fullmatch(path)
            if match and method == self.command:
                customer_id = self._authorise(permission, asked)
                if customer_id is not None:
                    return self._in_tenant(name, self._profile(customer_id, name), query, asked)
                path_parts = {key: unquote(text) for key, text in match.groupdict().items()}
                profile = None
                if "id" in path_parts:
                    profile = self._profile(path_parts["id"], name, path_parts.get("tenant"))
                return self._page(name, profile, path_parts, query, body, asked)
        raise Problem(HTTPStatus.NOT_FOUND, f"no such address: {path}")

    def _authorise(self, permission: str, asked: str) -> str | None:
        """Insist on a permission; the customer whose tenant the token is of, if it is of one."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        customer_id = self.emulator.tenant_of(token)
        office = self.emulator.tenant(customer_id) if customer_id else self.emulator.tokens
        if self.emulator.faults.strikes("expire", asked):
            office.revoke(token)
        scopes = office.scopes_of(token)
        if scopes is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "no token, or one that has expired")
        if permission not in scopes:
            raise Problem(HTTPStatus.FORBIDDEN, f"needs {permission}")
        return customer_id

    def _in_tenant(self, name: str, profile: Profile, query: str, asked: str) -> Any:
        """What the customer's own tenant tells."""
        if name == "tenant frequency":
            return tenant.frequency(profile, self.emulator.now())
        if name == "tenant retention":
            return tenant.retention(profile)
        arguments = {key: texts[0] for key, texts in parse_qs(query).items()}
        if f"{name} {arguments.get('objectType')}" in profile.terms.unknown:
            raise Problem(HTTPStatus.NOT_FOUND, "there are no such objects")
        try:
            return tenant.jobs_page(self.emulator, profile, arguments, asked)
        except (ValueError, KeyError) as error:
            raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from error

    def _profile(self, customer_id: str, name: str, tenant_id: str | None = None) -> Profile:
        profile = self.emulator.customers.get(customer_id)
        if profile is None or not profile.there_at(self.emulator.now()):
            raise Problem(HTTPStatus.NOT_FOUND, f"no such customer: {customer_id}")
        if not profile.readable and name != "customer" and not name.startswith("tenant"):
            raise Problem(HTTPStatus.FORBIDDEN, "the app registration's scope does not include it")
        if tenant_id is not None and tenant_id not in profile.tenants:
            raise Problem(HTTPStatus.NOT_FOUND, f"no such tenant: {tenant_id}")
        what = name.removeprefix("v3 ")
        if what in profile.terms.refused:
            raise Problem(HTTPStatus.FORBIDDEN, f"the {what} of this customer may not be read")
        if what in profile.terms.unknown:
            raise Problem(HTTPStatus.NOT_FOUND, f"there is no {what} of this customer")
        return profile

    def _page(
        self,
        name: str,
        profile: Profile | None,
        path_parts: dict[str, str],
        query: str,
        body: bytes,
        asked: str,
    ) -> Any:
        arguments = {key: texts[0] for key, texts in parse_qs(query).items()}
        if not name.startswith("v3"):
            return pages.collection(self.emulator, name, profile, path_parts, arguments, asked)
        try:
            wanted = json.loads(body or b"{}")
            if name != "v3 details" or profile is None:
                return pages.numbered(
                    self.emulator, name, profile, path_parts, wanted, arguments, asked
                )
            job_id = path_parts["job"]
            page = details_page(self.emulator, profile, job_id, arguments, asked)
            if page is None:
                raise Problem(HTTPStatus.NOT_FOUND, f"there are no details of {job_id}")
            return page
        except (ValueError, TypeError, AttributeError) as error:
            raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from error

    def _fail(self, fault: str) -> None:
        if fault == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        headers = {}
        if fault == "429-seconds":
            headers["Retry-After"] = "1"
        elif fault == "429-date":
            at = datetime.now(UTC) + timedelta(seconds=1)
            headers["Retry-After"] = format_datetime(at, usegmt=True)
        elif fault == "429-absurd":
            headers["Retry-After"] = "Fri, 31 Dec 99999 23:59:59 GMT"
        status = HTTPStatus({"forbidden": 403, "not-found": 404}.get(fault) or int(fault[:3]))
        self._send(status, {"error": {"code": status.phrase, "message": "as asked"}}, headers)

    def _send(
        self,
        status: HTTPStatus,
        answer: Any,
        headers: dict[str, str] | None = None,
        fault: str | None = None,
    ) -> None:
        # Half an emoji is in no encoding; JSON has an escape for it.
        body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace")
        if fault == "html":
            body = b"<!doctype html><title>Sign in</title><p>Please sign in to the proxy."
        elif fault == "echo-200":
            body = f"Authorization: {self.headers['Authorization']}".encode()
        elif fault == "broken-json":
            body = body[: len(body) // 2]
        elif fault == "deep":
            body = b"[" * _DEPTH + b"]" * _DEPTH
        elif fault == "bomb":
            body = gzip.compress(b" " * (1 << 20)) * (1 << 12)
        elif fault == "many":
            body = gzip.compress(b'{"data":[' + b"{}," * 20_000_000 + b"{}]}", 1)
        if fault == "drip-head":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * (1 << 16))
            return
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if fault == "html" else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("request-id", hashlib.sha256(self.path.encode()).hexdigest()[:16])
        if fault in ("bomb", "many"):
            self.send_header("Content-Encoding", "gzip")
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        if fault == "drip":
            self._drip(body)
            return
        if fault == "truncate":
            self.close_connection = True
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def _drip(self, content: bytes) -> None:
        self.close_connection = True
        for number in range(len(content)):
            self.wfile.write(content[number : number + 1])
            time.sleep(_DRIP_S)
