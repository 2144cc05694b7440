"""From the service to the verdict: days of the emulated service, asked by the real client, as an
auditor finds them in a bag.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from reporter.sources.avepoint.emulator import Clock, Emulator, demo_cast
from reporter.sources.avepoint.reading.texts import cut_from
from reporter.store import Store
from tests.conftest import Run
from tests.evidence.conftest import Evidence
from tests.evidence.forging import of_another_version, seal
from tests.evidence.test_pack import cells, facts_of, outcomes_of, pack_of, population, sample
from tests.sources.avepoint.emulator.month import fetch_at, looks

START = datetime(2026, 10, 12, tzinfo=UTC)
STOP = datetime(2026, 10, 16, tzinfo=UTC)
EVERY = timedelta(hours=4)
DAYS = "2026-10-12..2026-10-15"
JAEGER = "brauerei-jäger-söhne-gmbh"


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a provider with two customers, asked every four hours; made once."""
    folder = tmp_path_factory.mktemp("from-the-service")
    clock = Clock(START)
    with (
        closing(Store.open(f"sqlite:///{folder / 'reporter.db'}")) as store,
        Emulator(demo_cast()[:2], now=clock) as emulator,
    ):
        fetch_at(looks(START - EVERY, STOP + 2 * EVERY, EVERY), emulator, clock, store)
    return folder


@pytest.fixture
def bag(run: Run, archived: Path, tmp_path: Path) -> Path:
    """The bag of a customer whose days contain everything that can happen."""
    if not (archived / "archive").exists():
        evidence = Evidence(archived, run)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(archived)
            evidence.configure()
            evidence.render(DAYS)
            evidence.archive(DAYS)
    shutil.copytree(archived, tmp_path, dirs_exist_ok=True)
    return tmp_path / "archive" / JAEGER / f"{DAYS}-v1"


def excerpts(bag: Path) -> dict[str, str]:
    """The addresses of the excerpts in a bag, by the hash of their bodies."""
    fetches = json.loads((bag / "data" / "replies.json").read_bytes())
    replies = [reply for fetch in fetches for reply in fetch["replies"]]
    return {reply["sha256"]: reply["url"] for reply in replies if cut_from(reply["url"])}


def test_the_bag_is_valid(run: Run, bag: Path) -> None:
    """Every figure, cell and letter follows from the replies, in a bag with an excerpt of what the
    service says about all customers, and not a word about any other.
    """
    evidence = Evidence(bag.parent.parent.parent, run)
    verdict = evidence.verdict(bag.parent)
    assert verdict["failed"] == ""
    for check in ("replies", "provenance", "figures", "workbook", "PDF's text", "history"):
        assert verdict[check] == "ok", check
    assert excerpts(bag)
    other = demo_cast()[0].id.encode()
    assert not [path for path in bag.rglob("*") if path.is_file() and other in path.read_bytes()]


def test_users_are_masked_in_the_reports_and_whole_in_the_replies(bag: Path) -> None:
    """As the README says; the list of each day is in the bag, and the figures follow from it."""
    fetches = json.loads((bag / "data" / "replies.json").read_bytes())
    lists = [fetch["replies"] for fetch in fetches if fetch["kind"] == "users"]
    assert len(lists) >= 4
    users = [
        user
        for reply in lists[-1]
        for user in json.loads((bag / "data" / "replies" / f"{reply['sha256']}.json").read_bytes())[
            "data"
        ]
    ]
    figures = json.loads((bag / "data" / "report.json").read_bytes())
    assert [module["module"] for module in figures["users"]["unprotected"]] == [
        "Mailbox", "OneDrive",
    ]  # fmt: skip
    assert all(module["unprotected"] for module in figures["users"]["unprotected"])
    assert all(module["unprotected_before"] for module in figures["users"]["unprotected"])
    assert {source["sha256"] for source in figures["sources"]} >= {
        reply["sha256"] for reply in lists[-2]
    }
    assert json.loads((bag / "data" / "configuration.json").read_bytes())["names"] == "masked"
    assert "addresses are masked in the reports" in (bag / "README.txt").read_text("utf-8")
    cells = "".join(
        str(cell)
        for sheet in load_workbook(bag / "data" / "report.xlsx")
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    )
    assert any(f"{user['email'][:2]}…@" in cells for user in users)
    for user in users:
        assert user["email"] not in cells
        assert user["email"] not in json.dumps(figures)


