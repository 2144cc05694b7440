"""The root over earlier months, in the report and in the mail, for whoever is to note it."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import timedelta

import pypdf
import pytest

from tests.delivery.mail_server import Accounts, mail_server
from tests.evidence.conftest import OCTOBER_OVER, Evidence, keep, month


def printed(evidence: Evidence) -> str:
    """The text of October's report, without any space."""
    (pdf,) = evidence.folder.glob("reports/2026-10/*/*.pdf")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)
    return "".join(text.split())


@pytest.mark.slow
def test_a_report_and_its_mail_name_the_root_of_the_months_before(evidence: Evidence) -> None:
    """The root `verify` checks the history against; it stays the same when more is archived."""
    accounts = Accounts()
    with mail_server(accounts) as port:
        look = '\n[mail]\nhost = "127.0.0.1"\nsecurity = "none"\nfrom = "r@provider.example"'
        look += f'\nport = {port}\napproval = "none"\nformats = ["pdf"]'
        look += '\n[[customers]]\nid = "00427fbc-8832-46cf-a1d2-582f46e638"'
        look += '\nrecipients = "it@contoso.example"'
        evidence.configure(look=f'depth = "standard"{look}')
        evidence.render("2026-09")
        evidence.archive("2026-09")
        evidence.render("2026-10")
        assert evidence.run("send", "--period", "2026-10").exit_code == 0
    bag = evidence.archive("2026-10")
    record = json.loads((bag.parent / "chain" / "0002-2026-10-v2.json").read_bytes())
    root = record["root_before"]
    assert root in printed(evidence)
    message = email.message_from_bytes(accounts.arrived[0].content, policy=email.policy.default)
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert root in body.get_content(), kind
    assert evidence.verdict(bag.parent, "--known-root", root)["failed"] == ""
    wrong = evidence.verdict(bag.parent, "--known-root", "0" * 64)
    assert "known root" in wrong["failed"]
    keep(evidence.folder, month("2026-11"), OCTOBER_OVER + timedelta(days=30))
    evidence.render("2026-10")  # anew: what failed in October has been cured
    evidence.archive("2026-10")
    assert root in printed(evidence)


def test_restore_tests_and_earlier_roots_are_in_the_bag(evidence: Evidence) -> None:
    """What a report is made of besides the replies comes out of the bag alone."""
    path = evidence.folder / "restore-tests.csv"
    path.write_text(
        "customer,date,scope,result,deviation,correction\n"
        "Contoso Ltd,2026-09-17,One mailbox,passed,,\n",
        "utf-8",
    )
    evidence.configure('restore_tests = "restore-tests.csv"', look='depth = "standard"')
    evidence.render("2026-09")
    evidence.archive("2026-09")
    evidence.render("2026-10")
    bag = evidence.archive("2026-10")
    configuration = json.loads((bag / "data/configuration.json").read_bytes())
    assert [test["scope"] for test in configuration["restore_tests"]] == ["One mailbox"]
    assert configuration["look"]["known_root"]["records"] == 1
    path.unlink()
    assert evidence.verdict(bag)["failed"] == ""
