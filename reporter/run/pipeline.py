"""The stages put together, customer by customer: one customer's failure is a value, not the end."""

from __future__ import annotations

import functools
import hashlib
import logging
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, takewhile
from pathlib import Path
from typing import Final, TypeVar, cast

from pydantic import TypeAdapter

from reporter.analysis import analyse
from reporter.analysis.history import history_of, tallies_of
from reporter.config.commentary import comment_on
from reporter.config.restore_tests import check_entries, restore_tests_of
from reporter.config.settings import ReportSettings, Settings
from reporter.errors import (
    FetchError,
    NothingKnown,
    NotStorable,
    ReporterError,
    SettingsError,
    StoreError,
)
from reporter.evidence.archive import Archive
from reporter.evidence.chain import root_before
from reporter.files import set_umask, write_whole
from reporter.jobs.frame import raw_frame, read_jobs
from reporter.jobs.known import is_known_by
from reporter.jobs.replies import read_page, rows_of, split_snapshots
from reporter.jobs.rows import newest
from reporter.jobs.sightings import frame_of, sightings_in
from reporter.model import (
    Customer,
    KnownRoot,
    Look,
    Observations,
    Policy,
    Reply,
    Report,
    RestoreTest,
    Snapshot,
    Source,
    Tally,
)
from reporter.period import Period, parse_period
from reporter.render.html import write_html
from reporter.render.json_ import write_json
from reporter.render.portfolio import (
    Portfolio,
    Standing,
    portfolio_of,
    standing_of,
    without_data,
    write_portfolio_html,
    write_portfolio_pdf,
    write_portfolio_xlsx,
)
from reporter.render.typesetting import typesetter, write_pdf
from reporter.render.workbook import write_workbook
from reporter.run.ledger import Ledger
from reporter.run.rhythm import WINDOW, Missed, Rhythm, missed, rhythm_of
from reporter.run.schedule import kinds_due
from reporter.run.workers import MEMORY_HINT, First, WorkerDied, crew_of, run_tasks
from reporter.showing import excerpt
from reporter.sources.avepoint.http import Exchange, Stopped
from reporter.sources.avepoint.listing import CustomerList
from reporter.sources.avepoint.source import Access, JobSource, open_source
from reporter.store import Store
from reporter.store.address import is_file, shown
from reporter.store.asked import last_answers, looks_at
from reporter.store.history import is_there
from reporter.store.known import is_known
from reporter.store.outbox import has_rows
from reporter.store.reading import monthly_jobs, read_period
from reporter.store.received import Fetch, receive_again, received_until
from reporter.store.tallies import keep_tallies, kept_tallies
from reporter.store.versions import Version, VersionTaken

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Made = TypeVar("Made")

WRITERS: Final[Mapping[str, Callable[[Report, Look, Path], None]]] = {
    "pdf": write_pdf,
    "xlsx": write_workbook,
    "html": write_html,
    "json": write_json,
}
PORTFOLIO_WRITERS: Final[Mapping[str, Callable[[Portfolio, Look, Path], None]]] = {
    "index.html": write_portfolio_html,
    "portfolio.pdf": write_portfolio_pdf,
    "portfolio.xlsx": write_portfolio_xlsx,
}
FETCHES_AT_ONCE: Final = 8
_LOOK_S: Final = 0.2
"""How long is waited before a look at whether somebody wants it to stop."""
_FAREWELL_S: Final = 0.3
"""How long threads that were stopped are waited for."""
_RENDERINGS: Final = 5
"""How often a report is rendered that other runs render at the same time."""


@dataclass(frozen=True, slots=True)
class CustomerOutcome:
    """What became of one customer: files written, or the error that stopped it."""

    customer: Customer
    files: tuple[Path, ...] = ()
    standing: Standing | None = None
    """What the portfolio shows of a report that was made."""
    unchanged: bool = False
    """Whether the files were there already, and nothing they rest on has changed."""
    too_early: bool = False
    """Whether nothing was made because the period is not final yet."""
    error: ReporterError | None = None


