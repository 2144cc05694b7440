"""The templates and what they may load: files beside them and the logo, nothing else."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reporter.errors import OutputError, TemplateError
from reporter.model import Look

_PACKAGED: Final = Path(__file__).parent.parent / "templates"
_MAIL: Final = "mail"
_CHECKED_OUT: Final = Path(__file__).parent.parent.parent / "templates"


@functools.cache
def templates_folder() -> Path:
    """Where the shipped templates are: in the installed package, or beside it in a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT


@functools.cache
def environment(own: Path | None = None) -> jinja2.Environment:
    """The templates, those of a folder `own` before the shipped ones.

    Everything but plain text is escaped, a value a template misspells is an error, and a template
    can neither reach into Python nor change what it is given.
    """
    folders = [folder for folder in (own, templates_folder()) if folder]
    return ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=jinja2.select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def filled(look: Look, name: str, **values: object) -> str:
    """A template, the look's own before the shipped one, with values in it.

    Raises:
        TemplateError: it cannot be read, or uses what is not there.
    """
    try:
        return environment(look.templates).get_template(name).render(**values)
    except jinja2.TemplateSyntaxError as error:
        place = f"{error.filename or error.name}, line {error.lineno}"
        raise TemplateError(f"A template is wrong ({place}): {error.message}.") from error
    except (jinja2.TemplateError, OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"The template {name} cannot be filled: {error}.") from error


@functools.cache
def asset(name: str) -> bytes:
    """A file beside the templates, such as a font or a style sheet."""
    return (templates_folder() / name).read_bytes()


def template_files(folder: Path | None = None) -> list[Path]:
    """The templates and style sheets in a folder that reports are made of; without one, the
    shipped ones. No report changes with those of the e-mail.
    """
    folder = folder or templates_folder()
    return [path for path in _files(folder) if path.relative_to(folder).parts[0] != _MAIL]


def copy_templates(folder: Path) -> list[Path]:
    """Copy the shipped templates, without the fonts, into a folder; the files made.

    Raises:
        OutputError: a file is there already, or cannot be written.
    """
    shipped = templates_folder()
    pairs = [
        (path, folder / path.relative_to(shipped))
        for path in _files(shipped)
        if path.relative_to(shipped).parts[0] != "fonts"
    ]
    if there := [target for _, target in pairs if target.exists()]:
        raise OutputError(
            f"{there[0]} is there already; nothing was copied.", hint="Name an empty folder."
        )
    try:
        for source, target in pairs:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}.") from error
    return [target for _, target in pairs]


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.rglob("*"))
    return [path for path in files if path.suffix in (".html", ".css", ".txt")]
