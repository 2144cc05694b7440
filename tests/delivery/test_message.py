"""The message as it travels: taken apart again by the standard library, whatever is in it."""

from __future__ import annotations

import email
import email.policy
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage, MIMEPart

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.delivery.message import Attachment, message_id_of, message_of
from reporter.delivery.recipients import Address, read_addresses
from reporter.render.letter import Letter

LOGO = b"\x89PNG not really"
LETTER = Letter(
    "Contoso Ltd: Kritisch, 2 von 14 Modulen kritisch",
    "Guten Tag,\n\nhier ist der Bericht. 報告書\n.\nFrom here\n" + "x" * 2000 + "\n",
    '<!doctype html>\n<p><img src="cid:logo" alt="">Grüße</p>\n',
    LOGO,
)
SENDER = Address("Northlight, Inc.", "reports@northlight.example")
ADA = Address("Ada Müller", "ada@contoso.example")
BOB = Address("", "bob@xn--mnchen-3ya.example")
SENT_ON = datetime(2026, 11, 3, 7, 30, tzinfo=timezone(timedelta(hours=1)))
PDF = Attachment("株式会社青空テクノロジー 2026-10.pdf", b"%PDF-1.7\r\n\x00\xff" * 50)
BOOK = Attachment('Zürich; "Q3".xlsx', b"PK\x03\x04" * 50)


def message_bytes(letter: Letter = LETTER, **changes: object) -> bytes:
    values: dict[str, object] = {
        "sender": SENDER,
        "reply_to": [Address("Help", "help@northlight.example")],
        "to": [ADA, BOB],
        "cc": [Address("", "carol@contoso.example")],
        "message_id": message_id_of("northlight.example", "contoso", "2026-10", "1"),
        "sent_on": SENT_ON,
        "attachments": [PDF, BOOK],
    }
    return message_of(letter, **(values | changes))  # type: ignore[arg-type]


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def shape(message: MIMEPart) -> object:
    kind = message.get_content_type()
    if not message.is_multipart():
        return kind
    return kind, [shape(part) for part in message.iter_parts()]


def test_the_parts_are_where_programs_look_for_them() -> None:
    """Text and page are alternatives, the logo belongs to the page, files come last."""
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    message = parsed(message_bytes())
    assert shape(message) == (
        "multipart/mixed",
        [
            (
                "multipart/alternative",
                ["text/plain", ("multipart/related", ["text/html", "image/png"])],
            ),
            "application/pdf",
            sheet,
        ],
    )
    (logo,) = (part for part in message.walk() if part.get_content_type() == "image/png")
    assert (logo["Content-ID"], logo.get_content_disposition()) == ("<logo>", "inline")
    assert logo.get_payload(decode=True) == LOGO
    assert [part.get_content_type() for part in message.iter_attachments()] == [
        "application/pdf",
        sheet,
    ]


def test_bodies_and_files_arrive_as_they_were() -> None:
    """Nothing in a body is lost on the way, and a file is identical to the byte."""
    message = parsed(message_bytes())
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert page is not None
    bodies = [part.get_content().replace("\r\n", "\n") for part in (text, page)]
    assert bodies == [LETTER.text, LETTER.html]
    files = [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]
    assert files == [(PDF.name, PDF.content), (BOOK.name, BOOK.content)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("r.pdf", "application/pdf"),
        ("R.PDF", "application/pdf"),
        ("r.html", "text/html"),
        ("r.json", "application/json"),
        ("r.zip", "application/zip"),
        ("r.unheard-of", "application/octet-stream"),
        ("r", "application/octet-stream"),
    ],
)
def test_each_kind_of_file_has_its_media_type(name: str, kind: str) -> None:
    """The name's ending decides, on every machine alike; a page is a file as well, and no body."""
    content = "<p>ü</p>\r\n".encode()
    (file,) = parsed(message_bytes(attachments=[Attachment(name, content)])).iter_attachments()
    assert file.get_content_type() == kind
    assert file.get_filename() == name
    assert file.get_payload(decode=True) == content


def test_headers_say_who_when_and_that_it_is_automatic() -> None:
    """The headers of an automatic message, and none for blind copies."""
    message = parsed(message_bytes())
    assert message["From"].addresses[0].display_name == "Northlight, Inc."
    assert [address.addr_spec for address in message["To"].addresses] == [ADA.address, BOB.address]
    assert message["To"].addresses[0].display_name == "Ada Müller"
    assert message["Reply-To"] == "Help <help@northlight.example>"
    assert message["Cc"] == "carol@contoso.example"
    assert message["Date"].datetime == SENT_ON
    assert message["Subject"] == LETTER.subject
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["MIME-Version"] == "1.0"
    assert "Bcc" not in message
    for name in message:
        assert len(message.get_all(name, [])) == 1, name


