"""Why an object failed, from the comment of its source: docs/figures.md, "Objects"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from reporter.jobs.addresses import AT, PERSONAL

LONGEST_CAUSE: Final = 200
LONGEST_CODE: Final = 100

_REPLACED: Final = "…"
# Not of scripts without spaces between words: there a class of all letters takes whole sentences.
_UNSPACED: Final = r"\u2e80-\u9fff\uac00-\ud7af\uff00-\uff1f\uff21-\uffef"
_LETTER: Final = rf"[^\s@\uff20<>()\[\]\"',;:|/\\{_UNSPACED}]"
_VARYING: Final = re.compile(
    # Each run of letters is tried from its start alone, or long texts would take for ever.
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\u2e80-\u9fff\uff00-\uffef]+"  # links
    rf"|\"[^\"\s@]{{1,64}}(?: [^\"\s@]{{1,64}}){{0,3}}\"[@\uff20]{_LETTER}+"  # quoted addresses
    rf"|(?<!{_LETTER})(?:(?!{AT}){_LETTER})+(?:{AT}+{_LETTER}+)+"  # addresses
    rf"|{PERSONAL}[^\s?#]+"  # somebody's OneDrive
    r"|(?<![A-Za-z0-9_-])[A-Za-z][A-Za-z0-9-]{0,14}\\[A-Za-z0-9._-]+"  # DOMAIN\user
    r"|(?<![A-Za-z0-9_-])[A-Za-z_-]*[0-9][A-Za-z0-9_-]*(?:[.:,/][A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*)*"
)
"""What differs from one comment to the next though the cause is the same: links, addresses, ids,
numbers and times."""
_REPEATED: Final = re.compile(rf"{_REPLACED}(?:[\s.,:;/]*{_REPLACED})+")
_IN_UNSPACED: Final = re.compile(rf"[{_UNSPACED}]")
_WORD: Final = re.compile(rf"[^\W\d_{_UNSPACED}]{{2,}}|[{_UNSPACED}]{{2,}}")
_NO_NAMES: Final = re.compile(
    "and|for|from|not|the|with|all|my|archive|calendar|channel|chat|com|contacts|de|documents|drive"
    "|error|example|exchange|failed|files|folder|group|groups|info|item|items|link|list|locked|mail"
    "|mailbox|main|microsoft|net|office|onedrive|onmicrosoft|online|org|personal|resource|room"
    "|shared|sharepoint|site|sites|support|team|teams|user|users|was|workspace",
    re.IGNORECASE,
)
"""Words of services and of domains: in a title they name nobody, and comments need them."""
_OWNER: Final = re.compile(rf"{PERSONAL}([^/\s?#%]+)")
_AT: Final = re.compile(AT)


@lru_cache(maxsize=4096)
def cause_of(comment: str, title: str) -> str:
    """A comment made comparable: without links, addresses, ids, numbers, times and the title of the
    object or the words in it, for each of which an ellipsis stands; and without its end where it is
    long. Nothing is translated or guessed.
    """
    text = _without(comment, [title]) if len(title) > 2 else comment
    text = _VARYING.sub(_REPLACED, text)
    text = _without(text, _names_in(title))
    return _cut(" ".join(_REPEATED.sub(_REPLACED, text).split()), LONGEST_CAUSE)


def _names_in(title: str) -> list[str]:
    """The words by which a title may name a person: of an address those before its sign, of a link
    those of the person whose files it leads to.
    """
    owner = _OWNER.search(title)
    if owner is None and "://" in title:
        return []
    named = owner[1] if owner else _AT.split(title, maxsplit=1)[0]
    return [word for word in _WORD.findall(named[:200]) if not _NO_NAMES.fullmatch(word)]


def _without(text: str, names: Sequence[str]) -> str:
    """A text with an ellipsis for each of the names, whatever its case; a name of two letters is
    taken for one only where it begins with a capital.
    """
    lower = text.lower()
    patterns = [
        _pattern(name)
        for name in sorted(set(names), key=len, reverse=True)
        if name.lower() in lower  # few are: to look for the others costs more
    ]
    return re.sub("|".join(patterns), _REPLACED, text) if patterns else text


def _pattern(name: str) -> str:
    if _IN_UNSPACED.match(name):
        return re.escape(name)
    if len(name) == 2:
        return rf"(?<![^\W_])(?:{re.escape(name.capitalize())}|{re.escape(name.upper())})(?![^\W_])"
    return rf"(?<![^\W_])(?i:{re.escape(name)})(?![^\W_])"


def code_of(code: str) -> str:
    """An error code without addresses and links: it may not tell whose object failed."""
    if "@" not in code and "\uff20" not in code and "://" not in code:
        return _cut(code, LONGEST_CODE)
    return _cut(_VARYING.sub(_REPLACED, code), LONGEST_CODE)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return text[: longest - 1].rstrip(f" {_REPLACED}") + _REPLACED
