"""The emulator does what the vendor documents, and the same options give the same result."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from reporter.errors import UsageError
from reporter.sources.avepoint.emulator import (
    Emulator,
    Faults,
    Lists,
    demo_cast,
    ordinary_customers,
)
from reporter.sources.avepoint.emulator.cast import Temper
from reporter.sources.avepoint.emulator.faults import FAULTS
from reporter.sources.avepoint.emulator.rows import job_rows
from reporter.sources.avepoint.emulator.runs import truth
from reporter.sources.avepoint.emulator.spellings import MODULE_CODES
from reporter.sources.avepoint.reading.vocabularies import SERVICE_NAMES
from tests.conftest import CLOCK, StartEmulator

V1 = ("partner.customers", "partner.jobs", "partner.cbprotected", "partner.license")
V3 = ("elements.customers", "elements.jobs", "elements.cbprotected", "elements.license")
ROOT = "/partner/external/v3/general/customers"


def call(emulator: Emulator, path: str, method: str = "GET", **options: Any) -> requests.Response:
    """A call with a token for everything."""
    form = {
        "grant_type": "client_credentials",
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
        "scope": " ".join(f"{permission}.read.all" for permission in (*V1, *V3)),
    }
    token = requests.post(emulator.token_url, data=form, timeout=5).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, emulator.api_url + path, headers=headers, timeout=5, **options)


def test_a_customer_that_never_ran_shows_exactly_the_seeds_rows(
    start_emulator: StartEmulator,
) -> None:
    """The vendor's own sample: two modules, "Not Finished", everything else absent or zero."""
    never = demo_cast()[2]
    reply = call(start_emulator(customers=[never]), f"/partner/customers/{never.id}/jobs").json()
    absent = dict.fromkeys(
        ("jobId", "name", "startTime", "endTime", "jobDuration", "lastModifyTime"), "N/A"
    )
    zero = {f"{kind}Count": "0" for kind in ("total", "failed", "successful", "skipped", "warning")}
    expected = {"jobType": "Microsoft 365", "status": "Not Finished", "backupSize": "0 GB"}
    assert reply["value"] == [
        expected | absent | zero | {"jobModule": module}
        for module in ("SharePoint Online", "Exchange Online")
    ]
    assert "$metadata" in reply["@odata.context"]


def test_every_documented_address_answers(start_emulator: StartEmulator) -> None:
    """Customers, one customer, jobs, jobs of a module, protected data, subscription; both ways."""
    emulator = start_emulator(customers=demo_cast()[:2])
    profile = demo_cast()[0]
    customer = call(emulator, f"/partner/customers/{profile.id}").json()
    assert (customer["id"], customer["organization"]) == (profile.id, profile.name)
    assert len(call(emulator, "/partner/customers").json()["value"]) == 2
    module = "jobType/Microsoft%20365/jobModule/OneDrive%20for%20Business"
    (row,) = call(emulator, f"/partner/customers/{profile.id}/jobs/{module}").json()["value"]
    assert row["jobModule"] == "OneDrive for Business"
    (protected, *_) = call(emulator, f"/partner/customers/{profile.id}/protected").json()["value"]
    assert protected["totalProtectedObjects"] <= protected["totalScannedObjects"]
    subscription = call(emulator, f"/partner/services/{profile.id}").json()
    assert subscription["products"][0]["purchasedCapacity"] == "5 TB"
    assert call(emulator, f"{ROOT}/{profile.id}/cloud-backup-m365/overview").json()["data"]
    page = call(emulator, f"{ROOT}/batch", "POST", json={"customerIds": [profile.id]}).json()
    assert [row["id"] for row in page["data"]] == [profile.id]


def test_a_filter_of_generation_3_holds(start_emulator: StartEmulator) -> None:
    """Only the jobs of the requested module, and totalCount counts them."""
    profile = demo_cast()[0]
    emulator = start_emulator(customers=[profile], lists=Lists.ALL)
    body = {"jobType": 7, "jobModule": 305}
    page = call(emulator, f"{ROOT}/{profile.id}/avpt-products/jobs/batch", "POST", json=body).json()
    assert {(row["jobType"], row["jobModule"]) for row in page["data"]} == {(7, 305)}
    assert page["metadata"]["pageSize"] == 50
    assert page["metadata"]["totalCount"] > 100


@pytest.mark.parametrize("query", ["pageSize=101", "pageSize=0", "pageIndex=0", "pageIndex=x"])
def test_a_page_out_of_range_is_refused(start_emulator: StartEmulator, query: str) -> None:
    """At most 100 rows a page, pages from 1."""
    emulator = start_emulator()
    reply = call(emulator, f"{ROOT}/batch?{query}", "POST", json={})
    assert reply.status_code == 400


def test_unknown_customers_addresses_and_tokens(start_emulator: StartEmulator) -> None:
    """404 for what is not there, 401 without a token, and a request id on each reply."""
    emulator = start_emulator()
    replies = {
        404: call(emulator, "/partner/customers/nobody/jobs"),
        401: requests.get(emulator.api_url + "/partner/customers", timeout=5),
    }
    for status, reply in replies.items():
        assert reply.status_code == status
        assert reply.headers["request-id"]
    assert call(emulator, "/partner/nothing").status_code == 404


