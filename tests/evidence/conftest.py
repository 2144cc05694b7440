"""A month of one customer, fetched, rendered and ready to be archived by the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric import ec

from reporter.model import Answer, Customer, Reply, Snapshot
from reporter.store import Store
from tests.builders import CUSTOMER, make_answers, make_job, make_product, make_protected
from tests.conftest import Run, invoke
from tests.evidence.authorities import Root, serve, stamping, write_pem, write_pfx
from tests.world import Worlds

SECOND = Customer("b0000000-0000-0000-0000-000000000002", "Fabrikam GmbH")
OCTOBER_OVER = datetime(2026, 11, 1, 6, tzinfo=UTC)


def keep(
    folder: Path,
    rows: Sequence[object],
    at: datetime,
    customer: Customer = CUSTOMER,
    answers: tuple[Answer, ...] = (),
) -> None:
    """Put a snapshot into the store, as a fetch would."""
    body = json.dumps({"value": list(rows)}).encode()
    url = f"https://graph.example/partner/customers/{customer.id}/jobs?page=1"
    reply = Reply(url, at, f"req-{at:%d%H}", body)
    with closing(Store.open(f"sqlite:///{folder / 'reporter.db'}")) as store:
        store.record_customers([customer], (reply,))
        store.record(Snapshot(customer, (reply,), answers))


def month(label: str, *, status: str = "Finished") -> list[object]:
    """A job each third day of a month, of two modules; the last has the status given."""
    days = [f"{label}-{day:02}T01:00:00Z" for day in range(1, 29, 3)]
    rows: list[object] = [make_job(day) for day in days]
    rows += [make_job(day, jobModule="OneDrive", backupSize="3.5 GB") for day in days[:-1]]
    return [*rows, make_job(days[-1], status, jobModule="OneDrive")]


@dataclass(frozen=True)
class Evidence:
    """A folder to work in, and its commands."""

    folder: Path
    run: Run

    def configure(self, *lines: str, look: str = 'depth = "page"') -> None:
        path = self.folder / "reporter.toml"
        text = "\n".join(["[report]", 'timezone = "Europe/Berlin"', look, "[evidence]", *lines])
        path.write_text(text, "utf-8")
        path.chmod(0o600)

    def render(self, period: str = "2026-10") -> None:
        result = self.run("render", "--period", period)
        assert result.exit_code == 0, result.output

    def archive(self, period: str = "2026-10", *more: str) -> Path:
        """The bag of the one customer."""
        result = self.run("archive", "--period", period, *more)
        assert result.exit_code == 0, result.output
        return self.folder / result.stdout.splitlines()[-1]

    def verify(self, *words: object) -> Result:
        return self.run("verify", *words)

    def verdict(self, *words: object) -> dict[str, str]:
        """The outcome of each check by name; all failures are in one text under `failed`."""
        result = self.verify(*words, "--json")
        answer = json.loads(result.stdout)
        findings = [finding for verdict in answer["verdicts"] for finding in verdict["findings"]]
        failed = [
            f"{finding['what']}: {finding['said']}"
            for finding in findings
            if finding["outcome"] == "failed"
        ]
        assert answer["valid"] == (result.exit_code == 0) == (not failed), result.output
        return {finding["what"]: finding["outcome"] for finding in findings} | {
            "failed": "; ".join(failed)
        }


def rendered(folder: Path) -> None:
    """Render October of one customer with two modules."""
    answers = make_answers([make_protected()], [make_product()], at=OCTOBER_OVER)
    keep(folder, month("2026-09"), OCTOBER_OVER - timedelta(days=20))
    keep(folder, month("2026-10", status="Failed"), OCTOBER_OVER, answers=answers)
    evidence = Evidence(folder, invoke)
    evidence.configure()
    evidence.render()


@pytest.fixture
def evidence(run: Run, worlds: Worlds, tmp_path: Path) -> Evidence:
    """October of one customer with two modules, rendered."""
    worlds.begin("october-rendered", tmp_path, rendered)
    return Evidence(tmp_path, run)


@pytest.fixture
def bag(evidence: Evidence, worlds: Worlds) -> Path:
    """Of that month, archived without a signature."""

    def archived(folder: Path) -> None:
        worlds.begin("october-rendered", folder, rendered)
        Evidence(folder, invoke).archive()

    worlds.begin("october-archived", evidence.folder, archived)
    return evidence.folder / "archive" / "contoso-ltd" / "2026-10-v1"


@pytest.fixture
def root() -> Root:
    return Root.make()


@pytest.fixture
def signing(tmp_path: Path, root: Root) -> tuple[str, ...]:
    """The lines of the configuration that have archives signed, with EC P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = root.issue("Contoso Managed Services", key)
    write_pfx(tmp_path / "signing.pfx", key, certificate, root.certificate)
    write_pem(tmp_path / "root.pem", root.certificate)
    write_pem(tmp_path / "signer.pem", certificate)
    return ('certificate = "signing.pfx"', 'certificate_password = "secret"')


@pytest.fixture
def authority(tmp_path: Path, root: Root) -> Iterator[str]:
    """The address of a time-stamp authority."""
    with serve(stamping(tmp_path / "tsa", root)) as url:
        yield url


@pytest.fixture(scope="session")
def kept_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """September and October of one customer, archived, signed and stamped; made once."""
    folder = tmp_path_factory.mktemp("archived")
    root = Root.make()
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = root.issue("Contoso Managed Services", key)
    write_pfx(folder / "signing.pfx", key, certificate, root.certificate)
    write_pem(folder / "root.pem", root.certificate)
    evidence = Evidence(folder, invoke)
    with pytest.MonkeyPatch.context() as patch, serve(stamping(folder / "tsa", root)) as url:
        patch.chdir(folder)
        evidence.configure(
            'certificate = "signing.pfx"',
            'certificate_password = "secret"',
            f'timestamp_url = "{url}"',
        )
        keep(folder, month("2026-09"), OCTOBER_OVER - timedelta(days=31))
        evidence.render("2026-09")
        evidence.archive("2026-09")
        keep(folder, month("2026-10", status="Failed"), OCTOBER_OVER)
        evidence.render("2026-10")
        evidence.archive("2026-10")
    return folder


@pytest.fixture
def home(kept_archive: Path, tmp_path: Path) -> Path:
    """A copy of the customer's folder in the archive, to be tampered with."""
    shutil.copy(kept_archive / "root.pem", tmp_path)
    return Path(shutil.copytree(kept_archive / "archive" / "contoso-ltd", tmp_path / "contoso-ltd"))


@pytest.fixture
def checked(run: Run, tmp_path: Path) -> Evidence:
    """The commands, in a folder with nothing configured: as an auditor has them."""
    return Evidence(tmp_path, run)