@dataclass(frozen=True, slots=True)
class Rendering:
    """What is asked of a rendering: the configuration, and what the command line says beyond it."""

    settings: Settings
    now: datetime
    out: Path
    formats: tuple[str, ...]
    period: str | None = None
    timezone: str | None = None
    locale: str | None = None
    again: bool = False
    """Whether reports are rendered again that hold."""
    only_final: bool = False
    """Whether nothing is made of periods that are not final yet."""


def fetch_customers(
    access: Access, store: Store, clock: Clock, exchange: Exchange | None = None
) -> tuple[JobSource, CustomerList]:
    """The source to fetch from and its list of customers, which is recorded in the store.

    Raises:
        FetchError: they cannot be listed.
        ReplyError: what came is no list of customers; it is kept.
    """
    exchange = exchange or Exchange(connections=FETCHES_AT_ONCE, trust=access.trust)
    received: list[Reply] = []
    opened = attempted(partial(open_source, access, clock, exchange, received))
    if isinstance(opened, ReporterError):
        if received:
            store.record_failure(None, clock(), str(opened), unusable=received)
        raise opened
    source, listed = opened
    store.record_customers(listed.customers, listed.replies, str(listed.flaw or ""))
    return source, listed


@dataclass(frozen=True, slots=True)
class _Taken:
    """What came of asking for one customer."""

    customer: Customer
    snapshot: Snapshot | ReporterError
    received: Sequence[Reply]


