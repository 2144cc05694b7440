"""Why an object failed, from the comment of its source: docs/figures.md, "Objects"."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

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
    rf"|(?<!{_LETTER}){_LETTER}+(?:[@\uff20]+{_LETTER}+)+"  # addresses
    r"|(?:/|%2[Ff])personal(?:/|%2[Ff])[^\s?#]+"  # somebody's OneDrive
    r"|(?<![A-Za-z0-9_-])[A-Za-z][A-Za-z0-9-]{0,14}\\[A-Za-z0-9._-]+"  # DOMAIN\user
    r"|(?<![A-Za-z0-9_-])[A-Za-z_-]*[0-9][A-Za-z0-9_-]*(?:[.:,/][A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*)*"
)
"""What differs from one comment to the next though the cause is the same: links, addresses, ids,
numbers and times."""
_REPEATED: Final = re.compile(rf"{_REPLACED}(?:[\s.,:;/]*{_REPLACED})+")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")


@lru_cache(maxsize=4096)
def cause_of(comment: str, title: str) -> str:
    """A comment made comparable: without links, addresses, ids, numbers, times and the title of the
    object or the words of an address that is its title, for each of which an ellipsis stands; and
    without its end where it is long. Nothing is translated or guessed.
    """
    text = comment.replace(title, _REPLACED) if len(title) > 2 else comment
    text = _VARYING.sub(_REPLACED, text)
    if words := _WORD.findall(title.partition("@")[0]) if "@" in title else []:
        people = "|".join(map(re.escape, sorted(set(words), key=len, reverse=True)))
        text = re.sub(rf"(?<!\w)(?:{people})(?!\w)", _REPLACED, text, flags=re.IGNORECASE)
    return _cut(" ".join(_REPEATED.sub(_REPLACED, text).split()), LONGEST_CAUSE)


def code_of(code: str) -> str:
    """An error code without addresses and links: it may not tell whose object failed."""
    if "@" not in code and "\uff20" not in code and "://" not in code:
        return _cut(code, LONGEST_CODE)
    return _cut(_VARYING.sub(_REPLACED, code), LONGEST_CODE)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return text[: longest - 1].rstrip(f" {_REPLACED}") + _REPLACED
