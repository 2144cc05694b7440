"""Who may import whom: data flows one way, and every dependency has one home."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

import reporter

PACKAGE = Path(reporter.__file__).parent
MODULES = {
    ".".join(("reporter", *path.relative_to(PACKAGE).with_suffix("").parts)): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

ALLOWED = {
    "reporter.showing": set[str](),
    "reporter.errors": {"reporter.showing"},
    "reporter.foreign": set(),
    "reporter.trust": {"reporter.errors"},
    "reporter.web": {"reporter.errors", "reporter.trust"},
    "reporter.period": {"reporter.errors"},
    "reporter.model": {"reporter.period"},
    "reporter.jobs": {
        "reporter.errors",
        "reporter.foreign",
        "reporter.model",
        "reporter.period",
        "reporter.showing",
    },
    "reporter.certificates": {"reporter.errors"},
    "reporter.sources.interface": {"reporter.errors", "reporter.jobs.rows", "reporter.model"},
    "reporter.extensions": {"reporter.errors", "reporter.showing"},
    "reporter.sources.registry": {
        "reporter.errors",
        "reporter.extensions",
        "reporter.jobs.rows",
        "reporter.model",
        "reporter.sources.interface",
        "reporter.sources.avepoint.reading.reader",
        "reporter.sources.avepoint.reading.vocabularies",
    },
    "reporter.sources.table": {
        "reporter.errors",
        "reporter.files",
        "reporter.foreign",
        "reporter.jobs",
        "reporter.model",
        "reporter.period",
        "reporter.showing",
        "reporter.sources.interface",
    },
    "reporter.sources.avepoint": {
        "reporter.certificates",
        "reporter.errors",
        "reporter.foreign",
        "reporter.jobs",
        "reporter.model",
        "reporter.showing",
        "reporter.sources.interface",
        "reporter.trust",
        "reporter.web",
    },
    "reporter.store": {
        "reporter.errors",
        "reporter.files",
        "reporter.foreign",
        "reporter.jobs",
        "reporter.model",
        "reporter.period",
        "reporter.showing",
        "reporter.sources.registry",
    },
    "reporter.analysis": {"reporter.jobs", "reporter.model", "reporter.period"},
    "reporter.render": {
        "reporter.errors",
        "reporter.extensions",
        "reporter.showing",
        "reporter.model",
        "reporter.period",
        "reporter.jobs.frame",
    },
    "reporter.delivery": {
        "reporter.errors",
        "reporter.model",
        "reporter.extras",
        "reporter.files",
        "reporter.render",
        "reporter.showing",
        "reporter.sources.avepoint.auth",
        "reporter.foreign",
        "reporter.trust",
        "reporter.web",
    },
    "reporter.delivery.interface": {
        "reporter.delivery.result",
        "reporter.model",
        "reporter.period",
        "reporter.trust",
    },
    "reporter.sources.avepoint.emulator": {
        "reporter.errors",
        "reporter.sources.avepoint.reading.vocabularies",
    },
    "reporter.finding": set(),
    "reporter.extras": set(),
    "reporter.evidence": {
        "reporter.certificates",
        "reporter.errors",
        "reporter.files",
        "reporter.finding",
        "reporter.model",
        "reporter.period",
        "reporter.showing",
        "reporter.trust",
        "reporter.web",
    },
}
"""What each part may import of ours besides itself and the plain facts of the package."""

LAYERS = (
    ("showing", "errors", "foreign", "period", "model", "extras", "finding"),
    ("files", "trust", "logs", "certificates", "extensions"),
    ("web",),
    ("jobs",),
    ("sources",),
    ("store",),
    ("analysis",),
    ("render",),
    ("evidence",),
    ("delivery",),
    ("config",),
    ("run",),
    ("dispatch",),
    ("audit",),
    ("check", "demo", "preview"),
    ("cli",),
    ("__main__",),
)
"""The floors of the package from the ground up. Nothing imports from above it."""

HOMES = {
    "requests": [
        "reporter.web",
        "reporter.sources.avepoint",
        "reporter.delivery.post",
        "reporter.evidence.timestamp",
    ],
    "urllib3": [
        "reporter.web",
        "reporter.sources.avepoint",
        "reporter.delivery.post",
    ],
    "certifi": ["reporter.trust"],
    "fsspec": ["reporter.delivery.folder"],
    "weasyprint": [
        "reporter.render.pdf",
        "reporter.render.weasyprint_patches",
        "reporter.render.glyphs",
    ],
    "pydyf": ["reporter.render.attached"],
    "jinja2": ["reporter.render"],
    "markdown_it": ["reporter.render.markdown"],
    "babel": ["reporter.render", "reporter.config.sections"],
    "openpyxl": ["reporter.render", "reporter.audit.comparing"],
    "pypdfium2": [
        "reporter.render.typesetting",
        "reporter.render.logo",
        "reporter.audit.comparing",
    ],
    "pyhanko": ["reporter.evidence"],
    "pyhanko_certvalidator": ["reporter.evidence"],
    "asn1crypto": ["reporter.evidence"],
    "sqlalchemy": ["reporter.store"],
    "alembic": ["reporter.store"],
    "filelock": ["reporter.store", "reporter.evidence.archive"],
    "email_validator": ["reporter.delivery.recipients"],
    "PIL": ["reporter.render.logo"],
    "lxml": ["reporter.render.workbook"],
    "watchfiles": ["reporter.preview"],
    "keyring": ["reporter.config.credentials"],
    "distributed": ["reporter.run.workers"],
    "click": ["reporter.cli", "reporter.__main__"],
}
"""Where a dependency may be imported, and nowhere else."""

PATCHES = ("reporter.render.weasyprint_patches", "reporter.render.workbook.openpyxl_patches")
"""Where we change other people's libraries, and nowhere else."""


