"""`reporter send`, `approve` and `outbox`: the right report, to the right people, once."""

from __future__ import annotations

import email
import email.message
import email.policy
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from reporter.store import Store
from reporter.store.outbox import deliveries_of
from tests.conftest import Run, set_clock
from tests.delivery.conftest import Configure
from tests.delivery.mail_server import Accounts

FILES = ("pdf", "xlsx")
"""What is mailed unless the configuration says otherwise."""

pytestmark = pytest.mark.usefixtures("office")


def rows(run: Run, *options: str) -> list[dict[str, Any]]:
    """The outbox as its command lists it."""
    listed: list[dict[str, Any]] = json.loads(run("outbox", "--json", *options).stdout)
    return listed


def states(run: Run) -> dict[str, str]:
    return {row["recipient"]: row["state"] for row in rows(run)}


def messages(accounts: Accounts) -> list[email.message.EmailMessage]:
    return [
        email.message_from_bytes(message.content, policy=email.policy.default)
        for message in accounts.arrived
    ]


def attached(message: email.message.EmailMessage) -> dict[str, bytes]:
    return {
        Path(part.get_filename() or "").suffix: part.get_content()
        for part in message.iter_attachments()
    }


def test_nothing_is_sent_before_it_is_approved(run: Run, accounts: Accounts) -> None:
    """Sending queues; what is queued waits, and says so."""
    result = run("send")
    assert result.exit_code == 0, result.output
    assert "3 queued" in result.stderr
    assert "reporter approve" in result.stderr
    assert accounts.arrived == []
    assert set(states(run).values()) == {"queued"}


@pytest.mark.parametrize("formats", [FILES])
def test_each_customer_gets_its_own_report(run: Run, accounts: Accounts) -> None:
    """One message each, with PDF and workbook of that customer, and to nobody else."""
    assert run("approve", "--yes").exit_code == 0
    result = run("send")
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 3
    customers = {
        customer["id"]: customer["name"]
        for customer in json.loads(run("customers", "--json").stdout)
    }
    assert len(accounts.arrived) == 3
    listed = {row["recipient"]: row for row in rows(run)}
    for arrived, message in zip(accounts.arrived, messages(accounts), strict=True):
        (recipient,) = arrived.recipients
        row = listed[recipient]
        assert message["To"] == recipient
        assert message["From"] == "Provider Reports <reports@provider.example>"
        assert message["Message-ID"] == row["message_id"]
        assert message["Auto-Submitted"] == "auto-generated"
        assert row["name"] == customers[row["customer"]]
        assert row["name"] in message["Subject"]
        files = attached(message)
        assert list(files) == [".pdf", ".xlsx"]
        pdf = pypdf.PdfReader(io.BytesIO(files[".pdf"]))
        assert pdf.metadata is not None
        assert row["customer"] in pdf.metadata.values()
        workbook = openpyxl.load_workbook(io.BytesIO(files[".xlsx"]), read_only=True)
        assert workbook.properties.identifier == row["customer"]
        workbook.close()


def test_nobody_gets_it_twice(run: Run, accounts: Accounts, store: Store) -> None:
    """However often it is sent, approved and rendered; a new look does not make a new report."""
    run("approve", "--yes")
    for _ in range(3):
        assert run("send").exit_code == 0
        assert run("approve", "--yes").exit_code == 0
    assert len(accounts.arrived) == 3
    assert run("render", "--quiet", "--locale", "de", "--format", "json").exit_code == 0
    run("approve", "--yes")
    assert run("send").exit_code == 0
    assert len(accounts.arrived) == 3
    assert {delivery.state for delivery in deliveries_of(store)} == {"sent"}


def test_approval_covers_one_customer_or_all(run: Run, accounts: Accounts) -> None:
    """What it shows is what it releases."""
    first = json.loads(run("customers", "--json").stdout)[0]
    result = run("approve", "--yes", "--customer", first["name"])
    assert f"{first['name']}, 2026-10, version 1" in result.stdout
    assert "success rate" in result.stdout
    assert "to " in result.stdout
    assert "approved, 1 delivery" in result.stdout
    assert run("send").exit_code == 0
    assert [row["customer"] for row in rows(run, "--state", "sent")] == [first["id"]]
    assert len(accounts.arrived) == 1


