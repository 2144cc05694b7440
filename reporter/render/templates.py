"""The templates and what they may load: files beside them and the logo, nothing else.

A template may come from a stranger. It is given plain values, and may do with them only what is
listed here: everything else is refused.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from reporter.errors import OutputError, TemplateError
from reporter.model import Look

_PACKAGED: Final = Path(__file__).parent.parent / "templates"
_MAIL: Final = "mail"
_CHECKED_OUT: Final = Path(__file__).parent.parent.parent / "templates"


_PLAIN: Final = (str, bytes, int, float, date, time, timedelta, tuple, list, Mapping, type(None))
"""Python's own values that templates use: texts, numbers, times, and collections of them."""
_JINJA: Final = (
    *(BlockReference, LoopContext, Macro, TemplateReference),
    *(Cycler, Joiner, Namespace, jinja2.Undefined, jinja2.environment.TemplateModule),
)
"""Values of the template language itself."""


class PlainValues(ImmutableSandboxedEnvironment):
    """Lets templates read plain values and call their methods, and nothing else.

    A table of jobs, a path, a module or a function has no attribute a template could get at: each
    of them leads to files, or to all of the program.
    """

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if not super().is_safe_attribute(obj, attr, value):
            return False
        return isinstance(obj, _JINJA) or (
            _is_readable(obj) and (_is_plain(value) or _is_method(value))
        )

    def is_safe_callable(self, obj: Any) -> bool:
        if not super().is_safe_callable(obj):
            return False
        of_jinja = isinstance(obj, _JINJA) or any(obj is known for known in self.globals.values())
        return of_jinja or _is_method(obj)


def _is_readable(value: object) -> bool:
    """Whether a template may use the attributes of a value: of plain ones, and of ours."""
    ours = dataclasses.is_dataclass(value) and type(value).__module__.startswith("reporter.")
    return ours or isinstance(value, _PLAIN)


def _is_plain(value: object) -> bool:
    """Whether a template may have a value. It can only pass a time zone on to a time."""
    return _is_readable(value) or isinstance(value, tzinfo)


def _is_method(value: object) -> bool:
    """Whether something is a method of a value whose attributes a template may use."""
    # Jinja wraps the methods that format texts in a function of its own.
    method = getattr(value, "__wrapped__", value)
    return callable(method) and _is_readable(getattr(method, "__self__", method))


class _FolderLoader(jinja2.FileSystemLoader):
    """Loads the templates in some folders, and nothing that a link in them leads to."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        for folder in map(Path, self.searchpath):
            _refuse_way_out(folder / template, folder)
        return super().get_source(environment, template)


def _refuse_way_out(path: Path, folder: Path) -> None:
    """Refuse a link in a folder of templates to something elsewhere: it would be printed, and
    archived with the templates.

    Raises:
        TemplateError: it is one.
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise TemplateError(
            f"{path} leads out of the templates folder.", hint="Put a copy of the file there."
        )


@functools.cache
def templates_folder() -> Path:
    """Where the shipped templates are: in the installed package, or beside it in a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT


@functools.cache
def environment(provider_folder: Path | None = None) -> jinja2.Environment:
    """The templates: those in `provider_folder` come before the shipped ones.

    Everything but plain text is escaped, a value a template misspells is an error, and a template
    can neither reach into Python nor change what it is given.
    """
    folders = [folder for folder in (provider_folder, templates_folder()) if folder]
    return PlainValues(
        loader=_FolderLoader(folders),
        autoescape=jinja2.select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def filled(look: Look, name: str, **values: object) -> str:
    """A template filled with values; the provider's template comes before the shipped one.

    Raises:
        TemplateError: it cannot be read, or uses what is not there.
    """
    try:
        return environment(look.templates).get_template(name).render(**values)
    except jinja2.TemplateSyntaxError as error:
        place = f"{error.filename or error.name}, line {error.lineno}"
        raise TemplateError(f"A template has an error ({place}): {error.message}.") from error
    except (jinja2.TemplateError, OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"The template {name} cannot be filled: {error}.") from error
    except (TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
        if look.templates is None:
            raise  # our own fault
        why = f"{type(error).__name__}: {error}"
        raise TemplateError(f"The template {name} cannot be filled: {why}.") from error


@functools.cache
def asset(name: str) -> bytes:
    """A file beside the templates, such as a font or a style sheet."""
    return (templates_folder() / name).read_bytes()


def template_files(folder: Path | None = None) -> list[Path]:
    """The templates and style sheets in a folder that reports are made of; without one, the
    shipped ones. No report changes with those of the e-mail.

    Raises:
        TemplateError: one is a link out of the folder.
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
            f"{there[0]} already exists; nothing was copied.", hint="Name an empty folder."
        )
    try:
        for source, target in pairs:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}.") from error
    return [target for _, target in pairs]


def _files(folder: Path) -> list[Path]:
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".html", ".css", ".txt")]
    for path in files:
        _refuse_way_out(path, folder)
    return files
