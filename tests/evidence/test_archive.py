"""`reporter archive`: what goes into a bag, once, complete, and without affecting any other
customer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import bagit
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from filelock import FileLock

from reporter.evidence.signing import Signer
from reporter.store import Store
from reporter.store.upkeep import prune
from reporter.store.versions import versions_of
from tests.builders import CUSTOMER, make_job
from tests.evidence.authorities import Root
from tests.evidence.conftest import OCTOBER_OVER, SECOND, Evidence, keep, month
from tests.evidence.forging import forge_pdf, seal, unsign
from tests.world import Worlds

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """All files of a folder: what is in them, and when they were written."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_bag_holds_the_report_and_all_it_rests_on(evidence: Evidence, bag: Path) -> None:
    """The files as rendered, each reply as received, the configuration, and the tools
    that made it.
    """
    assert bag == evidence.folder / "archive" / "contoso-ltd" / "2026-10-v1"
    for suffix in ("pdf", "xlsx", "json"):
        (rendered,) = evidence.folder.glob(f"reports/2026-10/*/*.{suffix}")
        assert (bag / f"data/report.{suffix}").read_bytes() == rendered.read_bytes()
    figures = json.loads((bag / "data/report.json").read_bytes())
    fetches = json.loads((bag / "data/replies.json").read_bytes())
    replies = [reply for fetch in fetches for reply in fetch["replies"]]
    assert [fetch["kind"] for fetch in fetches] == ["jobs", "jobs", "protection", "subscription"]
    assert {source["sha256"] for source in figures["sources"]} <= {
        reply["sha256"] for reply in replies
    }
    assert {reply["request_id"] for reply in replies} >= {"req-0106", "req-1206"}
    for reply in replies:
        body = (bag / f"data/replies/{reply['sha256']}.json").read_bytes()
        assert hashlib.sha256(body).hexdigest() == reply["sha256"]
    configuration = json.loads((bag / "data/configuration.json").read_bytes())
    assert configuration["period"]["timezone"] == "Europe/Berlin"
    tools = json.loads((bag / "data/provenance.json").read_bytes())["tools"]
    assert {"weasyprint", "openpyxl", "pango", "harfbuzz"} <= tools["libraries"].keys()
    assert tools["fonts"]["fonts/ibm-plex-sans/IBMPlexSans-Regular.woff"]


def test_no_secret_goes_into_an_archive(evidence: Evidence, signing: tuple[str, ...]) -> None:
    """Neither a password nor a key, wherever it is configured."""
    secrets = ["very-secret-1", "very-secret-2"]
    evidence.configure(
        *signing,
        f'timestamp_url = "http://user:{secrets[0]}@127.0.0.1:9/"',
        "[api]",
        f'client_secret = "{secrets[1]}"',
    )
    evidence.archive()
    for path, (written, _) in content(evidence.folder / "archive").items():
        for secret in (*secrets, "PRIVATE KEY", "certificate_password"):
            assert secret.encode() not in written, path


