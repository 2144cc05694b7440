"""`reporter archive --prune`: what is removed and what stays, and how the history distinguishes a
removal from a loss.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from reporter.evidence.archive import Archive
from reporter.evidence.chain import Record, kept_until, read_chain, records, root_before, root_of
from reporter.evidence.retention import Retention, customers_of
from reporter.model import KnownRoot
from tests.conftest import Run
from tests.evidence.conftest import Evidence

# The certificate is valid from the day of the test, so that the retention goes by the clock.
NOW = datetime.now(UTC).replace(microsecond=0)
_LAST = NOW - timedelta(days=1)
MONTHS = (_LAST.year - 2026) * 12 + _LAST.month - 9 - 1
"""A retention that has ended for September, and not for October."""
KEPT = f'retention = "{MONTHS}months"'


SIGNING = ('certificate = "signing.pfx"', 'certificate_password = "secret"')


@pytest.fixture
def archived_months(
    kept_archive: Path,
    run: Run,
    tmp_path: Path,
    authority: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Evidence:
    """September and October, archived, signed and stamped; a retention that lets go of one."""
    monkeypatch.setattr("reporter.cli.archive.utc_now", lambda: NOW)
    shutil.copytree(kept_archive, tmp_path, dirs_exist_ok=True)
    evidence = Evidence(tmp_path, run)
    evidence.configure(*SIGNING, f'timestamp_url = "{authority}"', KEPT)
    return evidence


def home_of(evidence: Evidence) -> Path:
    return evidence.folder / "archive" / "contoso-ltd"


def unsigned(home: Path, place: int) -> Record:
    """A record, for a removal without a signature."""
    return replace(records(read_chain(home))[place], signed=False)


def hold(evidence: Evidence, *names: str) -> None:
    """Add legal holds to the configuration."""
    path = evidence.folder / "reporter.toml"
    path.write_text(path.read_text("utf-8") + f"\nholds = {json.dumps(names)}", "utf-8")


@pytest.mark.slow
def test_an_expired_bag_is_removed_and_the_history_still_holds(archived_months: Evidence) -> None:
    """The bag and its packs are gone; a signed and stamped record says when and why, and everything
    verifies: the history, the remaining bag, and a root noted before.
    """
    home = home_of(archived_months)
    noted = root_of(read_chain(home))
    (home / "packs" / "2026-09-v1-25-x").mkdir(parents=True)
    tag_manifest = records(read_chain(home))[0].tagmanifest_sha256
    result = archived_months.run("archive", "--prune", "--yes")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["archive/contoso-ltd/2026-09-v1"]
    assert "To be removed: Contoso Ltd, 2026-09: archive/contoso-ltd/2026-09-v1" in result.stderr
    assert sorted(path.name for path in home.iterdir()) == ["2026-10-v1", "chain", "packs"]
    assert not list((home / "packs").iterdir())
    removal = json.loads((home / "chain" / "0003-2026-09-v1-removed.json").read_bytes())
    assert removal["format"] == "backup-reporter chain removal 1"
    assert removal["tagmanifest_sha256"] == tag_manifest
    assert (removal["record"], removal["retention_months"]) == (1, MONTHS)
    assert datetime.fromisoformat(removal["removed_at"]) == NOW
    verdict = archived_months.verdict(
        home, "--known-root", noted, "--trust", archived_months.folder / "root.pem"
    )
    assert verdict["failed"] == ""
    assert verdict["signature"] == verdict["time stamp"] == verdict["known root"] == "ok"
    assert "removed by retention: 1 bag" in archived_months.verify(home).stdout


def test_by_default_nothing_is_removed(archived_months: Evidence) -> None:
    """Without a retention the command says that there is none, and succeeds."""
    archived_months.configure(*SIGNING)
    result = archived_months.run("archive", "--prune", "--yes")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no `retention` is set" in result.stderr
    assert len(list(home_of(archived_months).glob("2026-*"))) == 2


def test_it_asks_first(archived_months: Evidence) -> None:
    """Declining removes nothing; agreeing removes what was named."""
    assert archived_months.run("archive", "--prune", input=b"n\n").exit_code != 0
    assert len(read_chain(home_of(archived_months))) == 2
    assert archived_months.run("archive", "--prune", input=b"y\n").exit_code == 0
    assert len(read_chain(home_of(archived_months))) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "contoso ltd",
        "00427fbc-8832-46cf-a1d2-582f46e638",
        "Contoso Ltd 2026-09",
        "Contoso Ltd 2026-Q3",
        "Contoso Ltd 2026-09-30..2026-10-02",
    ],
)
def test_held_bags_stay(archived_months: Evidence, name: str) -> None:
    """By id or name, for all periods or one with a day in common; the output names the hold."""
    hold(archived_months, name)
    result = archived_months.run("archive", "--prune", "--yes")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    assert f"Held by {name!r}: Contoso Ltd, 2026-09" in result.stderr
    assert archived_months.verdict(home_of(archived_months))["failed"] == ""


def test_a_hold_on_another_period_holds_nothing_else(archived_months: Evidence) -> None:
    """October's does not keep September."""
    hold(archived_months, "Contoso Ltd 2026-10")
    assert (
        archived_months.run("archive", "--prune", "--yes").stdout
        == "archive/contoso-ltd/2026-09-v1\n"
    )


