"""Formats that other packages bring, by the example in docs/extending.md."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reporter.config.settings import load_settings
from reporter.delivery.identity import customer_in
from reporter.errors import ReporterError, SettingsError
from reporter.extensions import Extensions
from reporter.files import file_hash
from reporter.render.formats import FORMATS
from tests.delivery.conftest import Configure
from tests.delivery.mail_server import Accounts
from tests.delivery.test_send import messages

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "extending.md").read_text("utf-8")
SECTION = DOCUMENT.partition("## A format of your own")[2].partition("\n## ")[0]
EXAMPLE = dict(re.findall(r"```(python|toml)\n(.*?)```", SECTION, re.DOTALL))
PROJECT = tomllib.loads(EXAMPLE["toml"])["project"]
NAME = PROJECT["name"]
OURS = ("pdf", "xlsx", "html", "json")

Reporter = Callable[..., subprocess.CompletedProcess[str]]
Install = Callable[..., None]


@pytest.fixture
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where other packages are installed."""
    return tmp_path_factory.mktemp("packages")


@pytest.fixture
def install(packages: Path) -> Install:
    """Puts the package of the example there, or one that differs from it."""

    def put(suffix: str = "txt", source: str = EXAMPLE["python"], name: str = NAME) -> None:
        ((group, entries),) = PROJECT["entry-points"].items()
        module, (value,) = name.replace("-", "_"), entries.values()
        (packages / f"{module}.py").write_text(source, "utf-8")
        metadata = packages / f"{module}-{PROJECT['version']}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        value = value.replace("provider_text", module)
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{suffix} = {value}\n")

    return put


