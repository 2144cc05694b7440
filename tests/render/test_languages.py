"""Reports in every language: nothing is left in English, and the figures stay what they are."""

from __future__ import annotations

import gettext
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Final

import openpyxl
import pytest
from babel.messages import Message

from reporter.config.sections import LANGUAGES
from reporter.model import Brand, Report
from reporter.period import parse_period
from reporter.render import text
from reporter.render.html import report_html
from reporter.render.json_ import report_dict
from reporter.render.letter import Letter, letter_of
from reporter.render.portfolio.document import portfolio_html
from reporter.render.text import Words
from reporter.render.translations import FOLDER, catalogue
from tests.builders import NOW
from tests.catalogues import TRANSLATED, brought_up_to_date, stored
from tests.in_every_language import RESTORE_TESTS, look, portfolio, reports
from tests.render.workbook_cases import BERLIN, all_recalculated, written

NEEDS_LIBREOFFICE = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed"
)
_INNERMOST: Final = re.compile("⟦[^⟦⟧]*⟧")


def pages(locale: str) -> list[str]:
    """The reports, their letters and a portfolio of them, as HTML."""
    return [
        *(report_html(report, look(locale), logo_url=None) for report in reports()),
        *(letter(report, locale).html for report in reports()),
        portfolio_html(portfolio(), look(locale)),
    ]


def letter(report: Report, locale: str) -> Letter:
    """The letter of a report, with everything that can be in it."""
    return letter_of(
        report_dict(report),
        look(locale, brand=Brand("Gruß", contact="Mit", footer="Gut")),
        attached=["1"],
        left_out=["2"],
        root="0",
        redirected_from=["1@2"],
    )