@pytest.mark.parametrize("name", ["Contosso Ltd", "Contoso Ltd 2026-1O", "Ltd 2026-09", ""])
def test_a_hold_on_an_unknown_customer_stops_the_removal(
    archived_months: Evidence, name: str
) -> None:
    """A typing error in a legal hold must not lose what it was meant to keep."""
    hold(archived_months, name)
    result = archived_months.run("archive", "--prune", "--yes")
    assert result.exit_code == 2
    assert "names no customer of the archive" in result.stderr
    assert len(list(home_of(archived_months).glob("2026-*"))) == 2


@pytest.mark.slow
def test_an_interrupted_run_is_finished_by_the_next(
    archived_months: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted after the signature, after the record, and while files are removed: each time the
    same command completes it, with one record.
    """
    home = home_of(archived_months)

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("reporter.evidence.chain.Removal.dump", lambda _: b"{}\n")
        patch.setattr("reporter.evidence.archive.write_sums", cut)
        assert archived_months.run("archive", "--prune", "--yes").exit_code != 0
    assert list((home / "chain").glob("0003-*.p7s"))
    assert len(read_chain(home)) == 2
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut)
        assert archived_months.run("archive", "--prune", "--yes").exit_code != 0
    assert len(read_chain(home)) == 3
    assert "still there, though its removal was recorded" in archived_months.verdict(home)["failed"]
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", cut)
        assert archived_months.run("archive", "--prune", "--yes").exit_code != 0
    assert not (home / "2026-09-v1").exists()
    assert archived_months.verdict(home)["failed"].startswith("time stamp: 0003-")
    result = archived_months.run("archive", "--prune", "--yes")
    assert result.exit_code == 0, result.output
    assert not list(home.glob(".draft*"))
    assert len(read_chain(home)) == 3
    assert archived_months.run("archive", "--period", "2026-10").exit_code == 0
    assert archived_months.verdict(home)["failed"] == ""


def test_a_bag_removed_without_a_record_is_detected(archived_months: Evidence) -> None:
    """Also beside one removed by the retention."""
    home = home_of(archived_months)
    archived_months.run("archive", "--prune", "--yes")
    shutil.copytree(home / "2026-10-v1", home / "2026-08-v1")
    shutil.rmtree(home / "2026-10-v1")
    failed = archived_months.verdict(home)["failed"]
    assert "the bag 2026-10-v1 is missing" in failed
    assert "2026-08-v1 was never archived" in failed


@pytest.mark.slow
def test_a_bag_put_back_is_found_and_not_made_again(archived_months: Evidence) -> None:
    """A record of a removal beside its bag is a finding; what was removed is not archived again."""
    home = home_of(archived_months)
    shutil.copytree(home / "2026-09-v1", archived_months.folder / "copy")
    archived_months.run("archive", "--prune", "--yes")
    result = archived_months.run("archive", "--period", "2026-09")
    assert result.exit_code == 1
    message = f"was removed on {NOW:%Y-%m-%d}: it had been kept for {MONTHS} months"
    assert message in result.stderr
    assert (
        archived_months.verdict(archived_months.folder / "copy", "--chain", home)["history"] == "ok"
    )
    (archived_months.folder / "copy").rename(home / "2026-09-v1")
    assert "2026-09-v1 is still there" in archived_months.verdict(home)["failed"]


@pytest.mark.parametrize("lost", [True, False])
def test_a_loss_does_not_become_a_removal(archived_months: Evidence, lost: bool) -> None:
    """A bag that is missing or changed when its retention ends is reported, not written off."""
    bag = home_of(archived_months) / "2026-09-v1"
    if lost:
        shutil.rmtree(bag)
    else:
        (bag / "data" / "report.json").write_text("{}")
    result = archived_months.run("archive", "--prune", "--yes")
    assert result.exit_code == 1
    assert "it is missing or not what was archived" in result.stderr
    assert len(read_chain(home_of(archived_months))) == 2


def test_removing_a_signed_bag_takes_a_signature(archived_months: Evidence) -> None:
    """Without one, neither the command nor a handmade record removes it."""
    home = home_of(archived_months)
    archived_months.configure(KEPT)
    result = archived_months.run("archive", "--prune", "--yes")
    assert result.exit_code == 1
    assert "no certificate to sign its record with" in result.stderr
    assert len(read_chain(home)) == 2
    Archive(home.parent).remove(home, unsigned(home, 0), MONTHS, NOW)
    assert (
        "removes a signed bag, but is not signed itself" in archived_months.verdict(home)["failed"]
    )


def test_a_record_of_a_removal_before_its_time_is_found(archived_months: Evidence) -> None:
    """A removal of what the stated retention would have kept."""
    home = home_of(archived_months)
    Archive(home.parent).remove(home, unsigned(home, 1), MONTHS, NOW)
    assert "had to be kept longer" in archived_months.verdict(home)["failed"]


def test_roots_that_were_printed_stay_what_they_were(archived_months: Evidence) -> None:
    """A removal counts from the day it was made, not from its period."""
    home = home_of(archived_months)
    before = root_before(home.parent, home.name, "2026-10")
    assert before
    archived_months.run("archive", "--prune", "--yes")
    assert root_before(home.parent, home.name, "2026-10") == before
    after = root_before(home.parent, home.name, "2100-01")
    assert after == KnownRoot(3, root_of(read_chain(home)), "2026-10")


def test_retention_is_counted_in_calendar_months_from_the_end(archived_months: Evidence) -> None:
    """To the end of the month, and a day for the zones behind UTC; of the customers asked for."""
    first, second = records(read_chain(home_of(archived_months)))
    assert kept_until(second, 84) == date(2033, 11, 2)
    archive = Archive(home_of(archived_months).parent)
    customers = customers_of(archive)
    for day, going in ((1, []), (2, ["2026-09-v1"])):
        now = datetime(2033, 10, day, tzinfo=UTC)
        due = Retention(84, ()).due(archive, customers, customers, now)
        assert [removal.record.bag for removal in due] == going
    assert first.bag == "2026-09-v1"
    assert Retention(MONTHS, ()).due(archive, customers, [], NOW) == []
    assert archived_months.run("archive", "--prune", "--customer", "Fabrikam").exit_code == 2


@pytest.mark.parametrize("line", ['retention = "soon"', 'retention = "0months"', "retention = 84"])
def test_an_invalid_retention_is_refused(archived_months: Evidence, line: str) -> None:
    """Before anything is done."""
    archived_months.configure(line)
    result = archived_months.run("archive", "--prune", "--yes")
    assert result.exit_code == 2
    assert "evidence.retention: is not a number of months" in result.stderr
