"""What a run needs, tried one by one: for `reporter check`."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from reporter.audit.archiving import signer_of
from reporter.config.credentials import access_of, tenant_access_of
from reporter.config.settings import Settings
from reporter.dispatch.channels.registry import channels_of
from reporter.dispatch.queueing import recipients_of
from reporter.errors import ReplyError, ReporterError
from reporter.files import OWNERS_ALONE, closing_command, open_to_others, why_not_writable
from reporter.finding import Finding
from reporter.jobs.rows import Row, moment, present
from reporter.model import Answer, Customer, Lack, Outcome
from reporter.render.fonts import fonts_in_use, missing, script_of
from reporter.render.typesetting import engines
from reporter.run.assignment import Rendering, check_restore_tests, customers_in_store
from reporter.run.fetching import has_rhythm, missed_of, source_of
from reporter.run.outcome import attempted
from reporter.sources.avepoint.auth import ClientCertificate, TokenRefused
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.permissions import PERMISSIONS
from reporter.sources.avepoint.source import Access, auth_of, open_source
from reporter.sources.avepoint.tenant import try_tenant
from reporter.sources.interface import CustomerList
from reporter.sources.registry import SERVICE, reader_of
from reporter.store import Store
from reporter.store.address import files_of, shown
from reporter.store.history import is_there

_SHOWN: Final = 5
"""How many customers with a fault are named."""
_WRITABLE: Final = "Give this user the right to write there, or name another place."
_NO_KEY_USAGE: Final = Finding(
    "key usage",
    None,
    "the certificate does not state digitalSignature, which the service asks for",
    more=("Make a certificate that states it, register it, and set `certificate` in [api].",),
)
_ASK_MORE_OFTEN: Final = (
    "Start `reporter run` every hour, with fetch_every in [schedule] below the time given here."
)
EXPIRY_NEAR: Final = timedelta(days=60)
"""A certificate with less life left is to be replaced soon."""


def findings(settings: Settings) -> Iterator[Finding]:
    """A finding for each thing tried, as it is tried."""
    yield _configuration(settings)
    yield _tried("brand", lambda: _brand(settings))
    yield _store(settings)
    if finding := _open_to_others("store", files_of(settings.store_url), settings):
        yield finding
    yield _folder("reports", settings.reports, settings)
    if settings.restore_tests:
        yield _tried("restore tests", lambda: _restore_tests(settings))
    yield _tried("PDF", _typesetting)
    yield _tried("fonts", fonts_in_use)
    yield from _names(settings)
    yield from _strangers(settings)
    yield from _rhythm(settings, datetime.now(UTC))
    yield from _delivery(settings)
    archive = settings.folder / settings.evidence.folder
    if settings.archives or archive.exists():
        yield _folder("archive", archive, settings)
    yield _evidence(settings, datetime.now(UTC))
    for entry in settings.sources:
        yield _source(settings, entry.name)
    yield from _tenants(settings)
    if not settings.asks_service:
        return
    try:
        access = access_of(settings)
    except ReporterError as error:
        yield _failed("credentials", error)
        return
    yield _credentials(access, datetime.now(UTC))
    if isinstance(access.credential, ClientCertificate) and not access.credential.may_sign:
        yield _NO_KEY_USAGE
    exchange = Exchange(trust=access.trust)
    try:
        for permission, purpose in PERMISSIONS.items():
            yield _permission(exchange, access, permission, purpose)
    except ReporterError as error:
        # Nothing is known of a permission that could not be asked about.
        yield _failed("service", error)
        return
    yield _tried("service", lambda: _service(exchange, access))


def _source(settings: Settings, name: str) -> Finding:
    """What a source of another product contains, and what of it cannot be read."""
    what = f"source {name}"

    def rows() -> tuple[CustomerList, list[Row]]:
        listed = source_of(settings, name, partial(datetime.now, UTC)).customers()
        if listed.flaw:
            raise listed.flaw
        by_reply = reader_of(listed.replies).rows(listed.replies)
        return listed, list(chain.from_iterable(by_reply))

    made = attempted(rows)
    if isinstance(made, ReporterError):
        return _failed(what, made)
    listed, jobs = made
    newest = max(reply.fetched_at for reply in listed.replies)
    has = (
        f"customers: {len(listed.customers)}, jobs: {len(jobs)}, as of {newest:%Y-%m-%d %H:%M} UTC"
    )
    undated = sum(
        present(job["started"]) is not None and not moment(job, "started") for job in jobs
    )
    unknown = Counter(job["status"] or "" for job in jobs if job["outcome"] is Outcome.UNKNOWN)
    odd = [f"starts that cannot be read: {undated}"] if undated else []
    odd += [f"unknown statuses: {', '.join(map(repr, unknown))}"] if unknown else []
    if not odd:
        return Finding(what, True, has)
    mend = "Check `times`, `timezone` and `statuses` of this source in [[sources]]."
    return Finding(what, None, f"{has}; {'; '.join(odd)}", more=(mend,))


def _tenants(settings: Settings) -> Iterator[Finding]:
    """What each customer's own tenant tells, where one is configured. It is optional: what it does
    not tell is only worth a note, unless it cannot be asked at all.
    """
    exchange, now = Exchange(trust=settings.trust), partial(datetime.now, UTC)
    asked = [configured for configured in settings.customers if configured.tenant]
    names = {customer.id: customer.name for customer in _stored(settings)} if asked else {}
    for configured in asked:
        name = configured.name or names.get(configured.id, configured.id)
        customer = Customer(configured.id, name)
        what = f"tenant of {customer.name}"
        access = attempted(partial(tenant_access_of, settings, customer.id))
        if isinstance(access, ReporterError):
            yield _failed(what, access)
        elif access is not None:
            yield _tenant(what, list(try_tenant(access, exchange, now, customer)))


def _tenant(what: str, answers: Sequence[Answer]) -> Finding:
    absences = [answer.absence for answer in answers if answer.absence]
    told = _told(answers)
    if not absences:
        return Finding(what, True, told)
    failed = any(absence.kind is Lack.FAILED for absence in absences)
    reasons = dict.fromkeys(absence.said for absence in absences if absence.said)
    mend = (
        "Check [customers.tenant] of this customer (data_centre or api_url, client_id, the "
        "secret), and that its app registration in the customer's own tenant has these permissions."
    )
    return Finding(what, False if failed else None, told, more=(*reasons, mend))


def _told(answers: Iterable[Answer]) -> str:
    """Of each kind whether it was read; once, although there may be details of several jobs."""
    told = (
        f"{answer.kind} {answer.absence.kind if answer.absence else 'read'}" for answer in answers
    )
    return ", ".join(dict.fromkeys(told))


def _tried(what: str, attempt: Callable[[], str]) -> Finding:
    made = attempted(attempt)
    if isinstance(made, ReporterError):
        return _failed(what, made)
    return Finding(what, True, made)


def _failed(what: str, error: ReporterError) -> Finding:
    """What was tried and failed, with what is to be done."""
    return Finding(what, False, str(error), more=tuple(filter(None, [error.hint])))


def _configuration(settings: Settings) -> Finding:
    what = "configuration"
    if settings.source is None:
        lack = f"no file, as {settings.folder.absolute()} has no reporter.toml; defaults are used"
        return Finding(what, None, lack)
    return Finding(what, True, str(settings.source.absolute()))


def _folder(what: str, folder: Path, settings: Settings) -> Finding:
    """Where a folder of customers' data is, whether it can be made or written, and whether others
    can look into it.
    """
    if open_for_others := _open_to_others(what, [folder], settings):
        return open_for_others
    if why := why_not_writable(folder):
        return Finding(what, False, f"{folder.absolute()}: {why}", more=(_WRITABLE,))
    return Finding(what, True, str(folder.absolute()))


def _open_to_others(what: str, paths: Sequence[Path], settings: Settings) -> Finding | None:
    """Which files and folders others can use without the configuration saying so; None where there
    are none.
    """
    umask = OWNERS_ALONE if settings.execution.umask is None else settings.execution.umask
    there = [path.absolute() for path in paths if open_to_others(path, umask)]
    if not there:
        return None
    named = ", ".join(f"{path} (mode {stat.S_IMODE(path.stat().st_mode):04o})" for path in there)
    mend = f"Run, as the owner: {closing_command(umask, *there)}"
    return Finding(what, False, f"others can use {named}", more=(mend,))


def _brand(settings: Settings) -> str:
    brand = settings.look_for("").brand
    return f"{brand.name or 'no name set'}, {'logo found' if brand.logo else 'no logo set'}"


def _store(settings: Settings) -> Finding:
    """Where the store is and how many customers it has; or that it can be made."""
    what, url = "store", settings.store_url
    if is_there(url):
        return _tried(what, lambda: f"{shown(url)}, {len(customers_in_store(settings))} customers")
    if why := why_not_writable(files_of(url)[0].parent):
        return Finding(what, False, f"{shown(url)}: {why}", more=(_WRITABLE,))
    return Finding(what, None, f"{shown(url)}: does not exist yet; `reporter fetch` creates it")


def _typesetting() -> str:
    versions = engines()
    return f"laid out with Pango {versions['pango']} and HarfBuzz {versions['harfbuzz']}"


def _restore_tests(settings: Settings) -> str:
    return f"{check_restore_tests(settings, datetime.now(UTC))} in {settings.restore_tests}"


def _names(settings: Settings) -> Iterator[Finding]:
    """Each customer whose name the bundled fonts cannot set; none where the store or a font fails,
    an earlier finding reports it.
    """
    try:
        customers = customers_in_store(settings)
        names = [settings.customer(customer.id).name or customer.name for customer in customers]
        lacking = {name: letters for name in names if (letters := missing(name))}
    except (ReporterError, OSError):
        return
    for name, letters in lacking.items():
        scripts = " and ".join(sorted({script_of(letter) for letter in letters}))
        yield Finding(
            f"font for {name}",
            None,
            f"no bundled font has {scripts} ({' '.join(letters)}). Reports use a font of this "
            "machine that has it, or show a replacement character: set another name for the "
            "customer in the configuration",
        )


def _strangers(settings: Settings) -> Iterator[Finding]:
    """Each customer of the configuration that is not in the store: a wrong id silently leaves the
    intended customer without recipients. Empty if the store is empty or cannot be read.
    """
    stored = {customer.id for customer in _stored(settings)}
    for customer in settings.customers if stored else ():
        places = {customer.id: "[[customers]]"} | dict.fromkeys(customer.joins, "`joins`")
        for customer_id, place in places.items():
            if customer_id not in stored:
                detail = f"is in {place}, but not in the store: `reporter customers` lists all ids"
                yield Finding(f"customer {customer_id}", None, detail)


def _stored(settings: Settings) -> Sequence[Customer]:
    """The customers in the store; none where it is not there or cannot be read."""
    if not is_there(settings.store_url):
        return ()
    try:
        with closing(Store.open(settings.store_url)) as store:
            return store.customers()
    except ReporterError:
        return ()


def _rhythm(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether the service is asked often enough: a line for each customer of whom something is
    missed; none where the store fails, of which a finding before this one tells.
    """
    if not is_there(settings.store_url):
        return
    try:
        with closing(Store.open(settings.store_url)) as store:
            customers = store.customers(SERVICE)
            rare = list(missed_of(settings, store, customers, now))
            known = bool(rare) or any(has_rhythm(store, customer, now) for customer in customers)
    except ReporterError:
        return
    for customer, missed in rare:
        yield Finding(f"rhythm of {customer.name}", None, missed.words, more=(_ASK_MORE_OFTEN,))
    if customers and not known:
        yield Finding("rhythm", None, "not known yet: it takes a few fetches to tell")
    elif customers and not rare:
        yield Finding("rhythm", True, "nothing is known to be missed between two fetches")


