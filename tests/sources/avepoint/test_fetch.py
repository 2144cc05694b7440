"""Fetching over real HTTP: complete snapshots, or an error that says what to do."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from datetime import timedelta
from itertools import chain, product
from pathlib import Path

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import hashes

from reporter.errors import FetchError, PermissionDenied, ReplyError, SettingsError
from reporter.jobs.rows import newest
from reporter.model import Customer, Snapshot
from reporter.sources.avepoint.auth import ClientCertificate, ClientSecret, Credential, TokenAuth
from reporter.sources.avepoint.emulator import Emulator, Lists, demo_cast, ordinary_customers
from reporter.sources.avepoint.generation1 import next_url
from reporter.sources.avepoint.http import ATTEMPTS, Exchange
from reporter.sources.avepoint.permissions import PERMISSIONS
from reporter.sources.avepoint.reading.replies import rows_of
from reporter.sources.avepoint.source import LONGEST_SCOPE, Access, auth_of, open_source
from reporter.sources.interface import JobSource
from tests.certificates import make_certificate
from tests.conftest import CLOCK, StartEmulator


def source_of(
    emulator: Emulator, version: str = "auto", credential: Credential | None = None
) -> tuple[JobSource, tuple[Customer, ...], list[float]]:
    """The source, its customers, and the pauses it would have made."""
    pauses: list[float] = []
    access = Access(
        emulator.api_url,
        emulator.token_url,
        emulator.client_id,
        credential or ClientSecret(emulator.client_secret),
        version,  # type: ignore[arg-type]
    )
    source, listed = open_source(access, lambda: CLOCK, Exchange(sleep=pauses.append))
    return source, listed.customers, pauses


def ids_of(snapshot: Snapshot) -> list[str]:
    """The ids of all rows, including placeholders, in the order they came."""
    return [row["job_id"] for reply in snapshot.replies for row in rows_of(reply)]


def test_both_generations_give_the_same_jobs(start_emulator: StartEmulator) -> None:
    """Services, modules, statuses and job ids agree, so history continues over a switch."""
    emulator = start_emulator(customers=demo_cast()[1:2], lists=Lists.ALL, listed=timedelta(days=5))
    seen = []
    for version in ("v1", "v3"):
        source, (customer,), _ = source_of(emulator, version)
        rows = newest(chain.from_iterable(map(rows_of, source.snapshot(customer).replies)))
        fields = ("service", "module", "status", "job_id", "objects_total", "size")
        seen.append(sorted(tuple(row[field] for field in fields) for row in rows))
    assert seen[0] == seen[1]
    assert len(seen[0]) > 100


def test_auto_prefers_generation_3(start_emulator: StartEmulator) -> None:
    """Where the app registration has its permissions, the newer generation is used."""
    source, _, _ = source_of(start_emulator())
    assert type(source).__name__ == "Generation3"


def test_auto_falls_back_to_generation_1(start_emulator: StartEmulator) -> None:
    """Without the new permissions the old generation still works."""
    source, customers, _ = source_of(start_emulator(generations=("v1",)))
    assert type(source).__name__ == "Generation1"
    assert source.snapshot(customers[0]).replies


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_every_page_is_read(start_emulator: StartEmulator, version: str) -> None:
    """Hundreds of rows come in several pages and none is missing."""
    emulator = start_emulator(
        customers=ordinary_customers(1, 600, 1), lists=Lists.ALL, page_size=150
    )
    source, (customer,), _ = source_of(emulator, version)
    snapshot = source.snapshot(customer)
    (profile,) = emulator.customers.values()
    expected = [row["jobId"] for row in emulator.jobs(profile, 1 if version == "v1" else 3)]
    assert len(snapshot.replies) > 3
    assert ids_of(snapshot) == expected


@pytest.mark.parametrize("form", ["relative-next", "root-next", "context-next"])
def test_next_links_of_every_form_are_followed(start_emulator: StartEmulator, form: str) -> None:
    """A next link may be absolute, or relative to the request, the host or the context."""
    emulator = start_emulator(
        f"{form}=1", customers=ordinary_customers(1, 600, 1), lists=Lists.ALL, page_size=200
    )
    source, (customer,), _ = source_of(emulator, "v1")
    assert len(ids_of(source.snapshot(customer))) == len(
        emulator.jobs(next(iter(emulator.customers.values())), 1)
    )


def test_a_looping_next_link_is_detected(start_emulator: StartEmulator) -> None:
    """Pages that come round in a circle end in an error, not in an endless run."""
    emulator = start_emulator(
        "loop-next=1", customers=ordinary_customers(1, 600, 1), lists=Lists.ALL, page_size=100
    )
    source, (customer,), _ = source_of(emulator, "v1")
    with pytest.raises(FetchError, match="in a loop"):
        source.snapshot(customer)


def test_the_token_is_not_sent_to_another_host(start_emulator: StartEmulator) -> None:
    """A next link to a foreign host is an error."""
    emulator = start_emulator(
        "foreign-next=1", customers=ordinary_customers(1, 600, 1), lists=Lists.ALL, page_size=100
    )
    source, (customer,), _ = source_of(emulator, "v1")
    with pytest.raises(FetchError, match="another host"):
        source.snapshot(customer)


def test_next_url_tells_context_and_request_apart() -> None:
    """`customers/7/jobs?…` is meant from the context, `jobs?…` from the request."""
    url = "https://graph.example/partner/customers/7/jobs?$top=5"
    page = "https://graph.example/partner/customers/7/jobs?$skiptoken=a"
    assert next_url(url, "customers/7/jobs?$skiptoken=a") == page
    assert next_url(url, "jobs?$skiptoken=a") == page
    assert next_url(url, "?$skiptoken=a") == page
    assert next_url(url, page) == page


@pytest.mark.parametrize("fault", ["500", "503", "drop", "truncate", "broken-json", "html"])
@pytest.mark.parametrize("version", ["v1", "v3"])
def test_temporary_faults_are_tried_again(
    start_emulator: StartEmulator, fault: str, version: str
) -> None:
    """Server errors, broken connections and truncated replies cause a pause, but lose no row."""
    emulator = start_emulator(
        f"{fault}=0.3", customers=ordinary_customers(1, 600, 1), lists=Lists.ALL, page_size=99
    )
    source, (customer,), pauses = source_of(emulator, version)
    assert len(ids_of(source.snapshot(customer))) == len(
        emulator.jobs(next(iter(emulator.customers.values())), 1)
    )
    assert pauses
    assert all(0.2 < pause < 30 for pause in pauses)


@pytest.mark.parametrize("fault", ["429-seconds", "429-date"])
def test_retry_after_is_obeyed(start_emulator: StartEmulator, fault: str) -> None:
    """The service is left alone for as long as it asks, in either form."""
    emulator = start_emulator(
        f"{fault}=0.4", customers=ordinary_customers(1, 600, 1), lists=Lists.ALL, page_size=99
    )
    source, (customer,), pauses = source_of(emulator, "v1")
    source.snapshot(customer)
    assert pauses
    assert all(0 <= pause <= 1.2 for pause in pauses)


def test_a_service_that_stays_down_is_given_up(start_emulator: StartEmulator) -> None:
    """After several attempts with growing pauses the error names request and cause."""
    emulator = start_emulator("503=1")
    with pytest.raises(FetchError, match=f"failed {ATTEMPTS} times: 503 Service Unavailable") as e:
        source_of(emulator, "v1")
    assert e.value.hint


def test_an_unreachable_service_is_named() -> None:
    """Nobody listening: the error names address and cause."""
    access = Access("http://127.0.0.1:9", "http://127.0.0.1:9/token", "x", ClientSecret("y"), "v1")
    with pytest.raises(FetchError, match=r"127\.0\.0\.1:9.*[Rr]efused"):
        open_source(access, lambda: CLOCK, Exchange(sleep=lambda _: None))


def test_a_revoked_token_is_renewed_once(start_emulator: StartEmulator) -> None:
    """A 401 in mid-run causes one new token and nothing else."""
    emulator = start_emulator(
        "expire=0.1", customers=ordinary_customers(1, 600, 1), lists=Lists.ALL, page_size=150
    )
    source, (customer,), _ = source_of(emulator, "v1")
    assert ids_of(source.snapshot(customer))
    assert emulator.requests["connect token"] > 1


def test_a_token_is_renewed_before_it_runs_out(start_emulator: StartEmulator) -> None:
    """A token of a second and a half is used for half its life, then the next is fetched."""
    emulator = start_emulator(token_lifetime=1.5)
    source, customers, _ = source_of(emulator, "v3")
    for _ in range(6):
        source.snapshot(customers[0])
        time.sleep(0.4)
    assert emulator.requests["connect token"] >= 3


def test_a_customer_out_of_scope_is_explained(start_emulator: StartEmulator) -> None:
    """A 403 names the customer, the permission, the request id and what to do."""
    (profile,) = ordinary_customers(1, 100, 1)
    source, (customer,), _ = source_of(
        start_emulator(customers=[replace(profile, readable=False)]), "v3"
    )
    with pytest.raises(PermissionDenied) as caught:
        source.snapshot(customer)
    assert profile.name in str(caught.value)
    assert "request id" in str(caught.value)
    assert "elements.jobs.read.all" in caught.value.hint


def test_a_wrong_secret_is_explained(start_emulator: StartEmulator) -> None:
    """The error for a refused log-in says where to look."""
    with pytest.raises(FetchError, match="invalid_client") as caught:
        source_of(start_emulator(), "v1", ClientSecret("wrong"))
    assert "client_secret" in caught.value.hint


def test_pages_that_shift_are_read_again(start_emulator: StartEmulator) -> None:
    """A job that begins between two pages shifts the rows; the whole list is read again."""
    emulator = start_emulator(
        "shift=0.05", customers=ordinary_customers(1, 600, 1), lists=Lists.ALL
    )
    source, (customer,), _ = source_of(emulator, "v3")
    ids = [job_id for job_id in ids_of(source.snapshot(customer)) if job_id != "N/A"]
    assert len(ids) == len(set(ids))
    rows = emulator.jobs(next(iter(emulator.customers.values())), 1)
    assert set(ids) >= {row["jobId"] for row in rows if row["jobId"] != "N/A"}


def test_an_incomplete_list_never_passes(start_emulator: StartEmulator) -> None:
    """Fewer rows than totalCount says is an error, however often it is read."""
    _, customers, _ = source_of(start_emulator(), "v3")
    emulator = start_emulator("short=1")
    with pytest.raises(FetchError, match="incomplete"):
        source_of(emulator, "v3")[0].snapshot(customers[0])


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("truncate", "failed 6 times"),
        ("broken-json", "the answer is not JSON"),
        ("html", "the answer is not JSON"),
        ("other-shape", "not a list"),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v3"])
def test_a_reply_that_stays_unusable_is_an_error(
    start_emulator: StartEmulator, fault: str, message: str, version: str
) -> None:
    """A truncated reply, a proxy's page, JSON of another shape: an error, never a shorter list."""
    with pytest.raises((FetchError, ReplyError), match=message):
        source_of(start_emulator(f"{fault}=1"), version)