def test_a_running_job_is_finished_later() -> None:
    """The same job, seen at a later clock, has its end and a newer modification."""
    (profile,) = ordinary_customers(1, 3000, 1)
    running = [row for row in job_rows(1, profile, CLOCK, 1) if row["status"] == "Running"]
    day = timedelta(days=1)
    later = {row["jobId"]: row for row in job_rows(1, profile, CLOCK + day, 1, Lists.ALL, 2 * day)}
    assert running
    for row in running:
        assert row["endTime"] == "N/A"
        assert later[row["jobId"]]["status"] != "Running"
        assert later[row["jobId"]]["lastModifyTime"] > row["lastModifyTime"]


def test_every_row_adds_up() -> None:
    """Total is successful, failed, skipped and warning objects; sizes are GB."""
    for profile in demo_cast():
        for row in job_rows(1, profile, CLOCK, 1, Lists.ALL, timedelta(days=40)):
            if row["totalCount"] == "N/A":
                continue
            parts = ("successfulCount", "failedCount", "skippedCount", "warningCount")
            assert int(row["totalCount"]) == sum(int(row[part]) for part in parts)
            assert row["backupSize"].endswith(" GB")


def test_the_demo_has_all_services_and_its_hard_cases() -> None:
    """Five services, a customer with 3,000 jobs in October, one that may not be read, one that
    joined in mid-month, and scopes of every fate.
    """
    cast = demo_cast()
    assert len(cast) == 7
    plans = [plan for profile in cast for plan in profile.plans]
    assert {plan.service for plan in plans} == {
        "Microsoft 365",
        "Google Workspace",
        "IaaS + PaaS",
        "Dynamics 365",
        "Salesforce",
    }
    assert {plan.service for plan in plans} <= set(SERVICE_NAMES.values())
    assert {plan.module for plan in plans} <= set(MODULE_CODES)
    start, stop = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    truths = [truth(1, profile, start, stop) for profile in cast]
    assert max(len(history.runs) for history in truths) > 3_000
    changes = {change.what for history in truths for change in history.changes}
    assert changes == {"begun", "switched off", "removed", "renamed"}
    assert any(plan.off_at and plan.off_at < start for plan in plans)
    scopes = Counter(
        (profile.name, plan.module)
        for profile in cast
        for plan in profile.plans
        if plan.temper is Temper.BROKEN
    )
    ((name, module),) = scopes
    assert (
        len(
            [
                profile
                for profile in cast
                if profile.name == name
                for p in profile.plans
                if p.module == module
            ]
        )
        == 3
    )
    assert [profile.readable for profile in cast].count(False) == 1
    assert [profile.there_at(start) for profile in cast].count(False) == 1


def test_the_same_options_give_the_same_service_in_every_process() -> None:
    """What is served does not depend on the process, its hash seed or its time zone."""
    program = (
        "import hashlib, json; from datetime import *;"
        "from reporter.sources.avepoint.emulator import *;"
        "from reporter.sources.avepoint.emulator.rows import job_rows;"
        "now = datetime(2026, 11, 1, tzinfo=UTC);"
        "cast = ordinary_customers(6, 400, 5);"
        "rows = [job_rows(5, own, now, 3, Lists.ALL) for own in cast];"
        "print(hashlib.sha256(json.dumps(rows).encode()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("77", "Asia/Tokyo"))
    }
    assert len(hashes) == 1


def test_faults_strike_as_often_as_asked_and_the_same_each_time() -> None:
    """Whether a fault strikes is a function of the seed, the request and the attempt."""
    struck = [
        [faults.strikes("503", f"GET /{number}") for number in range(1000)]
        for faults in (Faults({"503": 0.2}, 1), Faults({"503": 0.2}, 1))
    ]
    assert struck[0] == struck[1]
    assert 150 < sum(struck[0]) < 250


@pytest.mark.parametrize(("text", "hint"), [("504=1", "503"), ("503=2", ""), ("503=x", "")])
def test_a_wrong_fault_is_refused(text: str, hint: str) -> None:
    """An unknown fault names the nearest; a rate is between 0 and 1."""
    with pytest.raises(UsageError) as caught:
        Faults.parse([text], 1)
    assert hint in caught.value.hint


def test_every_fault_is_documented() -> None:
    """docs/emulator.md names each fault with what it does."""
    page = (Path(__file__).parents[4] / "docs" / "emulator.md").read_text("utf-8")
    for name, description in FAULTS.items():
        assert f"| `{name}` | {description} |" in page


def test_requests_are_served_at_once(start_emulator: StartEmulator) -> None:
    """Several slow requests take the time of one."""
    from concurrent.futures import ThreadPoolExecutor

    emulator = start_emulator(latency=0.2)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: call(emulator, "/partner/customers"), range(4)))
    assert emulator.busiest >= 3


def test_the_command_serves_until_it_is_stopped() -> None:
    """`reporter emulate` prints one line of JSON, listens, and ends quietly when interrupted."""
    import json
    import signal

    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", "emulate", "--customers", "2", "--seed", "3"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        assert set(where) == {"api_url", "token_url", "client_id", "client_secret", "tenants"}
        assert all(
            set(office) == {"client_id", "client_secret"} for office in where["tenants"].values()
        )
        assert requests.get(where["api_url"] + "/partner/customers", timeout=5).status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
