"""Comments of account managers: found, read, and set as text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reporter.config.commentary import comment_on
from reporter.errors import ReporterError
from reporter.model import Comment, Customer
from reporter.render.markdown import markdown

CONTOSO = Customer("42", "Contoso Ltd")


def write(folder: Path, text: str, name: str = "contoso-ltd") -> Path:
    path = folder / "commentary" / "2026-10" / f"{name}.md"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return path


def read(folder: Path) -> Comment | None:
    return comment_on(folder, "2026-10", CONTOSO, "contoso-ltd")


def test_without_a_file_there_is_no_comment(tmp_path: Path) -> None:
    """Nothing, an empty file, and one for another period are no comment."""
    assert read(tmp_path) is None
    write(tmp_path, "---\nauthor: Ada\n---\n\n")
    assert read(tmp_path) is None
    assert comment_on(tmp_path, "2026-09", CONTOSO, "contoso-ltd") is None


@pytest.mark.parametrize("name", ["contoso-ltd", "42"])
def test_author_and_date_come_before_the_text(tmp_path: Path, name: str) -> None:
    """The file goes by the customer's folder or id, and says whose words these are."""
    write(tmp_path, '---\nauthor: "Ada Lovelace"\nDate: 2026-11-03\n---\n\nHello.\n', name)
    assert read(tmp_path) == Comment("Hello.", "Ada Lovelace", date(2026, 11, 3))


def test_a_text_alone_is_a_comment(tmp_path: Path) -> None:
    """Without an author or a date it is still a comment; a rule at its start opens no header."""
    write(tmp_path, "---\nHello: you.")
    assert read(tmp_path) == Comment("---\nHello: you.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\ndate: 3.11.2026\n---\nHello", "3.11.2026"),
        ("---\nautor: Ada\n---\nHello", "'autor'"),
    ],
)
def test_a_mistake_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    """A comment is never set under a wrong name or date."""
    write(tmp_path, text)
    with pytest.raises(ReporterError, match=message):
        read(tmp_path)


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are not guessed at."""
    write(tmp_path, "").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReporterError, match="cannot be read"):
        read(tmp_path)


def test_an_id_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    """An id the service made up is no path."""
    write(tmp_path, "x", "secret")
    stranger = Customer("../2026-10/secret", "X")
    assert comment_on(tmp_path, "2026-09", stranger, "x") is None


def test_markdown_is_set_and_markup_is_shown() -> None:
    """Emphasis, lists and links are set; raw HTML, pictures and scripts are not."""
    page = markdown(
        "# Title\n\n*a* **b** [c](https://d.example)\n\n- e\n\n<script>f</script>\n\n"
        "<b>g</b> ![h](https://i.example/x.png) [j](javascript:k)"
    )
    for good in ("<em>a</em>", "<strong>b</strong>", 'href="https://d.example"', "<li>e</li>"):
        assert good in page
    for bad in ("<script", "<b>", "<img", 'href="javascript', "<h1"):
        assert bad not in page
    assert "&lt;script&gt;f&lt;/script&gt;" in page
