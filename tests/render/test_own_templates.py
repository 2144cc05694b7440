"""Templates a provider changed: used where they are, and explained where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.errors import OutputError, TemplateError
from reporter.model import Brand, Look
from reporter.render.html import report_html, style_sheet
from reporter.render.templates import copy_templates, template_files
from tests import template_docs
from tests.builders import make_job, make_report

REPORT = make_report([make_job()])


def page_with(folder: Path) -> str:
    return report_html(REPORT, Look(Brand("Northlight"), templates=folder), logo_url=None)


def test_a_copy_makes_the_same_page(tmp_path: Path) -> None:
    """What was copied and not changed gives what the shipped templates give."""
    copied = copy_templates(tmp_path)
    assert tmp_path / "sections" / "summary.html" in copied
    shipped = Look(Brand("Northlight"))
    assert page_with(tmp_path) == report_html(REPORT, shipped, logo_url=None)
    assert style_sheet(Look(Brand("Northlight"), templates=tmp_path)) == style_sheet(shipped)


def test_reports_do_not_hang_on_the_templates_of_the_letter(tmp_path: Path) -> None:
    """They are copied with the others; but no report is rendered again when one changes."""
    copied = copy_templates(tmp_path)
    letters = {tmp_path / "mail" / name for name in ("report.html", "report.txt")}
    assert letters <= set(copied)
    assert set(template_files(tmp_path)) == set(copied) - letters


def test_a_copy_overwrites_nothing(tmp_path: Path) -> None:
    """One file that is there already, and nothing is copied."""
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(OutputError, match=r"report\.html is there already"):
        copy_templates(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_one_changed_section_is_enough(tmp_path: Path) -> None:
    """A section of one's own replaces the shipped one; the rest stays."""
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections" / "method.html").write_text("<p>Ask {{ page.look.brand.name }}.</p>")
    page = page_with(tmp_path)
    assert "<p>Ask Northlight.</p>" in page
    assert "How these figures are computed" not in page
    assert "What to do next" in page


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% if %}", r"report\.html, line 1"),
        ("{{ page.nothing }}", "has no attribute 'nothing'"),
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{% include 'absent.html' %}", r"absent\.html"),
        ("{{ page.__class__.__mro__ }}", "unsafe"),
        ("{{ page.report.customer.__init__.__globals__ }}", "unsafe"),
    ],
)
def test_a_wrong_template_is_explained(tmp_path: Path, template: str, said: str) -> None:
    """A slip in a template is an error with its place; the program cannot be reached from one."""
    (tmp_path / "report.html").write_text(template)
    with pytest.raises(TemplateError, match=said):
        page_with(tmp_path)


def test_what_a_template_prints_is_escaped(tmp_path: Path) -> None:
    """A name with markup in it stays a name in any template."""
    (tmp_path / "report.html").write_text("{{ page.look.brand.name }}")
    look = Look(Brand("<b>N</b>"), templates=tmp_path)
    assert report_html(REPORT, look, logo_url=None) == "&lt;b&gt;N&lt;/b&gt;"


def test_the_documentation_is_the_codes() -> None:
    """docs/templates.md has every value a template can use; `make docs` makes it anew."""
    document = template_docs.document()
    assert template_docs.PATH.read_text("utf-8") == document
    assert "|  |" not in document, "a value without a meaning"
