"""The details of jobs: which objects failed, and why. Only Microsoft 365 has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from reporter.jobs.rows import Row, identity_of, present
from reporter.jobs.values import read_count
from reporter.model import Answer, Customer, DetailsAsked, Lack, Outcome, Reply
from reporter.sources.avepoint.beside import Permission
from reporter.sources.avepoint.client import Client
from reporter.sources.avepoint.reading.details import SERVICE

MOST_JOBS: Final = 50
"""Jobs that are asked about after one snapshot; those left over come with the next one."""

_ENDED_BADLY: Final = (Outcome.FAILED, Outcome.WARNING)

AskOfJob = Callable[[Client, Customer, str, list[Reply]], None]
"""Adds the replies about the objects of a job to those received."""


class Details:
    """Asks for the objects of the jobs that a snapshot shows, as far as they matter: of those that
    ended with failures, and of later ones that may show that an object recovered.
    """

    def __init__(self, permission: Permission, ask: AskOfJob) -> None:
        self._permission = permission
        self._ask = ask

    def answers(
        self, customer: Customer, rows: Iterable[Row], asked: DetailsAsked
    ) -> Iterator[Answer]:
        """What the service says of the objects of each job, or why it does not; up to the first job
        that is refused or fails. The others are asked about after the next snapshot.
        """
        for job_id in _due(rows, asked):
            answer = self._permission.ask(partial(self._of, customer, job_id))
            yield replace(answer, job_id=job_id)
            if answer.absence and answer.absence.kind is not Lack.NOT_THERE:
                return  # the others would fare the same, and the jobs are waiting to be kept

    def _of(self, customer: Customer, job_id: str, client: Client, received: list[Reply]) -> None:
        self._ask(client, customer, job_id, received)


def _due(rows: Iterable[Row], asked: DetailsAsked) -> list[str]:
    """The ids of the jobs to ask about."""
    due = [
        identity_of(row)[2]
        for row in rows
        if _may_have_details(row) and (_ended_badly(row) or identity_of(row)[:2] in asked.failing)
    ]
    new = [job_id for job_id in due if job_id not in asked.settled]
    return list(dict.fromkeys((*new, *asked.failed)))[:MOST_JOBS]


def _may_have_details(row: Row) -> bool:
    """Whether a row is a backup job of the service with details, and the job has ended."""
    return (
        row["service"] == SERVICE
        and row["is_backup"]
        and present(row["job_id"]) is not None
        and row["outcome"] not in (Outcome.RUNNING, Outcome.NOT_RUN)
    )


def _ended_badly(row: Row) -> bool:
    """Whether a job failed, or finished with exceptions, or any of its objects did."""
    counts = (
        read_count(present(row[name]) or "") for name in ("objects_failed", "objects_warning")
    )
    return row["outcome"] in _ENDED_BADLY or any(counts)
