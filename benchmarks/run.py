"""Whole runs: fetch from an emulator, then render, on one, two and Dask's two processes."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import distributed
import psutil

from benchmarks.emulation import emulated
from benchmarks.memory import Peaks
from benchmarks.ratios import ROUNDS, Seconds, finish, in_turn, ratio, table
from reporter.config.settings import load_settings
from reporter.files import folder_names
from reporter.render.formats import FORMATS
from reporter.run.assignment import Rendering, assignment_of
from reporter.run.reporting import report_of
from reporter.store import Store

PERIOD = "2026-10"
MADE = ("pdf", "xlsx", "json")
WAYS = ("1 worker", "2 workers", "Dask's 2")
MANY = 10_000
MACHINES = (1, 4, 16)
SAMPLE = 10
"""Customers whose stages are timed one by one."""
MB = 2**20


@dataclass
class Measured:
    """Runs over one number of customers."""

    customers: int
    fetch_s: float = 0.0
    fetch: Peaks = field(default_factory=Peaks)
    rendered: Seconds = field(default_factory=dict)
    peaks: dict[str, Peaks] = field(default_factory=lambda: {way: Peaks() for way in WAYS})
    stages_ms: dict[str, float] = field(default_factory=dict)

    def seconds(self, way: str) -> float:
        return statistics.median(self.rendered[way])

    def rate(self, way: str) -> float:
        """Customers a minute, fetch and rendering together."""
        return self.customers / (self.fetch_s + self.seconds(way)) * 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", default="10,100,1000", help="numbers of customers")
    parser.add_argument("--jobs", type=int, default=1000, help="of each in a month")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--ways", default=",".join(WAYS), help="how to render, by these names")
    options = parser.parse_args()
    ways = options.ways.split(",")
    sizes = sorted(int(size) for size in options.customers.split(","))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        runs = [measure(size, options.jobs, options.rounds, ways, cluster) for size in sizes]
    print("\n".join(dominating(runs)))
    print(f"\nprojected for {MANY:,} customers of {options.jobs} jobs:")
    print("\n".join(projected(runs)))
    finish("run", {"jobs": options.jobs} | ratios(runs))


def measure(
    customers: int,
    jobs: int,
    rounds: int,
    ways: Sequence[str],
    cluster: distributed.LocalCluster,
) -> Measured:
    """Fetch and render so many customers in a folder of its own, and print progress."""
    run = Measured(customers)
    with tempfile.TemporaryDirectory() as name, timed() as took:
        folder = Path(name)
        configure(folder, customers, jobs, run)
        run.rendered = in_turn(
            {way: partial(render, folder, way, run.peaks[way], cluster) for way in ways},
            rounds,
            uncounted=0,
        )
        run.stages_ms = stages(folder, min(SAMPLE, customers))
    print(f"\n{customers} customers of {jobs} jobs, {rounds} rounds, {took[0]:.0f} s in all\n")
    print("\n".join(described(run)))
    return run


def configure(folder: Path, customers: int, jobs: int, run: Measured) -> None:
    """A configuration and, fetched by the command, a store of a month."""
    with emulated(customers, jobs) as access:
        (folder / "reporter.toml").write_text(
            f'[api]\napi_url = "{access.api_url}"\ntoken_url = "{access.token_url}"\n'
            f'client_id = "{access.client_id}"\n'
            f'client_secret = "{access.credential.form("", "")["client_secret"]}"\n',
            "utf-8",
        )
        (folder / "reporter.toml").chmod(0o600)  # it holds a secret
        with timed() as took:
            run.fetch.run([*command("fetch"), "--quiet"], list, cwd=folder)
    run.fetch_s = took[0]


def render(folder: Path, way: str, peaks: Peaks, cluster: distributed.LocalCluster) -> None:
    """All customers by the command, as users call it, into an empty folder: what is there already
    would not be rendered again.
    """
    with tempfile.TemporaryDirectory(dir=folder) as out:
        options = ["--quiet", "--period", PERIOD, "--format", ",".join(MADE), "--out", out]
        if way == "Dask's 2":
            address = cluster.scheduler_address
            environment = {"REPORTER_EXECUTION__SCHEDULER": address}
            workers = partial(pids_of, cluster)
            peaks.run(command("render", *options), workers, cwd=folder, env=PLAIN | environment)
        else:
            count = way.split()[0]
            peaks.run(command("render", *options, "--workers", count), list, cwd=folder, env=PLAIN)


PLAIN = {
    name: value
    for name, value in psutil.Process().environ().items()
    if not name.startswith("REPORTER_")
}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "reporter", *words]


def pids_of(cluster: distributed.LocalCluster) -> list[int]:
    """The processes of a cluster's workers."""
    return [nanny.pid for nanny in cluster.workers.values() if nanny.pid]


