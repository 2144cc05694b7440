"""The letter a report is sent with: what it says, and that any mail program can show it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reporter.config.sections import LANGUAGES
from reporter.errors import ReporterError, TemplateError
from reporter.model import Brand, Customer, Logo, Look, Report, Restatement
from reporter.render.color import READABLE, contrast
from reporter.render.json_ import report_dict
from reporter.render.letter import Letter, letter_of
from reporter.render.page import page_of
from reporter.render.text import Words
from tests.builders import (
    NOW,
    daily_snapshots,
    make_busy_month,
    make_job,
    make_report,
    make_row,
)
from tests.in_every_language import corrections, reports
from tests.render.test_languages import PageTexts
from tests.render.test_traps import picture

EVERY_DAY = [NOW, *daily_snapshots(datetime(2026, 9, 1, 5, tzinfo=UTC), 61)]
SVG = Logo(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 40" width="200" height="40">'
    b'<rect x="0" y="0" width="200" height="40" fill="#0b5c6b"/></svg>',
    "image/svg+xml",
)
BRAND = Brand("Northlight", SVG, "#0b5c6b", "help@northlight.example", "Confidential")
LOOK = Look(BRAND)
ATTACHED = ["contoso-ltd-backup-report-2026-10.pdf", "contoso-ltd-backup-report-2026-10.xlsx"]


def every_day(status: str = "Finished", **fields: Any) -> list[dict[str, Any]]:
    """A job a day, from the end of August to the end of October."""
    first = datetime(2026, 8, 31, 1, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range(63)]
    return [make_job(f"{day:%Y-%m-%dT%H:%M:%SZ}", status, **fields) for day in days]


HEALTHY = make_report(every_day(), observed=EVERY_DAY)
BUSY = make_report(make_busy_month(), timezone="Europe/Berlin", observed=EVERY_DAY)


def letter(report: Report, look: Look = LOOK, **changes: Any) -> Letter:
    # As the store keeps it: what JSON cannot represent is gone.
    figures = json.loads(json.dumps(report_dict(report)))
    return letter_of(figures, look, **({"attached": ATTACHED} | changes))


def plain(text: str) -> str:
    return " ".join(text.split())


def shown_text(letter: Letter) -> str:
    return plain(" ".join(PageTexts(letter.html).texts))


def both(letter: Letter) -> list[str]:
    return [plain(letter.text), shown_text(letter)]


@pytest.mark.parametrize(
    ("report", "subject"),
    [
        (HEALTHY, "Contoso Ltd: Healthy, the one module healthy, backup report October 2026"),
        (
            BUSY,
            "Contoso Ltd: Critical, 1 of 11 modules critical, 6 in need of attention, 2 never run,"
            " backup report October 2026",
        ),
        (
            make_report([make_row()], observed=EVERY_DAY),
            "Contoso Ltd: Never run, 1 of 1 module never run, backup report October 2026",
        ),
        (
            make_report([], observed=EVERY_DAY),
            "Contoso Ltd: No data, no module known, backup report October 2026",
        ),
        (
            make_report(every_day()),
            "Contoso Ltd: Healthy, the one module healthy, data incomplete,"
            " backup report October 2026",
        ),
        (
            replace(
                HEALTHY, version=2, restatement=Restatement(1, NOW, (), redefined=False, late=True)
            ),
            "Contoso Ltd: Healthy, the one module healthy, corrected backup report October 2026",
        ),
    ],
    ids=["healthy", "critical", "never run", "no module", "incomplete", "corrected"],
)
def test_the_subject_says_the_state_and_the_counts(report: Report, subject: str) -> None:
    """Reading only the subject tells how bad it is, where, and on what basis."""
    assert letter(report).subject == subject


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize(
    "name",
    ["Contoso\r\nBcc: eve@evil.example", "x\u2028y\x00\u202ez\ud800", "長" * 400, "חברת גיבוי", ""],
    ids=["header", "controls", "long", "right to left", "empty"],
)
def test_the_subject_is_one_line_whatever_the_customer_is_called(locale: str, name: str) -> None:
    """No name breaks the subject, reverses it or makes it endless."""
    report = replace(BUSY, customer=Customer("1", name))
    mail = letter(report, replace(LOOK, locale=locale), redirected_from=["ada@contoso.example"])
    assert mail.subject.splitlines() == [mail.subject]
    assert len(mail.subject) <= 250
    assert not set("\x00\u202e\ud800") & set(mail.subject)
    mail.text.encode()
    mail.html.encode()


@pytest.mark.parametrize("report", [HEALTHY, BUSY, make_report([]), make_report([make_row()])])
def test_text_and_html_match_page_one(report: Report) -> None:
    """The sentence and the figures match the report, in both bodies."""
    page = page_of(report, LOOK, None)
    for body in both(letter(report)):
        assert plain(page.headline) in body
        for tile in page.tiles:
            assert all(plain(text) in body for text in (tile.label, tile.value, tile.beside))
        assert "They do not prove that the data can be restored." in body
        assert "made and sent automatically" in body
        assert all(text in body for text in (BRAND.name, BRAND.contact, BRAND.footer, *ATTACHED))
        assert Words().state(report.state).lower() in body.lower()


def test_modules_that_are_not_healthy_are_named() -> None:
    """The worst first, at most six, and how many more there are; none where all are well."""
    for body in both(letter(BUSY)):
        assert "Microsoft 365 / Teams Chat" in body
        assert body.index("Teams Chat") < body.index("Azure Virtual Machine")
        assert "and 3 more in the report" in body
        assert body.count("Longest gap") in (1, 6)
    assert all("not healthy" not in body for body in both(letter(HEALTHY)))


def test_missing_days_are_named() -> None:
    """An incomplete month says so, with its days; a complete one does not."""
    observed = [day for day in EVERY_DAY if (day.month, day.day) not in ((10, 17), (10, 18))]
    for body in both(letter(make_report(every_day(), observed=observed))):
        assert "INCOMPLETE. The service was looked at on 29 of 31 days." in body
        assert "Oct 17 – Oct 18" in body
    assert all("INCOMPLETE" not in body for body in both(letter(HEALTHY)))


def test_a_correction_shows_figures_before_and_after() -> None:
    """A version that corrects another says which, with the first figures before and after."""
    changed = replace(
        BUSY, version=3, restatement=Restatement(2, NOW, corrections(), redefined=False, late=True)
    )
    for body in both(letter(changed)):
        assert "RESTATED. This is version 3 of the report. It corrects version 2" in body
        assert "State: — → Critical" in body
        assert "more in the workbook, sheet Versions" in body
    unchanged = replace(
        BUSY, version=3, restatement=Restatement(2, NOW, (), redefined=False, late=True)
    )
    assert all("No key figure is another" in body for body in both(letter(unchanged)))
    assert all("RESTATED" not in body for body in both(letter(BUSY)))


def test_a_file_too_large_to_attach_is_named_with_its_place() -> None:
    """A file that does not fit is named with its place; without one the reader may ask for it."""
    link = "https://files.northlight.example/c?a=1&b=2"
    mail = letter(HEALTHY, attached=ATTACHED[:1], left_out=ATTACHED[1:], link=link)
    assert f"Too large to attach: {ATTACHED[1]}" in mail.text
    assert link in mail.text
    assert 'href="https://files.northlight.example/c?a=1&amp;b=2"' in mail.html
    assert all("Please ask us for it." in body for body in both(letter(BUSY, left_out=["x.pdf"])))


@pytest.mark.parametrize("link", ["javascript:alert(1)", "\\\\server\\share", "file:///etc/passwd"])
def test_only_web_addresses_become_links(link: str) -> None:
    """A folder's name is shown as text, and a click can run nothing."""
    mail = letter(HEALTHY, left_out=["x.pdf"], link=link)
    assert link in mail.text
    assert "<a " not in mail.html


