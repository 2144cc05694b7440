"""One word for one thing in every language, as docs/glossary.md lists them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from reporter.render.translations import FOLDER

LANGUAGES = ("de", "fr", "es", "nl", "ja")
PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"
TABLE = PAGE.read_text("utf-8").partition("## In other languages")[2]
TERMS = {
    cells[0]: dict(zip(LANGUAGES, cells[1:], strict=True))
    for line in TABLE.splitlines()
    if line.startswith("| ") and not line.startswith(("| English", "| ---"))
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}


def plain(text: str) -> str:
    """Without case and accents: a word is the same at the start of a sentence and in the plural."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@cache
def texts(language: str) -> Sequence[tuple[str, str]]:
    """Each text of the documents with its translation."""
    return list(_texts(language))


def _texts(language: str) -> Iterator[tuple[str, str]]:
    with (FOLDER / f"{language}.po").open("rb") as file:
        for message in read_po(file):
            # Both are tuples where a text has a singular and a plural.
            originals = [message.id] if isinstance(message.id, str) else list(message.id)
            assert message.string is not None
            translated = message.string
            translations = [translated] if isinstance(translated, str) else list(translated)
            if message.id:
                yield originals[0], translations[0]
                yield originals[-1], translations[-1]


def has(term: str, text: str) -> bool:
    """Whether a term is in an English text, not just in a longer term or in a placeholder."""
    text = re.sub(r"\{[^}]*\}|backup-reporter", " ", text)
    for longer in TERMS:
        if term in longer and term != longer:
            text = re.sub(rf"\b{longer}s?\b", " ", text, flags=re.IGNORECASE)
    return re.search(rf"\b{term}s?\b", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_always_translated_by_the_same_word(term: str, language: str) -> None:
    """Readers who see a gap on one page and an interval on the next look for a difference."""
    words = [plain(word.strip()) for word in TERMS[term][language].split(" / ")]
    texts_with_it = [(text, other) for text, other in texts(language) if has(term, text)]
    assert texts_with_it
    others = [
        (text, translation)
        for text, translation in texts_with_it
        if not any(word in plain(translation) for word in words)
    ]
    assert others == []
