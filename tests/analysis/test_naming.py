"""How people are named: enough for those who know them, too little for anybody else."""

from __future__ import annotations

import pytest

from reporter.analysis.naming import masked, named, object_named, without_addresses


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("anna.keller@contoso.example", "an…@contoso.example"),
        ("  anna.keller@contoso.example ", "an…@contoso.example"),
        ("abc@x.example", "a…@x.example"),
        ("jo@x.example", "j…@x.example"),
        ("j@x.example", "…@x.example"),
        ("o'brien@x.example", "ob…@x.example"),
        ("anna_gmail.com#EXT#@contoso.example", "an…@contoso.example"),
        ("花子山田@例え.example", "花…@例え.example"),
        ("anna\uff20contoso.example", "an…@contoso.example"),
        ("🙂🙂@x.example", "…@x.example"),
        ("li.wei@x.example", "l…@x.example"),
        ("j.smith@x.example", "j…@x.example"),
        ("anna.keller%40x.example", "an…@x.example"),
        ("Anna Keller", "A. K."),
        ("Keller, Anna", "K. A."),
        ("Anna Keller (anna@x.example)", "A. K. a."),
        ("«Ána» de la O'Brien y Ruiz", "Á. d. l. O."),
        ("山田花子", "山."),
        ("محمد علي", "م. ع."),
        ("🙂 👩‍👩‍👧", "…"),
        ("@", "…"),
        ("", ""),
        (" ", ""),
    ],
)
def test_a_name_keeps_initials_and_an_address_its_beginning(text: str, shown: str) -> None:
    """Whatever the script; an address never more than half of what is before its sign."""
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Mailbox <anna@x.example>, bob@y.example: full",
            "Mailbox <an…@x.example>, b…@y.example: full",
        ),
        ("'anna@x.example' was not found", "an…@x.example' was not found"),
        (
            "https://contoso-my.example/personal/anna_contoso_example/Documents",
            "https://contoso-my.example/personal/an…/Documents",
        ),
        ("https://contoso.example/sites/hr", "https://contoso.example/sites/hr"),
        ("at 10 @ 4 GB", "at 10 @ 4 GB"),
        ("", ""),
    ],
)
def test_addresses_within_a_text_are_masked(text: str, shown: str) -> None:
    """The rest stays as it is."""
    assert without_addresses(text) == shown


@pytest.mark.parametrize(
    ("title", "kind", "module", "shown"),
    [
        ("Kowalski, Anna / Sales", "Mailbox", "Exchange Online", "K. A. S."),
        ("/o=Contoso/cn=anna.kowalski", "Mailbox", "Exchange Online", "o."),
        ("Anna Kowalski/Ben Smith", "Chat", "Teams Chat", "A. K. S."),
        (
            "https://x.example/users/anna_kowalski",
            "Site Collection",
            "OneDrive",
            "https://x.example/…",
        ),
        (
            "https://x.example/personal/anna_x/Documents/Anna Kowalski.docx",
            "Site Collection",
            "OneDrive",
            "https://x.example/personal/an…",
        ),
        (
            "https://x.example/personal%252fanna_x%252fB",
            "Site Collection",
            "SharePoint Online",
            "https://x.example/personal%252fan…",
        ),
        (
            "https://x.example/sites/anna.kowalski%40x.example",
            "Site Collection",
            "SharePoint Online",
            "https://x.example/sites/an…@x.example",
        ),
        ("https://x.example/sites/hr", "Site Collection", "SharePoint Online", None),
    ],
)
def test_objects_of_people_tell_nobody(
    title: str, kind: str, module: str, shown: str | None
) -> None:
    """Whatever form their title has; a title that names nobody stays."""
    assert object_named(title, kind, module, "masked") == (shown or title)
    bare = object_named(title, kind, module, "none") or ""
    assert "anna" not in bare.lower()


def test_the_configuration_decides() -> None:
    """In full, masked, or not at all; nothing stays nothing."""
    assert named("Anna Keller", "full") == "Anna Keller"
    assert named("Anna Keller", "masked") == "A. K."
    assert named("Anna Keller", "none") is None
    assert named(None, "full") is None


@pytest.mark.parametrize("piece", ["a", "@", "a b ", "a@", "ä\u0308", "."])
def test_long_texts_are_read_once(piece: str) -> None:
    """A million letters; read from each of them on, they would take hours."""
    text = piece * (1_000_000 // len(piece))
    assert len(masked(text)) < 16
    assert len(without_addresses(text)) <= len(text) + len(piece)
