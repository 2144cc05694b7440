"""The tests of completeness and accuracy in a pack, beyond those of its bag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import pandas as pd

from reporter.audit.packing.reading import (
    AFTER,
    BEFORE,
    ELSEWHERE,
    IN,
    BagReading,
    JobKey,
    dated,
    has_job,
)
from reporter.jobs.rows import Row
from reporter.jobs.sightings import ScopeKey, scope_of
from reporter.model import LeaveOut, Listed, QualityKind, Report
from reporter.render.pack import Check, ScopeShown
from reporter.render.workbook.jobs import counted

_IDENTITY: Final = ["service", "module", "job_id"]
_MOST_NAMED: Final = 5


def checks_of(reading: BagReading) -> Iterator[Check]:
    """The tests of completeness and accuracy beyond those of the bag."""
    report = reading.report
    read = [look for look in reading.looks if look.rows is not None]
    counting = [look for look in read if look.own_count is not None]
    agree = sum(look.rows == look.own_count for look in counting)
    detail = f"{len(counting)} of {len(read)} complete reads come with a count; {agree} agree with "
    detail += "it"
    yield Check(
        "Rows against the service's count", agree == len(counting) if counting else None, detail
    )
    ended = sum(bool(look.check.holds) for look in read)
    yield Check("Lists read to their end", ended == len(read), f"{ended} of {len(read)}")
    yield _population_check(reading)
    yield _dates_check(reading)
    yield _scopes_check(reading)
    yield _left_out_check(report)
    figures, jobs = report.totals.jobs, int(counted(report.jobs).sum())
    detail = f"the report counts {figures} backup jobs, and the population has {jobs}"
    yield Check("Figures against the population", figures == jobs, detail)
    in_time = "as of the first reply late enough that no job can have been missed"
    detail = in_time if report.final else "it is PRELIMINARY"
    yield Check("The report is final", report.final, detail)
    coverage = report.coverage
    detail = f"{coverage.snapshot_days} of {coverage.days} days were observed"
    yield Check("Every day was observed", coverage.complete, detail)
    yield _watched_check(report)
    yield _dated_check(report)
    if reading.restores or report.restores:
        yield _restores_check(reading)
    yield from _tenant_checks(report)
    unread = [note for note in report.quality if note.kind is QualityKind.UNREADABLE]
    detail = f"{sum(note.count for note in unread)} values cannot be read; they are listed below"
    yield Check("Every value can be read", not unread, detail)


def _restores_check(reading: BagReading) -> Check:
    """Whether the report has each restore and export of the period, as the replies list it."""
    listed = reading.report.restores
    due, there = Counter(reading.due_restores), Counter(listed.jobs if listed else ())
    detail = f"{due.total()} restores and exports in the replies belong to the period, and "
    detail += f"{there.total()} are here"
    return Check("Restores against the replies", due == there, detail)


def _tenant_checks(report: Report) -> Iterator[Check]:
    """What the customer's own tenant is evidence for, and what it is not, where it was asked."""
    if (restores := report.restores) and not restores.absence:
        proven = sum(job.brought_back for job in restores.jobs)
        detail = f"{proven} of {len(restores.jobs)} restores and exports are restores of at least "
        detail += "one object that succeeded according to the service; they do not show that "
        detail += "everything can be restored"
        yield Check("Something was restored in the period", bool(proven) or None, detail)
    if report.settings and (policy := report.settings.retention):
        detail = f"kept in general: {policy.kept or 'not said'}; this is what is set, and does not "
        detail += "show that copies are kept as long"
        yield Check("Retention as it is set", report.settings.tells_retention or None, detail)


def _watched_check(report: Report) -> Check:
    """Whether the service was asked so often that no job can have come and gone unseen."""
    hours = report.policy.watch_every.total_seconds() / 3600
    share = report.coverage.watched_share
    detail = f"{share:.1%} of the period lies between replies no more than {hours:g} h apart"
    if share < 1:
        detail += "; a job that ran outside this time and was followed by another is in no reply"
    if (history := report.tenant_history) and history.jobs:
        detail += f"; {history.jobs} jobs are counted as the history in the customer's own tenant "
        detail += "lists them"
    return Check("No time went unwatched", share >= 1, detail)


def _dated_check(report: Report) -> Check:
    by = report.jobs["dated_by"].fillna("").value_counts()
    start, end, modification, undated = (
        int(by.get(way, 0)) for way in ("start", "end", "modification", "")
    )
    detail = (
        f"{start} by their start, {end} by their end, {modification} by the earliest modification "
        f"known; {undated} cannot be dated: they are in the population and in no figure"
    )
    return Check("Every job is dated", not undated, detail)


def _population_check(reading: BagReading) -> Check:
    """Whether the population has each job that is due by the replies, and no other."""
    due, there = set(reading.due), set(identities(reading.report.jobs))
    detail = f"{len(due)} jobs in the replies belong to the period or are undated, and "
    detail += f"{len(there)} are here{_named(due ^ there)}"
    return Check("Population against the replies", due == there, detail)


