"""The customer's own tenant: what an app registration there may ask beside the provider's.

All of it is optional. Whatever fails here costs nothing else: it becomes an answer that says why
there is nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from reporter.errors import FetchError, NotThere, ReporterError
from reporter.model import (
    KINDS,
    NOTHING_ASKED,
    TENANT_KINDS,
    Absence,
    Answer,
    Customer,
    DetailsAsked,
    Kind,
    Lack,
    Reply,
    Snapshot,
    Stretch,
)
from reporter.sources.avepoint.beside import CustomerByCustomer, Permission
from reporter.sources.avepoint.client import Client
from reporter.sources.avepoint.generation3 import whole
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.pages import Pages
from reporter.sources.avepoint.reading.tenant import (
    Question,
    about_customer,
    counts_of,
    questions,
    read_jobs_page,
    whole_lists,
)
from reporter.sources.avepoint.source import Access, auth_of
from reporter.sources.interface import CustomerList, JobSource

logger = logging.getLogger(__name__)

JOB_INFO: Final = "microsoft365backup.jobInfo.read.all"
SETTINGS: Final = "microsoft365backup.settings.read.all"
TENANT_PERMISSIONS: Final = {
    JOB_INFO: "the history of jobs, restores and exports",
    SETTINGS: "backup frequency and retention",
}
"""The permissions of the app registration in the customer's tenant, and what each is for."""

FIRST_WINDOW: Final = timedelta(days=62)
"""How far back the first answer reaches: the period that is reported, and the one before it."""
OVERLAP: Final = timedelta(days=2)
"""How far each answer reaches back before the time up to which all is settled: a job may be listed
late.
"""

_JOBS: Final = "/backup/m365/cloudbackupjobs"
_SETTINGS: Final = {
    "frequency": ("/backup/m365/settings/backup/frequency", "the backup frequency"),
    "retention": ("/backup/m365/settings/retention-policy", "the retention policy"),
}
_SUBJECTS: Final = {"history": "the history of jobs", "restores": "the restores and exports"}

_FAILED: Final = Absence(Lack.FAILED)
"""What failed is told by the log and by `reporter check` alone: it may name files, addresses and
settings of the provider, and reports go to the customer.
"""

_QUIET: Final = logging.DEBUG
"""At which level a permission logs what fails: it is logged here, once, and names the customer."""

LONGEST_TENANT_S: Final = 1_800.0
"""How long the lists of one tenant may take together: its provider's jobs wait for them."""

Tenant = Sequence[CustomerByCustomer] | ReporterError
"""What one customer's tenant is asked for; or why it cannot be asked."""


def open_tenant(
    access: Access,
    exchange: Exchange,
    clock: Callable[[], datetime],
    settled_to: Mapping[Kind, datetime],
) -> Sequence[CustomerByCustomer]:
    """What the tenant of one customer can be asked for. Lists of jobs are asked for from about the
    time on up to which all is settled that it has told of the kind.
    """

    def client(permission: str) -> Client:
        return Client(exchange, auth_of(access, exchange, permission), access.api_url, clock)

    jobs, settings, patience = client(JOB_INFO), client(SETTINGS), _Patience()

    def listed(kind: Kind) -> CustomerByCustomer:
        ask = partial(_list_jobs, kind, settled_to.get(kind), clock, patience)
        return CustomerByCustomer(Permission(kind, JOB_INFO, jobs, clock, _QUIET), ask)

    def setting(kind: Kind) -> CustomerByCustomer:
        return CustomerByCustomer(
            Permission(kind, SETTINGS, settings, clock, _QUIET), partial(_ask_setting, kind)
        )

    return listed("history"), listed("restores"), setting("frequency"), setting("retention")


def try_tenant(
    access: Access, exchange: Exchange, clock: Callable[[], datetime], customer: Customer
) -> Iterator[Answer]:
    """The answers to a few questions that need all permissions: the settings, and the history of
    one module.
    """
    for beside in open_tenant(access, exchange, clock, {}):
        if beside.kind in _SETTINGS:
            yield beside.answer(customer)
    client = Client(exchange, auth_of(access, exchange, JOB_INFO), access.api_url, clock)

    def ask(client: Client, received: list[Reply]) -> None:
        question, *_ = questions("history", _window(clock(), clock()))
        _list_one("history", question, client, customer, received)

    yield Permission("history", JOB_INFO, client, clock, _QUIET).ask(ask)