def test_it_is_ascii_in_short_lines_that_end_as_smtp_wants() -> None:
    """Any server can pass it on: seven bits, no line beyond 998 characters, CR LF throughout."""
    raw = message_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\r\nMIME-Version" in raw
    assert raw.count(b"MIME-Version") == 1


def test_missing_parts_leave_no_trace() -> None:
    """Without logo, files, Cc or Reply-To there are no parts and no headers for them."""
    letter = Letter("s", "t\n", "<p>t</p>\n", None)
    message = parsed(message_bytes(letter, attachments=[], cc=[], reply_to=[]))
    assert shape(message) == ("multipart/alternative", ["text/plain", "text/html"])
    assert "Cc" not in message
    assert "Reply-To" not in message


def test_the_same_message_gives_the_same_bytes() -> None:
    """A preview is what is sent: in another process, with other hashes, to the byte."""
    program = (
        "import sys; from tests.delivery.test_message import message_bytes;"
        "sys.stdout.buffer.write(message_bytes())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": "."},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert runs == [message_bytes(), message_bytes()]
    assert message_bytes(sent_on=SENT_ON.astimezone(UTC)) != message_bytes()


def test_an_id_depends_only_on_its_parts() -> None:
    """The same parts give the same id, and parts that only look alike joined give another."""
    message_id = message_id_of("northlight.example", "contoso", "2026-10")
    assert message_id == message_id_of("northlight.example", "contoso", "2026-10")
    assert message_id != message_id_of("northlight.example", "contoso2026-10", "")
    assert message_id != message_id_of("northlight.example", "contoso2", "026-10")
    assert message_id_of("n.example", "a\0b") != message_id_of("n.example", "a", "b")
    assert parsed(message_bytes(message_id=message_id))["Message-ID"] == message_id
    local, _, domain = message_id.strip("<>").partition("@")
    assert len(local) == 32
    assert domain == "northlight.example"


EVIL = "x\r\nBcc: eve@evil.example\r\n\r\n<script>"


@pytest.mark.parametrize(
    "raw",
    [
        message_bytes(Letter(EVIL, "t", "h", None)),
        message_bytes(sender=Address(EVIL, "reports@northlight.example")),
        message_bytes(to=[Address(EVIL, "ada@contoso.example")]),
        message_bytes(cc=[Address("x\u2028Bcc: eve@evil.example", "ada@contoso.example")]),
        message_bytes(attachments=[Attachment(f"{EVIL}.pdf", b"x")]),
        message_bytes(attachments=[Attachment('x"\r\nContent-Type: text/html\r\n\r\n.pdf', b"x")]),
    ],
    ids=["subject", "sender", "to", "cc", "attachment", "media type"],
)
def test_no_name_can_inject_a_header(raw: bytes) -> None:
    """A line break in the name of a customer, brand, recipient or file stays in its own line."""
    message = parsed(raw)
    assert "Bcc" not in message
    assert [header for header in message if header.lower() == "subject"] == ["Subject"]
    for part in message.walk():
        assert len(part.get_all("Content-Type", [])) == 1
    assert not any(line.startswith((b"Bcc", b"<script")) for line in raw.split(b"\r\n"))


@settings(max_examples=150)
@given(st.text(max_size=120), st.text(max_size=120), st.text(max_size=120))
def test_any_name_gives_a_valid_message(subject: str, name: str, file: str) -> None:
    """Whatever a name holds, the message has the headers, recipients and files it is to have."""
    letter = Letter(subject, "t\n", "h\n", None)
    to = Address(name, "ada@contoso.example")
    raw = message_bytes(letter, to=[to], attachments=[Attachment(file, b"content")])
    message = parsed(raw)
    assert raw.isascii()
    assert {header.lower() for header in message} == {
        "from", "reply-to", "to", "cc", "subject", "date", "message-id", "auto-submitted",
        "x-auto-response-suppress", "mime-version", "content-type",
    }  # fmt: skip
    assert [address.addr_spec for address in message["To"].addresses] == [to.address]
    assert [part.get_payload(decode=True) for part in message.iter_attachments()] == [b"content"]


def test_parsed_addresses_are_put_into_headers_unchanged() -> None:
    """The message contains exactly what the configuration names."""
    to = read_addresses('"Doe; \\"J\\", Jr." <j@München.example>; 山田 <y@contoso.example>')
    addresses = parsed(message_bytes(to=to))["To"].addresses
    assert [(address.display_name, address.addr_spec) for address in addresses] == [
        (recipient.name, recipient.address) for recipient in to
    ]