def stages(folder: Path, count: int) -> dict[str, float]:
    """Milliseconds each stage of rendering takes for a customer: medians of some, one process."""
    settings = load_settings(folder / "reporter.toml").model_copy()
    store = Store.open(f"sqlite:///{folder / 'reporter.db'}")
    rendering = Rendering(settings, datetime.now(UTC), folder / "out", MADE, PERIOD)
    known = store.customers()
    names = folder_names(known)
    taken: dict[str, list[float]] = {}
    for customer in (known[0], *known[:count]):  # the first time is a warm-up
        with timed() as took:
            assignment = assignment_of(rendering, customer, names[customer.id])
            report, look = report_of(store, assignment), assignment.look
        taken.setdefault("store and analysis", []).append(took[0])
        for suffix in MADE:
            with timed() as took:
                FORMATS.get(suffix).write(report, look, folder / f"stage.{suffix}")
            taken.setdefault(suffix, []).append(took[0])
    store.engine.dispose()
    return {stage: statistics.median(samples[1:]) * 1000 for stage, samples in taken.items()}


@contextmanager
def timed() -> Iterator[list[float]]:
    """Seconds the block took, as the one element of a list, once it has ended."""
    took: list[float] = [0.0]
    began = time.perf_counter()
    try:
        yield took
    finally:
        took[0] = time.perf_counter() - began


def described(run: Measured) -> Iterator[str]:
    """Tables of one number of customers: times, memory, and what dominates."""
    yield from table(run.rendered, next(iter(run.rendered)))
    yield ""
    yield f"{'':10}  customers/min  with fetch   MB command  MB worker"
    for way in run.rendered:
        alone, peaks = run.customers / run.seconds(way) * 60, run.peaks[way]
        yield (
            f"{way:10}  {alone:13.1f}{run.rate(way):12.1f}"
            f"{peaks.command / MB:13.0f}{peaks.worker / MB:11.0f}"
        )
    yield f"{'fetch':10}  {run.customers / run.fetch_s * 60:13.1f}{run.fetch.command / MB:25.0f}"


def shares(runs: Sequence[Measured]) -> Mapping[str, tuple[float, float]]:
    """Milliseconds one customer more takes in each stage, and their shares of all."""
    _, fetch_each = line_of([(run.customers, run.fetch_s) for run in runs])
    stages_ms = {"fetch": fetch_each * 1000} | runs[-1].stages_ms
    whole = sum(stages_ms.values())
    return {stage: (ms, ms / whole) for stage, ms in stages_ms.items()}


def dominating(runs: Sequence[Measured]) -> Iterator[str]:
    """Which stage takes most of a customer's time on one processor."""
    whole = shares(runs)
    yield "\none customer more takes, on one processor:"
    for stage, (ms, share) in whole.items():
        yield f"  {stage:18}{ms:6.0f} ms {share:5.0%}"
    yield f"{max(whole, key=lambda stage: whole[stage][0])} dominates"


def line_of(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """The fixed cost of a run, and the cost of each further customer: from the smallest and the
    largest run.
    """
    (few, few_s), (many, many_s) = points[0], points[-1]
    if few == many:
        return 0.0, many_s / many
    each = (many_s - few_s) / (many - few)
    return max(few_s - few * each, 0.0), each


def projected(runs: Sequence[Measured]) -> Iterator[str]:
    """How long many customers take on several machines, with the arithmetic.

    Fetching is one process's work, as one run holds the store; rendering is shared.
    """
    _, fetch_each = line_of([(run.customers, run.fetch_s) for run in runs])
    for machines in MACHINES:
        way = "2 workers" if machines == 1 else "Dask's 2"
        if way not in runs[-1].rendered:
            continue
        once, each = line_of([(run.customers, run.seconds(way)) for run in runs])
        seconds = MANY * fetch_each + once + MANY * each / machines
        yield (
            f"  {machines:2} x 2 workers: {MANY:,} x {fetch_each:.3f} s (fetch) + {once:.1f} s + "
            f"{MANY:,} x {each:.3f} s / {machines} (render, {way}) = {seconds / 60:.0f} min"
        )


def ratios(runs: Sequence[Measured]) -> dict[str, object]:
    """What travels to other machines, of the largest run, and how it grew from the smallest."""
    few, many = runs[0], runs[-1]
    ways = list(many.rendered)
    more = max(many.customers - few.customers, 1)
    return {
        "customers": [run.customers for run in runs],
        "customers_per_minute": {way: [round(run.rate(way), 1) for run in runs] for way in ways},
        "speed_of_1_worker": {
            way: round(1 / ratio(many.rendered, way, ways[0]), 2) for way in ways[1:]
        },
        "rate_growth": {way: round(many.rate(way) / few.rate(way), 2) for way in ways},
        "peak_mb": {way: [round(run.peaks[way].largest / MB) for run in runs] for way in ways},
        "command_bytes_per_customer": {
            way: round((many.peaks[way].command - few.peaks[way].command) / more) for way in ways
        },
        "worker_memory_growth": {
            way: round(many.peaks[way].worker / max(few.peaks[way].worker, 1), 2)
            for way in ways[1:]
        },
        "shares": {stage: round(share, 2) for stage, (_, share) in shares(runs).items()},
    }


if __name__ == "__main__":
    main()