def test_approval_can_skip_what_is_odd(run: Run) -> None:
    """The service was first observed after October: that is odd about each."""
    result = run("approve", "--yes", "--unless-odd")
    assert result.stdout.count("ODD: first looked at after the period") == 3
    assert result.stdout.count("  skipped") == 3
    assert set(states(run).values()) == {"queued"}


def test_without_approval_it_is_sent_at_once(
    run: Run, accounts: Accounts, office: Configure
) -> None:
    """With approval = "none" nobody is asked."""
    office(in_mail=('approval = "none"',))
    assert run("send").exit_code == 0
    assert len(accounts.arrived) == 3


def test_a_dry_run_writes_the_exact_messages(
    run: Run, accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte what would be sent at that moment; nothing is sent."""
    set_clock(monkeypatch, datetime(2026, 11, 3, 6, tzinfo=UTC))
    run("approve", "--yes")
    result = run("send", "--dry-run")
    assert result.exit_code == 0, result.output
    written = [tmp_path / line for line in result.stdout.splitlines()]
    assert [path.suffix for path in written] == [".eml"] * 3
    assert accounts.arrived == []
    assert run("send").exit_code == 0
    assert sorted(path.read_bytes() for path in written) == sorted(
        message.content for message in accounts.arrived
    )
    assert run("send", "--dry-run").stdout == ""


@pytest.mark.parametrize("before", ["approved", "looked at", "tried", "refused"])
def test_a_message_has_the_date_of_its_sending(
    before: str,
    run: Run,
    accounts: Accounts,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long ago it was approved, tried or refused: an old date is what many servers refuse,
    and it lies below newer mail. Nothing else in it changes, least of all its id.
    """
    clock = set_clock(monkeypatch, datetime(2026, 11, 3, 6, tzinfo=UTC))
    run("approve", "--yes")
    delivered = deliveries_of(store)
    run("send", "--dry-run")
    written = [path.read_bytes() for path in tmp_path.glob("reports/2026-10/*/*.eml")]
    if before in ("tried", "refused"):
        status = {"tried": 451, "refused": 554}[before]
        accounts.data_replies = [f"{status} {str(status)[0]}.6.{number} no" for number in range(3)]
        assert run("send").exit_code == 1
    clock.now = datetime(2026, 11, 14, 10, tzinfo=UTC)
    if before == "refused":
        ids = [delivery.id for delivery in delivered]
        assert run("outbox", "resolve", *ids, "--again").exit_code == 0
    assert run("send").exit_code == 0
    mails = messages(accounts)
    assert {mail["Date"].datetime for mail in mails} == {clock.now}
    assert {mail["Message-ID"] for mail in mails} == {delivery.message_id for delivery in delivered}
    old, new = b"Date: Tue, 03 Nov 2026 06:00:00", b"Date: Sat, 14 Nov 2026 10:00:00"
    assert sorted(content.replace(old, new) for content in written) == sorted(
        message.content for message in accounts.arrived
    )


def test_it_is_given_up_five_days_after_its_first_try(
    run: Run, accounts: Accounts, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after its approval: what was approved long ago is tried as often as anything else."""
    clock = set_clock(monkeypatch, datetime(2026, 11, 3, 6, tzinfo=UTC))
    run("approve", "--yes", "--period", "2026-10")
    later = "451 4.3.2 later"
    accounts.recipient_replies = {f"it{number}@customer{number}.example": later for number in "012"}
    retried = []
    for day, hour in ((14, 10), (14, 11), (19, 9), (19, 11)):
        clock.now = datetime(2026, 11, day, hour, tzinfo=UTC)
        run("send", "--period", "2026-10")
        retried.append({delivery.retry_at is not None for delivery in deliveries_of(store)})
    assert retried == [{True}, {True}, {True}, {False}]
    assert {delivery.reason for delivery in deliveries_of(store)} == {
        f"{later}; given up after 4 tries"
    }
    (first, *_) = deliveries_of(store)
    assert run("outbox", "resolve", first.id, "--again").exit_code == 0
    run("send", "--period", "2026-10")
    assert [delivery.retry_at is not None for delivery in deliveries_of(store)] == [
        True,
        False,
        False,
    ]


def test_sending_to_oneself(run: Run, accounts: Accounts) -> None:
    """All messages of a run to one address, none to a customer; the outbox knows nothing of it."""
    result = run("send", "--to", "me@provider.example")
    assert result.exit_code == 0, result.output
    assert [message.recipients for message in accounts.arrived] == [["me@provider.example"]] * 3
    for number, message in enumerate(messages(accounts)):
        body = message.get_body(("plain",))
        assert body is not None
        assert "@customer" in body.get_content(), number
        assert message["To"] == "me@provider.example"
    assert rows(run) == []
    again = run("send", "--to", "me@provider.example")
    assert again.exit_code == 0
    assert len(accounts.arrived) == 6


def test_a_missing_file_affects_only_its_customer(
    run: Run, accounts: Accounts, tmp_path: Path
) -> None:
    """The error names it; rendering writes it again, and the same command sends the rest."""
    run("approve", "--yes")
    path = sorted(tmp_path.glob("reports/2026-10/*/*.json"))[0]
    path.unlink()
    result = run("send")
    assert result.exit_code == 1
    assert f"{path.name} cannot be read" in result.stderr
    assert "reporter render" in result.stderr
    assert len(accounts.arrived) == 2
    assert sorted(states(run).values()) == ["failed", "sent", "sent"]
    run("render", "--quiet", "--format", "json")
    assert run("send").exit_code == 0
    assert len(accounts.arrived) == 3


def test_a_changed_file_is_not_sent(run: Run, accounts: Accounts, tmp_path: Path) -> None:
    """What is sent is what was rendered, to the byte."""
    run("approve", "--yes")
    path = sorted(tmp_path.glob("reports/2026-10/*/*.json"))[0]
    path.write_bytes(path.read_bytes() + b" ")
    result = run("send")
    assert result.exit_code == 1
    assert "not what was rendered" in result.stderr
    assert len(accounts.arrived) == 2


@pytest.mark.parametrize("formats", [FILES])
def test_a_report_of_somebody_else_is_not_sent(
    run: Run, accounts: Accounts, tmp_path: Path, store: Store
) -> None:
    """Even where the store itself takes another customer's file for this one's."""
    import sqlalchemy as sa

    from reporter.files import file_hash
    from reporter.store import tables

    run("approve", "--yes")
    first, second, *_ = sorted(tmp_path.glob("reports/2026-10/*/*.pdf"))
    first.write_bytes(second.read_bytes())
    files = tables.version_files
    with store.begin() as connection:
        connection.execute(
            sa.update(files).where(files.c.path == str(first)).values(sha256=file_hash(second))
        )
    result = run("send")
    assert result.exit_code == 1
    assert "is a report of customer" in result.stderr
    assert len(accounts.arrived) == 2


@pytest.mark.parametrize(
    ("recipients", "message"),
    [
        ("[]", "has no recipients"),
        ('"it@customer0.example, nobody"', "'nobody' is not an e-mail address"),
        ('"it@customer0.example\\nBcc: eve@evil.example"', "not an e-mail address"),
        ('"it@customer0.example"\nallowed_domains = ["other.example"]', "not in an allowed domain"),
    ],
)
def test_wrong_recipients_affect_only_their_customer(
    run: Run, accounts: Accounts, office: Configure, recipients: str, message: str
) -> None:
    """Each is an error that names the customer, and all others get theirs."""
    customers = json.loads(run("customers", "--json").stdout)
    lines = [f'[[customers]]\nid = "{customers[0]["id"]}"\nrecipients = {recipients}']
    lines += [
        f'[[customers]]\nid = "{customer["id"]}"\nrecipients = ["it@fine.example"]'
        for customer in customers[1:]
    ]
    office(*lines, in_mail=('approval = "none"',))
    result = run("send")
    assert result.exit_code == 1
    assert message in result.stderr
    assert customers[0]["name"] in result.stderr
    assert [mail.recipients for mail in accounts.arrived] == [["it@fine.example"]] * 2


def test_everybody_named_gets_it_and_sees_who_else_does(
    run: Run, accounts: Accounts, office: Configure
) -> None:
    """Commas, semicolons and lists; copies show, blind copies do not."""
    customer = json.loads(run("customers", "--json").stdout)[0]
    office(
        "[[customers]]",
        f'id = "{customer["id"]}"',
        "recipients = ['\"Doe; John\" <john@contoso.example>', "
        "'anna@contoso.example, ben@contoso.example']",
        'cc = "chief@contoso.example; anna@contoso.example"',
        'bcc = ["watch@provider.example"]',
        'allowed_domains = ["contoso.example", "provider.example"]',
        in_mail=('approval = "none"', 'reply_to = "help@provider.example"'),
    )
    result = run("send", "--customer", customer["name"])
    assert result.exit_code == 0, result.output
    (arrived,), (message,) = accounts.arrived, messages(accounts)
    assert arrived.recipients == [
        "john@contoso.example",
        "anna@contoso.example",
        "ben@contoso.example",
        "chief@contoso.example",
        "watch@provider.example",
    ]
    assert message["To"] == (
        '"Doe; John" <john@contoso.example>, anna@contoso.example, ben@contoso.example'
    )
    assert message["Cc"] == "chief@contoso.example"
    assert message["Bcc"] is None
    assert b"watch@" not in arrived.content
    assert message["Reply-To"] == "help@provider.example"


def test_refused_for_now_is_tried_again_and_for_good_is_not(
    run: Run, accounts: Accounts, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Across runs, with pauses; what was taken by others stays as it is."""
    from datetime import timedelta

    from reporter.cli import send as command

    run("approve", "--yes")
    accounts.recipient_replies = {
        "it0@customer0.example": "451 4.7.1 greylisted",
        "it1@customer1.example": "550 5.1.1 unknown",
    }
    result = run("send")
    assert result.exit_code == 1
    assert "Refused: " in result.stderr
    assert "550 5.1.1 unknown" in result.stderr
    assert states(run) == {
        "it0@customer0.example": "failed",
        "it1@customer1.example": "refused",
        "it2@customer2.example": "sent",
    }
    accounts.recipient_replies = {}
    assert run("send").exit_code == 1  # too early, and one is refused for good
    assert len(accounts.arrived) == 1
    (failed,) = (delivery for delivery in deliveries_of(store) if delivery.state == "failed")
    assert failed.retry_at is not None
    assert failed.retry_at - failed.changed_at == timedelta(minutes=5)
    later = failed.retry_at + timedelta(seconds=1)
    monkeypatch.setattr(command, "utc_now", lambda: later)
    run("send")
    assert states(run)["it0@customer0.example"] == "sent"
    assert [message.recipients for message in accounts.arrived][1:] == [["it0@customer0.example"]]


def test_what_is_uncertain_is_settled_by_a_person(
    run: Run, accounts: Accounts, store: Store
) -> None:
    """It is never sent again automatically; `resolve` records the outcome."""
    from reporter.model import DeliveryState
    from reporter.store.outbox import claim

    run("approve", "--yes")
    first, second, third = deliveries_of(store)
    claim(store, [first.id, second.id, third.id], first.changed_at)  # and then it was killed
    for _ in range(2):
        result = run("send")
        assert result.exit_code == 1
        assert result.stderr.count("Uncertain: ") == 3
    assert accounts.arrived == []
    assert run("outbox", "resolve", first.id, "--sent").exit_code == 0
    assert run("outbox", "resolve", second.id, "--again").exit_code == 0
    assert run("outbox", "resolve", third.id, "--drop").exit_code == 0
    assert run("send").exit_code == 0
    assert [message.recipients for message in accounts.arrived] == [[second.recipient]]
    assert [delivery.state for delivery in deliveries_of(store)] == [
        DeliveryState.SENT,
        DeliveryState.SENT,
        DeliveryState.DROPPED,
    ]
    assert run("outbox", "resolve", first.id, "--again").exit_code == 2
    assert run("outbox", "resolve", first.id).exit_code == 2
    rows = json.loads(run("outbox", "--json").stdout)
    assert [change["state"] for change in rows[0]["changes"]] == [
        "queued",
        "approved",
        "sending",
        "uncertain",
        "sent",
    ]
    assert "settled by" in rows[2]["changes"][-1]["reason"]


def test_a_delivery_has_only_one_outcome(run: Run, accounts: Accounts, store: Store) -> None:
    """Two contradictory answers are refused."""
    from reporter.model import DeliveryState
    from reporter.store.outbox import claim

    run("approve", "--yes")
    delivery = deliveries_of(store)[0]
    claim(store, [delivery.id], delivery.changed_at)
    run("send")
    result = run("outbox", "resolve", delivery.id, "--sent", "--again")
    assert result.exit_code == 2
    assert "Give one of --sent, --again, --drop." in result.stderr
    assert deliveries_of(store)[0].state == DeliveryState.UNCERTAIN


def test_an_unreachable_server_loses_nothing(
    run: Run, accounts: Accounts, office: Configure
) -> None:
    """All stay approved, and are sent when it is back."""
    run("approve", "--yes")
    port, accounts.port = accounts.port, 9
    office()
    result = run("send")
    assert result.exit_code == 1
    assert "cannot be used" in result.stderr
    assert set(states(run).values()) == {"approved"}
    accounts.port = port
    office()
    assert run("send").exit_code == 0
    assert len(accounts.arrived) == 3


@pytest.mark.parametrize("formats", [FILES])
@pytest.mark.parametrize(
    ("room", "lines", "kinds"),
    [
        ("nothing", (), None),
        ("nothing", ('link = "https://files.example/{period}/{customer}/"',), []),
        ("a PDF", ('oversize = "pdf"',), [".pdf"]),
        ("a PDF", ('oversize = "notice"', 'link = "https://files.example/{id}"'), []),
    ],
)
def test_a_message_that_would_be_too_large(
    run: Run,
    accounts: Accounts,
    office: Configure,
    tmp_path: Path,
    room: str,
    lines: tuple[str, ...],
    kinds: list[str] | None,
) -> None:
    """It is sent with the PDF alone, or says where the files are; or it is an error that says what
    to do.
    """
    run("send", "--dry-run")
    whole = min(path.stat().st_size for path in tmp_path.glob("reports/*/*/*.eml"))
    smallest = min(path.stat().st_size for path in tmp_path.glob("reports/*/*/*.pdf"))
    most = {"nothing": smallest, "a PDF": whole - 1}[room]
    office(in_mail=('approval = "none"', f'max_size = "{most} bytes"', *lines))
    result = run("send")
    if kinds is None:
        assert result.exit_code == 1
        assert result.stderr.count(f"larger than the {most:,} bytes allowed") == 3
        return
    assert result.exit_code == 0, result.output
    assert len(accounts.arrived) == 3
    for message in messages(accounts):
        assert list(attached(message)) == kinds
        body = message.get_body(("plain",))
        assert body is not None
        assert "xlsx" in body.get_content()
        assert ("https://files.example/" in body.get_content()) == (kinds == [])


def test_missing_configuration_is_reported(run: Run, office: Configure, tmp_path: Path) -> None:
    """Neither mail nor folder nor web address: nothing was done."""
    path = tmp_path / "reporter.toml"
    path.write_text("", "utf-8")
    result = run("send")
    assert result.exit_code == 2
    assert "No destination for reports is configured" in result.stderr


def test_a_customer_that_gets_nothing(run: Run, accounts: Accounts, office: Configure) -> None:
    """With send = false having no recipients is not an error."""
    customers = json.loads(run("customers", "--json").stdout)
    office(
        *(f'[[customers]]\nid = "{customer["id"]}"\nsend = false' for customer in customers[1:]),
        f'[[customers]]\nid = "{customers[0]["id"]}"\nrecipients = "it@fine.example"',
        in_mail=('approval = "none"',),
    )
    assert run("send").exit_code == 0
    assert len(accounts.arrived) == 1


def test_a_folder_gets_copies(run: Run, office: Configure, tmp_path: Path) -> None:
    """With the same outbox, and after the same approval."""
    office(
        "[delivery]",
        f'folder = "file://{tmp_path}/share"',
    )
    path = tmp_path / "reporter.toml"
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("[mail]")] + text[text.index("[delivery]") :], "utf-8")
    path.chmod(0o600)
    assert run("send").exit_code == 0
    assert not (tmp_path / "share").exists()
    run("approve", "--yes")
    result = run("send")
    assert result.exit_code == 0, result.output
    copies = sorted(tmp_path.glob("share/2026-10/*/*.*"))
    originals = sorted(tmp_path.glob("reports/2026-10/*/*.*"))
    assert [copy.read_bytes() for copy in copies] == [
        original.read_bytes() for original in originals
    ]
    assert len(copies) == 3
    assert {row["channel"] for row in rows(run)} == {"folder"}


