"""Templates a provider changed: used where they are, and explained where they are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from jinja2.exceptions import SecurityError

from reporter.errors import OutputError, TemplateError
from reporter.model import Brand, Look
from reporter.render.html import report_html, style_sheet
from reporter.render.json_ import report_dict
from reporter.render.letter import letter_of
from reporter.render.templates import copy_templates, environment, template_files
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


def test_reports_do_not_depend_on_the_templates_of_the_letter(tmp_path: Path) -> None:
    """They are copied with the others; but no report is rendered again when one changes."""
    copied = copy_templates(tmp_path)
    letters = {tmp_path / "mail" / name for name in ("report.html", "report.txt")}
    assert letters <= set(copied)
    assert set(template_files(tmp_path)) == set(copied) - letters


def test_a_copy_overwrites_nothing(tmp_path: Path) -> None:
    """One file that is there already, and nothing is copied."""
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(OutputError, match=r"report\.html already exists"):
        copy_templates(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_link_leading_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Its target would be printed, and archived for auditors with the templates."""
    (tmp_path / "secret.txt").write_text("the password")
    folder = tmp_path / "mine"
    (folder / "sections").mkdir(parents=True)
    (folder / "sections" / "method.html").write_text("{% include 'notes.txt' %}")
    (folder / "notes.txt").symlink_to(tmp_path / "secret.txt")
    for use in (page_with, template_files):
        with pytest.raises(TemplateError, match=r"notes\.txt leads out of the templates folder"):
            use(folder)
    (folder / "notes.txt").unlink()
    (folder / "notes.txt").write_text("ours")
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    assert "ours" in page_with(linked)
    assert len(template_files(linked)) == 2


def test_one_changed_section_is_enough(tmp_path: Path) -> None:
    """A section of one's own replaces the shipped one; the rest stays."""
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections" / "method.html").write_text("<p>Ask {{ page.look.brand.name }}.</p>")
    page = page_with(tmp_path)
    assert "<p>Ask Northlight.</p>" in page
    assert "How these figures are computed" not in page
    assert "What to do next" in page


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{% if %}", r"report\.html, line 1"),
        ("{{ page.nothing }}", "has no attribute 'nothing'"),
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{% include 'absent.html' %}", r"absent\.html"),
        ("{{ page.__class__.__mro__ }}", "unsafe"),
        ("{{ page.report.customer.__init__.__globals__ }}", "unsafe"),
        ("{{ 1 / 0 }}", r"report\.html cannot be filled: ZeroDivisionError: division by zero"),
        ("{{ page.headline + 1 }}", r"report\.html cannot be filled: TypeError: "),
    ],
)
def test_a_wrong_template_is_explained(tmp_path: Path, template: str, message: str) -> None:
    """A slip in a template is an error with its place; the program cannot be reached from one."""
    (tmp_path / "report.html").write_text(template)
    with pytest.raises(TemplateError, match=message):
        page_with(tmp_path)


ATTACKS = [
    # The table of jobs, whose methods run code and write files.
    "{{ page.report.jobs.eval('1 + 1') }}",
    "{{ page.report.jobs.to_csv('stolen') }}",
    # The path of the templates, which leads to every file.
    "{{ (page.look.templates / '/etc/passwd').read_text() }}",
    "{{ page.look.templates.read_text() }}",
    # A format that walks from a function to the whole program.
    "{{ '{0.__globals__}'.format(say) }}",
    "{{ '{0.report.__class__}'.format(page) }}",
    "{{ say.__globals__ }}",
    "{{ say.__self__.say.__func__ }}",
    "{{ count.__wrapped__ }}",
    # What leads on from values of Python's own.
    "{{ page.report.period.zone.from_file('stolen') }}",
    "{{ page.report.as_of.__class__.fromisoformat }}",
    "{{ dict.__base__ }}",
    "{{ dict.fromkeys }}",
    "{{ cycler.__init__ }}",
    "{{ page.report | attr('__class__') }}",
    "{{ [page] | map(attribute='report.__class__') | first }}",
    "{{ page.state_of.__func__ }}",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_template_reaches_files_or_the_program(tmp_path: Path, attack: str) -> None:
    """Whoever writes a template gets an error, and nothing else."""
    (tmp_path / "report.html").write_text(attack)
    with pytest.raises(TemplateError, match=r"unsafe|has no attribute|None"):
        page_with(tmp_path)


@pytest.mark.parametrize(
    ("value", "attack"),
    [
        (pd.DataFrame({"a": [1]}), "{{ value.eval('a') }}"),
        (pd.DataFrame({"a": [1]}), "{{ value.a.sum() }}"),
        (Path("/etc"), "{{ value.iterdir() | list }}"),
        (Path("/etc"), "{{ (value / 'passwd').read_text() }}"),
        (os, "{{ value.getcwd() }}"),
        (os.getcwd, "{{ value() }}"),
        (Path.cwd, "{{ value() }}"),
        (Path, "{{ value('/etc') }}"),
        ((Path("/etc"),), "{{ value[0].exists() }}"),
        ({"path": Path("/etc")}, "{{ value.path.exists() }}"),
    ],
)
def test_a_template_cannot_use_what_is_not_a_plain_value(value: object, attack: str) -> None:
    """Should one be passed by mistake, nothing in it can be read or called."""
    with pytest.raises(SecurityError):
        environment().from_string(attack).render(value=value)


def test_texts_take_values_by_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A placeholder that leads from a value to a secret stays as it is written."""
    monkeypatch.setenv("REPORTER_API__CLIENT_SECRET", "top secret")
    walk = "{f.__globals__[re].enum.sys.modules[os].environ[REPORTER_API__CLIENT_SECRET]}"
    (tmp_path / "report.html").write_text(
        f"{{{{ say('{walk}', f=say) }}}} {{{{ count('{walk}', '{walk}', 2, f=say) }}}}"
    )
    assert page_with(tmp_path) == f"{walk} {walk}"


def test_templates_of_the_letter_are_as_restricted(tmp_path: Path) -> None:
    """Templates of the e-mail are given plain values as well."""
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "report.txt").write_text("{{ say('{f.__globals__}', f=say) }}")
    (tmp_path / "mail" / "report.html").write_text("{{ mail.words.say.__globals__ }}")
    figures = report_dict(REPORT)
    with pytest.raises(TemplateError, match="unsafe"):
        letter_of(figures, Look(templates=tmp_path), attached=())
    (tmp_path / "mail" / "report.html").write_text("-")
    letter = letter_of(figures, Look(templates=tmp_path), attached=())
    assert letter.text == "{f.__globals__}\n"


def test_what_a_template_prints_is_escaped(tmp_path: Path) -> None:
    """A name with markup in it stays a name in any template."""
    (tmp_path / "report.html").write_text("{{ page.look.brand.name }}")
    look = Look(Brand("<b>N</b>"), templates=tmp_path)
    assert report_html(REPORT, look, logo_url=None) == "&lt;b&gt;N&lt;/b&gt;"


def test_the_documentation_matches_the_code() -> None:
    """docs/templates.md has every value a template can use; `make docs` makes it anew."""
    document = template_docs.document()
    assert template_docs.PATH.read_text("utf-8") == document
    assert "|  |" not in document, "a value without a meaning"
