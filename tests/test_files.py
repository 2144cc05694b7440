"""Names of files and folders, and files that appear whole or not at all."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.errors import OutputError
from reporter.files import folder_names, slug, write_whole
from reporter.model import Customer


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Contoso Ltd", "contoso-ltd"),
        ("Brauerei Jäger & Söhne GmbH", "brauerei-jäger-söhne-gmbh"),
        ("株式会社青空テクノロジー", "株式会社青空テクノロジー"),
        ("../../etc/passwd", "etc-passwd"),
        ("💥", ""),
    ],
)
def test_slug_keeps_letters_of_every_script_and_nothing_else(name: str, expected: str) -> None:
    """A name becomes lower-case letters and digits of its own script, joined by hyphens."""
    assert slug(name) == expected


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), unique_by=lambda pair: pair[0]))
def test_folder_names_are_unique_and_safe(rows: list[tuple[str, str]]) -> None:
    """Whatever customers are called, each has a folder of its own with a harmless name."""
    names = folder_names([Customer(customer_id, name) for customer_id, name in rows])
    assert len({name.casefold() for name in names.values()}) == len(rows)
    for name in names.values():
        assert name
        assert not set(name) & set('/\\:*?"<>|.\0 ')
        assert len(name.encode()) < 200


def test_equal_names_get_part_of_their_ids() -> None:
    """Two customers of one name never share a folder."""
    twins = [Customer("00427fbc-1", "Contoso"), Customer("00427fbc-2", "CONTOSO")]
    assert folder_names(twins) == {
        "00427fbc-1": "contoso-00427fbc",
        "00427fbc-2": "contoso-00427fbc-2",
    }


def test_device_names_of_windows_are_avoided() -> None:
    """A customer called CON gets a folder that Windows can open."""
    assert folder_names([Customer("7", "CON")]) == {"7": "con-7"}


def test_a_file_that_fails_half_way_leaves_the_former_one(tmp_path: Path) -> None:
    """When the disk fills up in the middle, the old report is still there and nothing else."""
    path = tmp_path / "report.pdf"
    path.write_text("old")

    def run_out_of_space(draft: Path) -> None:
        draft.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="No space left") as caught:
        write_whole(path, run_out_of_space)
    assert "make room" in caught.value.hint
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    """An output folder that cannot be made gives an error that names it."""
    (tmp_path / "out").write_text("a file, not a folder")
    with pytest.raises(OutputError, match="out"):
        write_whole(tmp_path / "out" / "report.pdf", lambda draft: None)


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    """The device that is always full gives the same error as a full disk."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(OutputError, match="No space left"):
        write_whole(tmp_path / "report.json", lambda draft: full.write_text("x" * 100_000))


def test_drafts_of_killed_processes_are_removed(tmp_path: Path) -> None:
    """The draft of a killed process is removed with the next file; that of a living one stays."""
    code = (
        "import os, signal, sys; from pathlib import Path; from reporter.files import write_whole\n"
        "def write(draft):\n"
        "    draft.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_whole(Path(sys.argv[1]), write)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "report.pdf")])
    (remainder,) = tmp_path.iterdir()
    assert remainder.name != "report.pdf"

    def write(draft: Path) -> None:
        draft.write_text("whole")
        write_whole(tmp_path / "other.pdf", lambda other: other.write_text("whole"))

    write_whole(tmp_path / "report.pdf", write)
    assert {path.name for path in tmp_path.iterdir()} == {"other.pdf", "report.pdf"}
