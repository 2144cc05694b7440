"""The pages of reports nobody designed for: nothing is cut off, overlaps, or leaves a
page empty.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reporter.config.sections import LANGUAGES
from reporter.model import DEPTHS, Brand, Comment, Customer, Depth, Look, Report, Texts
from reporter.render.pdf import write_pdf
from reporter.sources.avepoint.reading.vocabularies import MODULE_NAMES
from tests import in_every_language
from tests.builders import NOW, daily_snapshots, make_job, make_report, make_row

pytestmark = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is missing")
EVERY_DAY = [NOW, *daily_snapshots(datetime(2026, 9, 1, 5, tzinfo=UTC), 61)]
BRAND = Brand("Northlight Managed Services", color="#ffd400", contact="help@northlight.example")
MARGIN = 15 * 72 / 25.4
"""Points at either side of a page."""
SERVICES = ("Microsoft 365", "IaaS + PaaS", "Dynamics 365")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its place, in points from the upper left corner of its page."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as poppler reads it."""

    width: float
    height: float
    words: tuple[Word, ...]

    @property
    def body(self) -> list[Word]:
        """The words between header and footer."""
        return [word for word in self.words if 50 < word.top < self.height - 50]


def jobs_of(modules: int, days: int, per_day: int = 1, **fields: Any) -> list[dict[str, Any]]:
    names = [name for name in MODULE_NAMES.values() if name not in ("Archiver", "Retention")]
    rows = []
    for number, module in enumerate(names[:modules]):
        for day, run in itertools.product(range(1, days + 1), range(per_day)):
            status = "Failed" if (number + day) % 9 == 0 else "Finished"
            rows.append(
                make_job(
                    f"2026-10-{day:02}T{run + 1:02}:{number:02}:00Z",
                    status,
                    jobType=SERVICES[number % len(SERVICES)],
                    jobModule=module,
                    jobId=f"J{number:02}-{day:02}-{run}",
                )
                | fields
            )
    return rows


def fifty_modules() -> Report:
    return make_report(jobs_of(50, 31, 2), observed=EVERY_DAY)


def long_names() -> Report:
    module = "Dynamics Unified Operations Backup And Every Other Word " * 4
    scripts = ("نسخ احتياطي للبيانات", "예약된 백업 작업", "สำรองข้อมูล")
    names = (module, "Unbroken" * 30, *scripts)
    rows = jobs_of(3, 31) + [
        make_job(
            f"2026-10-{day:02}T05:00:00Z",
            "Failed",
            jobModule=name,
            name=name,
            jobId=f"{name}{day}",
        )
        for day in (3, 4, 5, 6)
        for name in names
    ]
    return make_report(rows, customer=Customer("c" * 90, "Donaudampfschiffahrt" * 10))


def no_data() -> Report:
    return make_report([], observed=EVERY_DAY)


def only_placeholders() -> Report:
    names = [name for name in MODULE_NAMES.values() if name not in ("Archiver", "Retention")]
    return make_report([make_row(jobModule=name) for name in names[:12]], observed=EVERY_DAY)


def one_job() -> Report:
    return make_report([make_job()])


def all_failed() -> Report:
    return make_report(jobs_of(9, 31, status="Failed"), observed=EVERY_DAY)


CASES: tuple[Callable[[], Report], ...] = (
    fifty_modules, long_names, no_data, only_placeholders, one_job, all_failed,
)  # fmt: skip


@cache
def report_of(case: Callable[[], Report]) -> Report:
    return case()


def pages_of(report: Report, look: Look, folder: Path) -> list[Sheet]:
    path = folder / "report.pdf"
    write_pdf(report, look, path)
    text = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, check=True).stdout
    space = "{http://www.w3.org/1999/xhtml}"
    return [
        Sheet(
            float(page.attrib["width"]),
            float(page.attrib["height"]),
            tuple(
                Word(word.text or "", *(float(word.attrib[key]) for key in _CORNERS))
                for word in page.iter(f"{space}word")
            ),
        )
        for page in ElementTree.fromstring(text).iter(f"{space}page")  # noqa: S314  our own file
    ]


_CORNERS = ("xMin", "yMin", "xMax", "yMax")


def faults(pages: list[Sheet]) -> Iterator[str]:
    """What a designer would reject."""
    for number, page in enumerate(pages, 1):
        where = f"page {number}"
        for word in page.words:
            if word.left < MARGIN - 2 or word.right > page.width - MARGIN + 2:
                yield f"{where}: {word.text!r} reaches over the margin"
            if word.bottom > page.height - 15:
                yield f"{where}: {word.text!r} falls off the page"
        yield from (f"{where}: {fault}" for fault in overlaps(page))
        body = page.body
        used = (max(word.bottom for word in body) - 50) / (page.height - 100) if body else 0
        if used < 0.2 and number < len(pages):
            yield f"{where}: only {used:.0%} of it is used"


def overlaps(page: Sheet) -> Iterator[str]:
    """Words that overlap."""
    words = sorted(page.words, key=lambda word: word.top)
    for number, first in enumerate(words):
        for other in words[number + 1 :]:
            if other.top > first.bottom:
                break
            wide = min(first.right, other.right) - max(first.left, other.left)
            tall = min(first.bottom, other.bottom) - max(first.top, other.top)
            lower = min(first.bottom - first.top, other.bottom - other.top)
            if wide > 1.5 and tall > lower * 0.5:
                yield f"{first.text!r} and {other.text!r} overlap"


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_pages_hold_any_report(case: Callable[[], Report], depth: Depth, tmp_path: Path) -> None:
    """In every depth, for the fullest reports and the emptiest."""
    pages = pages_of(report_of(case), Look(BRAND, depth=depth), tmp_path)
    assert list(faults(pages)) == []
    if depth == "page":
        assert len(pages) == 1


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_letter_paper_holds_any_report_too(case: Callable[[], Report], tmp_path: Path) -> None:
    """The lower page of the United States; with a comment and texts of the provider's own."""
    look = Look(
        BRAND, "Letter", "en_US", "page", comment=Comment("Everything **fine** here. " * 6, "Ada")
    )
    pages = pages_of(report_of(case), look, tmp_path)
    assert list(faults(pages)) == []
    whole = replace(look, depth="full", texts=Texts("Cover", "An introduction.", "The end."))
    assert list(faults(pages_of(report_of(case), whole, tmp_path)[1:])) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits(language: str, tmp_path: Path) -> None:
    """Words of other languages are longer: still nothing is cut and page one is one page."""
    report = in_every_language.reports()[0]
    look = replace(in_every_language.look(language), texts=Texts())
    assert list(faults(pages_of(report, look, tmp_path))) == []
    assert len(pages_of(report, replace(look, depth="page"), tmp_path)) == 1