def test_the_root_of_the_archive_is_in_the_letter() -> None:
    """Both bodies have the whole root, and say why to keep the message."""
    root = "a3f5" * 16
    for body in both(letter(HEALTHY, root=root)):
        assert root in body
        assert "Please keep this message" in body


def test_a_test_copy_says_so_first() -> None:
    """Nobody mistakes a test for the real thing: subject, first line, and whom it would go to."""
    mail = letter(HEALTHY, redirected_from=["ada@contoso.example", "bob@contoso.example"])
    assert mail.subject.startswith("Test copy: Contoso Ltd")
    notice = "TEST COPY. This message would go to: ada@contoso.example, bob@contoso.example"
    assert mail.text.startswith(notice)
    assert notice in shown_text(mail)
    assert "TEST COPY" not in letter(HEALTHY).html + letter(HEALTHY).text


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_letter_names_no_product_and_loads_nothing(locale: str) -> None:
    """The letter is the provider's, and reading it tells nobody that it was read."""
    for report in reports():
        mail = letter(report, replace(LOOK, locale=locale))
        for body in (mail.text, mail.html):
            assert not re.search(r"backup-reporter|weasyprint|avepoint", body, re.IGNORECASE)
        sources = re.findall(r"""(?:src|href|background)=["']?([^"'> ]+)""", mail.html)
        assert set(sources) == {"cid:logo"}
        assert not re.search(r"url\(|@import|<script|<link", mail.html)
        assert f'<html lang="{locale}" dir="ltr">' in mail.html
        assert mail.html.startswith("<!doctype html>")
        assert len(mail.html.encode()) < 90_000  # some programs cut at 102 kB


def test_names_are_escaped_in_the_page_and_literal_in_the_text() -> None:
    """Markup in a name is escaped where it is HTML, and only there."""
    report = replace(HEALTHY, customer=Customer("1", "<b>R&D</b> O'Neil"))
    mail = letter(report, attached=["R&D.pdf"])
    assert "<b>R&D" not in mail.html
    assert "<b>R&D</b> O'Neil" in shown_text(mail)
    assert "<b>R&D</b> O'Neil" in mail.text
    assert "R&D.pdf" in mail.text


