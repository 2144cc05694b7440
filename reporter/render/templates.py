"""The templates and what they may load: files beside them and the logo, nothing else."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import jinja2

_PACKAGED: Final = Path(__file__).parent.parent / "templates"
_CHECKED_OUT: Final = Path(__file__).parent.parent.parent / "templates"


@functools.cache
def templates_folder() -> Path:
    """Where the shipped templates are: in the installed package, or beside it in a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT


@functools.cache
def environment() -> jinja2.Environment:
    """Everything is escaped, and a value a template misspells is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def asset(name: str) -> bytes:
    """A file beside the templates, such as a font or a style sheet."""
    return (templates_folder() / name).read_bytes()