def fetch_snapshots(
    source: JobSource,
    customers: Sequence[Customer],
    store: Store,
    clock: Clock,
    run_id: int | None = None,
) -> Iterator[CustomerOutcome]:
    """Take a snapshot of each customer into the store, several at once; outcomes as they come.

    Jobs are asked for each time; what stands beside them where the last answer has grown old.
    Whatever is odd about one customer's replies costs that customer its snapshot, and no other.
    Interrupted, what was stored is complete, and nothing else is waited for.

    Raises:
        StoreError: the database is not there any more.
    """
    waiting = list(reversed(customers))
    answered, now = last_answers(store), clock()
    # No more than the store keeps up with: memory must not grow with the number of customers.
    taken: queue.Queue[_Taken] = queue.Queue(FETCHES_AT_ONCE)

    def take() -> None:
        with suppress(IndexError, Stopped):
            while customer := waiting.pop():
                received: list[Reply] = []
                kinds = kinds_due(answered.get(customer.id, {}), now)
                ask = partial(source.snapshot, customer, received, kinds)
                snapshot = attempted(partial(_within_memory, customer, ask))
                taken.put(_Taken(customer, snapshot, received))

    threads = [
        threading.Thread(target=take, daemon=True)
        for _ in range(min(FETCHES_AT_ONCE, len(customers)))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in customers:
            yield _keep(store, _next_of(taken, threads), clock(), run_id)
    except BaseException:
        waiting.clear()
        source.stop()
        _let_go(threads, taken)
        raise


def missed_of(
    settings: Settings, store: Store, customers: Iterable[Customer], now: datetime
) -> Iterator[tuple[Customer, Missed]]:
    """The customers of whom it is known that something is missed, as the service is asked so
    rarely, and what.

    Raises:
        StoreError: the database refuses.
    """
    schedule = settings.schedule
    # Whoever has not written it down may start `fetch` by a rhythm of their own.
    planned = schedule.fetch_every if "fetch_every" in schedule.model_fields_set else None
    for customer in customers:
        watch_every = settings.report_for(customer.id).policy().watch_every
        if found := missed(_rhythm(store, customer, now), watch_every, planned):
            yield named(settings, customer), found


def has_rhythm(store: Store, customer: Customer, now: datetime) -> bool:
    """Whether the service has been asked of a customer often enough to know how often it is asked.

    Raises:
        StoreError: the database refuses.
    """
    return _rhythm(store, customer, now).asked_every is not None


def _rhythm(store: Store, customer: Customer, now: datetime) -> Rhythm:
    looks = looks_at(store, customer, now - WINDOW)
    return rhythm_of(looks.starts, looks.taken_at)


def _next_of(taken: queue.Queue[_Taken], threads: Sequence[threading.Thread]) -> _Taken:
    """What comes next. It is not waited for in one go: a signal that the system gave to another
    thread is seen in between.
    """
    while True:
        at_work = any(thread.is_alive() for thread in threads)
        with suppress(queue.Empty):
            return taken.get(timeout=_LOOK_S)
        if not at_work:
            raise ReporterError(
                "The threads that fetch have all died.",
                hint="This is a fault of the program. Run the same command again.",
            )


def _let_go(threads: Sequence[threading.Thread], taken: queue.Queue[_Taken]) -> None:
    """Give threads that were stopped a moment to end. One that hangs on a server is not waited for:
    it ends with the process, and has written nothing.
    """
    until = time.monotonic() + _FAREWELL_S
    for thread in threads:
        with suppress(queue.Empty):
            taken.get_nowait()  # room for what it wants to hand over
        thread.join(max(until - time.monotonic(), 0))


def _keep(store: Store, taken: _Taken, now: datetime, run_id: int | None) -> CustomerOutcome:
    """Write a snapshot, or why there is none, into the store. One thread does all the writing."""
    customer, error = taken.customer, taken.snapshot
    if isinstance(error, Snapshot):
        keep = partial(store.record, error, run_id)
        unusable = attempted(partial(_within_memory, customer, keep))
        if unusable is None:
            return CustomerOutcome(customer)
        error = unusable
    if isinstance(error, StoreError) and not isinstance(error, NotStorable):
        raise error  # not this customer's fault: the next would fail as well
    try:
        store.record_failure(customer, now, str(error), run_id, taken.received)
    except MemoryError:
        store.record_failure(customer, now, str(error), run_id)
    return CustomerOutcome(customer, error=error)


def _within_memory(customer: Customer, make: Callable[[], Made]) -> Made:
    """What `make` comes to of a customer's replies.

    Raises:
        FetchError: they want more memory than there is.
    """
    try:
        return make()
    except MemoryError:
        # The cause is left out: it holds what took the memory.
        raise FetchError(
            f"The replies about {customer.name} are too large for the memory there is.",
            hint="Nothing of this snapshot is kept. Give the program more memory, and run the same "
            "command again.",
        ) from None


def render_customers(
    rendering: Rendering, names: Mapping[Customer, str], workers: int
) -> Iterator[CustomerOutcome]:
    """Render customers from the store, several at once; outcomes as they come.

    `names` gives each customer's folder and file name. Where the configuration names a scheduler,
    they are rendered by its workers instead of `workers` processes of this machine.

    Raises:
        ReporterError: the cluster cannot be used, or the restore tests cannot.
        NoTypesetting: a PDF is asked for, and none can be made here.
    """
    _require_typesetting(rendering)
    settings = rendering.settings
    check_restore_tests(settings, rendering.now)
    scheduler = settings.execution.scheduler
    if not scheduler and (workers == 1 or len(names) <= 1):
        with closing(Store.open(settings.store_url)) as store:
            for customer, name in names.items():
                yield render_stored(rendering, store, customer, name)
        return
    if scheduler:
        rendering = _seen_from_elsewhere(rendering)
    crew = crew_of(
        min(workers, len(names)), scheduler, First(_start_worker, (_small(rendering, ""),))
    )
    tasks = ((own, (_small(rendering, own.id), own, name)) for own, name in names.items())
    for own, result in run_tasks(_render_task, tasks, crew):
        if isinstance(result, WorkerDied):
            result = CustomerOutcome(own, error=result)
        yield result


def _require_typesetting(rendering: Rendering) -> None:
    """Insist that PDFs can be made here if any is asked for, before a report is rendered.

    Raises:
        NoTypesetting: none can be made.
    """
    if "pdf" in rendering.formats:
        typesetter()


def check_restore_tests(settings: Settings, now: datetime) -> int:
    """Insist on every line of the restore tests, before any report is made without one of them;
    how many there are.

    Raises:
        SettingsError: a line cannot be understood, or is about a customer nobody knows.
    """
    if settings.restore_tests is None:
        return 0
    known = [named(settings, own) for own in customers_in_store(settings)]
    # Somewhere it is tomorrow already.
    return check_entries(settings.restore_tests, known, (now + timedelta(days=1)).date())


def customers_in_store(settings: Settings) -> tuple[Customer, ...]:
    """All customers in the store; none where there is no store yet."""
    if not is_there(settings.store_url):
        return ()
    with closing(Store.open(settings.store_url)) as store:
        return store.customers()


def _small(rendering: Rendering, customer_id: str) -> Rendering:
    """What one customer's report takes: it travels with each task."""
    return replace(rendering, settings=rendering.settings.for_reports_of(customer_id))


def _seen_from_elsewhere(rendering: Rendering) -> Rendering:
    """The rendering for processes that work in other folders, or on other machines.

    Raises:
        SettingsError: the store is a file of this machine, and the scheduler on another.
    """
    settings = rendering.settings
    if is_file(settings.store.url) and not settings.execution.on_this_machine:
        raise SettingsError(
            f"Workers of {settings.execution.scheduler} cannot open the store of this machine "
            f"({shown(settings.store_url)}).",
            hint="Keep the store in PostgreSQL ([store] url), or take `scheduler` out of "
            "[execution]. Nothing was done.",
        )
    return replace(rendering, settings=settings.seen_from_elsewhere(), out=rendering.out.absolute())


def _start_worker(rendering: Rendering) -> None:
    """Have this process import, read and parse what all reports share, before the first of them:
    it makes one of nothing.
    """
    # Whatever is wrong with brand or templates, the reports that use them fail and say so.
    with suppress(Exception), tempfile.TemporaryDirectory() as folder:
        own = rendering.settings.report_for(
            "", timezone=rendering.timezone, locale=rendering.locale
        )
        policy = own.policy()
        period = parse_period(rendering.period, own.timezone, rendering.now)
        nobody, nothing = Customer("", "Nobody"), read_jobs(raw_frame([]), policy)
        unseen, once = frame_of([]), Observations((rendering.now,), ())
        report = analyse(nobody, nothing, unseen, period, policy, once)
        look = rendering.settings.look_for("", timezone=own.timezone, locale=own.locale)
        for suffix in rendering.formats:
            WRITERS[suffix](report, look, Path(folder) / f"nothing.{suffix}")


@functools.lru_cache(maxsize=8)
def _worker_store(url: str) -> Store:
    """Of a worker process, opened once."""
    return Store.open(url)


def _render_task(rendering: Rendering, customer: Customer, name: str) -> CustomerOutcome:
    """In a worker, which may be of a cluster and work for others as well."""
    set_umask(rendering.settings.execution.umask)
    return render_stored(rendering, _worker_store(rendering.settings.store_url), customer, name)


def render_stored(
    rendering: Rendering, store: Store, customer: Customer, name: str
) -> CustomerOutcome:
    """Render one customer from the store. A task: safe to repeat, small in and out."""
    return outcome_of(customer, partial(_render_as_it_is, rendering, store, customer, name))


def outcome_of(customer: Customer, make: Callable[[], CustomerOutcome]) -> CustomerOutcome:
    """What `make` comes to for a customer: a fault in one customer's data must not cost the others
    theirs.
    """
    made = attempted(make)
    return CustomerOutcome(customer, error=made) if isinstance(made, ReporterError) else made


def attempted(make: Callable[[], Made]) -> Made | ReporterError:
    """What `make` comes to, or what went wrong: also what nobody has thought of, which is reported
    as what it is.
    """
    try:
        return make()
    except ReporterError as error:
        return error
    except Exception as error:
        logger.debug("Unexpected error", exc_info=True)
        return ReporterError(
            f"Unexpected {type(error).__name__}: {excerpt(str(error))}.",
            hint="This is a fault of the program. Run again with -vv and report what it says.",
        )


def _render_as_it_is(
    rendering: Rendering, store: Store, customer: Customer, name: str
) -> CustomerOutcome:
    """Render one customer, though other runs may render the same report of something else."""
    try:
        for _ in range(_RENDERINGS):
            with suppress(VersionTaken):  # then what that one made is looked at
                return _render_changed(rendering, store, customer, name)
        return _render_changed(rendering, store, customer, name)
    except MemoryError:
        failure = WorkerDied(
            "The process that made the report ran out of memory.", hint=MEMORY_HINT
        )
        return CustomerOutcome(customer, error=failure)


def _render_changed(
    rendering: Rendering, store: Store, customer: Customer, name: str
) -> CustomerOutcome:
    """Render one customer, if anything that the report rests on has changed."""
    given = given_for(rendering, customer, name)
    files = tuple(files_of(rendering, given.period, name).values())
    ledger = ledger_of(rendering, store, given)
    if version := ledger.current(files):
        return _as_it_was(customer, version, files)
    report = report_of(store, customer, given.period, given.policy, given.tests)
    standing = standing_of(report, _links(files))
    if version := ledger.confirmed(report, _packed(standing), files):
        return _as_it_was(customer, version, files)
    if rendering.only_final and not report.final:
        return _too_early(report)
    report = ledger.numbered(report)
    written = write_report(rendering, report, given.look, name)
    ledger.enter(report, written, _packed(standing), rendering.now)
    return CustomerOutcome(customer, files, standing)


def _too_early(report: Report) -> CustomerOutcome:
    asked_at = f"{report.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    said = f"{report.period.label} is not final yet: the service was last asked at {asked_at}."
    standing = without_data(report.customer, said)
    return CustomerOutcome(report.customer, standing=standing, too_early=True)


@dataclass(frozen=True, slots=True)
class Given:
    """What one report is made of and the store does not hold."""

    customer: Customer
    name: str
    """Of the customer's folder."""
    period: Period
    policy: Policy
    look: Look
    tests: tuple[RestoreTest, ...] | None
    """Those on record; None where no file is configured."""


def given_for(rendering: Rendering, customer: Customer, name: str) -> Given:
    """What the configuration and the command line give for a customer's report.

    Raises:
        ReporterError: a part of it cannot be read.
    """
    own = report_settings(rendering, customer)
    period = parse_period(rendering.period, own.timezone, rendering.now)
    look = look_of(rendering, customer, period, name)
    tests = restore_tests(rendering, customer, period)
    return Given(customer, name, period, own.policy(), look, tests)


def ledger_of(rendering: Rendering, store: Store, given: Given) -> Ledger:
    """What the store knows of a customer's report.

    Raises:
        ReporterError: the store cannot be used, or what the report is made of cannot be read.
    """
    customer, period = given.customer, given.period

    def of_then(as_of: datetime) -> Report | None:
        fetches = received_until(store, customer, as_of)
        return report_again(fetches, customer, period, given.policy, given.tests)

    delivered = has_rows(store, customer, period.label)
    return Ledger(
        store,
        customer,
        period,
        given.policy,
        given.look,
        given.name,
        given.tests,
        of_then=of_then,
        issued=delivered or _is_archived(rendering.settings, given),
        again=rendering.again,
    )


def _is_archived(settings: Settings, given: Given) -> bool:
    """Whether any version of a report is in the archive."""
    folder = settings.folder / settings.evidence.folder
    if not folder.is_dir():
        return False
    home = _archive(folder).home_of(given.customer, given.name)
    return any(home.glob(f"{given.period.label}-v*"))


_STANDING: Final = TypeAdapter(Standing)


def _packed(standing: Standing) -> str:
    return _STANDING.dump_json(standing).decode()


def _as_it_was(customer: Customer, version: Version, files: tuple[Path, ...]) -> CustomerOutcome:
    standing = _STANDING.validate_json(version.standing)
    standing = replace(standing, links=tuple(_links(files).items()))
    return CustomerOutcome(customer, files, standing, unchanged=True)


def render_saved(
    rendering: Rendering, customer: Customer, replies: Sequence[Reply], name: str
) -> CustomerOutcome:
    """Render one customer from saved replies, without store or network.

    Raises:
        ReporterError: a reply cannot be used, or a file not be written.
        NoTypesetting: a PDF is asked for, and none can be made here.
    """
    _require_typesetting(rendering)
    snapshots = sorted(split_snapshots(replies), key=_taken_at)
    observations = Observations(
        tuple(map(_taken_at, snapshots)),
        tuple(
            Source(
                reply.fetched_at,
                reply.url,
                hashlib.sha256(reply.body).hexdigest(),
                len(read_page(reply).rows),
            )
            for reply in replies
        ),
    )
    own = report_settings(rendering, customer)
    policy = own.policy()
    rows = [rows_of(snapshot) for snapshot in snapshots]
    jobs = read_jobs(raw_frame(newest(chain.from_iterable(rows))), policy)
    sightings = frame_of(list(zip(observations.snapshots, sightings_in(rows), strict=True)))
    period = parse_period(rendering.period, own.timezone, rendering.now)
    first = observations.snapshots[0]
    shown = jobs.rows["dated_at"][jobs.rows["first_seen_at"] == first]
    earliest = shown.min() if shown.notna().any() else None
    undated = bool(shown.isna().any())
    # A reply that lists no job tells of no time, and is rendered for the period it is given for.
    known = jobs.rows.empty or is_known_by(period, first, earliest, undated=undated)
    insist_on_known(customer, period, known)
    tests = restore_tests(rendering, customer, period)
    report = analyse(customer, jobs, sightings, period, policy, observations, restore_tests=tests)
    look = look_of(rendering, customer, period, name)
    return CustomerOutcome(customer, tuple(write_report(rendering, report, look, name)))


def _taken_at(snapshot: Sequence[Reply]) -> datetime:
    """When a snapshot was taken: when the last of its replies came."""
    return max(reply.fetched_at for reply in snapshot)


def files_of(rendering: Rendering, period: Period, name: str) -> dict[str, Path]:
    """The file of each format asked for: `DIR/<period>/<name>/…`."""
    folder = rendering.out / period.label / name
    return {
        suffix: folder / f"{name}-backup-report-{period.label}.{suffix}"
        for suffix in rendering.formats
    }


def write_report(rendering: Rendering, report: Report, look: Look, name: str) -> dict[Path, str]:
    """Write the report in each format asked for; the SHA-256 of each file.

    Raises:
        OutputError: a file cannot be written.
        TemplateError: a template cannot be used.
    """
    return {
        path: write_whole(path, partial(WRITERS[suffix], report, look))
        for suffix, path in files_of(rendering, report.period, name).items()
    }


def look_of(rendering: Rendering, customer: Customer, period: Period, name: str) -> Look:
    """How a report is shown, with the account manager's comment on it.

    Raises:
        ReporterError: the comment cannot be used, or there is no such folder of templates.
    """
    settings = rendering.settings
    comment = comment_on(settings.folder, period.label, customer, name)
    look = settings.look_for(customer.id, timezone=rendering.timezone, locale=rendering.locale)
    root = _known_root(settings.folder / settings.evidence.folder, customer, period, name)
    return replace(look, comment=comment, known_root=root)


def _known_root(folder: Path, customer: Customer, period: Period, name: str) -> KnownRoot | None:
    """What the archive of a customer came to before a period; None where there is none.

    Raises:
        EvidenceError: its chain cannot be read.
    """
    if not folder.is_dir():
        return None
    return root_before(folder, _archive(folder).home_of(customer, name).name, period.label)


@functools.lru_cache(maxsize=8)
def _archive(folder: Path) -> Archive:
    """Read once for a process: which folder is whose does not change."""
    return Archive(folder)


def write_portfolio(rendering: Rendering, outcomes: Sequence[CustomerOutcome]) -> tuple[Path, ...]:
    """Write what the customers' reports amount to, as `DIR/<period>/portfolio.…` and an index.

    The index is always written, as it leads to the reports; the others in the formats asked for.

    Raises:
        OutputError: a file cannot be written.
        ReporterError: a template cannot be used.
    """
    given = {"timezone": rendering.timezone, "locale": rendering.locale}
    provider = rendering.settings.report_for("", **given)
    told = [own for own in outcomes if not isinstance(own.error, NothingKnown)]
    portfolio = portfolio_of(
        parse_period(rendering.period, provider.timezone, rendering.now),
        [own.standing or without_data(own.customer, str(own.error)) for own in told],
        provider.policy(),
        too_young=len(outcomes) - len(told),
    )
    look = rendering.settings.look_for("", **given)
    files = []
    for name, write in PORTFOLIO_WRITERS.items():
        path = rendering.out / portfolio.period.label / name
        if path.suffix in (".html", *(f".{suffix}" for suffix in rendering.formats)):
            write_whole(path, partial(write, portfolio, look))
            files.append(path)
    return tuple(files)


def _links(files: Sequence[Path]) -> dict[str, str]:
    """What leads from the portfolio to a customer's files."""
    return {path.suffix[1:]: f"{path.parent.name}/{path.name}" for path in files}


def period_of(rendering: Rendering, customer: Customer) -> Period:
    """The period asked for, in the customer's time zone.

    Raises:
        UsageError: there is no such period.
    """
    own = report_settings(rendering, customer)
    return parse_period(rendering.period, own.timezone, rendering.now)


def report_settings(rendering: Rendering, customer: Customer) -> ReportSettings:
    """`[report]` for a customer; what the command line gave wins."""
    return rendering.settings.report_for(
        customer.id, timezone=rendering.timezone, locale=rendering.locale
    )


def stored_report(rendering: Rendering, store: Store, customer: Customer) -> Report:
    """The report of a customer of the store.

    Raises:
        StoreError: there is no snapshot of it.
    """
    own = report_settings(rendering, customer)
    period = parse_period(rendering.period, own.timezone, rendering.now)
    return report_of(
        store, customer, period, own.policy(), restore_tests(rendering, customer, period)
    )


def report_of(
    store: Store,
    customer: Customer,
    period: Period,
    policy: Policy,
    tests: tuple[RestoreTest, ...] | None,
) -> Report:
    """What the store says of a customer and a period; `tests` of restoring are kept beside it.

    Raises:
        NothingKnown: the period ended before anything was known of the customer.
        StoreError: there is no snapshot of it.
    """
    known = is_known(store, customer, period)
    if known is None:
        failure = store.last_failure(customer)
        raise StoreError(
            f"There is no complete snapshot of {customer.name}"
            + (f"; the last attempt failed: {failure}" if failure else "."),
            hint="Run `reporter fetch` until it succeeds for this customer.",
        )
    insist_on_known(customer, period, known)
    reading = read_period(store, customer, period, policy.watch_every)
    observations = reading.observations
    tallies = tallies_to(store, customer, period, policy)
    history = history_of(tallies, period.year_to(), policy, observations)
    jobs = read_jobs(reading.rows, policy)
    return analyse(
        customer,
        jobs,
        reading.sightings,
        period,
        policy,
        observations,
        history,
        reading.answers,
        reading.stored_before,
        tests,
    )


def report_again(
    fetches: Iterable[Fetch],
    customer: Customer,
    period: Period,
    policy: Policy,
    tests: tuple[RestoreTest, ...] | None,
) -> Report | None:
    """The report that follows from these fetches alone; None where nothing is known by them of the
    period.

    Raises:
        ReplyError: a reply cannot be used.
    """
    with closing(Store.open("sqlite://")) as store:
        receive_again(store, customer, fetches)
        if not is_known(store, customer, period):
            return None
        return report_of(store, customer, period, policy, tests)


def insist_on_known(customer: Customer, period: Period, known: bool) -> None:
    """Insist that there is anything to report.

    Raises:
        NothingKnown: the period ended before anything was known of the customer.
    """
    if not known:
        raise NothingKnown(
            f"There is no report of {customer.name} for {period.label}: that had ended before "
            "anything was known of it."
        )


def restore_tests(
    rendering: Rendering, customer: Customer, period: Period
) -> tuple[RestoreTest, ...] | None:
    """What is on record of a customer up to the period's end; None where no file is configured.

    Raises:
        SettingsError: the file cannot be read, or a line of it cannot be understood.
    """
    path = rendering.settings.restore_tests
    return restore_tests_of(path, customer, period.last) if path else None


def tallies_to(store: Store, customer: Customer, period: Period, policy: Policy) -> list[Tally]:
    """The tally of each of the twelve months: those that are kept, and from the first that is not,
    new ones. Where something is left out nothing is kept: the next report may leave out other
    things.
    """
    months = period.year_to()
    if policy.left_out:
        return list(tallies_of(monthly_jobs(store, customer, months, policy), len(months)))
    revision, kept = kept_tallies(store, customer, months)
    known = list(takewhile(lambda tally: tally is not None, kept))
    unknown = months[len(known) :]
    if unknown:
        made = tallies_of(monthly_jobs(store, customer, unknown, policy), len(unknown))
        keep_tallies(store, customer, unknown, made, revision)
        known += made
    return cast(list[Tally], known)


def named(settings: Settings, customer: Customer) -> Customer:
    """The customer under the name the configuration gives it, if it gives one."""
    return replace(customer, name=settings.customer(customer.id).name or customer.name)
