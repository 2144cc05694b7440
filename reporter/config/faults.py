"""Says what is wrong with a configuration, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from reporter.errors import SettingsError

AnyModel = TypeVar("AnyModel", bound=BaseModel)


def validated(
    build: Callable[[], AnyModel], root: type[BaseModel], where: str = "on the command line"
) -> AnyModel:
    """The result of `build`, which is a `root` or a part of one.

    Raises:
        SettingsError: a key is unknown or missing, or a value is wrong.
    """
    try:
        return build()
    except ValidationError as error:
        lines = [explained(detail, root) for detail in error.errors()]
        wrong = "; ".join(text for text, _ in lines)
        end = "" if wrong.endswith((".", "?")) else "."
        raise SettingsError(
            f"The configuration {where} is wrong: {wrong}{end}",
            hint=" ".join(hint for _, hint in lines if hint) or "Correct the value.",
        ) from None


def explained(detail: Any, root: type[BaseModel]) -> tuple[str, str]:
    """An error that pydantic found in a value of `root`, as a sentence and a hint."""
    place = [part for part in detail["loc"] if not isinstance(part, int)]
    if detail["type"] == "extra_forbidden":
        known = _known_keys(root, place[:-1])
        return f"unknown key {'.'.join(place)}", nearest(str(place[-1]), known) if known else ""
    if detail["type"] == "missing":
        return f"{'.'.join(place)} is missing", ""
    named = ".".join(map(str, place))
    if detail["type"] in ("tuple_type", "list_type") and isinstance(detail["input"], dict):
        return f"{named} is a list of tables: write [[{named}]]", ""
    if detail["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return f"{named} needs keys and values, not {detail['input']!r}", ""
    return f"{named}: {detail['msg'].removeprefix('Value error, ')}", ""


def _known_keys(section: type[BaseModel], place: Sequence[Any]) -> list[str]:
    """The keys that are allowed at a place; empty for a table that does not define its keys."""
    for name in place:
        inner: Any = section.model_fields[name].annotation
        models = [
            kind
            for kind in (inner, *get_args(inner))
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        ]
        if not models:
            return []
        section = models[0]
    liftable: Sequence[type[BaseModel]] = getattr(section, "liftable", ())
    return [
        field.alias or name
        for model in (section, *liftable)
        for name, field in model.model_fields.items()
    ]


def nearest(name: str, known: Sequence[str], what: str = "keys") -> str:
    """A hint: the name that is probably meant, or all known names."""
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known {what}: {', '.join(known)}."