def _delivery(settings: Settings) -> Iterator[Finding]:
    """Whether reports can go, and whether each customer has somebody to go to; nothing is sent."""
    now, formats = datetime.now(UTC), settings.mail.formats
    try:
        channels = channels_of(Rendering(settings, now, settings.reports, formats))
    except ReporterError as error:
        yield _failed("delivery", error)
        return
    if not channels:
        return
    for channel in channels.values():
        with closing(channel):
            finding = _tried(channel.title, channel.reach)
        if not finding.good or finding.detail:  # some can only be tried by a delivery
            yield finding
    wrong = []
    try:
        customers = customers_in_store(settings)
    except ReporterError:
        return  # of which a finding before this one tells
    for customer in customers:
        try:
            recipients_of(channels, settings, customer)
        except ReporterError as error:
            wrong.append(str(error))
    if not wrong:
        yield Finding("recipients", True, f"read for each of {len(customers)} customers")
        return
    more = wrong[:_SHOWN]
    if len(wrong) > _SHOWN:
        more.append(f"and {len(wrong) - _SHOWN} more")
    more.append("Set `recipients` in [[customers]], or send = false.")
    yield Finding("recipients", False, f"{len(wrong)} customers have none", more=tuple(more))


def _evidence(settings: Settings, now: datetime) -> Finding:
    """Whether archives are signed, and by whom."""
    what = "evidence"
    try:
        signer = signer_of(settings, now)
    except ReporterError as error:
        return _failed(what, error)
    if signer is None:
        return Finding(what, None, "archives are not signed: no certificate is set in [evidence]")
    ends = signer.certificate.not_valid_after_utc
    return Finding(what, True, f"archives are signed by {signer.name}, {_until(ends, now)}")


