"""Makes docs/templates.md anew: everything a template can use, read from the code."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pandas

from reporter.model import SECTIONS
from reporter.render.letter import ReportMail
from reporter.render.page import ReportPage
from reporter.render.text import Words

PATH = Path(__file__).parent.parent / "docs" / "templates.md"
_HEAD = """\
# What a template can use

Made from the code by `make docs`; changes to it are lost.

`reporter templates copy DIR` copies the templates (see [docs/reports.md](reports.md)). They are
Jinja templates in a sandbox; everything they print is escaped. `report.html` sets the page together
and includes a file of `sections/` for each section ({sections}); `parts.html` has macros for what
several of them show; `report.css` is the style sheet, whose colours are variables: `--brand`,
`--brand-text` (the brand's colour, darkened until it can be read as text), `--on-brand` (text on
the brand's colour), and those of the states.

Each template is given `page`, and two functions for texts in the report's language:
`say("text with {{value}}", value=…)` and `count("{{number}} job", "{{number}} jobs", n)`. In the
sections `report`, `look` and `words` are short for those of `page`. A text the catalogues do not
know is printed as it is.

The e-mail a report goes out with is `mail/report.txt` and `mail/report.html`, which say the same.
They are given `mail` (see [ReportMail](#reportmail)) instead of `page`; in the text nothing is
escaped.

"""


def document() -> str:
    """The whole of docs/templates.md."""
    head = _HEAD.format(sections=", ".join(SECTIONS))
    return head + "\n".join(_described(kind) for kind in _reachable(ReportPage, ReportMail))


def main() -> None:
    """Write it."""
    PATH.write_text(document(), "utf-8")


def _reachable(*first: type) -> Iterator[type]:
    """Classes, and all of ours that their values consist of, each once."""
    waiting, seen = list(first), set[type]()
    while waiting:
        kind = waiting.pop(0)
        if kind in seen:
            continue
        seen.add(kind)
        yield kind
        if dataclasses.is_dataclass(kind) and kind is not Words:
            for hint in typing.get_type_hints(kind, localns={"pd": pandas}).values():
                waiting += [
                    part for part in _parts(hint) if part.__module__.startswith("reporter.")
                ]


def _parts(hint: object) -> list[type]:
    """The classes in an annotation."""
    inner = [found_part for part in typing.get_args(hint) for found_part in _parts(part)]
    return [hint, *inner] if isinstance(hint, type) else inner


def _described(kind: type) -> str:
    """One class as a section of the document."""
    lines = [f"## {kind.__name__}", "", _first_paragraph(inspect.getdoc(kind)), ""]
    if issubclass(kind, enum.Enum):
        return "\n".join(
            [*lines, "One of: " + ", ".join(f"`{member.value}`" for member in kind) + ".", ""]
        )
    lines += ["| value | type | meaning |", "| --- | --- | --- |"]
    texts = _attribute_texts(kind)
    if dataclasses.is_dataclass(kind):
        lines += [
            f"| `{field.name}` | {_type(str(field.type))} | {texts.get(field.name, '')} |"
            for field in dataclasses.fields(kind)
        ]
    for name, member in vars(kind).items():
        if name.startswith("_") or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        call = member.fget if isinstance(member, property) else member
        assert call is not None
        signature = inspect.signature(call)
        parameters = ", ".join(map(str, list(signature.parameters.values())[1:]))
        signature_text = name if isinstance(member, property) else f"{name}({_plain(parameters)})"
        text = _first_paragraph(inspect.getdoc(call))
        lines.append(f"| `{signature_text}` | {_type(str(signature.return_annotation))} | {text} |")
    return "\n".join([*lines, ""])


def _attribute_texts(kind: type) -> dict[str, str]:
    """The text below each attribute in the source."""
    module = sys.modules[kind.__module__]
    tree = ast.parse(inspect.getsource(module))
    (class_node,) = (
        n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == kind.__name__
    )
    texts = {}
    for node, after in zip(class_node.body, class_node.body[1:], strict=False):
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            texts[node.target.id] = _first_paragraph(inspect.cleandoc(str(after.value.value)))
    return texts


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def _plain(text: str) -> str:
    return re.sub(r"'", "", text).replace("|", "or")


def _type(annotation: str) -> str:
    return f"`{_plain(annotation)}`"


if __name__ == "__main__":
    main()