class _Patience:
    """How long the lists of one tenant are waited for, from the first of them on."""

    def __init__(self) -> None:
        self._until: float | None = None

    def insist(self, customer: Customer) -> None:
        """Insist that there is time for a further list.

        Raises:
            FetchError: there is none.
        """
        now = time.monotonic()
        if self._until is None:
            self._until = now + LONGEST_TENANT_S
        elif now >= self._until:
            raise FetchError(
                f"The tenant of {customer.name} was given up after {LONGEST_TENANT_S / 60:.0f} "
                "minutes.",
                hint="The next fetch asks it again.",
            )


class WithTenants:
    """A source of jobs, and beside it the tenants of those customers who have given access."""

    def __init__(self, source: JobSource, tenants: Mapping[str, Tenant]) -> None:
        self._source = source
        self._tenants = tenants

    def customers(self, received: list[Reply] | None = None) -> CustomerList:
        """All customers that the source lists."""
        return self._source.customers(received)

    def snapshot(
        self,
        customer: Customer,
        received: list[Reply] | None = None,
        kinds: Collection[Kind] = KINDS,
        asked: DetailsAsked = NOTHING_ASKED,
    ) -> Snapshot:
        """What the source shows of a customer, with the answers of the customer's own tenant."""
        snapshot = self._source.snapshot(customer, received, kinds, asked)
        tenant = self._tenants.get(customer.id, ())
        return replace(
            snapshot, answers=(*snapshot.answers, *_answers(tenant, customer, kinds, snapshot))
        )

    def stop(self) -> None:
        """Give up what is under way, and ask for nothing more: tenants share the connections."""
        self._source.stop()


def _answers(
    tenant: Tenant, customer: Customer, kinds: Collection[Kind], snapshot: Snapshot
) -> Iterator[Answer]:
    if isinstance(tenant, ReporterError):
        logger.warning("The tenant of %s cannot be asked: %s", customer.name, tenant)
        for kind in TENANT_KINDS:
            if kind in kinds:
                yield Answer(kind, snapshot.taken_at, absence=_FAILED)
        return
    reached = True
    for beside in tenant:
        if beside.kind in kinds and not reached:
            yield Answer(beside.kind, snapshot.taken_at, absence=_FAILED)
        elif beside.kind in kinds:
            answer = beside.answer(customer)
            named = partial(about_customer, customer_id=customer.id)
            yield replace(
                answer,
                replies=tuple(map(named, answer.replies)),
                unusable=tuple(map(named, answer.unusable)),
                absence=_without_reason(answer.absence, customer),
            )
            reached = beside.permission.reached


def _without_reason(absence: Absence | None, customer: Customer) -> Absence | None:
    """The absence as the customer may read it."""
    if absence is None or absence.kind is not Lack.FAILED:
        return absence
    logger.warning("The tenant of %s could not be read: %s", customer.name, absence.said)
    return _FAILED


def _list_jobs(
    kind: Kind,
    settled_to: datetime | None,
    clock: Callable[[], datetime],
    patience: _Patience,
    client: Client,
    customer: Customer,
    received: list[Reply],
) -> None:
    """Ask once for each pair of type and module: no row says which it is of. A pair that the tenant
    does not know costs only itself.

    Raises:
        FetchError: a list cannot be read, or there is no time left.
        NotThere: it knows none of them.
    """
    asked = questions(kind, _window(settled_to, clock()))
    unknown = 0
    for question in asked:
        patience.insist(customer)
        try:
            _list_one(kind, question, client, customer, received)
        except NotThere as error:
            logger.info("%s", error)
            unknown += 1
    if unknown == len(asked):
        raise NotThere(f"The service does not know {_SUBJECTS[kind]} of {customer.name}.")


def _list_one(
    kind: Kind, question: Question, client: Client, customer: Customer, received: list[Reply]
) -> None:
    subject = f"{_SUBJECTS[kind]} of {customer.name} ({question.module})"
    pages = Pages(client, JOB_INFO, subject, [], read_jobs_page)
    try:
        whole(client, "GET", _JOBS, pages, counted=False, first=0, params=question.params)
        whole_lists(pages.received)  # otherwise it is not complete
    finally:
        received += pages.received


def _window(settled_to: datetime | None, now: datetime) -> Stretch:
    """The stretch of time to ask for, in whole seconds."""
    now = now.replace(microsecond=0)
    if settled_to is None or settled_to > now:
        return now - FIRST_WINDOW, now
    return settled_to.replace(microsecond=0) - OVERLAP, now


def _ask_setting(kind: Kind, client: Client, customer: Customer, received: list[Reply]) -> None:
    path, what = _SETTINGS[kind]
    subject = f"{what} of {customer.name}"
    url = client.api_url + path
    client.call("GET", url, permission=SETTINGS, subject=subject, received=received)
    counts_of(received, kind)  # otherwise it is none