class PageTexts(HTMLParser):
    """What a reader of a page sees or hears."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value or "" for name, value in attrs if name in ("alt", "aria-label")]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:
            self.texts.append(data)


def fields(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def forms(message: Message) -> tuple[set[str], set[str]]:
    """The placeholders every form must have, and those it may have."""
    english = [message.id] if isinstance(message.id, str) else list(message.id)
    sets = [fields(string) for string in english]
    return set.intersection(*sets) - {"number"}, set.union(*sets)


def test_every_language_has_its_catalogue() -> None:
    """A catalogue with the code for each language except English, and no other."""
    assert {path.stem for path in FOLDER.glob("*.po")} == set(TRANSLATED) == set(LANGUAGES) - {"en"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogues_are_complete(language: str) -> None:
    """Every text of code and templates is translated, whole; `make translations` gathers them."""
    path = FOLDER / f"{language}.po"
    assert brought_up_to_date(language) == path.read_bytes()
    catalogue = stored(language)
    for message in catalogue:
        if not message.id:
            continue
        translation = message.string or ""
        strings = [translation] if isinstance(translation, str) else list(translation)
        assert len(strings) == (catalogue.num_plurals if message.pluralizable else 1)
        must, may = forms(message)
        for string in strings:
            assert string, message.id
            assert must <= fields(string) <= may, message.id
            assert not string.startswith(("=", "+", "-", "@")), string
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_used_is_in_the_catalogue(
    language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All that pages and workbook ask the catalogue for is in it."""
    missed: set[str] = set()

    class Missed(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            missed.add(message)
            return message

        def ngettext(self, singular: str, plural: str, number: int) -> str:
            return self.gettext(singular)

    known = catalogue.__wrapped__(language)
    known.add_fallback(Missed())
    monkeypatch.setattr(text, "catalogue", lambda _: known)
    pages(language)
    written(reports()[0], tmp_path, look(language))
    assert missed == set()


def test_every_word_comes_from_a_known_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every word on a page is from the catalogue, from the service, or from a person."""

    class Bracketed(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return f"⟦{message}⟧"

        def ngettext(self, singular: str, plural: str, number: int) -> str:
            return self.gettext(plural)

    monkeypatch.setattr(text, "catalogue", lambda _: Bracketed())
    busy = reports()[0]
    columns = ("service", "module", "status", "job_id", "name", "error")
    data: set[str | None] = {
        str(value) for name in columns if name in busy.jobs for value in busy.jobs[name]
    }
    data |= {
        "Mit Gruß Gut Weber Jonas",
        *(test.scope for test in RESTORE_TESTS),
        busy.customer.name,
        busy.customer.id,
        "SHA-256",
        BERLIN,
        "backup-reporter",
    }
    data |= {word for module in busy.modules for word in (module.service, module.module)}
    data |= {module.module for module in busy.protection.modules}
    for product in busy.subscription.products:
        data |= {product.service, product.name, product.model, product.storage, product.retention}
    data |= {word for entry in busy.other_jobs for word in (entry.service, entry.module)}
    data |= {word for note in busy.quality for word in (note.field, *note.values)}
    data |= {word for source in busy.sources for word in (source.url, source.sha256)}
    allowed = set(re.findall(r"[a-z]{3,}", " ".join(filter(None, data)).lower()))
    book = openpyxl.load_workbook(written(busy, tmp_path, look("ja")))
    rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
    cells = [cell for row in rows for cell in row if isinstance(cell, str)]
    page = PageTexts(report_html(busy, look("ja"), logo_url=None)).texts
    sent = letter(busy, "ja")
    mail = [sent.subject, *sent.text.splitlines(), *PageTexts(sent.html).texts]
    for piece in [*page, *mail, *book.sheetnames, *cells]:
        if piece.startswith("="):
            continue
        rest, before = piece, ""
        while rest != before:
            rest, before = _INNERMOST.sub("", rest), rest
        assert set(re.findall(r"[a-z]{3,}", rest.lower())) <= allowed, piece


@pytest.fixture(scope="module")
def recalculated_books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The busiest workbook in each language, every formula computed anew."""
    folder = tmp_path_factory.mktemp("languages")
    paths = [
        written(reports()[0], folder, look(language)).rename(folder / f"{language}.xlsx")
        for language in TRANSLATED
    ]
    return dict(zip(TRANSLATED, all_recalculated(paths, folder / "anew"), strict=True))


@NEEDS_LIBREOFFICE
@pytest.mark.parametrize("language", TRANSLATED)
def test_checks_agree_in_every_language(language: str, recalculated_books: dict[str, Path]) -> None:
    """The formulas that compare words compare those of the language."""
    book = openpyxl.load_workbook(recalculated_books[language], data_only=True)
    (sheet,) = (sheet for sheet in book if "Checks" in sheet.tables)
    rows = list(sheet.iter_rows(min_row=7))
    assert {row[7].value for row in rows} == {Words(language).say("agrees")}
    assert len(rows) > 30


@pytest.mark.parametrize(
    ("locale", "texts"),
    [
        ("en", ["1,234,567", "97.1\xa0%", "Oct 3, 2026, 17:05", "October 2026", "1.50\xa0TB"]),
        ("en_GB", ["1,234,567", "97.1\xa0%", "3 Oct 2026, 17:05", "October 2026", "1.50\xa0TB"]),
        ("de", ["1.234.567", "97,1\xa0%", "3. Okt. 2026, 17:05", "Oktober 2026", "1,50\xa0TB"]),
        (
            "fr",
            [
                "1\u202f234\u202f567",
                "97,1\xa0%",
                "3 oct. 2026, 17:05",
                "octobre 2026",
                "1,50\xa0To",
            ],
        ),
        ("es", ["1.234.567", "97,1\xa0%", "3 oct 2026, 17:05", "octubre de 2026", "1,50\xa0TB"]),
        ("nl", ["1.234.567", "97,1%", "3 okt 2026, 17:05", "oktober 2026", "1,50\xa0TB"]),
        ("ja", ["1,234,567", "97.1%", "2026年10月3日 17:05", "2026年10月", "1.50\xa0TB"]),
    ],
)
def test_numbers_and_days_are_written_as_people_there_do(locale: str, texts: list[str]) -> None:
    """Separators, months, percent signs and units are as people write them there."""
    words = Words(locale)
    moment = datetime(2026, 10, 3, 17, 5, tzinfo=UTC)
    assert [
        words.number(1_234_567),
        words.percent(0.971),
        words.moment(moment),
        words.period(parse_period("2026-10", BERLIN, NOW)),
        words.size(1.5 * 1024**4),
    ] == texts


def test_plurals_follow_the_language() -> None:
    """French has the singular for none as well, Japanese has but one form."""
    kinds: list[tuple[str, Callable[[int], bool]]] = [
        ("en", lambda n: n == 1),
        ("de", lambda n: n == 1),
        ("fr", lambda n: n < 2),
        ("ja", lambda _: True),
    ]
    for language, singular in kinds:
        words = Words(language)

        def phrase(number: int, words: Words = words) -> str:
            text = words.count("in {number} job", "in {number} jobs", number)
            return text.replace(words.number(number), "#")

        assert [phrase(n) == phrase(1) for n in (0, 1, 2, 5)] == [singular(n) for n in (0, 1, 2, 5)]


def test_names_from_right_to_left_are_isolated_in_sentences() -> None:
    """Only names: the text around such a name keeps its place."""
    words = Words()
    assert words.name("Contoso") == "Contoso"
    assert words.name("חברת גיבוי") == "\u2068חברת גיבוי\u2069"
    assert words.name("شركة 12") == "\u2068شركة 12\u2069"
