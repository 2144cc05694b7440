"""Who gets a report: addresses as people write them, and whom a report may go to."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reporter.delivery.recipients import (
    Address,
    RecipientError,
    read_addresses,
    refuse_foreign,
)

ADA = Address("", "ada@contoso.example")
BOB = Address("", "bob@contoso.example")

names = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20
).map(str.strip)
mailboxes = st.tuples(
    st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,8})?", fullmatch=True),
    st.sampled_from(["contoso.example", "xn--mnchen-3ya.example", "mail.contoso.example"]),
).map("@".join)
addresses = st.builds(Address, st.one_of(st.just(""), names), mailboxes)


@pytest.mark.parametrize(
    "value",
    [
        "ada@contoso.example,bob@contoso.example",
        "ada@contoso.example; bob@contoso.example;",
        ["ada@contoso.example", "bob@contoso.example"],
        ["ada@contoso.example; bob@contoso.example", "<ada@CONTOSO.Example>"],
        " ada@contoso.example ,, bob@contoso.example ; ",
    ],
)
def test_commas_semicolons_and_lists_all_work(value: str | list[str]) -> None:
    """However several recipients are written, each appears once and none is lost."""
    assert read_addresses(value) == (ADA, BOB)


@pytest.mark.parametrize(
    ("text", "read", "header"),
    [
        (
            '"Doe; John" <john@x.example>',
            Address("Doe; John", "john@x.example"),
            '"Doe; John" <john@x.example>',
        ),
        (
            'Ada <ada@x.example>, "Roe, \\"J.\\"" <j@x.example>',
            Address("Ada", "ada@x.example"),
            "Ada <ada@x.example>",
        ),
        (
            "Jürgen Müller <j@München.example>",
            Address("Jürgen Müller", "j@xn--mnchen-3ya.example"),
            "Jürgen Müller <j@xn--mnchen-3ya.example>",
        ),
        ("山田 <y@例え.example>", Address("山田", "y@xn--r8jz45g.example"), None),
        ("A. B. <o@x.example>", Address("A. B.", "o@x.example"), '"A. B." <o@x.example>'),
    ],
)
def test_names_may_hold_separators_and_any_script(
    text: str, read: Address, header: str | None
) -> None:
    """A quoted name keeps its commas, a domain of any script becomes ASCII."""
    first = read_addresses(text)[0]
    assert first == read
    assert header is None or str(first) == header


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("ada", "'ada'"),
        ("ada@contoso.example, bob", "'bob'"),
        (["ada@contoso.example", "Müller, Hans <h@x.example>"], "'Müller'"),
        ("ada@contoso.example bob@contoso.example", "bob@contoso.example'"),
        ("Ada <a@x.example> Bob <b@x.example>", "Bob <b@x.example>'"),
        ("ada@contoso.example\nBcc: eve@evil.example", "line break"),
        ("ada@contoso.example\u2028", "line break"),
        ('"Ada <ada@contoso.example>', "quotation mark"),
        ("ädä@contoso.example", "'ädä@contoso.example'"),
        ("ada@contoso..example", "two periods"),
        ("ada@[127.0.0.1]", "not allowed"),
        ("<>", "'<>'"),
        ("x" * 1000, "…"),
    ],
)
def test_an_invalid_address_is_an_error_and_is_named(value: str | list[str], quoted: str) -> None:
    """Nothing is silently skipped: the message contains the unreadable text."""
    with pytest.raises(RecipientError) as caught:
        read_addresses(value)
    assert quoted in str(caught.value)
    assert len(str(caught.value)) < 400
    assert caught.value.hint


@given(st.lists(addresses, max_size=6), st.sampled_from([", ", ";", " ; ", ",,"]), st.booleans())
@example([Address('";,\\', "a@contoso.example")], ",", True)
def test_what_is_written_is_read_back(written: list[Address], separator: str, in_one: bool) -> None:
    """Headers joined by any separator, or listed, give the addresses they were made of."""
    texts = [str(recipient) for recipient in written]
    first: dict[str, Address] = {}
    for recipient in written:
        first.setdefault(recipient.address, recipient)
    assert read_addresses(separator.join(texts) if in_one else texts) == tuple(first.values())


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text gives valid addresses or an error; separators alone give no recipient."""
    try:
        read = read_addresses(text)
    except RecipientError:
        return
    assert read or not text.replace(",", "").replace(";", "").strip()
    for recipient in read:
        assert recipient.address.isascii()
        assert not set("\r\n") & set(str(recipient))


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        ([], []),
        (["contoso.example", "*.contoso.example", "MÜNCHEN.example", "notcontoso.example"], []),
        (["Contoso.EXAMPLE"], ["b@mail.contoso.example", "c@xn--mnchen-3ya.example", "d@not"]),
        (["*.contoso.example"], ["a@contoso.example", "c@xn--mnchen-3ya.example", "d@not"]),
        (["xn--mnchen-3ya.example"], ["a@contoso.example", "b@mail.contoso.example", "d@not"]),
    ],
)
def test_other_domains_are_refused(allowed: list[str], refused: list[str]) -> None:
    """A domain allows itself, with `*.` those below it, and never one that only ends alike."""
    read = read_addresses(
        "a@contoso.example, b@mail.contoso.example, c@münchen.example, d@notcontoso.example"
    )
    if not refused:
        refuse_foreign(read, allowed)
        return
    with pytest.raises(RecipientError) as caught:
        refuse_foreign(read, allowed)
    for recipient in read:
        named = recipient.address in str(caught.value).partition(":")[0]
        assert named == any(recipient.address.startswith(other) for other in refused)


@pytest.mark.parametrize("domain", ["", "*", "*.", "a b", "contoso.example/", "@contoso.example"])
def test_an_invalid_allowed_domain_is_an_error(domain: str) -> None:
    """A mistake in the list must not admit everybody, or nobody."""
    with pytest.raises(RecipientError, match="is not a domain"):
        refuse_foreign([ADA], [domain])
