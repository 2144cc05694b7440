"""Who may import whom: data flows one way, and every dependency has one home."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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
    "reporter.fetch": {
        "reporter.certificates",
        "reporter.errors",
        "reporter.foreign",
        "reporter.model",
        "reporter.jobs.raw",
        "reporter.jobs.replies",
        "reporter.jobs.rows",
        "reporter.showing",
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
    },
    "reporter.analysis": {"reporter.jobs", "reporter.model", "reporter.period"},
    "reporter.render": {
        "reporter.errors",
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
        "reporter.fetch.auth",
        "reporter.foreign",
        "reporter.trust",
        "reporter.web",
    },
    "reporter.emulator": {"reporter.jobs.catalog", "reporter.errors"},
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

HOMES = {
    "requests": [
        "reporter.web",
        "reporter.fetch",
        "reporter.delivery.post",
        "reporter.evidence.timestamp",
    ],
    "urllib3": [
        "reporter.web",
        "reporter.fetch",
        "reporter.delivery.post",
    ],
    "certifi": ["reporter.trust"],
    "fsspec": ["reporter.delivery.folder"],
    "weasyprint": [
        "reporter.render.pdf",
        "reporter.render.fastpath",
        "reporter.render.glyphs",
    ],
    "pydyf": ["reporter.render.attached", "reporter.render.fastpath"],
    "jinja2": ["reporter.render"],
    "markdown_it": ["reporter.render.markdown"],
    "babel": ["reporter.render", "reporter.settings"],
    "openpyxl": ["reporter.render", "reporter.comparing"],
    "pypdfium2": ["reporter.delivery.identity", "reporter.render.logo", "reporter.comparing"],
    "pyhanko": ["reporter.evidence"],
    "pyhanko_certvalidator": ["reporter.evidence"],
    "asn1crypto": ["reporter.evidence"],
    "sqlalchemy": ["reporter.store"],
    "alembic": ["reporter.store"],
    "filelock": ["reporter.store", "reporter.evidence.archive"],
    "email_validator": ["reporter.delivery.recipients"],
    "PIL": ["reporter.render.logo"],
    "lxml": ["reporter.delivery.identity"],
    "watchfiles": ["reporter.preview"],
    "keyring": ["reporter.credentials"],
    "distributed": ["reporter.workers"],
    "click": ["reporter.cli", "reporter.__main__"],
}
"""Where a dependency may be imported, and nowhere else."""


def imports_of(path: Path) -> Iterator[str]:
    """Everything a file imports, wherever in it, in full names."""
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


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_its_layer_may(part: str) -> None:
    """Stages know nothing of one another but the values that pass between them."""
    found = {
        f"{module} imports {imported}"
        for module, path in MODULES.items()
        if is_within(module, part)
        for imported in imports_of(path)
        if is_within(imported, "reporter")
        # `from reporter import __version__` is a fact of the package, no stage.
        and imported != "reporter"
        and not any(is_within(imported, allowed) for allowed in {part, *ALLOWED[part]})
    }
    assert found == set()


@pytest.mark.parametrize("dependency", HOMES)
def test_a_dependency_has_one_home(dependency: str) -> None:
    """Replacing a library touches one place."""
    found = {
        module
        for module, path in MODULES.items()
        if any(is_within(imported, dependency) for imported in imports_of(path))
        and not any(is_within(module, home) for home in HOMES[dependency])
    }
    assert found == set()


def test_what_needs_the_systems_libraries_is_reached_in_one_way() -> None:
    """Without Pango, importing it is an error: only `typesetting` does, when a PDF is made."""
    loading = ("pdf", "fastpath", "glyphs")
    found = {
        module
        for module, path in MODULES.items()
        if module.removeprefix("reporter.render.") not in (*loading, "typesetting")
        for imported in imports_of(path)
        if any(is_within(imported, f"reporter.render.{name}") for name in loading)
    }
    assert found == set()


def test_nothing_but_the_command_line_imports_it() -> None:
    """The command line wires the parts; none of them knows of it."""
    found = {
        module
        for module, path in MODULES.items()
        if any(is_within(imported, "reporter.cli") for imported in imports_of(path))
        and not any(is_within(module, own) for own in ("reporter.cli", "reporter.__main__"))
    }
    assert found == set()


def test_only_pipeline_demo_and_command_line_see_several_stages() -> None:
    """What connects the stages is in few hands; everything else knows one of them at most."""
    stages = ("fetch", "store", "analysis", "render", "evidence", "emulator")
    connecting = (
        "reporter.pipeline",
        "reporter.dispatch",
        "reporter.ledger",
        "reporter.archiving",
        "reporter.recomputing",
        "reporter.comparing",
        "reporter.packing",
        "reporter.demo",
        "reporter.checks",
        "reporter.cli",
        "reporter.__main__",
    )
    found = {
        module: seen
        for module, path in MODULES.items()
        if not any(is_within(module, own) for own in connecting)
        and len(
            seen := {
                stage
                for stage in stages
                for imported in imports_of(path)
                if is_within(imported, f"reporter.{stage}")
            }
        )
        > 1
    }
    assert found == {}


def test_every_part_named_here_exists() -> None:
    """A rule about a part that was renamed would hold for nothing."""
    assert [part for part in ALLOWED if not is_module(part)] == []