def _dates_check(reading: BagReading) -> Check:
    """Whether each job is dated by its start, else its end, else its earliest modification."""
    jobs = reading.report.jobs
    given = jobs[["dated_at", "dated_by"]].astype(object)
    given = given.where(given.notna(), None)
    by_report = zip(identities(jobs), given.itertuples(index=False, name=None), strict=True)
    by_rows = {job: dated(row) for job, row in reading.jobs.items()}
    apart = {job for job, when in by_report if by_rows.get(job) != when}
    detail = f"{len(jobs) - len(apart)} of {len(jobs)} jobs are dated by what their rows say"
    return Check("Dates against the replies", not apart, detail + _named(apart))


def _scopes_check(reading: BagReading) -> Check:
    """Whether the report has each scope that is due by the replies, in the figures or left out."""
    due, there = _due_scopes(reading), {scope.key for scope in scopes_in(reading.report)}
    detail = f"{len(due)} scopes in the replies belong to the period, and {len(there)} are here"
    return Check("Scopes against the replies", due == there, detail + _named(due ^ there))


def _due_scopes(reading: BagReading) -> set[ScopeKey]:
    """The scopes listed by a reply of the period or by the reference reply; those listed by the
    last reply before the period, unless it says that there is nothing to back up or that they are
    switched off; and those with jobs of the period. A nameless placeholder is no scope if its
    module lists others by name.
    """
    period, listings = reading.report.period, reading.listings
    inside = [listing for listing in listings if period.start <= listing.taken_at < period.end]
    before = [listing for listing in listings if listing.taken_at < period.start][-1:]
    reference = [listing for listing in listings if listing.taken_at == reading.report.reference_at]
    dated_in = [row for row in reading.due.values() if reading.when(row) == IN]
    with_jobs = {scope_of(row) for row in dated_in if row["is_backup"]}
    decisive = inside or [listing for listing in reference if listing not in before]
    due = {scope for listing in decisive for scope in listing.rows} | with_jobs
    due |= {
        scope for listing in before for scope, row in listing.rows.items() if not _is_quiet(row)
    }
    named = {scope[:2] for listing in (*inside, *reference) for scope in listing.rows if scope[2]}
    with_jobs |= {
        scope for listing in listings for scope, row in listing.rows.items() if has_job(row)
    }
    return {scope for scope in due if scope[2] or scope[:2] not in named or scope in with_jobs}


def _is_quiet(row: Row) -> bool:
    return not has_job(row) and row["listed_as"] in (Listed.IDLE, Listed.OFF)


def _left_out_check(report: Report) -> Check:
    """Whether what is left out, and nothing else, is what the provider's rules name."""
    rules = report.policy.left_out
    wrong = {
        scope.key
        for scope in scopes_in(report)
        if bool(scope.left_out) != any(_is_named(scope, rule) for rule in rules)
    }
    jobs = sum(scope.jobs for scope in report.left_out)
    detail = f"{len(report.left_out)} scopes with {jobs} jobs are left out, by {len(rules)} rules"
    return Check("Left out as the configuration says", not wrong, detail + _named(wrong))


def _is_named(scope: ScopeShown, rule: LeaveOut) -> bool:
    return (
        scope.service == rule.service
        and rule.module in (None, scope.module)
        and rule.name in (None, scope.name)
    )


def _named(apart: Iterable[tuple[str, str, str]]) -> str:
    """Names what is not in both: jobs by their id, scopes by their name or module."""
    texts = [key[2] or key[1] for key in sorted(apart)][:_MOST_NAMED]
    return f"; differing: {', '.join(texts)}" if texts else ""


def reconciled(reading: BagReading) -> tuple[tuple[str, int], ...]:
    """From the rows of all replies to the population, and to the jobs in the figures."""
    when = Counter(map(reading.when, reading.jobs.values()))
    known, jobs = len(reading.jobs), reading.report.jobs
    dated = jobs["dated_at"].notna()
    others = dated & ~jobs["is_backup"]
    return (
        ("Rows in all replies of the bag", reading.rows),
        ("less: placeholders, rows without a job id", -reading.placeholders),
        ("less: further rows of the same jobs", known + reading.placeholders - reading.rows),
        ("Jobs known", known),
        ("less: dated before the period", -when[BEFORE]),
        ("less: dated after the period", -when[AFTER]),
        ("less: undated, and first shown outside of the period", -when[ELSEWHERE]),
        ("Population", len(jobs)),
        ("less: undated", -int((~dated).sum())),
        ("less: scans, Archiver and Retention jobs, which are not backups", -int(others.sum())),
        ("less: left out by the provider", -int((dated & ~others & jobs["left_out"]).sum())),
        ("Backup jobs in the figures", int(counted(jobs).sum())),
    )


def scopes_in(report: Report) -> Iterator[ScopeShown]:
    """The scopes of a report in their order, then those that are left out; without their rows."""
    for module in report.modules:
        for scope in module.scopes:
            yield ScopeShown(
                module.service,
                module.module,
                scope.name,
                scope.listed,
                scope.listed_since,
                scope.figures.jobs,
            )
    for one in report.left_out:
        yield ScopeShown(one.service, one.module, one.name, jobs=one.jobs, left_out=one.reason)


def identities(jobs: pd.DataFrame) -> list[JobKey]:
    """The key of each job."""
    return list(jobs[_IDENTITY].itertuples(index=False, name=None))
