"""Subscriptions from one list of all customers: each customer keeps its own rows and no others."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import sqlalchemy as sa

from reporter.model import Absence, Answer, Lack
from reporter.run.fetching import fetch_customers, fetch_snapshots
from reporter.sources.avepoint.reading.replies import products_of
from reporter.store import Store, tables
from reporter.store.received import receive_again, received_until
from reporter.store.replies import replies_of
from tests.builders import make_product
from tests.conftest import CLOCK
from tests.sources.avepoint.service import BATCH, Page, Service, paged

OF_ALL = "elements.license.read.all"
OF_ONE = "partner.license.read.all"


def row(customer_id: object, *products: str, **fields: Any) -> dict[str, Any]:
    bought = [make_product(service=product) for product in products]
    return {"customerId": customer_id, "organization": "x", "products": bought} | fields


def answers_of(service: Service) -> dict[str, Answer]:
    """The answer about the subscription of each customer, by id."""
    source, customers = service.open(lambda: CLOCK)
    return {
        customer.id: answer
        for customer in customers
        for answer in source.snapshot(customer, [], ["subscription"]).answers
    }


def services_in(answer: Answer) -> list[str]:
    return [product["service"] for product in products_of(answer.replies)]


def test_the_list_is_fetched_once_and_cut_up() -> None:
    """Two hundred and fifty customers in three pages; each has its rows, to the letter."""
    rows = [row(f"c{number}", f"Cloud Backup for c{number}") for number in range(250)]
    ids = ["c7", "c99", "c100", "c249"]
    with Service(ids, {BATCH: paged(rows)}) as service:
        answers = answers_of(service)
    assert service.asked[BATCH] == 3
    assert {customer: services_in(answer) for customer, answer in answers.items()} == {
        customer: [f"Cloud Backup for {customer}"] for customer in ids
    }
    assert json.loads(answers["c7"].replies[0].body) == {"data": [rows[7]]}


def test_an_excerpt_names_the_call_the_customer_and_the_whole_page() -> None:
    """Spaces, order and escapes stay as they are; the id may contain any character."""
    body = (
        rb'{"data": [{"customerId":"a b/c", "products" : [ {"service":"\u00e9 \u20ac"}]},'
        rb' {"customerId": "other", "products": []}], "metadata": {"totalCount": 2}}'
    )
    with Service(["a b/c", "other"], {BATCH: lambda *_: body}) as service:
        # The emptied list of jobs of an id with such characters is found by its quoted address.
        service.answers = {
            path.replace("a b/c", "a%20b%2Fc"): page for path, page in service.answers.items()
        }
        answers = answers_of(service)
    (excerpt,) = answers["a b/c"].replies
    assert excerpt.body == (
        rb'{"data":[{"customerId":"a b/c", "products" : [ {"service":"\u00e9 \u20ac"}]}]}'
    )
    parts = urlsplit(excerpt.url)
    path, _, customer = parts.path.rpartition("/")
    assert (path, unquote(customer)) == (BATCH, "a b/c")
    assert parts.fragment == f"sha256={hashlib.sha256(body).hexdigest()}"
    assert parts.query == "pageIndex=1&pageSize=100"
    assert (excerpt.request_id, excerpt.fetched_at) == ("request-7", CLOCK)
    assert services_in(answers["other"]) == []


def test_a_customer_without_a_row_has_none() -> None:
    """The list is complete: a customer not in it has bought nothing. Rows of unknown customers
    belong to nobody.
    """
    rows = [row("a", "x"), row("stranger", "y")]
    with Service(["a", "b"], {BATCH: paged(rows)}) as service:
        answers = answers_of(service)
    assert services_in(answers["a"]) == ["x"]
    assert answers["b"].absence == Absence(Lack.NOT_THERE)


def test_a_row_without_a_customer_may_be_anybodys() -> None:
    """A customer with a row has it; about one without, nothing is known."""
    rows = [
        row("a", "x"),
        row(None, "y"),
        row("  ", "z"),
        row("N/A", "z"),
        "no object",
        row(12, "n"),
    ]
    with Service(["a", "b", "12"], {BATCH: paged(rows)}) as service:
        answers = answers_of(service)
    assert services_in(answers["a"]) == ["x"]
    assert services_in(answers["12"]) == ["n"]
    absence = answers["b"].absence
    assert absence
    assert absence.kind is Lack.FAILED
    assert "4 of its rows name no customer" in absence.said


def test_a_customer_that_is_listed_twice() -> None:
    """A repeated row adds nothing, on whichever page; a different row does."""
    rows = [row("a", "x"), row("a", "x"), row("b", "y"), row("b", "z")]
    rows += [row(f"c{number}", "w") for number in range(100)] + [row("a", "x")]
    with Service(["a", "b"], {BATCH: paged(rows)}) as service:
        answers = answers_of(service)
    # Read twice: the same rows twice in two readings are the service's own.
    assert service.asked[BATCH] == 4
    assert services_in(answers["a"]) == ["x"]
    assert services_in(answers["b"]) == ["y", "z"]


def test_ids_are_the_same_in_either_case_and_with_spaces() -> None:
    """An excerpt uses the customer's id from the list of customers, or its bag would not verify."""
    with Service(["aB-1"], {BATCH: paged([row(" Ab-1 ", "x")])}) as service:
        answers = answers_of(service)
    assert services_in(answers["aB-1"]) == ["x"]
    assert "aB-1" in urlsplit(answers["aB-1"].replies[0].url).path.split("/")


