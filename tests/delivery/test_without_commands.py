"""What the commands about the outbox do, done by a program."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporter.config.settings import load_settings
from reporter.dispatch.approving import Waiting, release, take_back, waiting
from reporter.dispatch.queueing import Errand, Preliminary
from reporter.dispatch.sending import Dispatched, send
from reporter.dispatch.settling import listed, settle
from reporter.model import DeliveryState
from reporter.render.json_ import report_dict
from reporter.run.assignment import Rendering
from reporter.store import Store
from tests.builders import make_job, make_report
from tests.delivery.test_killed import CUSTOMERS, NOW, keep_reports
from tests.store.test_store import snapshot_of

PERIOD = "2026-10"


@pytest.fixture(autouse=True)
def customers(store: Store) -> None:
    store.record_customers(CUSTOMERS, snapshot_of([], NOW).replies)


def errand_in(folder: Path, store: Store, *lines: str, preliminary: bool = False) -> Errand:
    (folder / "reporter.toml").write_text("\n".join(lines), "utf-8")
    settings = load_settings(folder / "reporter.toml")
    rendering = Rendering(settings, NOW, folder / "reports", ("json",), PERIOD)
    return Errand(rendering, store, lambda: datetime.now(UTC), preliminary=preliminary)


def test_from_the_queue_to_the_recipient(store: Store, tmp_path: Path) -> None:
    """Looked at, released, taken back, released again and delivered; each step says what it did."""
    keep_reports(store, tmp_path, report_dict(make_report([make_job()])), PERIOD)
    errand = errand_in(tmp_path, store, "[delivery]", 'folder = "copies"')
    looked_at = [own for own in waiting(errand) if isinstance(own, Waiting)]
    assert [own.report.customer for own in looked_at] == CUSTOMERS
    assert [release(errand, own, "Ada") for own in looked_at] == [1] * len(CUSTOMERS)
    back = take_back(errand.rendering, store, errand.clock, "Ada", ["c0"])
    assert [(own.delivery.customer.id, own.in_time) for own in back] == [("c0", True)]
    settings = errand.rendering.settings
    ids = [own.id for own in listed(settings, store, states=[DeliveryState.APPROVED])]
    dropped = settle(settings, store, ids, "drop", "Ada", NOW)
    assert [own.became for own in dropped] == [DeliveryState.DROPPED] * (len(CUSTOMERS) - 1)
    (again,) = (own for own in waiting(errand) if isinstance(own, Waiting))
    release(errand, again, "Ada")
    sent = [own for own in send(errand) if isinstance(own, Dispatched) and own.deliveries]
    assert [(own.customer.id, own.error) for own in sent] == [("c0", None)]
    assert [path.name for path in (tmp_path / "copies" / PERIOD).iterdir()] == ["customer-0"]
    states = [own.state for own in errand.rows_seen(PERIOD)]
    assert states.count(DeliveryState.SENT) == 1


def test_a_channel_that_is_not_configured_any_more(store: Store, tmp_path: Path) -> None:
    """What was released for it stays released, and each customer's says so."""
    figures = report_dict(make_report([make_job()]))
    keep_reports(store, tmp_path, figures, PERIOD, closed=False)
    mail = ("[mail]", 'approval = "none"')
    before = errand_in(tmp_path, store, *mail, "[delivery]", 'folder = "copies"', preliminary=True)
    assert not [own for own in before.reports([]) if isinstance(own, Preliminary)]
    now = errand_in(tmp_path, store, *mail)
    sent = [own for own in send(now) if isinstance(own, Dispatched)]
    assert {str(own.error) for own in sent} == {
        "The delivery channel 'folder' is not configured any more."
    }
    assert {own.state for own in now.rows_seen(PERIOD)} == {DeliveryState.APPROVED}
