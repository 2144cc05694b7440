"""Files of several products, through the whole line and back out of an archive: with the very
mappings and exports that docs/sources.md shows.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporter.config.settings import Settings, load_settings
from reporter.errors import FetchError, ReplyError, SettingsError
from reporter.model import TENANT_KINDS, Customer
from reporter.run.fetching import source_of
from reporter.sources.registry import reader_of
from reporter.store import Store
from reporter.store.received import received_until
from tests.conftest import invoke

DAY = timedelta(days=1)
WRITTEN = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
JOINED = """
[[customers]]
id = "veeam:Contoso"
joins = ["pbs-contoso:Contoso"]
"""


def example(language: str, number: int = 0) -> str:
    """A block of docs/sources.md."""
    text = (Path(__file__).parents[3] / "docs" / "sources.md").read_text("utf-8")
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return blocks[number]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A provider's folder with the two exports of the examples."""
    exports = {"veeam.csv": example("csv"), "pbs-contoso.json": example("json")}
    configured = example("toml", 0) + example("toml", 1) + JOINED
    monkeypatch.chdir(tmp_path)
    Path("exports").mkdir()
    for name, text in exports.items():
        write(Path("exports", name), text)
    Path("reporter.toml").write_text(configured, "utf-8")
    return tmp_path