@pytest.mark.parametrize("products", [None, "N/A", {}, ["text"]])
def test_a_row_without_products_affects_only_its_customer(products: object) -> None:
    """It is kept for inspection; nobody else's answer depends on it."""
    rows = [row("a", products=products), row("b", "y")]
    with Service(["a", "b"], {BATCH: paged(rows)}) as service:
        answers = answers_of(service)
    assert answers["a"].absence
    assert answers["a"].absence.kind is Lack.FAILED
    assert json.loads(answers["a"].unusable[0].body) == {"data": rows[:1]}
    assert services_in(answers["b"]) == ["y"]


def test_pages_that_shift_once_are_read_again() -> None:
    """A customer that is added between two pages is not missed."""
    rows = [row(f"c{number}", "x") for number in range(150)]
    seen: list[int] = []

    def shifting(number: int, size: int) -> Any:
        seen.append(number)
        known = rows if seen == [1] else [row("new", "n"), *rows]
        return paged(known)(number, size)

    with Service(["c149", "new"], {BATCH: shifting}) as service:
        answers = answers_of(service)
    assert seen == [1, 2, 1, 2]
    assert [services_in(answers[customer]) for customer in ("c149", "new")] == [["x"], ["n"]]


def refused(status: int) -> Page:
    return lambda *_: status


def cut_short(number: int, size: int) -> Any:
    data = [row("a", "x")] if number == 1 else []
    return paged([row("a", "x")] * 3)(number, size) | {"data": data}


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (refused(500), "failed 6 times: 500"),
        (refused(400), "refused to give the subscriptions of all customers"),
        (cut_short, "1 rows came, but totalCount says 3"),
        (lambda *_: {"items": []}, "not a list"),
        (lambda *_: b"<html>", "not JSON"),
        (lambda *_: b"[" * 9_999 + b"]" * 9_999, "nested deeper than 32 levels"),
    ],
)
def test_an_unavailable_list_does_not_affect_the_jobs(page: Page, message: str) -> None:
    """It is requested once, not once for each customer, and each has the reason."""
    with Service(["a", "b"], {BATCH: page}) as service:
        answers = answers_of(service)
        requests = service.asked[BATCH]
    for answer in answers.values():
        assert answer.absence
        assert answer.absence.kind is Lack.FAILED
        assert message in answer.absence.said
        assert (answer.replies, answer.unusable) == ((), ())
    assert requests <= 8  # four readings of two pages, or six attempts


@pytest.mark.parametrize("status", [401, 403, 404, None])
def test_without_the_list_each_customer_is_fetched_separately(status: int | None) -> None:
    """As in generation 1, with the permission for one customer; the list is not asked for again."""
    of_one = {f"/partner/services/{customer}": lambda *_: row("a", "x") for customer in ("a", "b")}
    batch = {BATCH: refused(status)} if status else {}
    withheld = () if status else (OF_ALL,)
    with Service(["a", "b"], {**of_one, **batch}, withheld) as service:
        answers = answers_of(service)
        requests = service.asked[BATCH]
    assert {customer: services_in(answer) for customer, answer in answers.items()} == {
        "a": ["x"],
        "b": ["x"],
    }
    assert requests == {None: 0, 401: 2}.get(status, 1)  # after a 401 once more, with a new token
    assert all(answer.cut_from is None for answer in answers.values())


@pytest.mark.parametrize(("status", "permission"), [(None, OF_ALL), (403, OF_ALL), (404, OF_ONE)])
def test_without_either_permission_one_is_named(status: int | None, permission: str) -> None:
    """The newer one, unless this service has no such list."""
    batch = {BATCH: refused(status)} if status else {}
    withheld = (OF_ONE,) if status else (OF_ONE, OF_ALL)
    with Service(["a", "b"], batch, withheld) as service:
        answers = answers_of(service)
    assert [answer.absence for answer in answers.values()] == [
        Absence(Lack.NOT_PERMITTED, permission)
    ] * 2


