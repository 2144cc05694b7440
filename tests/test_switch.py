"""History continues over a switch of generations: one store, fetched through one and the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import sqlalchemy as sa

from reporter.config.settings import Settings
from reporter.model import JobException, Outcome, Report
from reporter.run import reporting
from reporter.run.assignment import Rendering, assignment_of
from reporter.run.fetching import fetch_customers, fetch_snapshots
from reporter.sources.avepoint.auth import ClientSecret
from reporter.sources.avepoint.emulator import Emulator, Lists, demo_cast
from reporter.sources.avepoint.source import Access
from reporter.store import Store, tables

Version = Literal["auto", "v1", "v3"]
DAYS = [datetime(2026, 10, day, 6, tzinfo=UTC) for day in (11, 12, 13, 14)]


def fetched(
    path: Path,
    versions: Sequence[Version],
    generations: Sequence[Sequence[str]],
    lists: Lists = Lists.NEWEST,
) -> Store:
    """A store that looked each day: at the newest jobs, or at what ended in the last 36 hours."""
    store = Store.open(f"sqlite:///{path}")
    for now, version, granted in zip(DAYS, versions, generations, strict=True):
        with Emulator(
            demo_cast()[1:2],
            seed=5,
            now=lambda now=now: now,  # type: ignore[misc]
            lists=lists,
            listed=timedelta(hours=36),
            generations=granted,
        ) as emulator:
            access = Access(
                emulator.api_url,
                emulator.token_url,
                emulator.client_id,
                ClientSecret(emulator.client_secret),
                version,
            )
            source, listed = fetch_customers(access, store, lambda now=now: now)  # type: ignore[misc]
            outcomes = list(fetch_snapshots(source, listed.customers, store, lambda now=now: now))  # type: ignore[misc]
            assert [outcome.error for outcome in outcomes] == [None]
    return store


def jobs_of(store: Store) -> list[tuple[Any, ...]]:
    """All jobs by identity, with what does not depend on how a generation prints it."""
    jobs = tables.jobs.c
    columns = (jobs.service, jobs.module, jobs.job_id, jobs.dated_at, jobs.outcome)
    with store.reading() as connection:
        return sorted(map(tuple, connection.execute(sa.select(*columns))), key=repr)


def report_of(store: Store, out: Path) -> Report:
    (customer,) = store.customers()
    rendering = Rendering(Settings(), DAYS[-1], out, ("json",), "2026-10")
    assignment = assignment_of(rendering, customer, "customer")
    return reporting.report_of(store, assignment)


def exceptions_of(report: Report) -> list[JobException]:
    """Those of a report; a status nobody knows has a name in generation 1 and a number in 3."""
    return [
        replace(exception, status="?") if exception.outcome is Outcome.UNKNOWN else exception
        for exception in report.exceptions
    ]


@pytest.mark.parametrize(("lists", "least"), [(Lists.NEWEST, 40), (Lists.ALL, 100)])
def test_history_continues_over_a_switch(lists: Lists, least: int, tmp_path: Path) -> None:
    """The jobs, modules and figures are those of a store that never switched, with nothing
    duplicated.
    """
    both = [("v1", "v3")] * 4
    switched = fetched(tmp_path / "switched.db", ("v1", "v1", "v3", "v3"), both, lists)
    steady = fetched(tmp_path / "steady.db", ("v1",) * 4, both, lists)
    assert jobs_of(switched) == jobs_of(steady)
    assert len(jobs_of(switched)) > least
    after_switch, steady_report = report_of(switched, tmp_path), report_of(steady, tmp_path)
    for part in ("state", "totals", "modules", "daily", "gaps", "coverage"):
        assert getattr(after_switch, part) == getattr(steady_report, part), part
    assert exceptions_of(after_switch) == exceptions_of(steady_report)


def test_protected_data_has_the_same_names_after_a_switch(tmp_path: Path) -> None:
    """Numbers of generation 3 are the names of generation 1, and those of the jobs' modules."""
    both = [("v1", "v3")] * 4
    old = report_of(fetched(tmp_path / "v1.db", ("v1",) * 4, both), tmp_path)
    new = report_of(fetched(tmp_path / "v3.db", ("v3",) * 4, both), tmp_path)
    assert old.protection == new.protection
    # Only generation 3 lists products other than backups: they are counted, not listed.
    assert old.subscription == replace(new.subscription, other_products=0)
    assert new.subscription.other_products
    assert old.protection.absence is None
    names = {(module.service, module.module) for module in old.modules}
    assert {(module.service, module.module) for module in old.protection.modules} <= names


def test_auto_follows_the_permissions(tmp_path: Path) -> None:
    """Once generation 3 is permitted it is used, and the history stays one."""
    store = fetched(tmp_path / "auto.db", ("auto",) * 4, [("v1",), ("v1",), ("v1", "v3"), ("v3",)])
    replies = sa.select(tables.replies.c.url, tables.fetches.c.kind).join(tables.fetches)
    with store.reading() as connection:
        rows = connection.execute(replies.order_by(tables.fetches.c.id)).all()
    jobs = ["/external/v3/" in url for url, kind in rows if kind == "jobs"]
    assert jobs == sorted(jobs)
    assert set(jobs) == {False, True}
    steady = fetched(tmp_path / "steady.db", ("v1",) * 4, [("v1", "v3")] * 4)
    assert jobs_of(store) == jobs_of(steady)