def test_a_slow_service_is_waited_for(start_emulator: StartEmulator) -> None:
    """A reply that takes two seconds is a reply."""
    _, customers, _ = source_of(start_emulator("slow=1", customers=ordinary_customers(1, 9, 1)))
    assert customers


def test_a_certificate_proves_who_we_are(start_emulator: StartEmulator, tmp_path: Path) -> None:
    """A signed assertion gets a token, each time with a new id, from a PKCS #12 file and a PEM."""
    certificate, files = make_certificate(tmp_path)
    emulator = start_emulator(certificate=certificate)
    for path, password in files:
        source_of(emulator, "v1", ClientCertificate.load(path, password))
        source_of(emulator, "v3", ClientCertificate.load(path, password))


def test_an_assertion_names_its_certificate_in_both_ways(tmp_path: Path) -> None:
    """`kid` is the thumbprint in upper-case hexadecimal, `x5t` the same bytes in base64url."""
    certificate, ((path, password), _) = make_certificate(tmp_path)
    form = ClientCertificate.load(path, password).form("app", "https://id.example/token")
    header = jwt.get_unverified_header(form["client_assertion"])
    thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303  x5t is SHA-1 by RFC 7515
    assert header["kid"] == thumbprint.hex().upper()
    assert base64.urlsafe_b64decode(header["x5t"] + "=") == thumbprint


