"""How people are named: chosen for a customer, said by the bag, and the same when verified."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from python_calamine import load_workbook

from reporter.errors import EvidenceError
from reporter.evidence.contents import configuration_of
from reporter.store import Store
from reporter.store.versions import versions_of
from tests.builders import CUSTOMER, make_answers, make_user, make_users
from tests.conftest import Run
from tests.evidence.conftest import OCTOBER_OVER, Evidence, keep, month
from tests.evidence.forging import change_part, change_replies, seal

LACKING = [{"module": 0, "isProtected": False}]
FINAL = OCTOBER_OVER + timedelta(hours=4)
CHECKS = ("replies", "figures", "workbook", "PDF's text", "README and script", "provenance")


@pytest.fixture
def asked(run: Run, tmp_path: Path) -> Evidence:
    """October of a customer with one user without protection, who was protected before it."""
    before, over = OCTOBER_OVER - timedelta(days=40), OCTOBER_OVER - timedelta(days=2)
    keep(tmp_path, month("2026-09"), before, answers=(make_users([make_user()], at=before),))
    users = make_users([make_user(moduleStatus=LACKING), make_user(2)], at=over)
    answers = (*make_answers(at=over), users)
    keep(tmp_path, month("2026-10"), over, answers=answers)
    keep(tmp_path, month("2026-10"), FINAL)
    return Evidence(tmp_path, run)


def numbers(folder: Path) -> list[tuple[int, int | None]]:
    """The versions of October's report, each with the one it restates."""
    with closing(Store.open(f"sqlite:///{folder / 'reporter.db'}")) as store:
        versions = versions_of(store, CUSTOMER, "2026-10")
    return [(version.number, version.restates) for version in versions]


@pytest.mark.parametrize(
    ("names", "said", "named"),
    [
        ("full", 'stand in full in the reports ("full")', "anna.keller1@contoso.example"),
        ("masked", 'masked in the reports ("masked")', "an…@contoso.example"),
        ("none", 'left out of the reports ("none")', None),
    ],
)
def test_the_bag_says_how_people_are_named(
    asked: Evidence, names: str, said: str, named: str | None
) -> None:
    """And is verified in the same way; its replies are as received, whatever was chosen."""
    customer = f'[[customers]]\nid = "{CUSTOMER.id}"\nnames = "{names}"'
    asked.configure(customer, look='depth = "standard"')
    asked.render()
    bag = asked.archive()
    verdict = asked.verdict(bag)
    assert verdict["failed"] == ""
    assert {verdict[check] for check in CHECKS} == {"ok"}
    assert said in " ".join((bag / "README.txt").read_text("utf-8").split())
    assert configuration_of(bag).names == names
    book = load_workbook(bag / "data" / "report.xlsx")
    assert ("Users" in book.sheet_names) is (named is not None)
    if named:
        assert book.get_sheet_by_name("Users").to_python()[3][2] == named
    figures = (bag / "data" / "report.json").read_text("utf-8")
    assert json.loads(figures)["users"]["unprotected"][0] == {
        "module": "Mailbox", "users": 2, "unprotected": 1, "unprotected_before": 0,
    }  # fmt: skip
    assert "keller" not in figures.casefold()
    replies = b"".join(path.read_bytes() for path in (bag / "data" / "replies").iterdir())
    assert b"anna.keller1@contoso.example" in replies


def test_another_choice_is_another_version_and_corrects_nothing(asked: Evidence) -> None:
    """As for any other look; the default said aloud is no other choice."""
    asked.configure()
    asked.render()
    asked.configure(look='depth = "page"\nnames = "masked"')
    asked.render()
    assert numbers(asked.folder) == [(1, None)]
    asked.configure(look='depth = "page"\nnames = "none"')
    asked.render()
    assert numbers(asked.folder) == [(1, None), (2, None)]


def test_a_list_that_lacks_a_page_is_not_whole(asked: Evidence) -> None:
    """By its own count, in a bag as in a fetch."""
    asked.configure()
    asked.render()
    bag = asked.archive()
    change_replies(bag, without_last_user)
    seal(bag)
    assert "it has 1 of 2 rows" in asked.verdict(bag)["failed"]


def without_last_user(content: bytes) -> bytes:
    """A list of users that lacks its last one."""
    reply = json.loads(content)
    if b"displayName" in content and len(reply["data"]) > 1:
        reply["data"].pop()
    return json.dumps(reply).encode()


def test_who_asks_for_users_later_restates_nothing(evidence: Evidence) -> None:
    """The month was closed before anybody asked."""
    keep(evidence.folder, month("2026-10", status="Failed"), FINAL)
    evidence.render()
    before = numbers(evidence.folder)
    at = FINAL + timedelta(days=1)
    users = make_users([make_user(moduleStatus=LACKING)], at=at)
    keep(evidence.folder, month("2026-10", status="Failed"), at, answers=(users,))
    evidence.render()
    assert numbers(evidence.folder) == before


def test_a_configuration_from_before_the_choice_is_read(bag: Path) -> None:
    """Its reports name nobody, so that any choice makes them again."""
    path = bag / "data" / "configuration.json"
    older = json.loads(path.read_bytes())
    del older["names"]
    path.write_text(json.dumps(older), "utf-8")
    assert configuration_of(bag).names == "masked"
    change_part(bag, "configuration", names="initials")
    with pytest.raises(EvidenceError, match="cannot be read"):
        configuration_of(bag)
