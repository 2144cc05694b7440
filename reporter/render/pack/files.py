"""The files of a pack for machines, and the one that says what is in it."""

from __future__ import annotations

import csv
import hashlib
import json
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd

from reporter.render.pack.values import FIELDS, KEY, NUMBER, Pack, Sampled
from reporter.render.text import Words
from reporter.render.workbook.cells import looks_like_formula
from reporter.render.workbook.jobs import counted_as

_AS_TEXT: Final = "'"
_NAMES: Final = tuple(
    "duration_s" if field == "duration" else field for field in (*FIELDS, "counted_as")
)

_WIDTH: Final = 88

_README: Final = """\
Auditor's pack: {customer}, {period}, version {version}

Made from the archived bag {bag}, by computing its report again from the replies of the
backup service. The same bag, seed, size of the sample and version of the program give the
same files.

WHAT IS IN IT

auditors-pack.xlsx  read me and sign-off; completeness and accuracy; scopes, with the row
                    that says how each is listed; population; sample; failures and their
                    cures
population.csv      every job, with its key (UTF-8; a text that begins with one of = + - @ '
                    or a tab has an apostrophe in front of it, so that no program takes it for
                    a formula)
sample.json         the jobs of the sample, each with the row of the service's reply behind it,
                    letter by letter

SHA-256 of these files:

{sums}

HOW THE SAMPLE WAS DRAWN

{method}

Or with Python, in this folder:

    import csv, hashlib
    seed, size = {seed}, {asked}
    def key(job):
        texts = [job[name] for name in ("service", "module", "job_id")]
        texts = [text[1:] if text.startswith("'") else text for text in texts]
        return hashlib.sha256("|".join([seed, *texts]).encode()).hexdigest()
    jobs = csv.DictReader(open("population.csv", encoding="utf-8-sig", newline=""))
    for job in sorted(jobs, key=key)[:size]:
        print(job["number"], job["service"], job["module"], job["job_id"])

HOW TO FOLLOW A JOB TO ITS SOURCE

sample.json names the reply of each row by its SHA-256. In the bag that reply is
data/replies/<SHA-256>.json, exactly as received; "row" says which row of it, from 1. How
to check the bag says its own README.txt. A job has a row in each reply that listed it:
the one with the newest modification counts, and is the one named.

WHAT IT DOES NOT SHOW

That data can be restored, how long it is kept, or that nobody can delete it: job data
alone says nothing of these.
"""


def write_population(pack: Pack, path: Path) -> None:
    """All jobs of the population, one per line.

    Raises:
        OSError: it cannot be written.
    """
    sample_numbers = {sampled.place: sampled.number for sampled in pack.sample}
    # Excel recognises UTF-8 by the byte order mark; a lone surrogate has no UTF-8.
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([NUMBER, *_NAMES, KEY, "sample_number"])
        for number, key, job in jobs_of(pack.report.jobs, pack.report.period.timezone):
            fields = [_field(value) for value in job.values()]
            writer.writerow([number, *fields, key, sample_numbers.get(number, "")])


def jobs_of(jobs: pd.DataFrame, timezone: str) -> list[tuple[int, str, dict[str, Any]]]:
    """The number, key and fields of each job of a population: times in the zone, None where
    missing.
    """
    local = jobs[list(FIELDS)].copy()
    for name in local.columns[
        local.dtypes.map(lambda dtype: isinstance(dtype, pd.DatetimeTZDtype))
    ]:
        local[name] = local[name].dt.tz_convert(timezone)
    local["counted_as"] = counted_as(jobs, Words("en"))
    fields = local.astype(object).where(local.notna(), None).to_dict("records")
    keyed = zip(jobs[NUMBER].tolist(), jobs[KEY].tolist(), fields, strict=True)
    return [
        (number, key, {str(n): _plain(v) for n, v in job.items()}) for number, key, job in keyed
    ]


def _plain(value: Any) -> Any:
    """A value of a frame as a plain Python object."""
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, pd.Timedelta):
        return value.to_pytimedelta()
    return value


def _field(value: Any) -> Any:
    """A value of a job as a field of a CSV line."""
    if isinstance(value, str) and looks_like_formula(value):
        return _AS_TEXT + value
    return _written(value)


def _written(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            return value


def write_sample(pack: Pack, path: Path) -> None:
    """The sample, with the rows behind it.

    Raises:
        OSError: it cannot be written.
    """
    report = pack.report
    contents = {
        "customer": {"id": pack.customer.id, "name": pack.customer.name},
        "period": report.period.label,
        "timezone": report.period.timezone,
        "version": report.version,
        "bag": pack.bag,
        "seed": pack.seed,
        "asked": pack.asked,
        "population": len(report.jobs),
        "method": pack.method,
        "sample": [_sampled_json(sampled) for sampled in pack.sample],
    }
    text = json.dumps(contents, ensure_ascii=False, indent=1)
    path.write_bytes(text.encode("utf-8", "backslashreplace") + b"\n")


def _sampled_json(sampled: Sampled) -> Mapping[str, Any]:
    return {
        "number": sampled.number,
        "population_number": sampled.place,
        "key": sampled.key,
        "job": dict(zip(_NAMES, map(_written, sampled.job.values()), strict=True)),
        "reply": {
            "sha256": sampled.behind.reply_sha256,
            "url": sampled.behind.url,
            "fetched_at": sampled.behind.fetched_at.isoformat(),
            "request_id": sampled.behind.request_id,
            "row": sampled.behind.row,
        },
        "raw": sampled.behind.raw,
    }


def write_readme(pack: Pack, path: Path, files: Sequence[Path]) -> None:
    """What is in the pack, with the hashes of its other files.

    Raises:
        OSError: one cannot be read or written.
    """
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in files]
    text = _README.format(
        customer=pack.customer.name,
        period=pack.report.period.label,
        version=pack.report.version,
        bag=pack.bag,
        sums="\n".join(sums),
        method="\n\n".join(textwrap.fill(paragraph, _WIDTH) for paragraph in pack.method),
        seed=ascii(pack.seed),
        asked=pack.asked,
    )
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
