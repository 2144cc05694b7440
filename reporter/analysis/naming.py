"""How people are named in documents: renderers see no name that `names` in [report] forbids."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from reporter.jobs.addresses import AT, PERSONAL, SLASH
from reporter.model import Names

_NO_ADDRESS: Final = r"\s,;:<>()\[\]\"|/\\@" + "\uff20"
"""What stands in no address, and so begins and ends one within a text."""
_ADDRESS: Final = re.compile(
    # Each run of letters is tried from its start alone, or long texts would take for ever.
    f"(?<![^{_NO_ADDRESS}])((?:(?!{AT})[^{_NO_ADDRESS}])+){AT}([^{_NO_ADDRESS}]+)"
)
_PERSONAL_SITE: Final = re.compile(rf"({PERSONAL})((?:(?!{SLASH})[^\s?#])+)")
"""A OneDrive, whose address holds that of its user."""
_LINK: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^/\s]+", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"[._+#\s-]")
"""What stands between a given name and a family name in an address."""
_UNSPACED: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")
"""Scripts in which two letters are a whole name."""
_IMPERSONAL: Final = (
    "Site Collection",
    "Canvas",
    "Workspace",
    "Flow",
    "Agent",
    "Viva Engage Metadata",
    "Office 365 Group Metadata",
    "Teams Metadata",
)
"""The types of objects whose title names no person."""
_OF_PEOPLE: Final = ("Exchange Online", "OneDrive", "Teams Chat")
"""The modules whose objects are people's, whatever their type."""
_MOST_INITIALS: Final = 4
_LEFT_OUT: Final = "…"


def named(text: str | None, names: Names) -> str | None:
    """A person's name or address as it may stand; None where it may not, or there is none."""
    if text is None or names == "none":
        return None
    return text if names == "full" else masked(text)


def masked(text: str) -> str:
    """A person's name or address, for those who know the person and for nobody else: `A. K.`,
    `an…@contoso.example`.
    """
    text = text.strip()
    if _ADDRESS.fullmatch(text):
        return without_addresses(text)
    letters = (_letters(word, 1) for word in text.split())
    initials = [f"{letter}." for letter in islice(filter(None, letters), _MOST_INITIALS)]
    return " ".join(initials) or (_LEFT_OUT if text else "")


def without_addresses(text: str) -> str:
    """A text with every address in it masked, and whose OneDrive it names; the rest as it is."""
    return _PERSONAL_SITE.sub(_masked_site, _ADDRESS.sub(_masked_address, text))


def object_named(title: str, kind: str, module: str, names: Names) -> str | None:
    """The title of an object as it may stand; None where it may not. It is taken for the name or
    the address of a person unless its type and its module say otherwise. Of a link to somebody's
    files no more is left than where it leads to.
    """
    if names == "full":
        return title
    site = _PERSONAL_SITE.search(title)
    personal = kind not in _IMPERSONAL or module in _OF_PEOPLE
    if names == "none":
        return None if personal or site else without_people(title)
    if site:
        return without_addresses(title[: site.start()]) + _masked_site(site)
    if not personal:
        return without_addresses(title)
    link = _LINK.match(title)
    return f"{without_addresses(link[0])}/{_LEFT_OUT}" if link else masked(title)


def without_people(text: str) -> str:
    """A text with an ellipsis for every address, and for whose OneDrive it names."""
    return _PERSONAL_SITE.sub(rf"\1{_LEFT_OUT}", _ADDRESS.sub(_LEFT_OUT, text))


def _masked_address(address: re.Match[str]) -> str:
    person, domain = address.groups()
    return f"{_beginning(person)}{_LEFT_OUT}@{domain}"


def _masked_site(site: re.Match[str]) -> str:
    return f"{site[1]}{_beginning(site[2])}{_LEFT_OUT}"


def _beginning(person: str) -> str:
    """At most two letters of what an address says of its person, and never a whole name: of the
    first name at most half, unless that is an initial already.
    """
    first, *others = _SEPARATOR.split(person, maxsplit=1)
    if len(first) == 1:
        most = 1 if others else 0
    else:
        most = min(1 if _UNSPACED.match(first) else 2, len(first) // 2)
    return _letters(first, most)


def _letters(text: str, count: int) -> str:
    """The first letters and digits of a text: half of a composed sign would be another sign."""
    return "".join(islice(filter(str.isalnum, text), count))