class Sweeps:
    """Fetches of all customers into a store, at times a test names."""

    def __init__(self, service: Service, store: Store) -> None:
        self._service = service
        self._store = store
        self._now = CLOCK

    def fetch(self, at: datetime) -> None:
        self._now = at
        source, listed = fetch_customers(self._service.access(), self._store, self._clock)
        outcomes = list(fetch_snapshots(source, listed.customers, self._store, self._clock))
        assert not [outcome for outcome in outcomes if outcome.error]

    def _clock(self) -> datetime:
        return self._now


def fetches_of(store: Store, kind: str) -> list[tuple[str | None, str | None, list[bytes]]]:
    """The fetches of a kind: customer, error, bodies of the replies."""
    fetches = tables.fetches.c
    query = sa.select(fetches.id, fetches.customer_id, fetches.error).where(fetches.kind == kind)
    with store.reading() as connection:
        return [
            (
                fetch.customer_id,
                fetch.error,
                [reply.body for reply in replies_of(connection, fetch.id)],
            )
            for fetch in connection.execute(query.order_by(fetches.id))
        ]


def test_the_whole_list_is_kept_once_and_not_in_any_evidence() -> None:
    """The page's hash in an excerpt's address leads to it; a customer's own fetches hold no row of
    another.
    """
    rows = [row("a", "x-of-a"), row("b", "y-of-b")]
    with (
        Service(["a", "b", "c"], {BATCH: paged(rows)}) as service,
        closing(Store.open("sqlite://")) as store,
    ):
        Sweeps(service, store).fetch(CLOCK)
        ((nobody, error, (whole,)),) = fetches_of(store, "subscriptions")
        assert (nobody, error) == (None, None)
        assert json.loads(whole)["data"] == rows
        bodies_of = {customer: bodies for customer, _, bodies in fetches_of(store, "subscription")}
        assert b"y-of-b" not in b"".join(bodies_of["a"])
        assert bodies_of["c"] == []
        (customer,) = [each for each in store.customers() if each.id == "a"]
        received = list(received_until(store, customer, {customer.id: CLOCK}))
        with closing(Store.open("sqlite://")) as other:
            receive_again(other, customer, received)
            assert fetches_of(other, "subscription") == [("a", None, bodies_of["a"])]
            assert fetches_of(other, "subscriptions") == []
    replies = [reply for fetch in received for reply in fetch.replies]
    assert {urlsplit(reply.url).path.split("/")[-1] for reply in replies} == {"a", "batch"}
    assert all("a" in urlsplit(reply.url).path.split("/") for reply in replies)
    (excerpt,) = [reply for reply in replies if "services/batch" in reply.url]
    assert excerpt.url.endswith(hashlib.sha256(whole).hexdigest())


def test_a_list_that_failed_is_kept_once_as_it_came() -> None:
    """For inspection: each customer keeps only the reason."""
    with (
        Service(["a", "b"], {BATCH: lambda *_: {"items": []}}) as service,
        closing(Store.open("sqlite://")) as store,
    ):
        Sweeps(service, store).fetch(CLOCK)
        ((nobody, error, bodies),) = fetches_of(store, "subscriptions")
        each = fetches_of(store, "subscription")
    assert (nobody, bodies) == (None, [b'{"items": []}'])
    assert error
    assert error.startswith("failed: ")
    assert sorted(each) == [("a", error, []), ("b", error, [])]


def test_slowly_changing_data_is_fetched_once_a_day() -> None:
    """Jobs at every fetch; an answer is good for the day, a failure is tried again."""
    overview = "/partner/external/v3/general/customers/a/cloud-backup-m365/overview"
    answers: dict[str, Page] = {BATCH: paged([row("a", "x")]), overview: refused(500)}
    with Service(["a"], answers) as service, closing(Store.open("sqlite://")) as store:
        sweeps = Sweeps(service, store)
        counts: list[tuple[int, int]] = []

        def sweep(hours: float) -> None:
            service.asked.clear()
            sweeps.fetch(CLOCK + timedelta(hours=hours))
            counts.append((service.asked[BATCH], service.asked[overview]))

        service.answers[overview] = refused(400)
        sweep(0)
        sweep(4)
        service.answers[overview] = paged([])
        sweep(8)
        sweep(12)
        sweep(23)
        sweep(31)
        assert len(fetches_of(store, "jobs")) == 6
    assert counts == [(1, 1), (0, 1), (0, 1), (0, 0), (1, 0), (0, 1)]