def _until(ends: datetime, now: datetime) -> str:
    """Until when a certificate is valid, and whether that is soon."""
    detail = f"valid until {ends:%Y-%m-%d}"
    if ends - now <= EXPIRY_NEAR:
        detail += f", {(ends - now).days} days from now: register the next one soon"
    return detail


def _credentials(access: Access, now: datetime) -> Finding:
    """Where the credential comes from, never what it is; and how long a certificate is valid."""
    credential = access.credential
    if not isinstance(credential, ClientCertificate):
        detail = f"secret of app {access.client_id} from {credential.origin}"
        return Finding("credentials", True, detail)
    begins = credential.certificate.not_valid_before_utc
    ends = credential.certificate.not_valid_after_utc
    detail = f"certificate of app {access.client_id} from {credential.origin}, "
    if not begins <= now <= ends:
        detail += (
            f"expired on {ends:%Y-%m-%d}" if now > ends else f"valid from {begins:%Y-%m-%d} on"
        )
        mend = "Register a certificate that is valid now, and set `certificate` in [api]."
        return Finding("credentials", False, detail, more=(mend,))
    return Finding("credentials", True, detail + _until(ends, now))


def _permission(exchange: Exchange, access: Access, permission: str, purpose: str) -> Finding:
    """Whether the token endpoint grants a permission. Those of one generation are enough, so none
    is required.

    Raises:
        ReporterError: it cannot be asked, or knows nothing of who we are.
    """
    try:
        auth_of(access, exchange, permission).token()
    except TokenRefused as error:
        if error.code == "invalid_client":
            raise
        return Finding(permission, None, f"needed for {purpose}. {error}")
    return Finding(permission, True, f"for {purpose}")


def _service(exchange: Exchange, access: Access) -> str:
    source, listed = open_source(access, lambda: datetime.now(UTC), exchange)
    generation = type(source).__name__.replace("Generation", "generation ")
    seen = f"{generation}, {len(listed.customers)} customers"
    if listed.flaw:
        raise ReplyError(f"{seen} can be read. {listed.flaw}", hint=listed.flaw.hint)
    if listed.customers:
        first = listed.customers[0]
        answers = source.snapshot(first).answers
        seen += f"; for {first.name}: jobs read"
        seen = ", ".join(filter(None, [seen, _told(answers)]))
    return seen
