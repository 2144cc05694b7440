"""What the documents say about the command line is what `--help` says, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reporter.cli.main import cli
from reporter.cli.options import Console

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

OF_OTHERS = {
    "--nthreads": "an option of Dask's",
    "--nworkers": "an option of Dask's",
    "--brand": "a colour in style sheets",
    "--brand-text": "a colour in style sheets",
    "--on-brand": "a colour in style sheets",
}
"""What looks like an option where no command is named."""


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Those that do something by themselves."""
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield name, command
    if isinstance(command, click.Group):
        for short, member in command.commands.items():
            yield from _commands(member, f"{name} {short}".strip())


COMMANDS = dict(_commands(cli, ""))


def options_of(name: str) -> set[str]:
    """As `--help` prints them; those of the program itself for no name."""
    result = CliRunner().invoke(cli, [*name.split(), "--help"], obj=Console())
    assert result.exit_code == 0, result.output
    listed = result.output.partition("Options:")[2].partition("Commands:")[0]
    names = [re.split(r" {2,}", line.strip())[0] for line in listed.splitlines()]
    return {option for line in names for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", line)}


OPTIONS = {name: options_of(name) for name in ("", *COMMANDS)}


def snippets_in(text: str) -> Iterator[str]:
    """The code in a document: the lines of blocks, and code within lines."""
    for number, part in enumerate(re.split(r"^ *```.*$", text, flags=re.MULTILINE)):
        if number % 2:
            yield from part.replace("\\\n", " ").splitlines()
        else:
            yield from (" ".join(snippet.split()) for snippet in re.findall(r"`([^`]+)`", part))


def call_in(snippet: str) -> tuple[str, Sequence[str]] | None:
    """The command of ours that is called, and its options; None where there is none."""
    words = snippet.partition(" #")[0].split()
    places = [n for n, word in enumerate(words) if word.rpartition("/")[2] == "reporter"]
    if places:
        words = words[places[0] + 1 :]
    # Without the program's name a word is a command only if part of one follows.
    elif len(words) < 2 or not (words[1].startswith("-") or " ".join(words[:2]) in COMMANDS):
        return None
    if not words or words[0] not in cli.commands:
        return None
    longest = 2 if " ".join(words[:2]) in COMMANDS else 1
    options = [word.strip("[](),;").partition("=")[0] for word in words]
    return " ".join(words[:longest]), [
        option for option in options if re.match(r"--?[a-z]", option)
    ]


CALLS = [
    (f"{path.name}: {snippet}", call)
    for path in DOCUMENTS
    for snippet in snippets_in(path.read_text("utf-8"))
    if (call := call_in(snippet))
]


def test_each_documented_command_exists() -> None:
    """With each option it is shown with."""
    assert len(CALLS) > 50
    wrong = [
        where
        for where, (name, options) in CALLS
        if name not in COMMANDS or not set(options) <= OPTIONS[name]
    ]
    assert wrong == []


def test_each_documented_option_exists() -> None:
    """Of at least one command, where none is named."""
    known = set().union(*OPTIONS.values()) | set(OF_OTHERS)
    wrong = [
        f"{path.name}: {snippet}"
        for path in DOCUMENTS
        for snippet in snippets_in(path.read_text("utf-8"))
        if re.match("--[a-z]", snippet) and re.split(r"[ =]", snippet)[0] not in known
    ]
    assert wrong == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_documented(name: str) -> None:
    """Somebody who reads them learns of it."""
    assert name in {command for _, (command, _) in CALLS}


def test_each_option_is_documented() -> None:
    """By its name, beside any command: what it does with each is what `--help` is for."""
    text = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)
    options = set().union(*OPTIONS.values()) - {"-h"}
    assert [
        option for option in sorted(options) if not re.search(rf"(?<![\w-]){option}\b", text)
    ] == []


@pytest.mark.parametrize(
    ("snippet", "call"),
    [
        ("reporter send --to me@provider.example    # or sends", ("send", ["--to"])),
        (".venv/bin/reporter store prune --keep=25months", ("store prune", ["--keep"])),
        ("outbox resolve", ("outbox resolve", [])),
        ("reporter verify PATH [--chain DIR] [--json]", ("verify", ["--chain", "--json"])),
        ("ssh host reporter approve", ("approve", [])),
        ("reporter.toml", None),
        ("dask worker --nworkers 2", None),
    ],
)
def test_calls_in_documents_are_known(snippet: str, call: tuple[str, list[str]] | None) -> None:
    """Calls of our commands, and no others."""
    assert call_in(snippet) == call
