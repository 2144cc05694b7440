"""Who gets a report by mail: addresses as people write them, each read or refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.headerregistry import Address as HeaderAddress
from typing import Final

from email_validator import EmailNotValidError, validate_email

from reporter.errors import UsageError

_PIECE: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^",;])+')
"""The text between separators; those in a quoted name or in angle brackets separate nothing."""
_NAMED: Final = re.compile(r'(?P<name>"(?:[^"\\]|\\.)*"|[^<>"]*?)\s*<(?P<address>[^<>]*)>')
_ESCAPED: Final = re.compile(r"\\(.)")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SHOWN: Final = 120
"""How many characters of a wrong text a message quotes."""


class RecipientError(UsageError):
    """A recipient cannot be read, or is not one this customer's reports may go to."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox."""

    name: str
    """What a mail program shows; may be empty."""
    address: str
    """In ASCII; the domain in lower case and, where it has other letters, in its IDNA form."""

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        """As a header has it: the name in quotes where it has to be."""
        return str(HeaderAddress(self.name, addr_spec=self.address))


def read_addresses(value: str | Sequence[str]) -> tuple[Address, ...]:
    """Every address in a text or in a list of texts, each of which may hold several.

    Commas and semicolons separate, but not inside a quoted name. Each mailbox is there once.

    Raises:
        RecipientError: something in it is no address.
    """
    texts = [value] if isinstance(value, str) else value
    addresses: dict[str, Address] = {}
    for text in texts:
        for piece in _pieces(text):
            address = _read(piece)
            addresses.setdefault(address.address, address)
    return tuple(addresses.values())


def refuse_foreign(addresses: Iterable[Address], allowed_domains: Sequence[str]) -> None:
    """Refuse addresses in other domains than the allowed ones; without any, all are allowed.

    `contoso.example` allows that domain alone, `*.contoso.example` those below it.

    Raises:
        RecipientError: some address lies elsewhere, or a domain is none.
    """
    if not allowed_domains:
        return
    exact = {_domain(name) for name in allowed_domains if not name.strip().startswith("*.")}
    above = tuple(
        f".{_domain(name.strip()[2:])}" for name in allowed_domains if name.strip().startswith("*.")
    )
    foreign = [
        address.address
        for address in addresses
        if address.domain not in exact and not address.domain.endswith(above)
    ]
    if foreign:
        raise RecipientError(
            f"{', '.join(foreign)}: not in an allowed domain ({', '.join(allowed_domains)}).",
            hint="Correct the recipients, or add the domain to `allowed_domains` of this customer.",
        )


def _pieces(text: str) -> Iterator[str]:
    """The recipients of one text; nothing between two separators is nobody."""
    if _UNPRINTABLE.search(text):
        raise _unreadable(text, "it contains a line break or another control character")
    place = 0
    while place < len(text):
        if match := _PIECE.match(text, place):
            place = match.end()
            if match[0].strip():
                yield match[0].strip()
        elif text[place] in ",;":
            place += 1
        else:
            raise _unreadable(text[place:], "a quotation mark is not closed")


def _read(text: str) -> Address:
    named = _NAMED.fullmatch(text)
    name, address = (named["name"], named["address"]) if named else ("", text)
    if name.startswith('"'):
        name = _ESCAPED.sub(r"\1", name[1:-1])
    try:
        read = validate_email(
            address.strip(),
            allow_smtputf8=False,
            check_deliverability=False,
            globally_deliverable=False,
        )
    except EmailNotValidError as error:
        raise _unreadable(text, str(error).rstrip(".")) from error
    return Address(name.strip(), f"{read.local_part}@{read.ascii_domain}")


def _domain(text: str) -> str:
    """A domain as addresses have it."""
    try:
        return _read(f"anybody@{text.strip()}").domain
    except RecipientError as error:
        raise RecipientError(
            f"{text!r} in `allowed_domains` is not a domain.",
            hint="Write contoso.example, or *.contoso.example for the domains below it.",
        ) from error


def _unreadable(text: str, why: str) -> RecipientError:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return RecipientError(
        f"{shown!r} is not an e-mail address: {why}.",
        hint='Write ada@contoso.example or "Lovelace, Ada" <ada@contoso.example>; '
        "separate several with commas or semicolons.",
    )
