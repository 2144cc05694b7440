"""How people are named: enough for those who know them, too little for anybody else."""

from __future__ import annotations

import pytest

from reporter.analysis.naming import masked, named, without_addresses


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
        ("花子山田@例え.example", "花子…@例え.example"),
        ("anna\uff20contoso.example", "an…@contoso.example"),
        ("🙂🙂@x.example", "…@x.example"),
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