def test_failed_copies_are_reported_in_one_sentence_with_what_to_do(
    run: Run, office: Configure, tmp_path: Path
) -> None:
    """Where and why, and once for all what to check; `check` reports it before anything fails."""
    (tmp_path / "share").write_text("in the way")
    office('[delivery]\nfolder = "share"')
    path = tmp_path / "reporter.toml"
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("[mail]")] + text[text.index("[delivery]") :], "utf-8")
    checked = run("check").stdout
    share = tmp_path / "share"
    assert f"FAILED  delivery folder: Copies cannot be written to file://{share}: " in checked
    assert f"nothing can be written in {share}: Not a directory." in checked
    run("approve", "--yes")
    result = run("send")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    failed = [line for line in lines if line.startswith("Failed: ")]
    assert len(failed) == 3
    for line in failed:
        assert re.fullmatch(
            rf"Failed: .+, share: .+\.json cannot be copied to file://{re.escape(str(share))}/\S+: "
            r"Not a directory; next try from .+ UTC",
            line,
        )
    assert result.stderr.count("Make sure that `folder` in [delivery]") == 1
    share.unlink()
    assert f"ok      delivery folder: file://{share}" in run("check").stdout
    assert not share.exists()


def test_a_dry_run_without_mail_says_that_there_is_nothing_to_write(
    run: Run, tmp_path: Path
) -> None:
    """With only a folder configured nobody gets a message."""
    (tmp_path / "reporter.toml").write_text('[delivery]\nfolder = "share"\n', "utf-8")
    result = run("send", "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No mail is configured: nothing to write.\n"


def test_check_tries_the_mail_server_and_reads_recipients(
    run: Run, accounts: Accounts, office: Configure
) -> None:
    """Without sending anything; says which customer has none, and what is wrong with the server."""
    result = run("check")
    assert "ok      mail: 127.0.0.1:" in result.stdout
    assert "ok      recipients: read for each of 3 customers" in result.stdout
    customers = json.loads(run("customers", "--json").stdout)
    office(
        f'[[customers]]\nid = "{customers[0]["id"]}"\nrecipients = "a@b.example"',
        in_mail=('username = "u"', 'password = "p"'),
    )
    result = run("check")
    assert result.exit_code == 1
    assert "FAILED  mail: The mail server 127.0.0.1:" in result.stdout
    assert "FAILED  recipients: 2 customers have none" in result.stdout
    assert f"{customers[1]['name']} has no recipients" in result.stdout
    assert accounts.arrived == []


def test_open_deliveries_of_an_earlier_month_are_sent_too(
    run: Run, accounts: Accounts, store: Store
) -> None:
    """Approved late, they are not forgotten; where a period is given, only that one is sent."""
    assert run("render", "--quiet", "--format", "json", "--period", "2026-09").exit_code == 0
    assert run("approve", "--yes", "--period", "2026-09").exit_code == 0
    assert run("send", "--period", "2026-10").exit_code == 0
    assert accounts.arrived == []
    result = run("send")
    assert result.exit_code == 0, result.output
    assert "Outbox of 2026-09: 3 sent." in result.stderr
    assert "Outbox of 2026-10: 3 queued." in result.stderr
    assert {delivery.period for delivery in deliveries_of(store) if delivery.state == "sent"} == {
        "2026-09"
    }
    assert run("render", "--quiet", "--format", "json", "--period", "2026-08").exit_code == 0
    run("send", "--period", "2026-08")
    output = run("approve", "--yes").stdout
    assert (output.count(", 2026-10, version"), output.count(", 2026-08, version")) == (3, 3)
    assert ", 2026-09, version" not in output