@pytest.fixture
def reporter(packages: Path, tmp_path: Path) -> Reporter:
    """Runs the command in a process of its own, in which these packages are installed."""

    def call(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        installed = {"PYTHONPATH": str(packages), "REPORTER_EXECUTION__WORKERS": "1"}
        return subprocess.run(
            [sys.executable, "-m", "reporter", *arguments],
            cwd=tmp_path,
            env=os.environ | installed | variables,
            capture_output=True,
            text=True,
        )

    return call


@pytest.fixture
def here(packages: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """These packages are installed for this process as well."""
    monkeypatch.syspath_prepend(packages)
    known = set(sys.modules)
    forget(FORMATS)
    yield
    forget(FORMATS)
    for name in set(sys.modules) - known:
        if name.startswith("provider_"):
            del sys.modules[name]


def forget(extensions: Extensions[Any]) -> None:
    """Have what is installed looked for again."""
    vars(extensions).pop("_entries", None)
    extensions._loaded.clear()


def test_it_is_offered_and_not_loaded(reporter: Reporter, install: Install) -> None:
    """Help loads no format, and no library that ours write with."""
    install()
    helped = reporter("render", "--help", PYTHONPROFILEIMPORTTIME="1")
    assert "Any of pdf, xlsx, html, json, txt." in " ".join(helped.stdout.split())
    loaded = set(re.findall(r"\| +(\w+)", helped.stderr))
    assert "click" in loaded
    heavy = {"provider_text", "jinja2", "lxml", "openpyxl", "pandas", "pypdfium2", "weasyprint"}
    assert loaded & heavy == set()


def test_it_is_rendered_and_sent_to_the_right_customer_alone(
    office: Configure, reporter: Reporter, install: Install, accounts: Accounts, tmp_path: Path
) -> None:
    """As one of ours: even where the store takes another customer's file for this one's."""
    install()
    office(in_mail=('approval = "none"',))
    settings = tmp_path / "reporter.toml"
    settings.write_text(settings.read_text().replace("formats = ['json']", "formats = ['txt']"))
    rendered = reporter("render", "--quiet", "--format", "json,txt")
    assert rendered.returncode == 0, rendered.stderr
    first, *others = sorted(tmp_path.glob("reports/2026-10/*/*.txt"))
    assert len(others) == 2
    first.write_bytes(others[0].read_bytes())
    with closing(sqlite3.connect(tmp_path / "reporter.db")) as store, store:
        changed = "UPDATE version_files SET sha256 = ? WHERE path = ?"
        assert store.execute(changed, (file_hash(first), str(first))).rowcount == 1
    sent = reporter("send")
    assert sent.returncode == 1
    assert f"{first.relative_to(tmp_path)} is a report of customer" in sent.stderr
    files = [part for own in messages(accounts) for part in own.iter_attachments()]
    assert [own.get_content_type() for own in files] == ["text/plain"] * 2
    assert [own.get_payload(decode=True) for own in files] == [own.read_bytes() for own in others]


def test_what_is_wrong_with_one_costs_the_others_nothing(
    office: Configure, reporter: Reporter, install: Install
) -> None:
    """It is offered like any other; only who asks for it learns that it cannot be used."""
    install(source="import nowhere")
    install("pdf", name="provider-pdf")
    assert reporter("render", "--help").returncode == 0
    assert reporter("render", "--quiet", "--format", "json").returncode == 0
    for suffix, package in (("txt", "provider-text"), ("pdf", "provider-pdf")):
        called = reporter("render", "--quiet", "--format", f"json,{suffix}")
        assert called.returncode == 2
        error, hint = called.stderr.splitlines()
        assert error.startswith(f"Error: The format {suffix} of the package {package} cannot be")
        assert "uninstall it" in hint


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("suffix", "source", "why"),
    [
        ("txt", "import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("txt", "1 / 0", "ZeroDivisionError: division by zero"),
        ("txt", "", "AttributeError: module 'provider_text' has no attribute 'TEXT'"),
        ("txt", "class TEXT: pass", "TEXT is a class, not an instance of it"),
        ("txt", "import json as TEXT", "it has no media_type and no prepare and no write and no "),
        ("txt", EXAMPLE["python"].replace("text/plain", "text"), "its media_type 'text' is none"),
        ("t/t", EXAMPLE["python"], "a suffix is made of lower-case letters and digits"),
        *[
            (own, EXAMPLE["python"], "this program already has a format of this name")
            for own in OURS
        ],
    ],
)
def test_a_format_that_cannot_be_used_says_why(
    install: Install, suffix: str, source: str, why: str
) -> None:
    """The error names the package; each other format is as it was."""
    install(suffix, source)
    assert FORMATS.names() == tuple(dict.fromkeys((*OURS, suffix)))
    with pytest.raises(SettingsError) as caught:
        FORMATS.get(suffix)
    assert f"The format {suffix} of the package provider-text cannot be used: {why}" in str(caught)
    for own in {*OURS} - {suffix}:
        assert FORMATS.get(own)


@pytest.mark.usefixtures("here")
def test_two_packages_cannot_have_the_same_suffix(install: Install) -> None:
    """Which of them would write the file is nobody's guess."""
    install()
    install(name="provider-other")
    with pytest.raises(
        SettingsError, match=r"provider-text .* provider-other already has a format"
    ):
        FORMATS.get("txt")


def test_a_machine_without_the_package_says_so() -> None:
    """Such as one of a cluster."""
    with pytest.raises(SettingsError, match="No package on this machine provides the format txt"):
        FORMATS.get("txt")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("fault", ["LookupError('gone')", "ZeroDivisionError('gone')"])
def test_what_a_format_fails_to_read_is_nobodys(
    install: Install, tmp_path: Path, fault: str
) -> None:
    """Whatever it raises: the file cannot be sent, and the command goes on with other customers."""
    source = re.sub(r"raise ValueError\(.*\)", f"raise {fault}", EXAMPLE["python"])
    assert fault in source
    install(source=source)
    (tmp_path / "report.txt").write_text("of nobody")
    with pytest.raises(ReporterError, match=r"report\.txt cannot be read: gone\.") as caught:
        customer_in(tmp_path / "report.txt")
    assert "No part of it was sent" in caught.value.hint


@pytest.mark.usefixtures("here")
def test_the_configuration_knows_it(install: Install, tmp_path: Path) -> None:
    """And says which formats there are where it is given another."""
    install()
    path = tmp_path / "reporter.toml"
    path.write_text('[mail]\nformats = ["pdf", "txt"]')
    assert load_settings(path).mail.formats == ("pdf", "txt")
    path.write_text('[mail]\nformats = ["pdf", "docx"]')
    known = "mail.formats: 'docx' is not a format; choose from pdf, xlsx, html, json, txt"
    with pytest.raises(SettingsError, match=known):
        load_settings(path)
