"""The chain: roots as others compute them, and a history that cannot be altered undetected."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pymerkle
import pytest

from reporter.evidence.chain import Link, chain_faults, following, known_at, root_before, root_of
from reporter.model import KnownRoot
from reporter.period import parse_period
from tests.evidence.conftest import Evidence

ANY_TIME = datetime(2100, 1, 1, tzinfo=UTC)
PERIODS = [f"2026-{month:02}" for month in range(1, 13)]


def make_chain(*bags: str) -> list[Link]:
    """A chain of bags, such as `2026-10-v1`."""
    chain: list[Link] = []
    for bag in bags:
        period, version = bag.rsplit("-v", 1)
        record = following(
            chain,
            customer_id="c-1",
            customer="Contoso",
            period=period,
            last_day=parse_period(period, "UTC", ANY_TIME).last,
            version=int(version),
            as_of="2026-11-01T06:00:00+00:00",
            bag=bag,
            tagmanifest_sha256="0" * 64,
            signed=False,
            to_be_stamped=False,
        )
        chain.append(Link(record, record.dump()))
    return chain


def write_chain(home: Path, chain: list[Link]) -> None:
    (home / "chain").mkdir(parents=True, exist_ok=True)
    for link in chain:
        (home / "chain" / link.record.name).write_bytes(link.content)


def test_the_root_follows_rfc_6962() -> None:
    """For any number of records, another implementation comes to the same."""
    chain = make_chain(*(f"2026-10-v{number}" for number in range(1, 40)))
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    assert root_of([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for number, link in enumerate(chain, 1):
        tree.append_entry(link.content)
        assert root_of(chain[:number]) == tree.get_root().hex()


def test_a_noted_root_is_found_again_however_many_records_follow() -> None:
    """It says how many records it covers; a root of something else is not found."""
    chain = make_chain(*(f"{period}-v1" for period in PERIODS))
    noted = root_of(chain[:4])
    assert known_at(chain, f" {noted.upper()}\n") == 4
    assert known_at(chain, "0" * 64) is None


@pytest.mark.parametrize(
    ("archived", "period", "records"),
    [
        (["2026-08-v1", "2026-09-v1"], "2026-10", 2),
        (["2026-08-v1", "2026-09-v1", "2026-10-v1", "2026-09-v2"], "2026-10", 2),
        (["2026-08-v1", "2026-09-v1", "2026-10-v1", "2026-09-v2"], "2026-11", 4),
        (["2026-08-v1", "2026-Q3-v1", "2026-10-v1"], "2026-Q4", 2),
        (["2026-10-v1"], "2026-10", 0),
        ([], "2026-10", 0),
    ],
)
def test_the_root_before_a_period_never_changes(
    tmp_path: Path, archived: list[str], period: str, records: int
) -> None:
    """It ends before the first record of the period or a later one: what a report prints does not
    depend on what is archived from then on.
    """
    chain = make_chain(*archived)
    write_chain(tmp_path / "contoso", chain)
    root = root_before(tmp_path, "contoso", period)
    if not records:
        assert root is None
        return
    records_so_far = chain[:records]
    assert root == KnownRoot(records, root_of(records_so_far), records_so_far[-1].record.period)


def test_a_record_depends_on_all_before_it() -> None:
    """The next record does not follow a replaced one."""
    chain = make_chain("2026-08-v1", "2026-09-v1", "2026-10-v1")
    assert chain_faults(chain) == []
    other = make_chain("2026-07-v1")
    assert len(chain_faults([*other, *chain[1:]])) > 1


Change = Callable[[Path], object]


def remove(home: Path) -> None:
    """September, with its record."""
    for path in (home / "chain").glob("0001-*"):
        path.unlink()
    shutil.rmtree(home / "2026-09-v1")


def remove_and_renumber(home: Path) -> None:
    remove(home)
    path = next((home / "chain").glob("0002-*.json"))
    record = json.loads(path.read_bytes()) | {"number": 1}
    path.unlink()
    new = path.with_name(path.name.replace("0002", "0001"))
    new.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def replace(home: Path) -> None:
    """September by a copy of October."""
    shutil.rmtree(home / "2026-09-v1")
    shutil.copytree(home / "2026-10-v1", home / "2026-09-v1")


def insert(home: Path) -> None:
    shutil.copytree(home / "2026-09-v1", home / "2026-08-v1")


def insert_record(home: Path) -> None:
    path = next((home / "chain").glob("0002-*.json"))
    shutil.copy(path, home / "chain" / "0003-2026-11-v1.json")


def change_record(home: Path) -> None:
    path = next((home / "chain").glob("0001-*.json"))
    path.write_bytes(path.read_bytes().replace(b"Contoso Ltd", b"Contoso Inc"))


def take_signature(home: Path) -> None:
    next((home / "chain").glob("0001-*.p7s")).unlink()


CHANGES: dict[str, tuple[Change, str]] = {
    "a month removed": (remove, "record 1 is missing"),
    "a month removed, the others renumbered": (remove_and_renumber, "does not follow"),
    "a month replaced": (replace, "2026-09-v1 is not the one that was archived"),
    "a month inserted": (insert, "2026-08-v1 was never archived"),
    "a record inserted": (insert_record, "is not a record"),
    "a record changed": (change_record, "does not follow the record before it"),
    "a signature taken away": (take_signature, "is missing from the chain"),
    "a bag removed": (lambda home: shutil.rmtree(home / "2026-09-v1"), "2026-09-v1 is missing"),
    "a bag that is a link": (
        lambda home: (home / "2026-08-v1").symlink_to(home / "2026-09-v1"),
        "2026-08-v1 is a link",
    ),
    "a huge signature": (
        lambda home: os.truncate(next((home / "chain").glob("0001-*.p7s")), 10 * 1024**3),
        "was changed since it was archived",
    ),
    "a huge tag manifest": (
        lambda home: os.truncate(home / "2026-09-v1" / "tagmanifest-sha256.txt", 10 * 1024**3),
        "2026-09-v1 is not the one that was archived",
    ),
    "something else in it": (
        lambda home: (home / "chain" / "notes.txt").write_text("x"),
        "notes.txt does not belong",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CHANGES)
def test_an_altered_history_is_detected(checked: Evidence, home: Path, case: str) -> None:
    """Whichever month was removed, replaced or inserted."""
    change, message = CHANGES[case]
    change(home)
    assert message in checked.verdict(home)["failed"]


def test_a_whole_history_holds(checked: Evidence, home: Path) -> None:
    """All bags, all records, and a root that was noted after the first."""
    first = json.loads(next((home / "chain").glob("0002-*.json")).read_bytes())["root_before"]
    verdict = checked.verdict(home, "--known-root", first, "--trust", "root.pem")
    assert verdict["failed"] == ""
    assert verdict["known root"] == "ok"
    assert root_before(home.parent, home.name, "2026-10") == KnownRoot(1, first, "2026-09")


def test_removing_the_newest_month_is_detected_by_the_noted_root(
    checked: Evidence, home: Path
) -> None:
    """Nothing in the archive reveals it; the root the auditor noted does."""
    output = checked.verify(home).stdout
    noted = output.split("root ", 1)[1].split()[0]
    assert checked.verdict(home, "--known-root", noted)["failed"] == ""
    for path in (home / "chain").glob("0002-*"):
        path.unlink()
    sums = home / "chain" / "signatures-sha256.txt"
    lines = sums.read_text().splitlines(keepends=True)
    sums.write_text("".join(line for line in lines if "0002-" not in line))
    shutil.rmtree(home / "2026-10-v1")
    assert checked.verdict(home)["failed"] == ""
    failed = checked.verdict(home, "--known-root", noted)["failed"]
    assert "the root you noted does not belong to this history" in failed


def test_a_bag_alone_is_held_against_a_chain_elsewhere(checked: Evidence, home: Path) -> None:
    """As handed to an auditor: a bag, and the chain in another place; and a bag without any."""
    alone = checked.folder / "handed-over"
    shutil.copytree(home / "2026-10-v1", alone)
    assert checked.verdict(alone)["history"] == "absent"
    assert checked.verdict(alone, "--chain", home / "chain")["history"] == "ok"
    moved = checked.folder / "elsewhere"
    shutil.copytree(home / "chain", moved / "chain")
    assert checked.verdict(alone, "--chain", moved)["failed"] == ""
    for path in (moved / "chain").glob("0002-*"):
        path.unlink()
    assert "no record of this bag" in checked.verdict(alone, "--chain", moved)["failed"]


def test_a_chain_alone_is_checked(checked: Evidence, home: Path) -> None:
    """As by an auditor who was given nothing else; no bag need be named."""
    alone = checked.folder / "elsewhere"
    shutil.copytree(home / "chain", alone / "chain")
    verdict = checked.verdict("--chain", alone)
    assert (verdict["chain"], verdict["failed"]) == ("ok", "")
    (alone / "chain" / "notes.txt").write_text("x")
    assert "does not belong" in checked.verdict("--chain", alone / "chain")["failed"]
    assert checked.verify().exit_code == 2


def test_a_root_without_a_chain_is_a_usage_error(checked: Evidence, home: Path) -> None:
    """It is reported, not ignored."""
    alone = checked.folder / "handed-over"
    shutil.copytree(home / "2026-10-v1", alone)
    result = checked.verify(alone, "--known-root", "0" * 64)
    assert result.exit_code == 2
    assert "no chain" in result.stderr