def write(path: Path, text: str, at: datetime = WRITTEN) -> None:
    path.write_text(text, "utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))


def figures_of(customer: str) -> dict[str, Any]:
    rendered = invoke("render", "--period", "2026-10", "--format", "json")
    assert rendered.exit_code == 0, rendered.stderr
    path = Path("reports/2026-10", customer, f"{customer}-backup-report-2026-10.json")
    figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return figures


@pytest.fixture
def fetched(office: Path) -> Path:
    """The folder after the exports were read."""
    result = invoke("fetch")
    assert result.exit_code == 0, result.stderr
    return office


def test_one_report_of_three_products(fetched: Path) -> None:
    """Jobs of two products are one customer's; the other customer has those of one."""
    listed = invoke("customers").stdout.splitlines()
    assert listed == ["veeam:Contoso  Contoso", "veeam:Fabrikam  Fabrikam"]
    figures = figures_of("contoso")
    modules = {
        (module["service"], module["module"]): (module["jobs"], module["failed"], module["bytes"])
        for module in figures["modules"]
    }
    assert modules == {
        ("Proxmox Backup Server", "store"): (2, 1, None),
        ("Veeam Backup & Replication", "Backup"): (3, 1, 52_428_800 + 57_671_680),
    }
    assert figures["totals"]["success_rate"] == pytest.approx(3 / 5)
    assert [other["jobs"] for other in figures["other_jobs"]] == [1]
    assert figures["customer"] == {"id": "veeam:Contoso", "name": "Contoso"}
    assert {look["customer_id"] for look in figures["last_looks"]} == {
        "veeam:Contoso",
        "pbs-contoso:Contoso",
    }
    assert "last_looks" not in figures_of("fabrikam")


def test_a_table_tells_of_all_time_since_its_oldest_job(fetched: Path) -> None:
    """It is read once, after the month, and the days before it are seen all the same."""
    coverage = figures_of("fabrikam")["coverage"]
    assert len(coverage["missing_days"]) == 5
    assert coverage["watched_share"] == pytest.approx((25 + 2.5 / 24) / 31)


def test_an_archive_is_computed_again_without_the_configuration(fetched: Path) -> None:
    """It holds the mapping and the customer's rows, and nobody else's."""
    assert invoke("render", "--period", "2026-10", "--format", "pdf,xlsx,json").exit_code == 0
    assert invoke("archive", "--period", "2026-10").exit_code == 0
    Path("reporter.toml").unlink()
    verdict = invoke("verify", "archive/contoso")
    assert verdict.exit_code == 0, verdict.output
    assert "all those in the JSON follow from the raw replies" in verdict.output
    assert "all about this customer" in verdict.output
    kept = b"".join(path.read_bytes() for path in Path("archive/contoso").rglob("replies/*"))
    assert b"Contoso - Servers" in kept
    assert b"Fabrikam" not in kept


def test_what_is_read_twice_is_kept_once(fetched: Path) -> None:
    """An export that nobody has written since is no new look; one that was is."""
    store = Store.open("sqlite:///reporter.db")
    first = store.customers()
    assert invoke("fetch").exit_code == 0
    assert figures_of("fabrikam")["coverage"]["snapshots"] == 0
    rendered = invoke("render", "--period", "2026-10", "--format", "json")
    assert rendered.stderr.count("Unchanged") == 2
    later = Path("exports/veeam.csv").read_text("utf-8").replace('"Failed"', '"Success"')
    write(Path("exports/veeam.csv"), later, WRITTEN + timedelta(hours=1))
    assert invoke("fetch").exit_code == 0
    assert figures_of("contoso")["totals"]["failed"] == 1  # that of the other product
    assert store.customers() == first


def test_late_rows_restate_a_final_report(fetched: Path) -> None:
    """With what it corrects, also where two sources have told at different times."""
    assert figures_of("contoso")["final"]
    row = '"9","Contoso - Servers","Backup","10/8/2026 10:00:00 PM","10/8/2026 10:09:00 PM",'
    more = Path("exports/veeam.csv").read_text("utf-8") + row + '"Stopped","Failed","0"\n'
    write(Path("exports/veeam.csv"), more, WRITTEN + timedelta(days=1))
    assert invoke("fetch").exit_code == 0
    corrected = figures_of("contoso")
    assert (corrected["version"], corrected["restates"]["version"]) == (2, 1)
    assert invoke("render", "--period", "2026-10", "--format", "pdf,xlsx,json").exit_code == 0
    assert invoke("archive", "--period", "2026-10").exit_code == 0
    verdict = invoke("verify", "archive/contoso")
    assert verdict.exit_code == 0, verdict.output


def test_a_joined_customer_nobody_has_seen_is_told(office: Path) -> None:
    """A wrong id would leave a product out of the report without a word."""
    wrong = Path("reporter.toml").read_text("utf-8").replace("pbs-contoso:Contoso", "pbs:Contoso")
    Path("reporter.toml").write_text(wrong, "utf-8")
    assert invoke("fetch").exit_code == 0
    rendered = invoke("render", "--period", "2026-10", "--format", "json")
    assert rendered.exit_code == 1
    assert "There is no complete snapshot of Contoso as 'pbs:Contoso'" in rendered.stderr
    assert "Check `joins`" in rendered.stderr


def test_a_module_that_two_sources_list_is_refused(office: Path) -> None:
    """Its jobs would be counted twice."""
    text = Path("reporter.toml").read_text("utf-8")
    text = text.replace('value = "Proxmox Backup Server"', 'value = "Veeam Backup & Replication"')
    same = 'module = { value = "Backup" }'
    text = text.replace('module = { column = "worker_id", match = "^([^:]*):" }', same)
    Path("reporter.toml").write_text(text, "utf-8")
    assert invoke("fetch").exit_code == 0
    rendered = invoke("render", "--period", "2026-10", "--format", "json")
    assert rendered.exit_code == 1
    assert "Two sources of Contoso list the module Backup of Veeam" in rendered.stderr


def test_one_source_that_fails_costs_no_other(office: Path) -> None:
    """It is told, with what is to be done, and the exit status is 1."""
    Path("exports/pbs-contoso.json").write_text('{"data": 7}', "utf-8")
    result = invoke("fetch")
    assert result.exit_code == 1
    assert "has no list of objects under 'data'" in result.stderr
    assert result.stderr.count("Fetched") == 2
    assert invoke("check").stdout.count("FAILED") == 1


def test_without_any_file_nothing_is_fetched(office: Path) -> None:
    """Where all sources fail the command does."""
    for path in Path("exports").iterdir():
        path.unlink()
    result = invoke("fetch")
    assert result.exit_code == 1
    assert "nothing matches" in result.stderr


def test_rows_of_nobody_are_told(office: Path) -> None:
    """The others are fetched."""
    more = Path("exports/veeam.csv").read_text("utf-8").replace("Fabrikam - Files", "Files")
    write(Path("exports/veeam.csv"), more)
    result = invoke("fetch")
    assert result.exit_code == 1
    assert "The source 'veeam' has rows that name no customer: 1." in result.stderr
    assert "Fetched Contoso" in result.stderr


def test_excerpts_are_letter_by_letter(office: Path) -> None:
    """Of a table with quotes, line breaks in values, blank lines and a byte order mark."""
    text = (
        "\ufeffId,JobName,JobType,CreationTime,EndTime,Result,BackupSize\r\n"
        '1,"Contoso - ""A"",\nB",Backup,10/5/2026 10:00:04 PM,,Success,5\r\n'
        "\r\n"
        "2,Fabrikam - F,Backup,10/5/2026 10:00:04 PM,,Success,6\r\n"
        "3,Contoso - C,Backup,10/6/2026 10:00:04 PM,,Success,7"
    )
    Path("exports/veeam.csv").write_bytes(text.encode())
    settings = load_settings(Path("reporter.toml"))
    source = source_of(settings, "veeam", lambda: WRITTEN)
    source.customers()
    snapshot = source.snapshot(Customer("veeam:Contoso", "Contoso"))
    assert not {answer.kind for answer in snapshot.answers} & set(TENANT_KINDS)
    replies = snapshot.replies
    lines = text.split("\r\n")
    assert replies[1].body.decode() == "\r\n".join((lines[0], lines[1], lines[4]))
    reader = reader_of(replies)
    assert reader.texts(replies) == [[], [lines[1], lines[4]]]
    assert [row["job_id"] for rows in reader.rows(replies) for row in rows] == ["1", "3"]
    assert reader.is_about(replies[1], "veeam:Contoso")
    assert not reader.is_about(replies[1], "veeam:Fabrikam")
    cut = reader.cut_from(replies[1].url)
    assert cut is not None
    assert cut.url == "table:veeam/exports/veeam.csv"


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ('name = "veeam"', 'name = "Veeam!"', "cannot name a source"),
        ('name = "pbs-contoso"', 'name = "veeam"', "two sources are called 'veeam'"),
        ('kind = "table"', 'kind = "tape"', "'tape' is not a kind of source. Known kinds: table"),
        ('status = "Result"\n', "", "the field `status` is missing"),
        ('status = "Result"', 'state = "Result"', "'state' is not a field of a job"),
        ('Success = "success"', 'Success = "good"', "Input should be 'success'"),
        ('match = "^(.+?) - "', 'match = "^(.+? - "', "`match` is not a regular expression"),
        ('match = "^(.+?) - "', 'match = "^.+? - "', "`match` needs a column and a group"),
        ('module = "JobType"', 'module = { match = "(x)" }', "needs either the name of a column"),
        ('timezone = "Europe/Berlin"', 'timezone = "Berlin"', "'Berlin' is not a time zone"),
        ('timezone = "Europe/Berlin"', 'delimiter = ";;"', "must be one character"),
        ('timezone = "Europe/Berlin"', 'encoding = "ansi"', "'ansi' is not an encoding"),
        ('timezone = "Europe/Berlin"', 'time_zone = "UTC"', "Did you mean 'timezone'?"),
        ('["pbs-contoso:Contoso"]', '["a", "a"]', "'a' is in `joins` twice"),
        ('["pbs-contoso:Contoso"]', '["veeam:Contoso"]', "joins two customers of one source"),
        ('["pbs-contoso:Contoso"]', '["veeam:CONTOSO"]', "joins two customers of one source"),
        ('times = "unix"', 'times = "unixms"', "'unixms' is not a time format"),
        ('times = "unix"', 'times = "%Q"', "'%Q' is not a time format"),
        ('path = "exports/veeam*.csv"', 'path = ""', "is not a path or glob"),
        ('path = "exports/veeam*.csv"', 'path = "exports/**x.csv"', "is not a path or glob"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(
    office: Path, was: str, now: str, message: str
) -> None:
    """When the configuration is read, with what is to be written."""
    text = Path("reporter.toml").read_text("utf-8")
    assert was in text
    Path("reporter.toml").write_text(text.replace(was, now, 1), "utf-8")
    with pytest.raises(SettingsError) as failure:
        load_settings(Path("reporter.toml"))
    assert message in f"{failure.value} {failure.value.hint}"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("veeam.csv", "\n;\n", "has no column 'BackupSize'"),
        ("veeam.csv", "Id,JobName\n1,x\n", "has no column"),
        ("veeam.csv", b"\xff\xfe", "is not valid utf-8"),
        ("pbs-contoso.json", "{", "is not valid JSON"),
        ("pbs-contoso.json", '{"data": [1]}', "has no list of objects under 'data'"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(
    office: Path, name: str, text: str | bytes, message: str
) -> None:
    """As a whole: half a table would say that the other half did not run."""
    content = text if isinstance(text, bytes) else text.encode()
    Path("exports", name).write_bytes(content)
    settings = load_settings(Path("reporter.toml"))
    with pytest.raises(ReplyError, match=message):
        source_of(settings, name.split(".")[0], lambda: WRITTEN).customers()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('1,Contoso - A,Backup,,,Stopped,OK,"5', "not valid CSV after row 4"),
        ('1,Contoso - A,Backup,,,Stopped,OK,"5\n2,"Fabrikam - B",x', "not valid CSV after row 4"),
    ],
)
def test_a_quote_that_is_never_closed_is_refused(office: Path, row: str, message: str) -> None:
    """It would take other customers' rows into one's own."""
    more = Path("exports/veeam.csv").read_text("utf-8") + row + "\n"
    Path("exports/veeam.csv").write_text(more, "utf-8")
    with pytest.raises(ReplyError, match=message):
        veeam(load_settings(Path("reporter.toml")))


def test_a_file_for_each_day(office: Path) -> None:
    """Each written on its day and read together once: all of them tell of the month."""
    header, *rows = example("csv").splitlines()
    for number, row in enumerate(rows):
        write(Path(f"exports/veeam-{number}.csv"), f"{header}\n{row}\n", WRITTEN - DAY * number)
    Path("exports/veeam.csv").unlink()
    write(Path("exports/veeam-9.csv"), "")  # a day without jobs
    assert invoke("fetch").exit_code == 0
    assert figures_of("contoso")["totals"]["jobs"] == 5
    assert figures_of("fabrikam")["totals"]["jobs"] == 1


def test_a_mapping_that_is_mended_mends_the_past(fetched: Path) -> None:
    """No job is there twice, under the old name and the new one."""
    assert figures_of("fabrikam")["modules"][0]["service"] == "Veeam Backup & Replication"
    text = Path("reporter.toml").read_text("utf-8")
    text = text.replace("Veeam Backup & Replication", "Veeam").replace('"warning"', '"failed"', 1)
    Path("reporter.toml").write_text(text, "utf-8")
    assert invoke("fetch").exit_code == 0
    figures = figures_of("fabrikam")
    (module,) = figures["modules"]
    assert (module["service"], module["jobs"], module["failed"]) == ("Veeam", 1, 1)


def test_a_customer_who_is_joined_later_brings_nothing_late(office: Path) -> None:
    """What the other source knew was there; the provider has chosen to show it."""
    joined = Path("reporter.toml").read_text("utf-8")
    Path("reporter.toml").write_text(joined.replace(JOINED, ""), "utf-8")
    assert invoke("fetch").exit_code == 0
    listed = invoke(
        "render", "--period", "2026-10", "--format", "json", "--customer", "veeam:Contoso"
    )
    assert listed.exit_code == 0, listed.stderr
    Path("reporter.toml").write_text(joined, "utf-8")
    restates = figures_of("contoso")["restates"]
    assert (restates["version"], restates["late"]) == (1, False)


def test_who_is_no_longer_in_any_file_is_named(fetched: Path) -> None:
    """Their jobs may be older than the export goes back: nothing new is known of them."""
    lines = Path("exports/veeam.csv").read_text("utf-8").splitlines(keepends=True)
    fewer = "".join(line for line in lines if "Fabrikam" not in line)
    write(Path("exports/veeam.csv"), fewer, WRITTEN + DAY)
    result = invoke("fetch")
    assert "The source 'veeam' no longer lists: Fabrikam." in result.stderr


def test_nothing_of_other_customers_is_kept_with_one(fetched: Path) -> None:
    """Neither in the pattern that finds customers, nor beside the rows of a file."""
    store = Store.open("sqlite:///reporter.db")
    for customer_id in ("veeam:Contoso", "pbs-contoso:Contoso"):
        (fetch, *_) = received_until(
            store, Customer(customer_id, "Contoso"), {customer_id: WRITTEN}
        )
        kept = b"".join(reply.body for reply in fetch.replies)
        assert b"Contoso" in kept
        assert b"(.+?)" not in kept
        assert b"total" not in kept.replace(b"objects_total", b"")


def test_what_check_says_of_a_source(office: Path) -> None:
    """How many customers and jobs, and what nobody can read."""
    checked = invoke("check").stdout
    assert "source veeam: customers: 2, jobs: 4, as of 2026-11-02 06:00 UTC" in checked
    text = Path("reporter.toml").read_text("utf-8").replace("%m/%d/%Y", "%Y/%d/%m")
    Path("reporter.toml").write_text(text.replace('Failed = "failed"\n', ""), "utf-8")
    checked = invoke("check").stdout
    assert "starts that cannot be read: 4; unknown statuses: 'Failed'" in checked


def test_a_row_with_too_many_values_is_refused(office: Path) -> None:
    """Its columns would be others."""
    more = Path("exports/veeam.csv").read_text("utf-8") + "1,2\n"
    Path("exports/veeam.csv").write_text(more, "utf-8")
    with pytest.raises(ReplyError, match="too many or too few values in row 5"):
        veeam(load_settings(Path("reporter.toml")))


def test_a_file_of_another_user_is_told(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With whom it has to be readable for."""

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(FetchError, match="cannot be read: Permission denied"):
        veeam(load_settings(Path("reporter.toml")))


def veeam(settings: Settings) -> None:
    source_of(settings, "veeam", lambda: WRITTEN).customers()