@cache
def imports_of(path: Path) -> Sequence[str]:
    """Everything a file imports, wherever in it, in full names."""
    return list(_imports_of(path))


def whole_imports_of(path: Path) -> Iterator[str]:
    """The same, with the names that are taken out of modules."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if is_module(whole) else str(node.module)


def is_module(name: str) -> bool:
    """Whether a name of ours is a module or a package, and not something in one."""
    return name in MODULES or f"{name}.__init__" in MODULES


def is_within(name: str, part: str) -> bool:
    """Whether a module is a part or lies in it."""
    return name == part or name.startswith(f"{part}.")


def rule_of(module: str) -> str | None:
    """The part whose rule applies to a module: the closest one that contains it."""
    return max((part for part in ALLOWED if is_within(module, part)), key=len, default=None)


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_its_layer_may(part: str) -> None:
    """Stages know nothing of one another but the values that pass between them."""
    breaches = {
        f"{module} imports {imported}"
        for module, path in MODULES.items()
        if rule_of(module) == part
        for imported in imports_of(path)
        if is_within(imported, "reporter")
        # `from reporter import __version__` is a fact of the package, no stage.
        and imported != "reporter"
        and rule_of(imported) != part
        and not any(is_within(imported, allowed) for allowed in ALLOWED[part])
    }
    assert breaches == set()


@pytest.mark.parametrize("dependency", HOMES)
def test_a_dependency_has_one_home(dependency: str) -> None:
    """Replacing a library touches one place."""
    breaches = {
        module
        for module, path in MODULES.items()
        if any(is_within(imported, dependency) for imported in imports_of(path))
        and not any(is_within(module, home) for home in HOMES[dependency])
    }
    assert breaches == set()


def test_system_libraries_are_reached_in_one_way() -> None:
    """Without Pango, importing it is an error: only `typesetting` does, when a PDF is made."""
    loading = ("pdf", "weasyprint_patches", "glyphs")
    breaches = {
        module
        for module, path in MODULES.items()
        if module.removeprefix("reporter.render.") not in (*loading, "typesetting")
        for imported in imports_of(path)
        if any(is_within(imported, f"reporter.render.{name}") for name in loading)
    }
    assert breaches == set()


def test_private_parts_of_libraries_are_used_in_two_places() -> None:
    """A new version of a library may change it: what we rely on is read again there."""
    private = {
        f"{module} imports {imported}"
        for module, path in MODULES.items()
        if module not in PATCHES
        for imported in whole_imports_of(path)
        if not is_within(imported, "reporter") and re.search(r"\._[a-z]", imported)
    }
    assert private == set()
    assert [module for module in PATCHES if not is_module(module)] == []


def test_nothing_imports_from_above_it() -> None:
    """Data flows from sources to readers; what connects the stages is above them all."""
    upward = {
        f"{module} imports {imported}"
        for module, path in MODULES.items()
        for imported in imports_of(path)
        if floor_of(module) < floor_of(imported)
    }
    assert upward == set()


def floor_of(name: str) -> int:
    """The number of the floor a module of ours is on; others are on the ground."""
    package, _, rest = name.partition(".")
    if package != "reporter" or not rest or rest == "__init__":
        return 0
    part = rest.partition(".")[0]
    floors = [number for number, parts in enumerate(LAYERS) if part in parts]
    assert floors or not is_module(name), f"{name} stands on no floor"
    return floors[0] if floors else 0


def test_every_part_named_here_exists() -> None:
    """A rule about a renamed part would apply to nothing."""
    assert [part for part in ALLOWED if not is_module(part)] == []