def test_no_token_is_requested_with_too_long_a_scope() -> None:
    """The service refuses it as if a permission were missing, which would mislead the user."""
    access = Access("https://api.example", "https://id.example/token", "app", ClientSecret("s"))
    auth_of(access, Exchange(), "a" * 149, "b" * 150)
    with pytest.raises(ValueError, match="301 characters"):
        auth_of(access, Exchange(), "a" * 150, "b" * 150)
    assert max(len(" ".join(pair)) for pair in product(PERMISSIONS, repeat=2)) < LONGEST_SCOPE


def test_another_certificate_is_refused(start_emulator: StartEmulator, tmp_path: Path) -> None:
    """An assertion signed with a key the service does not know gets no token."""
    known, _ = make_certificate(tmp_path)
    _, ((path, password), _) = make_certificate(tmp_path)
    with pytest.raises(FetchError, match="invalid_client"):
        source_of(start_emulator(certificate=known), "v1", ClientCertificate.load(path, password))


def test_the_emulator_checks_assertions(start_emulator: StartEmulator, tmp_path: Path) -> None:
    """An assertion used twice, and one for another audience, are refused."""
    certificate, ((path, password), _) = make_certificate(tmp_path)
    emulator = start_emulator(certificate=certificate)
    credential = ClientCertificate.load(path, password)
    form = {"grant_type": "client_credentials", "scope": "partner.jobs.read.all"}
    once = form | credential.form(emulator.client_id, emulator.token_url)
    assert requests.post(emulator.token_url, data=once, timeout=5).status_code == 200
    again = requests.post(emulator.token_url, data=once, timeout=5)
    assert again.json()["error_description"] == "jti was used before"
    other = form | credential.form(emulator.client_id, "https://elsewhere.example/token")
    assert "Audience" in requests.post(emulator.token_url, data=other, timeout=5).text


def test_a_wrong_password_of_the_certificate_is_explained(tmp_path: Path) -> None:
    """The error names the file and the setting."""
    _, ((path, _), _) = make_certificate(tmp_path)
    with pytest.raises(SettingsError, match=path.name) as caught:
        ClientCertificate.load(path, "wrong")
    assert "certificate_password" in caught.value.hint


def test_one_token_serves_all_threads(start_emulator: StartEmulator) -> None:
    """A token is fetched once and used until it is due."""
    emulator = start_emulator()
    auth = TokenAuth(
        Exchange(),
        emulator.token_url,
        emulator.client_id,
        ClientSecret(emulator.client_secret),
        ("partner.jobs.read.all",),
    )
    assert auth.token() == auth.token()
    assert emulator.requests["connect token"] == 1