def test_others_check_an_unsigned_bag(evidence: Evidence, bag: Path) -> None:
    """The Library of Congress's checker, and the script in the bag; which says what is missing."""
    assert bagit.Bag(str(bag)).validate()
    run = subprocess.run(["sh", "verify.sh"], cwd=bag, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "absent  signature: none" in run.stdout
    assert "NOT signed" in (bag / "README.txt").read_text("utf-8")
    verdict = json.loads(evidence.verify(bag, "--json").stdout)
    assert verdict["valid"]
    assert [entry["signed"] for entry in verdict["verdicts"]] == [False, False]
    output = evidence.verify(bag).stdout
    assert "not signed: no certificate was configured" in output
    assert output.endswith("VALID: all checks hold; without signature, time stamp.\n")


def test_what_is_archived_is_left_alone(evidence: Evidence, bag: Path) -> None:
    """A second run names the same bag, and writes nothing."""
    before = content(evidence.folder / "archive")
    assert evidence.archive() == bag
    assert content(evidence.folder / "archive") == before


def test_later_snapshots_do_not_belong_to_a_version(evidence: Evidence) -> None:
    """The bag holds what was known when the version was made, and is recomputed from that alone."""
    late = [*month("2026-10"), make_job("2026-10-02T02:00:00Z", "Failed", jobModule="Late")]
    keep(evidence.folder, late, OCTOBER_OVER + timedelta(days=2))
    bag = evidence.archive()
    fetches = json.loads((bag / "data/replies.json").read_bytes())
    assert max(fetch["taken_at"] for fetch in fetches) == "2026-11-01T06:00:00Z"
    assert evidence.verdict(bag)["figures"] == "ok"


def test_a_correction_is_a_bag_of_its_own(evidence: Evidence) -> None:
    """It has the figures it corrects, and what it says about them is recomputed."""
    evidence.archive()
    keep(evidence.folder, month("2026-10"), OCTOBER_OVER + timedelta(days=2))
    evidence.render()
    bag = evidence.archive()
    assert bag.name == "2026-10-v2"
    restated = json.loads((bag / "data/report.json").read_bytes())["restates"]
    assert restated["version"] == 1
    assert restated["changes"]
    assert evidence.verdict(bag.parent)["failed"] == ""
    first = bag.parent / "2026-10-v1" / "data" / "report.json"
    assert json.loads((bag / "data/restated.json").read_bytes()) == json.loads(first.read_bytes())


def test_files_that_differ_from_the_version_are_refused(evidence: Evidence) -> None:
    """Changed by hand, or made with another configuration: nothing is archived."""
    (path,) = evidence.folder.glob("reports/2026-10/*/*.json")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Contoso", b"Contosa"))
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "not those of its last version (1)" in result.stderr
    path.write_bytes(whole)
    evidence.configure(look='depth = "full"')
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "reporter render" in result.stderr
    assert not list(evidence.folder.glob("archive/*/*"))


def test_what_was_never_rendered_is_reported(evidence: Evidence) -> None:
    """With what to do."""
    result = evidence.run("archive", "--period", "2026-09")
    assert result.exit_code == 1
    assert "no report of Contoso Ltd for 2026-09 yet" in result.stderr


def test_without_its_replies_no_bag_is_made(evidence: Evidence) -> None:
    """A bag from which nothing can be recomputed is not made."""
    with closing(Store.open(f"sqlite:///{evidence.folder / 'reporter.db'}")) as store:
        prune(store, OCTOBER_OVER + timedelta(days=1))
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "no longer has all the replies" in result.stderr
    assert not list(evidence.folder.glob("archive/*/*"))


def test_one_customers_failure_does_not_affect_another(evidence: Evidence) -> None:
    """A customer that cannot be archived is named, and the other is archived; status 1."""
    keep(evidence.folder, month("2026-10"), OCTOBER_OVER, SECOND)
    evidence.render()
    next(evidence.folder.glob("reports/2026-10/contoso*/*.pdf")).unlink()
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "Failed: Contoso Ltd" in result.stderr
    (bag,) = result.stdout.splitlines()
    assert evidence.verdict(evidence.folder / bag)["failed"] == ""


def test_a_customer_keeps_its_folder_under_a_new_name(evidence: Evidence) -> None:
    """Its chain continues, and another customer with the old name gets a folder of its own."""
    evidence.archive()
    renamed = type(CUSTOMER)(CUSTOMER.id, "Contoso Holding")
    namesake = type(CUSTOMER)(SECOND.id, CUSTOMER.name)
    keep(evidence.folder, month("2026-10"), OCTOBER_OVER + timedelta(days=1), renamed)
    keep(evidence.folder, month("2026-10"), OCTOBER_OVER, namesake)
    evidence.render()
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 0, result.output
    folders = {Path(line).parent.name: Path(line).name for line in result.stdout.splitlines()}
    assert folders.pop("contoso-ltd") == "2026-10-v2"
    ((other, bag),) = folders.items()
    assert other.startswith("contoso-ltd-")
    assert bag == "2026-10-v1"


def test_an_interrupted_run_is_resumed(evidence: Evidence) -> None:
    """An unfinished bag does not count; one without its record gets it."""
    home = evidence.folder / "archive" / "contoso-ltd"
    (home / ".draft-2026-10-v1" / "data").mkdir(parents=True)
    bag = evidence.archive()
    assert [path.name for path in sorted(home.iterdir())] == ["2026-10-v1", "chain"]
    (record,) = (home / "chain").glob("*.json")
    whole = record.read_bytes()
    record.unlink()
    assert evidence.archive() == bag
    assert record.read_bytes() == whole
    assert evidence.verdict(home)["failed"] == ""


def test_a_broken_chain_is_not_continued(evidence: Evidence, bag: Path) -> None:
    """Nothing is archived behind a record that was changed."""
    (record,) = (bag.parent / "chain").glob("*.json")
    record.write_bytes(record.read_bytes().replace(b'"records_before": 0', b'"records_before": 1'))
    keep(evidence.folder, month("2026-10"), OCTOBER_OVER + timedelta(days=2))
    evidence.render()
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "is not valid: " in result.stderr
    assert not (bag.parent / "2026-10-v2").exists()


def test_one_run_at_a_time(evidence: Evidence) -> None:
    """A second one is refused, and says so."""
    (evidence.folder / "archive").mkdir()
    with FileLock(evidence.folder / "archive" / ".lock"):
        result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "Another run is writing to the archive" in result.stderr


def test_an_archive_that_cannot_be_written_is_reported(evidence: Evidence) -> None:
    """A file is in the place of its folder."""
    (evidence.folder / "archive").write_bytes(b"")
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


@pytest.mark.slow
def test_own_templates_and_texts_are_part_of_it(evidence: Evidence, signing: Sequence[str]) -> None:
    """The bag alone gives the same PDF, whatever became of the configuration; but its templates are
    run only if their author is trusted, and on request.
    """
    assert evidence.run("templates", "copy", "own").exit_code == 0
    template = evidence.folder / "own" / "report.css"
    template.write_text(template.read_text("utf-8") + "\nbody { color: #222 }\n", "utf-8")
    (evidence.folder / "logo.png").write_bytes(PNG)
    look = 'templates = "own"\n[brand]\nname = "Contoso Managed Services"\nlogo = "logo.png"'
    evidence.configure(*signing, look=look)
    evidence.render()
    bag = evidence.archive()
    (evidence.folder / "reporter.toml").unlink()
    template.unlink()
    for options in ([], ["--trust", "root.pem"]):
        verdict = evidence.verdict(bag, *options)
        assert (verdict["failed"], verdict["PDF's text"]) == ("", "absent")
    assert evidence.verify(bag).stdout.splitlines()[-1].endswith("without time stamp, PDF's text.")
    trusting = ("--trust", "root.pem", "--run-templates")
    assert "byte for byte" in evidence.verify(bag, *trusting).stdout.split("PDF's text")[1]
    without_trust = evidence.verify(bag, "--run-templates")
    assert without_trust.exit_code == 2
    assert "--trust" in without_trust.stderr


def test_a_bag_of_another_report_is_never_reported_unchanged(evidence: Evidence, bag: Path) -> None:
    """Where the store was lost, numbers begin again: the bag of version 1 holds another report than
    version 1 in the store. That is reported, and the bag stays unchanged.
    """
    before = content(bag)
    for suffix in ("", "-wal", "-shm"):
        (evidence.folder / f"reporter.db{suffix}").unlink(missing_ok=True)
    keep(evidence.folder, month("2026-10"), OCTOBER_OVER)
    evidence.render()
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "holds a different report of Contoso Ltd than version 1 in the store" in result.stderr
    assert "Unchanged" not in result.output
    assert content(bag) == before


def no_report(bag: Path) -> None:
    (bag / "data" / "report.pdf").write_bytes(b"%PDF-1.7 another")


def nothing_but_provenance(bag: Path) -> None:
    for path in (bag / "data").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "provenance.json":
            path.unlink()


def another_file(bag: Path) -> None:
    (bag / "data" / "more.txt").write_text("x")


def figures_sealed_anew(bag: Path) -> None:
    path = bag / "data" / "report.json"
    path.write_bytes(path.read_bytes().replace(b'"failed": 1', b'"failed": 0'))
    seal(bag)


def all_of_it(bag: Path) -> None:
    shutil.rmtree(bag)


@pytest.fixture
def one_of_two(evidence: Evidence, bag: Path, worlds: Worlds) -> Path:
    """That bag, beside a customer whose month is rendered and not yet archived."""

    def beside(folder: Path) -> None:
        worlds.copy("october-archived", folder)
        keep(folder, month("2026-10"), OCTOBER_OVER, SECOND)
        Evidence(folder, evidence.run).render()

    worlds.begin("one-of-two-archived", evidence.folder, beside)
    return bag


@pytest.mark.parametrize(
    "tamper", [no_report, nothing_but_provenance, another_file, figures_sealed_anew, all_of_it]
)
def test_a_changed_bag_is_never_reported_unchanged(
    evidence: Evidence, one_of_two: Path, tamper: Callable[[Path], object]
) -> None:
    """Whatever its provenance.json claims: that is an error, and says what to do. The others are
    archived, and the chain stays unchanged.
    """
    chain = content(one_of_two.parent / "chain")
    tamper(one_of_two)
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "is not what was archived" in result.stderr
    assert "Restore it from a backup" in result.stderr
    assert "Unchanged" not in result.output
    assert content(one_of_two.parent / "chain") == chain
    (other,) = result.stdout.splitlines()
    assert "fabrikam" in other


def forged(bag: Path) -> None:
    path = bag / "data" / "report.json"
    path.write_bytes(path.read_bytes().replace(b'"failed": 1', b'"failed": 0'))
    key = ec.generate_private_key(ec.SECP256R1())
    seal(bag, Signer(key, Root.make().issue("Contoso Managed Services", key)))


def forged_but_for_the_report(bag: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    signer = Signer(key, Root.make().issue("Contoso Managed Services", key))
    forge_pdf(bag, signer, lambda _: None)


def pipe_for_info(bag: Path) -> None:
    (bag / "bag-info.txt").unlink()
    os.mkfifo(bag / "bag-info.txt")


def no_text_for_info(bag: Path) -> None:
    (bag / "bag-info.txt").write_bytes(b"\xff\xfe")


@pytest.mark.parametrize(
    "tamper",
    [forged, forged_but_for_the_report, unsign, pipe_for_info, no_text_for_info],
)
def test_no_record_is_signed_of_a_bag_that_was_forged(
    evidence: Evidence, signing: Sequence[str], tamper: Callable[[Path], object]
) -> None:
    """Somebody without the key removes the last record and puts another bag in place of the
    recorded one: `archive` does not sign a record of it.
    """
    evidence.configure(*signing)
    bag = evidence.archive()
    chain = bag.parent / "chain"
    shutil.rmtree(chain)
    tamper(bag)
    result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 1
    assert "is not what was archived" in result.stderr
    assert "Move it out of the customer's folder, and archive again." in result.stderr
    assert "Unchanged" not in result.output
    assert not chain.exists()


def test_a_signed_bag_without_its_record_gets_one(
    evidence: Evidence, signing: Sequence[str]
) -> None:
    """What an interrupted run has left is complete, and signed with the configured key."""
    evidence.configure(*signing)
    bag = evidence.archive()
    shutil.rmtree(bag.parent / "chain")
    assert evidence.archive() == bag
    assert evidence.verdict(bag.parent)["failed"] == ""


def test_a_stamp_not_yet_listed_is_not_a_change(evidence: Evidence, authority: str) -> None:
    """A run that was interrupted between a time stamp and its hash is resumed."""
    evidence.configure(f'timestamp_url = "{authority}"')
    bag = evidence.archive()
    (bag / "signatures-sha256.txt").unlink()
    assert evidence.archive() == bag
    assert evidence.verdict(bag.parent)["failed"] == ""


def test_the_version_the_store_has_is_the_one_archived(evidence: Evidence, bag: Path) -> None:
    """Number, time and hashes are those in the store."""
    with closing(Store.open(f"sqlite:///{evidence.folder / 'reporter.db'}")) as store:
        (version,) = versions_of(store, CUSTOMER, "2026-10")
    provenance = json.loads((bag / "data/provenance.json").read_bytes())
    assert (provenance["version"], provenance["figures_sha256"]) == (1, version.figures_sha256)
    assert provenance["pdf_unsigned_sha256"] in version.files.values()
