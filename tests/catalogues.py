"""Gathers the texts of code and templates into `reporter/translations`: `make translations`."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from reporter.config.sections import LANGUAGES
from reporter.render.translations import FOLDER

ROOT: Final = Path(__file__).parent.parent
TRANSLATED: Final = tuple(language for language in LANGUAGES if language != "en")
_KEYWORDS: Final = {"say": None, "marked": None, "count": (1, 2), "counted": (1, 2)}
_SOURCES: Final = {
    "reporter/render": [("**.py", "python")],
    "templates": [(pattern, "jinja2.ext:babel_extract") for pattern in ("**.html", "mail/**.txt")],
}
_BLOCKS: Final = {"trim_blocks": "true", "lstrip_blocks": "true"}
_OPTIONS: Final = {"**.html": _BLOCKS, "mail/**.txt": _BLOCKS}


def messages() -> Catalog:
    """Every text there is, with the files it is from."""
    catalog = Catalog()
    for folder, methods in _SOURCES.items():
        for name, _, message, comments, _ in extract_from_dir(
            ROOT / folder, methods, _OPTIONS, _KEYWORDS, comment_tags=()
        ):
            catalog.add(message, None, [(f"{folder}/{name}", 0)], auto_comments=comments)
    return catalog


def stored(language: str) -> Catalog:
    """The catalogue of a language as it is; empty where there is none."""
    path = FOLDER / f"{language}.po"
    if not path.is_file():
        return Catalog(language, project="backup-reporter", header_comment="#", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, language)


def brought_up_to_date(language: str) -> bytes:
    """The catalogue of a language with all texts there are, and no others."""
    catalogue = stored(language)
    catalogue.update(messages(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    buffer = BytesIO()
    write_po(buffer, catalogue, width=100, sort_by_file=True)
    return buffer.getvalue()


def main() -> None:
    """Write them, and say what is missing."""
    FOLDER.mkdir(exist_ok=True)
    for language in TRANSLATED:
        (FOLDER / f"{language}.po").write_bytes(brought_up_to_date(language))
        texts = [message for message in stored(language) if message.id]
        missing = sum(not message.string or not all(message.string) for message in texts)
        print(f"{language}: {len(texts)} texts, {missing} not translated")  # noqa: T201


if __name__ == "__main__":
    main()
