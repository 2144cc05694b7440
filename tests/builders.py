"""Rows, jobs and reports for tests: small, literal, and made by the real stages."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from reporter.analysis import analyse
from reporter.analysis.window import SourceData
from reporter.jobs.frame import Jobs, raw_frame, read_jobs
from reporter.jobs.rows import moment, newest
from reporter.jobs.sightings import frame_of, sightings_in
from reporter.model import (
    USUAL_NAMES,
    Absence,
    Answer,
    Customer,
    Kind,
    Lack,
    Names,
    Observations,
    Policy,
    Reply,
    Report,
    RestoreTest,
    Source,
)
from reporter.period import parse_period
from reporter.sources.avepoint.reading.answers import read_answer
from reporter.sources.avepoint.reading.rows import FIELD_NAMES, text_rows
from reporter.sources.avepoint.reading.tenant import about_customer, questions

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
CUSTOMER = Customer("00427fbc-8832-46cf-a1d2-582f46e638", "Contoso Ltd")


def make_row(**fields: Any) -> dict[str, Any]:
    """A row of a reply: a module that never ran, except for the given fields."""
    row: dict[str, Any] = dict.fromkeys(FIELD_NAMES.values(), "N/A")
    row |= {field: "0" for field in FIELD_NAMES.values() if field.endswith("Count")}
    row |= {
        "jobType": "Microsoft 365",
        "jobModule": "Exchange Online",
        "status": "Not Finished",
        "backupSize": "0 GB",
    }
    return row | fields


def make_job(
    started: str = "2026-10-05T01:00:00Z",
    status: object = "Finished",
    *,
    minutes: int = 20,
    **fields: Any,
) -> dict[str, Any]:
    """A row of a job that ran `minutes` and whose counts add up; its id follows from its start."""
    start = datetime.fromisoformat(started)
    end = start + timedelta(minutes=minutes)
    return (
        make_row(
            status=status,
            jobId=f"FB{start:%Y%m%d%H%M%S}",
            totalCount="100",
            successfulCount="100",
            backupSize="1 GB",
            startTime=f"{start:%Y-%m-%dT%H:%M:%SZ}",
            endTime=f"{end:%Y-%m-%dT%H:%M:%SZ}",
            jobDuration=f"{minutes}m0s",
            lastModifyTime=f"{end:%Y-%m-%dT%H:%M:%SZ}",
        )
        | fields
    )


def make_jobs(
    rows: Sequence[object], *, fetched_at: datetime = NOW, policy: Policy | None = None
) -> Jobs:
    """The typed jobs of rows, one per identity."""
    return read_jobs(
        raw_frame(newest(text_rows(rows, fetched_at))), policy or Policy(), FIELD_NAMES
    )


def make_sightings(rows: Sequence[object], looks: Sequence[datetime]) -> pd.DataFrame:
    """What looks of a service show that lists all that has begun, and every placeholder."""
    texts = text_rows(rows, looks[-1])
    begun = [(moment(row, "started"), row) for row in texts]
    rows_shown = [[row for at, row in begun if at is None or at <= look] for look in looks]
    return frame_of(list(zip(looks, sightings_in(rows_shown), strict=True)))


def make_report(
    rows: Sequence[object],
    *,
    period: str = "2026-10",
    timezone: str = "UTC",
    policy: Policy | None = None,
    customer: Customer = CUSTOMER,
    observed: Sequence[datetime] = (NOW,),
    answers: Sequence[Answer] = (),
    restore_tests: Sequence[RestoreTest] | None = None,
    users_before: Sequence[Answer] = (),
    names: Names = USUAL_NAMES,
) -> Report:
    """The report of rows, all fetched at the last time `observed`; at each before, the service
    lists those that had begun by then, and every placeholder.

    The same is made once: a test that changes a report changes a copy of it.
    """
    made_of = (rows, period, timezone, policy or Policy(), customer, observed, answers)
    return _make_report(pickle.dumps((*made_of, restore_tests, users_before, names)))


@lru_cache(maxsize=64)
def _make_report(made_of: bytes) -> Report:
    (
        rows, period, timezone, policy, customer, observed, answers, restore_tests, users_before,
        names,
    ) = pickle.loads(made_of)  # noqa: S301  our own  # fmt: skip
    looks = sorted(observed)
    fetched_at = looks[-1]
    source = Source(
        fetched_at, "https://graph.example/partner/customers/1/jobs", "0" * 64, len(rows)
    )
    return analyse(
        customer,
        [
            SourceData(
                customer.id,
                make_jobs(rows, fetched_at=fetched_at, policy=policy),
                make_sightings(rows, looks),
                Observations(tuple(looks), (source,)),
            )
        ],
        parse_period(period, timezone, NOW),
        policy,
        answers=[read_answer(answer, customer.id, policy.units) for answer in answers],
        restore_tests=restore_tests,
        users_before=[read_answer(answer, customer.id, policy.units) for answer in users_before],
        names=names,
    )


def make_report_of_looks(
    looks: Sequence[tuple[datetime, Sequence[object]]],
    *,
    period: str = "2026-10",
    timezone: str = "UTC",
    policy: Policy | None = None,
) -> Report:
    """The report of what each look showed, in the order given."""
    policy, times = policy or Policy(), [at for at, _ in looks]
    rows_shown = [text_rows(rows, at) for at, rows in looks]
    return analyse(
        CUSTOMER,
        [
            SourceData(
                CUSTOMER.id,
                read_jobs(raw_frame(newest(chain.from_iterable(rows_shown))), policy, FIELD_NAMES),
                frame_of(list(zip(times, sightings_in(rows_shown), strict=True))),
                Observations(tuple(times), ()),
            )
        ],
        parse_period(period, timezone, NOW),
        policy,
    )


def make_protected(**fields: Any) -> dict[str, Any]:
    """A line of protected data."""
    return {
        "customerId": CUSTOMER.id,
        "customer": CUSTOMER.name,
        "serviceType": "Microsoft 365",
        "serviceModule": "Exchange Online",
        "totalScannedObjects": 1310,
        "totalProtectedObjects": 1204,
        "dataSizeStoredInAvePoint": "512 GB",
        "dataSizeStoredInBYOS": "N/A",
    } | fields


def make_product(**fields: Any) -> dict[str, Any]:
    """A product of a subscription that has months to go."""
    return {
        "service": "Cloud Backup for Microsoft 365",
        "subscriptionModel": "User seats",
        "purchasedUserSeats": "250",
        "purchasedUnits": "N/A",
        "microsoftLicenseAssigned": "231",
        "microsoftLicenseAvailable": "260",
        "purchasedCapacity": "5 TB",
        "protectedCapacity": "3.2 TB",
        "storage": "AvePoint storage",
        "retention": "Retain data for 1 month",
        "consumedStorage": "3.4 TB",
        "expirationDate": "2027-04-05",
        "change": "N/A",
        "source": "Partner",
        "paymentType": "Yearly",
        "subscriptionName": "Backup 365",
        "package": "Enterprise",
        "contractEndDate": "N/A",
    } | fields


def make_answers(
    protected: Sequence[object] = (), products: Sequence[object] = (), *, at: datetime = NOW
) -> tuple[Answer, Answer]:
    """Answers about protected data and the subscription, in the words of generation 1."""

    def answer(kind: Kind, path: str, body: object) -> Answer:
        url = f"https://graph.example/partner/{path}"
        return Answer(kind, at, (Reply(url, at, "req-2", json.dumps(body).encode()),))

    subscription = {"customerId": CUSTOMER.id, "products": list(products)}
    return (
        answer("protection", f"customers/{CUSTOMER.id}/protected", {"value": list(protected)}),
        answer("subscription", f"services/{CUSTOMER.id}", subscription),
    )


def make_object(status: int = 1, title: str = "anna@contoso.example", **fields: Any) -> Any:
    """A row of a job's details: a mailbox that failed, except for the given fields."""
    return {
        "title": title,
        "type": 1,
        "size": 0,
        "status": status,
        "finishTime": "2026-10-05T01:10:38.6017245Z",
        "comment": "" if status == 0 else "The mailbox is locked.",
        "errorCode": "" if status == 0 else "Locked",
    } | fields


