"""`reporter run` with somewhere to deliver to: fetched, rendered and sent by one command."""

from __future__ import annotations

import base64
import email
import email.policy
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pypdf
import pytest

from reporter.sources.avepoint.emulator import Emulator, Lists, ordinary_customers
from reporter.sources.avepoint.emulator.cast import Plan
from reporter.store import Store
from reporter.store.lock import held
from tests.conftest import Clock, Run, StartAt, StartEmulator, configure, set_clock
from tests.delivery.mail_server import Accounts, free_port
from tests.delivery.receivers import Handler, Receiver, Replies
from tests.delivery.test_graph import TokenDesk
from tests.delivery.test_send import messages, rows

CAST = ordinary_customers(2, 40, 4)
ADDRESSES = {customer.id: f"it{number}@customer.example" for number, customer in enumerate(CAST)}
NO_APPROVAL = 'approval = "none"'
COPIES = ('cc = "chief@customer.example"', 'bcc = "watch@provider.example"')

Deliver = Callable[..., None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return set_clock(monkeypatch, datetime(2026, 11, 1, 7, tzinfo=UTC))


@pytest.fixture
def emulator(start_emulator: StartEmulator, clock: Clock) -> Emulator:
    return start_emulator(customers=CAST, now=clock, lists=Lists.ALL)


@pytest.fixture
def deliver(emulator: Emulator, accounts: Accounts, tmp_path: Path) -> Deliver:
    """Configures where reports go: by mail, with copies of the first customer's, and with
    `[delivery]` elsewhere as well.
    """

    def write(
        *in_mail: str,
        copies: tuple[str, ...] = (),
        delivery: tuple[str, ...] = (),
        formats: tuple[str, ...] = ("json",),
    ) -> None:
        mail = [
            "[mail]",
            'host = "127.0.0.1"',
            f"port = {accounts.port}",
            'security = "none"',
            'from = "reports@provider.example"',
            f"formats = {list(formats)}",
            *in_mail,
        ]
        for customer, address in reversed(ADDRESSES.items()):
            mail += ["[[customers]]", f'id = "{customer}"', f'recipients = "{address}"']
        mail += copies
        schedule = ("[schedule]", "fetch_every = 0")  # at each start
        configure(emulator, tmp_path, *mail, *schedule, "[delivery]", *delivery)

    return write


def arrived(accounts: Accounts) -> Counter[str]:
    """How many messages each address has."""
    return Counter(address for message in accounts.arrived for address in message.recipients)


def by_channel(run: Run) -> dict[str, set[str]]:
    states: dict[str, set[str]] = {}
    for row in rows(run):
        states.setdefault(row["channel"], set()).add(row["state"])
    return states


def appears_late(emulator: Emulator, number: int) -> None:
    """A customer's jobs of another module are listed by the service only now."""
    customer = CAST[number]
    late = Plan("Microsoft 365", "Power BI", 1)
    emulator.customers[customer.id] = replace(customer, plans=(*customer.plans, late))


def test_one_run_does_it_all_and_later_runs_repeat_nothing(
    start: StartAt, deliver: Deliver, accounts: Accounts
) -> None:
    """Where no approval is needed."""
    deliver(NO_APPROVAL)
    first = start("2026-11-01T07:17")
    assert first.exit_code == 0, first.output
    assert (first.stderr.count("Fetched"), first.stderr.count("Rendered")) == (2, 2)
    assert first.stdout.count("sent  ") == 2
    assert arrived(accounts) == dict.fromkeys(ADDRESSES.values(), 1)
    for hour in (8, 9):
        again = start(f"2026-11-01T{hour:02}:17")
        assert again.exit_code == 0, again.output
        assert "sent  " not in again.stdout
        assert "Outbox of 2026-10: 2 sent." in again.stderr
    assert len(accounts.arrived) == 2


def test_a_run_waits_for_a_yes_and_the_next_one_sends(
    run: Run, start: StartAt, deliver: Deliver, accounts: Accounts
) -> None:
    """Waiting is not a failure, and the output says what for."""
    deliver()
    for hour in (7, 8):
        result = start(f"2026-11-01T{hour:02}:17")
        assert result.exit_code == 0, result.output
        assert "Queued deliveries wait for `reporter approve`." in result.stderr
    assert accounts.arrived == []
    assert run("approve", "--yes", "--customer", CAST[0].name).exit_code == 0
    assert start("2026-11-01T09:17").exit_code == 0
    assert arrived(accounts) == {ADDRESSES[CAST[0].id]: 1}
    assert run("approve", "--yes").exit_code == 0
    assert start("2026-11-01T10:17").exit_code == 0
    assert arrived(accounts) == dict.fromkeys(ADDRESSES.values(), 1)


def test_while_another_process_sends_or_fetches_the_rest_is_done(
    run: Run, start: StartAt, deliver: Deliver, accounts: Accounts, tmp_path: Path
) -> None:
    """A second sending is refused with what to do; a fetch does not block sending."""
    deliver(NO_APPROVAL)
    store = Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")
    with closing(store), held(store.engine, part="outbox"):
        result = start("2026-11-01T07:17")
        assert result.exit_code == 1
        held_outbox = f"The outbox sqlite:///{tmp_path}/reporter.db is held by another run"
        assert held_outbox in result.stderr
        assert "--wait" in result.stderr
    assert len(list(tmp_path.glob("reports/2026-10/*/*.json"))) == 2
    assert accounts.arrived == []
    with closing(store), held(store.engine):
        assert run("send").exit_code == 0
    assert len(accounts.arrived) == 2


@pytest.mark.slow
def test_late_data_is_a_correction_that_needs_its_own_approval(
    run: Run, start: StartAt, deliver: Deliver, accounts: Accounts, emulator: Emulator
) -> None:
    """Only the customer concerned gets it; subject, text and PDF say what it corrects."""
    deliver(formats=("pdf",))
    formats = ("--format", "pdf,json")
    start("2026-11-01T07:17", *formats)
    run("approve", "--yes")
    assert start("2026-11-01T08:17", *formats).exit_code == 0
    assert len(accounts.arrived) == 2
    appears_late(emulator, 0)
    later = start("2026-11-03T06:17", *formats)
    assert later.exit_code == 0, later.output
    assert "1 queued" in later.stderr
    assert len(accounts.arrived) == 2
    result = run("approve", "--yes")
    assert f"{CAST[0].name}, 2026-10, version 2" in result.stdout
    assert "restates         version 1: " in result.stdout
    assert CAST[1].name not in result.stdout
    assert start("2026-11-03T07:17", *formats).exit_code == 0
    assert start("2026-11-03T08:17", *formats).exit_code == 0
    *_, correction = messages(accounts)
    assert len(accounts.arrived) == 3
    assert accounts.arrived[-1].recipients == [ADDRESSES[CAST[0].id]]
    assert "corrected backup report October 2026" in correction["Subject"]
    assert len({mail["Message-ID"] for mail in messages(accounts)}) == 3
    body = correction.get_body(("plain",))
    assert body is not None
    assert "RESTATED. This is version 2 of the report. It corrects version 1" in body.get_content()
    (attachment,) = correction.iter_attachments()
    (page, *_) = pypdf.PdfReader(io.BytesIO(attachment.get_content())).pages
    assert "RESTATED" in page.extract_text()


def test_a_correction_withdraws_what_was_approved_but_not_sent(
    run: Run, start: StartAt, deliver: Deliver, accounts: Accounts, emulator: Emulator
) -> None:
    """Other figures were approved: the first version is not sent to anybody any more."""
    deliver()
    start("2026-11-01T07:17")
    run("approve", "--yes")
    appears_late(emulator, 0)
    assert start("2026-11-01T08:17").exit_code == 0
    assert arrived(accounts) == {ADDRESSES[CAST[1].id]: 1}
    concerned = [(row["version"], row["state"]) for row in rows(run, "--customer", CAST[0].id)]
    assert concerned == [(1, "withdrawn"), (2, "queued")]


def test_no_approval_sends_a_correction_at_once(
    start: StartAt, deliver: Deliver, accounts: Accounts, emulator: Emulator
) -> None:
    """Once, to the customer concerned."""
    deliver(NO_APPROVAL)
    start("2026-11-01T07:17")
    appears_late(emulator, 1)
    for hour in (8, 9):
        assert start(f"2026-11-01T{hour:02}:17").exit_code == 0
    assert arrived(accounts) == {ADDRESSES[CAST[0].id]: 1, ADDRESSES[CAST[1].id]: 2}


@pytest.mark.parametrize("broken", ["mail", "folder", "webhook"])
def test_a_broken_channel_does_not_affect_the_others(
    broken: str, run: Run, start: StartAt, deliver: Deliver, accounts: Accounts, tmp_path: Path
) -> None:
    """Each channel is accounted for separately; once fixed, it alone gets what it lacks."""
    share = tmp_path / "share"
    answers = [Replies(503), Replies(503)] if broken == "webhook" else []
    with Receiver(*answers, Replies(200)) as receiver:
        delivery = (f'webhook = "{receiver.url}/hook/T0K3N"', f'folder = "{share}"')
        port = accounts.port
        if broken == "mail":
            accounts.port = free_port()
        if broken == "folder":
            share.write_text("no folder", "utf-8")
        deliver(NO_APPROVAL, delivery=delivery)
        result = start("2026-11-01T07:17")
        assert result.exit_code == 1
        assert "T0K3N" not in result.output
        state = {"mail": "approved"}.get(broken, "failed")
        expected = {channel: {"sent"} for channel in ("mail", "folder", "webhook")} | {
            broken: {state}
        }
        assert by_channel(run) == expected
        accounts.port = port
        if broken == "folder":
            share.unlink()
        deliver(NO_APPROVAL, delivery=delivery)
        mended = start("2026-11-01T08:17")
        assert mended.exit_code == 0, mended.output
        assert start("2026-11-01T09:17").exit_code == 0
        posts = Counter(request.headers["Idempotency-Key"] for request in receiver.received)
    assert by_channel(run) == {channel: {"sent"} for channel in ("mail", "folder", "webhook")}
    assert arrived(accounts) == dict.fromkeys(ADDRESSES.values(), 1)
    assert list(posts.values()) == [2 if broken == "webhook" else 1] * 2
    assert mended.stdout.count("sent  ") == 2
    originals = sorted(tmp_path.glob("reports/2026-10/*/*.json"))
    copies = sorted(share.glob("2026-10/*/*.json"))
    assert [copy.read_bytes() for copy in copies] == [
        original.read_bytes() for original in originals
    ]
    assert len(copies) == 2


def goes_silently(handler: Handler) -> None:
    """Receives the whole request and hangs up without a word."""
    handler.read_body()
    handler.close_connection = True


def test_a_web_address_that_never_answers_is_not_tried_again(
    run: Run, start: StartAt, deliver: Deliver
) -> None:
    """It is unknown whether it has the summaries, until somebody resolves each."""
    with Receiver(goes_silently, goes_silently, Replies(200)) as receiver:
        deliver(NO_APPROVAL, delivery=(f'webhook = "{receiver.url}/hook"',))
        for hour in (7, 8, 9):
            result = start(f"2026-11-01T{hour:02}:17")
            assert result.exit_code == 1
            assert result.stderr.count("Uncertain: ") == 2
        assert len(receiver.received) == 2
        uncertain = rows(run, "--state", "uncertain")
        assert [row["channel"] for row in uncertain] == ["webhook", "webhook"]
        assert run("outbox", "resolve", uncertain[0]["id"], "--sent").exit_code == 0
        assert run("outbox", "resolve", uncertain[1]["id"], "--again").exit_code == 0
        for hour in (10, 11):
            assert start(f"2026-11-01T{hour:02}:17").exit_code == 0
        keys = [request.headers["Idempotency-Key"] for request in receiver.received]
        posted = [json.loads(request.body)["customer"]["id"] for request in receiver.received]
    assert (len(keys), keys[2]) == (3, uncertain[1]["message_id"])
    assert posted[2] == uncertain[1]["customer"]


def graph_lines(graph: Receiver, tokens: Receiver) -> tuple[str, ...]:
    return (
        NO_APPROVAL,
        'transport = "graph"',
        f'graph_url = "{graph.url}/v1.0"',
        f'oauth_token_url = "{tokens.url}/token"',
        'oauth_client_id = "app"',
        'oauth_client_secret = "s3cret"',
    )


def posted_to(graph: Receiver) -> list[EmailMessage]:
    """The messages that were posted, taken out of their base64."""
    return [
        email.message_from_bytes(base64.b64decode(request.body), policy=email.policy.default)
        for request in graph.received
    ]


@pytest.fixture
def tokens() -> Iterator[Receiver]:
    with Receiver(TokenDesk()) as desk:
        yield desk


def test_through_graph_all_recipients_are_in_the_message(
    run: Run, start: StartAt, deliver: Deliver, accounts: Accounts, tokens: Receiver
) -> None:
    """One request for each customer, with the blind copies that Graph takes out; one token."""
    with Receiver(Replies(202)) as graph:
        deliver(*graph_lines(graph, tokens), copies=COPIES)
        for hour in (7, 8):
            result = start(f"2026-11-01T{hour:02}:17")
            assert result.exit_code == 0, result.output
        sent = {mail["To"]: mail for mail in posted_to(graph)}
    assert (len(graph.received), len(tokens.received), accounts.arrived) == (2, 1, [])
    first, second = (sent[ADDRESSES[customer.id]] for customer in CAST)
    assert (first["Cc"], first["Bcc"]) == ("chief@customer.example", "watch@provider.example")
    assert (second["Cc"], second["Bcc"]) == (None, None)
    listed = rows(run)
    assert len(listed) == 4
    assert {row["state"] for row in listed} == {"sent"}
    assert {row["reason"] for row in listed} == {"202 Accepted"}
    assert {row["message_id"] for row in listed} == {mail["Message-ID"] for mail in sent.values()}


def test_through_graph_a_message_larger_than_it_takes_goes_with_less(
    start: StartAt, deliver: Deliver, tokens: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Graph would drop in silence is not sent: it says where the files are instead."""
    monkeypatch.setattr("reporter.delivery.graph.LARGEST", 20_000)
    with Receiver(Replies(202)) as graph:
        deliver(*graph_lines(graph, tokens), 'link = "https://files.example/{period}"')
        assert start("2026-11-01T07:17").exit_code == 0
        sent = posted_to(graph)
    assert len(sent) == 2
    for message in sent:
        body = message.get_body(("plain",))
        assert body is not None
        assert "https://files.example/2026-10" in body.get_content()
        assert list(message.iter_attachments()) == []


def test_through_graph_an_unclear_outcome_is_settled_by_a_person(
    run: Run, start: StartAt, deliver: Deliver, tokens: Receiver
) -> None:
    """200 instead of 202: reported for each, with what to ask; nothing is sent again
    automatically.
    """
    with Receiver(Replies(200)) as graph:
        deliver(*graph_lines(graph, tokens))
        for hour in (7, 8):
            result = start(f"2026-11-01T{hour:02}:17")
            assert result.exit_code == 1
            assert result.stderr.count("200 OK instead of 202 Accepted") == 2
            assert "reporter outbox resolve" in result.stderr
    assert len(graph.received) == 2
    assert {row["state"] for row in rows(run)} == {"uncertain"}


def test_through_graph_one_customers_trouble_affects_no_other(
    run: Run, start: StartAt, deliver: Deliver, tokens: Receiver
) -> None:
    """Throttled is tried again no earlier than Graph asks; refused is not; both at one run."""
    refusal = Replies(400, b'{"error": {"code": "ErrorInvalidRecipients", "message": "No."}}')
    with Receiver(Replies(429, b"", {"Retry_After": "7200"}), refusal, Replies(202)) as graph:
        deliver(*graph_lines(graph, tokens))
        result = start("2026-11-01T07:17")
        assert result.exit_code == 1
        assert "ErrorInvalidRecipients: No" in result.stderr
        assert "next try from 2026-11-01 09:17 UTC" in result.stderr
        first, second = rows(run)
        assert {first["state"], second["state"]} == {"failed", "refused"}
        assert start("2026-11-01T08:17").exit_code == 1
        assert len(graph.received) == 2
        assert start("2026-11-01T09:18").exit_code == 1  # one is refused for good
        assert len(graph.received) == 3
        assert {row["state"] for row in rows(run)} == {"sent", "refused"}
        (refused,) = rows(run, "--state", "refused")
        assert run("outbox", "resolve", refused["id"], "--drop").exit_code == 0
        assert start("2026-11-01T10:17").exit_code == 0
    assert len(graph.received) == 3


def test_through_graph_only_a_recipient_without_it_is_addressed_again(
    run: Run, start: StartAt, deliver: Deliver, tokens: Receiver
) -> None:
    """Graph accepted a message without saying so; two of three recipients say that they have it."""
    with Receiver(goes_silently, Replies(202)) as graph:
        deliver(*graph_lines(graph, tokens), copies=COPIES)
        chosen = ("--customer", CAST[0].id)
        assert start("2026-11-01T07:17", *chosen).exit_code == 1
        listed = {row["recipient"]: row["id"] for row in rows(run, "--state", "uncertain")}
        assert len(listed) == 3
        lacking = listed.pop("watch@provider.example")
        assert run("outbox", "resolve", lacking, "--again").exit_code == 0
        assert run("outbox", "resolve", *listed.values(), "--sent").exit_code == 0
        assert start("2026-11-01T08:17", *chosen).exit_code == 0
        _, again = posted_to(graph)
    assert (again["To"], again["Cc"], again["Bcc"]) == (None, None, "watch@provider.example")


def test_through_graph_a_wrong_secret_stops_only_mail(
    run: Run, start: StartAt, deliver: Deliver, tmp_path: Path
) -> None:
    """Reported once with what to do; copies are still made, and the mail is sent once it
    is fixed.
    """
    refusal = Replies(400, b'{"error": "invalid_client", "error_description": "expired"}')
    share = (f'folder = "{tmp_path / "share"}"',)
    with Receiver(refusal, TokenDesk()) as tokens, Receiver(Replies(202)) as graph:
        deliver(*graph_lines(graph, tokens), delivery=share)
        result = start("2026-11-01T07:17")
        assert result.exit_code == 1
        assert "No token for Microsoft Graph can be obtained" in result.stderr
        assert "invalid_client" in result.stderr
        assert by_channel(run) == {"mail": {"approved"}, "folder": {"sent"}}
        assert start("2026-11-01T08:17").exit_code == 0
        assert len(graph.received) == 2
    assert by_channel(run) == {"mail": {"sent"}, "folder": {"sent"}}
