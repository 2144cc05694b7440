"""From the store to files: the reports that have to be made, and the portfolio over them."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from reporter.analysis import analyse
from reporter.analysis.portfolio import portfolio_of, standing_of, without_data
from reporter.analysis.window import SourceData
from reporter.errors import NothingKnown, SettingsError
from reporter.files import set_umask, write_whole
from reporter.jobs.frame import raw_frame, read_jobs
from reporter.jobs.sightings import frame_of
from reporter.model import Customer, Look, Observations, Portfolio, Reply, Report, Standing
from reporter.period import parse_period
from reporter.render.formats import FORMATS
from reporter.render.portfolio import (
    write_portfolio_html,
    write_portfolio_pdf,
    write_portfolio_xlsx,
)
from reporter.run.assignment import (
    Rendering,
    assignment_of,
    check_restore_tests,
    files_of,
    provider_settings,
)
from reporter.run.ledger import ledger_of
from reporter.run.outcome import CustomerOutcome, outcome_of
from reporter.run.reporting import report_of, saved_report
from reporter.run.workers import MEMORY_HINT, First, WorkerDied, crew_of, run_tasks
from reporter.store import Store
from reporter.store.address import is_file, shown
from reporter.store.versions import Version, VersionTaken

PORTFOLIO_WRITERS: Final[Mapping[str, Callable[[Portfolio, Look, Path], None]]] = {
    "index.html": write_portfolio_html,
    "portfolio.pdf": write_portfolio_pdf,
    "portfolio.xlsx": write_portfolio_xlsx,
}

_RENDERINGS: Final = 5
"""How often a report is rendered that other runs render at the same time."""


def render_customers(
    rendering: Rendering, names: Mapping[Customer, str], workers: int
) -> Iterator[CustomerOutcome]:
    """Render customers from the store, several at once; outcomes as they come.

    `names` gives each customer's folder and file name. Where the configuration names a scheduler,
    they are rendered by its workers instead of `workers` processes of this machine.

    Raises:
        ReporterError: the cluster cannot be used, or the restore tests cannot.
        SettingsError: a format that is asked for cannot be used, or not here.
    """
    _prepare(rendering)
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
    tasks = (
        (customer, (_small(rendering, customer.id), customer, name))
        for customer, name in names.items()
    )
    for customer, result in run_tasks(_render_task, tasks, crew):
        if isinstance(result, WorkerDied):
            result = CustomerOutcome(customer, error=result)
        yield result


def _prepare(rendering: Rendering) -> None:
    """Insist that each format asked for can be made here, before a report is rendered.

    Raises:
        SettingsError: one cannot be used, or not here.
    """
    for suffix in rendering.formats:
        FORMATS.get(suffix).prepare()


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
            f"Workers of {settings.execution.scheduler} cannot open the store on this machine "
            f"({shown(settings.store_url)}).",
            hint="Keep the store in PostgreSQL ([store] url), or remove `scheduler` from "
            "[execution]. Nothing was done.",
        )
    return replace(rendering, settings=settings.seen_from_elsewhere(), out=rendering.out.absolute())


def _start_worker(rendering: Rendering) -> None:
    """Have this process import, read and parse what all reports share before its first report, by
    making one of a customer without jobs.
    """
    # Whatever is wrong with brand or templates, the reports that use them fail and say so.
    with suppress(Exception), tempfile.TemporaryDirectory() as folder:
        settings = provider_settings(rendering)
        policy = settings.policy()
        period = parse_period(rendering.period, settings.timezone, rendering.now)
        nobody, nothing = Customer("", "Nobody"), read_jobs(raw_frame([]), policy, {})
        once = Observations((rendering.now,), ())
        report = analyse(nobody, [SourceData("", nothing, frame_of([]), once)], period, policy)
        look = rendering.settings.look_for("", timezone=settings.timezone, locale=settings.locale)
        for suffix in rendering.formats:
            FORMATS.get(suffix).write(report, look, Path(folder) / f"nothing.{suffix}")


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
    assignment = assignment_of(rendering, customer, name)
    files = tuple(files_of(rendering, assignment.period, name).values())
    ledger = ledger_of(rendering, store, assignment, name)
    if version := ledger.current(files):
        return _as_it_was(customer, version, files)
    report = report_of(store, assignment)
    standing = standing_of(report, _links(files))
    if version := ledger.confirmed(report, _packed(standing), files):
        return _as_it_was(customer, version, files)
    if rendering.only_final and not report.final:
        return _too_early(report)
    report = ledger.numbered(report)
    written = write_report(rendering, report, assignment.look, name)
    ledger.enter(report, written, _packed(standing), rendering.now)
    return CustomerOutcome(customer, files, standing)


def _too_early(report: Report) -> CustomerOutcome:
    asked_at = f"{report.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    why = f"{report.period.label} is not final yet: the service was last asked at {asked_at}."
    standing = without_data(report.customer, why)
    return CustomerOutcome(report.customer, standing=standing, too_early=True)


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
        SettingsError: a format that is asked for cannot be used, or not here.
    """
    _prepare(rendering)
    assignment = assignment_of(rendering, customer, name)
    report = saved_report(replies, assignment)
    return CustomerOutcome(customer, tuple(write_report(rendering, report, assignment.look, name)))


def write_report(rendering: Rendering, report: Report, look: Look, name: str) -> dict[Path, str]:
    """Write the report in each format asked for; the SHA-256 of each file.

    Raises:
        OutputError: a file cannot be written.
        TemplateError: a template cannot be used.
    """
    return {
        path: write_whole(path, partial(FORMATS.get(suffix).write, report, look))
        for suffix, path in files_of(rendering, report.period, name).items()
    }


def write_portfolio(rendering: Rendering, outcomes: Sequence[CustomerOutcome]) -> tuple[Path, ...]:
    """Write what the customers' reports amount to, as `DIR/<period>/portfolio.…` and an index.

    The index is always written, as it leads to the reports; the others in the formats asked for.

    Raises:
        OutputError: a file cannot be written.
        ReporterError: a template cannot be used.
    """
    provider = provider_settings(rendering)
    told = [outcome for outcome in outcomes if not isinstance(outcome.error, NothingKnown)]
    portfolio = portfolio_of(
        parse_period(rendering.period, provider.timezone, rendering.now),
        [
            outcome.standing or without_data(outcome.customer, str(outcome.error))
            for outcome in told
        ],
        provider.policy(),
        too_young=len(outcomes) - len(told),
    )
    look = rendering.settings.look_for("", timezone=rendering.timezone, locale=rendering.locale)
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
