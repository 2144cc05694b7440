"""What an account manager says of a customer's period: a Markdown file beside the configuration."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from reporter.errors import ReporterError
from reporter.model import Comment, Customer

FOLDER: Final = "commentary"
_FENCE: Final = "---"


def comment_on(folder: Path, period: str, customer: Customer, name: str) -> Comment | None:
    """The comment on a customer's period, where there is one.

    It is `commentary/<period>/<customer>.md` in `folder`, the customer by the name of its files or
    by its id. The text may begin with `author: …` and `date: YYYY-MM-DD` between two lines `---`.

    Raises:
        ReporterError: the file cannot be read, or its first lines say something else.
    """
    names = [stem for stem in (name, customer.id) if Path(stem).name == stem]
    for path in (folder / FOLDER / period / f"{stem}.md" for stem in names):
        try:
            text = path.read_text("utf-8-sig")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ReporterError(
                f"The comment {path} cannot be read: {error}.", hint="Save it as UTF-8 text."
            ) from error
        return _read(text, path)
    return None


def _read(text: str, path: Path) -> Comment | None:
    head, body = _split(text)
    unknown = head.keys() - {"author", "date"}
    if unknown:
        raise ReporterError(
            f"The comment {path} has the unknown key {min(unknown)!r}.",
            hint="Between the --- lines, write only `author: …` and `date: YYYY-MM-DD`.",
        )
    if not body.strip():
        return None
    return Comment(body.strip(), head.get("author", ""), _date(head.get("date", ""), path))


def _split(text: str) -> tuple[dict[str, str], str]:
    """What a comment says of itself, and the comment."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != _FENCE:
        return {}, text
    end = next((n for n, line in enumerate(lines) if n and line.strip() == _FENCE), None)
    if end is None:
        return {}, text
    pairs = (line.partition(":") for line in lines[1:end] if line.strip())
    head = {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}
    return head, "\n".join(lines[end + 1 :])


def _date(written: str, path: Path) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise ReporterError(
            f"The comment {path} has the invalid date {written!r}.", hint="Write it as YYYY-MM-DD."
        ) from error
