"""What we import is what we declare, and what we change in libraries has bounds."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from reporter.render import weasyprint_patches
from reporter.render.workbook import openpyxl_patches
from tests.test_layers import MODULES, imports_of

PROJECT: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8")
)["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
DECLARED = {
    str(canonicalize_name(requirement.name)): requirement
    for requirement in map(Requirement, chain(PROJECT["dependencies"], *EXTRAS.values()))
}

NEVER_IMPORTED = {
    "tzdata": "the zones of machines that have none, which zoneinfo finds by itself",
    "psycopg": "the driver that SQLAlchemy loads by the address of a PostgreSQL store",
    "s3fs": "what fsspec loads by the address of a folder in S3",
    "adlfs": "what fsspec loads by the address of a folder in Azure",
}
"""What is declared although no module of ours imports it, with the reason."""
PATCHED = {
    "weasyprint": weasyprint_patches,
    "pydyf": weasyprint_patches,
    "openpyxl": openpyxl_patches,
}
"""What we change, and where."""


def imported() -> set[str]:
    """The distributions that our modules import."""
    brought_by = packages_distributions()
    names = {name.partition(".")[0] for path in MODULES.values() for name in imports_of(path)}
    foreign = names - set(sys.stdlib_module_names) - {"reporter"}
    return {
        str(canonicalize_name(distribution))
        for name in foreign
        for distribution in brought_by[name]
    }


def test_what_is_imported_is_declared() -> None:
    """An installation without the lock file gets only what other libraries happen to depend on
    today.
    """
    assert imported() - set(DECLARED) == set()


def test_what_is_declared_is_imported() -> None:
    """Nothing unused is installed, and the exceptions are still exceptions."""
    assert set(DECLARED) - imported() == set(NEVER_IMPORTED)


@pytest.mark.parametrize("name", PATCHED)
def test_what_we_change_has_an_upper_bound(name: str) -> None:
    """At the version whose source was read, as the module with the changes says: the next may
    differ.
    """
    (bound,) = (specifier for specifier in DECLARED[name].specifier if specifier.operator == "<")
    assert f"{name} <{bound.version}" in (PATCHED[name].__doc__ or "")


@pytest.mark.parametrize("name", ["weasyprint", "pydyf", "openpyxl", "distributed", "pyhanko"])
def test_a_bound_is_close_to_what_is_in_use(name: str) -> None:
    """A bound far above the version the tests run with would prevent nothing."""
    (bound,) = (specifier for specifier in DECLARED[name].specifier if specifier.operator == "<")
    lock = (Path(__file__).parent.parent / "requirements-dev.lock").read_text("utf-8")
    (locked,) = re.findall(rf"^{name}==(\S+)", lock, re.MULTILINE)
    used, limit = Version(locked).release, Version(bound.version).release
    last = len(limit) - 1
    assert (*used[:last], used[last] + 1) == limit