class Balanced(HTMLParser):
    """Whether each element that is opened is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed() -> None:
    """Old programs do not forgive a table that is not closed."""
    for report in (*reports(), HEALTHY, BUSY):
        mail = letter(report, left_out=["x"], root="0", redirected_from=["a@b.example"])
        assert Balanced(mail.html).open == []


def test_any_brand_colour_can_be_read() -> None:
    """A yellow brand has its name in a darker shade."""
    mail = letter(HEALTHY, Look(Brand("Sunny", color="#ffee00")))
    (color,) = re.findall(r"color:(#\w{6})\">Sunny</td>", mail.html)
    assert contrast(color, "#ffffff") >= READABLE
    assert mail.logo is None
    assert "cid:logo" not in mail.html


def size_of(logo: Logo) -> tuple[tuple[int, int], tuple[int, int], bytes]:
    """The size of the picture in pixels, the size it is shown in, and the picture."""
    mail = letter(HEALTHY, Look(replace(BRAND, logo=logo)))
    assert mail.logo is not None
    (place,) = re.findall(r'src="cid:logo" width="(\d+)" height="(\d+)"', mail.html)
    with Image.open(BytesIO(mail.logo)) as image:
        assert image.format == "PNG"
        assert image.mode == "RGB"
        return image.size, (int(place[0]), int(place[1])), mail.logo


def test_an_svg_logo_becomes_a_sharp_picture() -> None:
    """It is drawn at twice the size it is shown in, in its own colours."""
    pixels, place, content = size_of(SVG)
    assert place == (240, 48)
    assert pixels == (480, 96)
    with Image.open(BytesIO(content)) as image:
        assert image.getpixel((240, 48)) == (0x0B, 0x5C, 0x6B)
    assert size_of(SVG)[2] == content


def test_a_png_logo_is_taken_as_it_is_unless_it_is_huge() -> None:
    """A small one is unchanged to the byte; a huge one is shrunk in proportion."""
    small = picture(100, 30)
    assert size_of(Logo(small, "image/png")) == ((100, 30), (100, 30), small)
    assert size_of(Logo(picture(3000, 500), "image/png"))[:2] == ((480, 80), (240, 40))


def test_a_see_through_logo_stands_on_white() -> None:
    """A dark logo can be read in programs that turn the page dark."""
    drawing = BytesIO()
    Image.new("RGBA", (60, 20), (0, 0, 0, 0)).save(drawing, "PNG")
    content = size_of(Logo(drawing.getvalue(), "image/png"))[2]
    with Image.open(BytesIO(content)) as image:
        assert image.getpixel((5, 5)) == (255, 255, 255)


def test_an_empty_drawing_is_not_a_logo() -> None:
    """Where nothing is drawn, the name is shown instead."""
    nothing = Logo(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', SVG.media_type
    )
    mail = letter(HEALTHY, Look(replace(BRAND, logo=nothing)))
    assert mail.logo is None
    assert ">Northlight</td>" in mail.html


@pytest.mark.parametrize(
    ("logo", "message"),
    [
        (Logo(b"\x89PNG\r\n\x1a\n cut", "image/png"), "cannot be read"),
        (Logo(b"", "image/png"), "cannot be read"),
        (Logo(picture(20_000, 2_001), "image/png"), "20000 × 2001"),
        (
            Logo(
                b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
                b'<image href="file:///etc/passwd" width="9" height="9"/></svg>',
                "image/svg+xml",
            ),
            "tries to load file:///etc/passwd",
        ),
    ],
    ids=["cut", "empty", "huge", "outside"],
)
def test_a_logo_that_cannot_be_drawn_is_an_error(logo: Logo, message: str) -> None:
    """A broken picture, one too large to open, and one that wants other files are refused."""
    with pytest.raises(ReporterError, match=message):
        letter(HEALTHY, Look(Brand("Northlight", logo)))


def test_own_templates_come_first(tmp_path: Path) -> None:
    """A provider's text replaces the shipped one; the page stays; a slip is named."""
    (tmp_path / "mail").mkdir()
    template = tmp_path / "mail" / "report.txt"
    template.write_text("Dear {{ mail.customer }} & co: {{ mail.words.percent(0.5) }}")
    mail = letter(HEALTHY, replace(LOOK, templates=tmp_path))
    assert mail.text == "Dear Contoso Ltd & co: 50.0\xa0%\n"
    assert mail.html == letter(HEALTHY).html
    template.write_text("{{ mail.nothing }}")
    with pytest.raises(TemplateError, match=r"mail/report\.txt"):
        letter(HEALTHY, replace(LOOK, templates=tmp_path))


@pytest.mark.parametrize("figures", [{}, {"policy": {"units": "binary"}}, {"policy": None}])
def test_figures_that_are_not_a_report_are_an_error(figures: dict[str, Any]) -> None:
    """What the store holds may be older than this program: that is reported, not guessed."""
    with pytest.raises(ReporterError, match="cannot be read") as caught:
        letter_of(figures, LOOK, attached=[])
    assert caught.value.hint