def test_objects_follow_from_the_details_of_their_jobs(run: Run, bag: Path) -> None:
    """Kept as received, each with the job it is about; passed off as those of another job they are
    found.
    """
    listing = bag / "data" / "replies.json"
    fetches = json.loads(listing.read_bytes())
    details = [fetch for fetch in fetches if fetch["kind"] == "details"]
    objects = json.loads((bag / "data" / "report.json").read_bytes())["objects"]
    assert objects["failing"]
    assert objects["details"]["read"]
    assert all(fetch["job_id"] in fetch["replies"][0]["url"] for fetch in details)
    body = bag / "data" / "replies" / f"{details[0]['replies'][0]['sha256']}.json"
    (first, *_) = json.loads(body.read_bytes())["data"]
    assert "@" not in first["title"] or first["title"] not in json.dumps(objects)
    details[0]["job_id"] = details[1]["job_id"]
    listing.write_text(json.dumps(fetches), "utf-8")
    seal(bag)
    verdict = Evidence(bag.parent.parent.parent, run).verdict(bag)
    assert verdict["replies"] == "failed"


def test_the_pack_finds_all_again(run: Run, bag: Path) -> None:
    """Of jobs that were seen once among some that were seen many times, of scopes with names and of
    placeholders; the excerpts are named.
    """
    evidence = Evidence(bag.parent.parent.parent, run)
    pack = pack_of(evidence, "--customer", demo_cast()[1].id, "--sample", "9", period=DAYS)
    outcomes, facts = outcomes_of(pack), facts_of(pack)
    for subject in ("Population", "Dates", "Scopes"):
        assert outcomes[f"{subject} against the replies"][0] == "holds", outcomes
    assert outcomes["Figures against the population"][0] == "holds"
    assert outcomes["No time went unwatched"][0] == "holds"
    rows = population(pack)
    assert len(rows) == facts["Population"] > 50
    assert facts["less: placeholders, rows without a job id"] < 0
    for entry in sample(pack)["sample"]:
        body = (bag / "data" / "replies" / f"{entry['reply']['sha256']}.json").read_bytes()
        assert entry["raw"].encode() in body
        assert json.loads(entry["raw"])["jobId"] == entry["job"]["job_id"]
    head, *scopes = cells(pack, "Scopes")
    assert all(row[head.index("Row behind it, as received")] for row in scopes)
    assert "of a reply about all customers" in facts["Excerpts"]
    looks_at = [row[3] for row in cells(pack, "Completeness") if "an excerpt" in str(row[3])]
    pages = {cut.sha256 for url in excerpts(bag).values() if (cut := cut_from(url))}
    assert len(pages & {place.rpartition(" ")[2] for place in looks_at}) == len(set(looks_at)) > 0


def test_an_altered_excerpt_is_detected(run: Run, bag: Path) -> None:
    """As a changed file; and, with all seals made anew, by figures that do not follow from it."""
    evidence = Evidence(bag.parent.parent.parent, run)
    sha256 = list(excerpts(bag))[-1]
    path = bag / "data" / "replies" / f"{sha256}.json"
    content = path.read_bytes().replace(b"12-10-2026", b"12-10-2027")
    assert content != path.read_bytes()
    path.write_bytes(content)
    assert f"data/replies/{sha256}.json" in evidence.verdict(bag)["failed"]
    path.unlink()
    other = hashlib.sha256(content).hexdigest()
    (path.parent / f"{other}.json").write_bytes(content)
    index = bag / "data" / "replies.json"
    index.write_bytes(index.read_bytes().replace(sha256.encode(), other.encode()))
    of_another_version(bag)
    seal(bag)
    failed = evidence.verdict(bag)["failed"]
    assert "figures: not what follows from the replies" in failed
    assert sha256[:7] in failed