def make_details(
    job_id: str,
    rows: Sequence[object] = (),
    *,
    at: datetime = NOW,
    absence: Absence | None = None,
    **metadata: Any,
) -> Answer:
    """What came of asking for a job's details."""
    if absence is not None:
        return Answer("details", at, absence=absence, job_id=job_id)
    url = f"https://graph.example/partner/customers/{CUSTOMER.id}/jobs/{job_id}/report-details"
    body = {"data": list(rows), "metadata": {"skipToken": None, "totalCount": len(rows)} | metadata}
    reply = Reply(url, at, "req-3", json.dumps(body).encode())
    return Answer("details", at, (reply,), job_id=job_id)


def make_user(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A user who is protected in both modules."""
    return {
        "id": f"user-{number}",
        "email": f"anna.keller{number}@contoso.example",
        "displayName": f"Anna Keller {number}",
        "moduleStatus": [
            {"module": 0, "isProtected": True},
            {"module": 2, "isProtected": True},
        ],
    } | fields


def make_users(users: Sequence[object], *, at: datetime = NOW, tenant: str = "tenant-1") -> Answer:
    """An answer about the users of one tenant, on one page."""
    url = f"https://graph.example/partner/external/v3/general/customers/{CUSTOMER.id}/tenants/"
    url += f"{tenant}/cloud-backup-m365/users/batch?pageIndex=1&pageSize=100"
    metadata = {"pageIndex": 1, "pageSize": 100, "totalCount": len(users)}
    body = json.dumps({"data": list(users), "metadata": metadata}).encode()
    return Answer("users", at, (Reply(url, at, "req-3", body),))


def make_tenant_job(**fields: Any) -> dict[str, Any]:
    """A row of a job in a customer's own tenant, which has succeeded."""
    return {
        "id": "RS20261005100000",
        "state": "Finished",
        "startTime": "2026-10-05T10:00:00Z",
        "finishTime": "2026-10-05T10:06:00Z",
        "duration": "0.1",
        "backupDetails": {
            "totalCount": 12, "failedCount": 0, "successfulCount": 12, "skippedCount": 0,
        },
        "jobErrors": [],
    } | fields  # fmt: skip


def make_listed_by_time(
    kind: Kind,
    rows: Mapping[tuple[int, int], Sequence[object]] = MappingProxyType({}),
    *,
    at: datetime = NOW,
    since: datetime | None = None,
    customer: Customer = CUSTOMER,
) -> Answer:
    """An answer of a customer's own tenant about the time up to `at`: a page for each pair of job
    type and object type, with the rows of that pair.
    """
    replies = []
    for question in questions(kind, (since or at - timedelta(days=62), at)):
        listed = list(rows.get((question.job_type, question.object_type), ()))
        body = {"statusCode": 200, "data": listed, "metadata": {"totalCount": len(listed)}}
        url = f"https://graph-us.example/backup/m365/cloudbackupjobs?{urlencode(question.params)}"
        reply = Reply(f"{url}&pageIndex=0", at, "req-3", json.dumps(body).encode())
        replies.append(about_customer(reply, customer.id))
    return Answer(kind, at, tuple(replies))


def make_setting(
    kind: Kind, data: object, *, at: datetime = NOW, customer: Customer = CUSTOMER
) -> Answer:
    """An answer of a customer's own tenant about how backups are set."""
    body = json.dumps({"statusCode": 200, "data": data}).encode()
    reply = Reply(f"https://graph-us.example/backup/m365/settings/{kind}", at, "req-4", body)
    return Answer(kind, at, (about_customer(reply, customer.id),))


def make_refusals(lack: Lack, reason: str = "") -> tuple[Answer, ...]:
    """Unsuccessful answers about all that the service is asked for beside the jobs."""
    kinds: tuple[Kind, ...] = ("protection", "subscription", "users")
    return tuple(Answer(kind, NOW, absence=Absence(lack, reason)) for kind in kinds)


def daily_snapshots(first: datetime, days: int) -> list[datetime]:
    """One time of observation a day."""
    return [first + timedelta(days=n) for n in range(days)]


_MODULES = {
    "Microsoft 365": [
        "Exchange Online", "SharePoint Online", "OneDrive", "Microsoft Teams", "Teams Chat",
    ],
    "IaaS + PaaS": ["Azure Virtual Machine", "Microsoft Entra ID", "Azure SQL Backup"],
    "Salesforce": ["Salesforce"],
}  # fmt: skip
_STATUSES = {
    "Finished": 930,
    "Finished with exception": 30,
    "Failed": 25,
    "Canceled": 5,
    "Throttled": 2,
    "Running": 3,
    "Skipped": 5,
}


def make_busy_month(seed: int = 1, *, per_day: int = 2) -> list[dict[str, Any]]:
    """A realistic September and October of nine modules, with an outage, a module that fails until
    the end, one that never ran, other jobs, and values nobody can read.
    """
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = [
        make_row(jobModule="Power BI"),
        make_row(jobType="Dynamics 365", jobModule="Dynamics CRM Backup"),
    ]
    for service, modules in _MODULES.items():
        for module in modules:
            runs = range(61 * per_day)
            rows += [_busy_job(chance, service, module, run, per_day) for run in runs]
    rows.append(make_job("2026-10-11T03:00:00Z", jobType="Microsoft 365 Scan", jobId="SC1"))
    rows.append(make_job("2026-10-12T03:00:00Z", jobModule="Retention", jobId="RT1"))
    return rows


def _busy_job(
    chance: random.Random, service: str, module: str, run: int, per_day: int
) -> dict[str, Any]:
    start = datetime(2026, 9, 1, 1, tzinfo=UTC) + timedelta(
        hours=24 / per_day * run, minutes=chance.randint(0, 50)
    )
    status = chance.choices(list(_STATUSES), weights=list(_STATUSES.values()))[0]
    outage = module == "OneDrive" and start.month == 10 and start.day in (14, 15)
    if outage or (module == "Teams Chat" and start >= datetime(2026, 10, 28, tzinfo=UTC)):
        status = "Failed"
    total = chance.randint(200, 3000)
    failed = chance.randint(1, total // 4) if status == "Failed" else 0
    warned = chance.randint(1, 20) if status == "Finished with exception" else 0
    size = chance.lognormvariate(3, 1) * (1 + run / 200)
    return make_job(
        f"{start:%Y-%m-%dT%H:%M:%SZ}",
        status,
        minutes=chance.randint(4, 95),
        jobType=service,
        jobModule=module,
        jobId=f"FB{start:%Y%m%d}{chance.randrange(10**9):09}",
        name="N/A" if service == "Microsoft 365" else f"{module} {run % per_day + 1}",
        totalCount=str(total),
        failedCount=str(failed),
        warningCount=str(warned),
        successfulCount=str(total - failed - warned),
        backupSize="n/a GB" if chance.random() < 0.004 else f"{size:,.1f} GB",
    )
