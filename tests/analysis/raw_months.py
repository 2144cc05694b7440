"""Customers as a service that lists the newest jobs shows them, and everything that goes wrong.

Each is made of a seed: what ran, when it was looked at, and the replies that gives. Two kinds:
`random_customer` tells the likely stories of scopes, with faults; `random_handful` is a few rows
of chaos, for the corners between definitions.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, object]
Reply = tuple[datetime, list[Row]]

ALIASES = {
    "OneDrive for Business": "OneDrive",
    "Microsoft 365 Group": "Microsoft 365 Groups",
    "Microsoft Teams Chat": "Teams Chat",
    "Yammer": "Viva Engage",
    "Exchange Online Public Folders": "Exchange Online Public Folder",
}
"""Spellings of generation 1 and what generation 3 calls the same module."""

MODULES = [
    ("Microsoft 365", 7, "Exchange Online", 303),
    ("Microsoft 365", 7, "SharePoint Online", 302),
    ("Microsoft 365", 7, "OneDrive", 305),
    ("Microsoft 365", 7, "Teams Chat", 309),
    ("Microsoft 365", 7, "Viva Engage", 402),
    ("Google Workspace", 11, "Gmail", 501),
    ("Google Workspace", 11, "Shared Drives", 505),
    ("IaaS + PaaS", 12, "Azure Virtual Machine", 356),
    ("IaaS + PaaS", 12, "Storage", 359),
    ("Salesforce", 15, "Salesforce", 301),
    ("Dynamics 365", 16, "Dynamics 365", 401),
    ("Unknown (99)", 99, "Unknown (999)", 999),
]
OTHERS = [
    ("Microsoft 365", 7, "Archiver", 8),
    ("Google Workspace", 11, "Retention", 10),
    ("Microsoft 365 Scan", 0, "Exchange Online", 303),
]
"""Modules that run no backups."""

CODES: Mapping[str, Mapping[int, str]] = {
    "jobType": {code: name for name, code, _, _ in [*MODULES, *OTHERS]},
    "jobModule": {0: "None"} | {code: name for _, _, name, code in [*MODULES, *OTHERS]},
    "status": {
        0: "None", 1: "Running", 2: "Finished", 3: "Failed", 4: "Finished with exception",
        5: "Skipped", 6: "Pending", 7: "Failed to start", 8: "Canceled", 9: "Rejected",
        10: "Stopped", 11: "Not scanned", 12: "Disabled", 13: "Not started",
        14: "Waiting for configuration", 77: "Unknown (77)",
    },
}  # fmt: skip

ENDS = [
    ("Finished", 70), ("Successful", 4), ("Completed", 4), ("Finished with exception", 10),
    ("Partially finished", 2), ("Failed", 10), ("Rejected", 2), ("Canceled", 3), ("Stopped", 2),
    ("Skipped", 3), ("Not scanned", 1), ("Throttled", 1), ("Unknown (77)", 1), ("", 1),
]  # fmt: skip
PLACEHOLDERS = [
    "Not finished", "Not started", "Not scanned", "Waiting for configuration", "Running",
    "In progress", "Pending", "Waiting", "None", "Finished", "Successful", "Completed", "Skipped",
    "Disabled", "Failed", "Failed to start", "Rejected", "Canceled", "Stopped",
    "Finished with exception", "Throttled",
]  # fmt: skip
UNREADABLE = {
    "Count": ["-5", "1.5", "many", "1,23", "0x10"],
    "backupSize": ["n/a GB", "12", "5 XB", "-1 GB", "1.5.2 MB", "12,5 GB"],
    "jobDuration": ["39", "soon", "00:61:00", "1h2"],
    "Time": ["2026-10-05", "0001-01-01T00:00:00Z", "2026-02-30T01:00:00Z", "yesterday",
             "05.10.2026 22:00:00"],
}  # fmt: skip
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")


@dataclass
class RawCustomer:
    """What a service said of a customer, and the report asked for."""

    replies: list[Reply]
    """Rows as the service sends them, in the order of receipt."""
    label: str
    start: datetime
    end: datetime
    zone: str
    policy: dict[str, Any]
    overviews: list[tuple[datetime, list[dict[str, Any]]]] = field(default_factory=list)
    """Times and rows of `service`, `module`, `stored_bytes` (whole GB)."""

    @property
    def named(self) -> list[tuple[datetime, list[dict[str, str | None]]]]:
        """The replies as the oracle wants them: text alone, names brought together."""
        return [(at, [named(row) for row in rows]) for at, rows in self.replies]


def named(row: Row) -> dict[str, str | None]:
    """A row as text, its codes and spellings as the names used in reports."""
    text = {key: None if value is None else str(value) for key, value in row.items()}
    for key, names in CODES.items():
        value = row.get(key)
        if isinstance(value, int):
            text[key] = names.get(value, f"Unknown ({value})")
    module = (text.get("jobModule") or "").strip()
    text["jobModule"] = ALIASES.get(module, module)
    return text


# What ran.


@dataclass
class Run:
    """One job that ran, or still runs."""

    job_id: str
    start: datetime
    end: datetime | None
    """None for a job whose end nobody ever sees."""
    row: Row
    """As it is in the end."""


@dataclass
class Story:
    """A scope: its runs, and from when on a placeholder or nothing stands for it."""

    service: tuple[str, int]
    module: tuple[str, int]
    name: str
    runs: list[Run]
    stands: list[tuple[datetime, Row | None]]
    """From each time on: a placeholder, nothing (None), or (an empty row) its jobs."""
    queued: list[tuple[datetime, datetime, Row]]
    """From, until, and the placeholder that hides the last job."""


def random_customer(seed: int) -> RawCustomer:
    """Scopes with their stories over some weeks, looked at in some rhythm, with some faults."""
    chance = random.Random(seed)
    label, start, end, zone = random_period(chance)
    first = start - timedelta(days=chance.choice([-3, 0, 2, 9, 20]), hours=chance.random() * 24)
    last = end + timedelta(days=chance.choice([-4, 0, 1, 3]), hours=chance.random() * 24)
    watch = chance.choice([4, 7, 7, 7, 13, 25])
    stories = [
        story
        for module in chance.sample(MODULES, chance.randint(1, 4))
        for story in module_stories(chance, module, first, last)
    ]
    moments = looks(chance, first, last, (start, end), watch)
    lists_all = chance.random() < 0.25
    odd = chance.choice([0, 0, 0.01, 0.04])
    replies = [(at, reply(chance, stories, at, lists_all=lists_all, odd=odd)) for at in moments]
    policy = random_policy(chance, watch, stories)
    stored = [
        (at, overview(chance, stories)) for at in moments[:: chance.choice([3, 7, 20])]
    ] if chance.random() < 0.6 else []  # fmt: skip
    return RawCustomer(replies, label, start, end, zone, policy, stored)


def random_period(chance: random.Random) -> tuple[str, datetime, datetime, str]:
    """Label, bounds and zone of a month, or of some days about a change of the clocks."""
    zone = chance.choice(ZONES)
    if chance.random() < 0.3:
        year, month = chance.choice([(2026, 10), (2026, 3), (2026, 11)])
        days = date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
        label = f"{year}-{month:02}"
    else:
        begin = date(2026, chance.choice([3, 10]), chance.randint(5, 25))
        days = begin, begin + timedelta(days=chance.randint(2, 9))
        label = f"{begin}..{days[1] - timedelta(days=1)}"
    start, end = (midnight(day, zone) for day in days)
    return label, start, end, zone


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def looks(
    chance: random.Random,
    first: datetime,
    last: datetime,
    bounds: tuple[datetime, datetime],
    watch: int,
) -> list[datetime]:
    """When the service was asked: a rhythm, outages, two within a second, and just on a bound."""
    days = (last - first).days
    rhythm = chance.choice([12, 24, 30] if days > 25 else [3, 4, 6, watch, 12, 24])
    moments, at = [], first
    while at < last:
        moments.append(at)
        at += timedelta(hours=rhythm)
        if chance.random() < 0.3:
            at += timedelta(minutes=chance.randint(-20, 20))
        if chance.random() < 0.02:
            at += timedelta(hours=chance.choice([9, 30, 80]))
        if chance.random() < 0.01:
            moments.append(moments[-1])
    if chance.random() < 0.2:
        moments += chance.sample(
            [*bounds, bounds[1] + timedelta(hours=watch), bounds[0] - timedelta(hours=watch)], 2
        )
    return sorted(moment.replace(microsecond=0) for moment in moments or [first])


def module_stories(
    chance: random.Random, module: tuple[str, int, str, int], first: datetime, last: datetime
) -> list[Story]:
    """One scope without a name, or up to three with names; one may get another name."""
    service, code, name, module_code = module
    names = [""] if chance.random() < 0.5 else chance.sample(["prod", "Prod", "test  1", "dev"], 3)
    stories = []
    for scope in names[: chance.randint(1, 3)]:
        story = scope_story(chance, (service, code), (name, module_code), scope, first, last)
        stories.append(story)
        if scope and chance.random() < 0.15:
            stories.append(renamed(chance, story, first, last))
    return stories


def scope_story(
    chance: random.Random,
    service: tuple[str, int],
    module: tuple[str, int],
    name: str,
    first: datetime,
    last: datetime,
) -> Story:
    """The runs of a scope, and what befalls it."""
    every = chance.choice([6, 6, 12, 24, 24, 24, 170])
    since = first - timedelta(days=chance.choice([0, 2, 30]))
    good = chance.choice([0.0, 0.7, 0.95, 1.0, 1.0])
    sizes = chance.choice(["none", "some", "all"])
    one_id = chance.random() < 0.06
    runs: list[Run] = []
    at = since + timedelta(hours=chance.random() * every)
    while at < last:
        number = "AGAIN" if one_id else f"IB{at:%Y%m%d%H%M%S}{chance.randint(100, 999)}"
        runs.append(run(chance, f"{number}{module[1]}{len(name)}", at, good, sizes))
        took = (runs[-1].end or at) - at
        at += max(timedelta(hours=every, minutes=chance.randint(-15, 15)), took)
    queued = []
    if chance.random() < 0.4:
        for later in runs[1:]:
            if chance.random() < 0.5:
                begin = later.start - timedelta(minutes=chance.randint(1, 240))
                status = chance.choice(["Pending", "Waiting", "Running", "In progress"])
                queued.append((begin, later.start, placeholder(chance, status, begin)))
    return Story(service, module, name, runs, fate(chance, first, last), queued)


def fate(chance: random.Random, first: datetime, last: datetime) -> list[tuple[datetime, Any]]:
    """Where a scope is shown by its jobs, by a placeholder, or not at all."""
    always = datetime(2020, 1, 1, tzinfo=UTC)

    def some_time() -> datetime:
        at = first + (last - first) * chance.random()
        return at.replace(microsecond=0)

    kind = chance.random()
    if kind < 0.55:
        return [(always, {})]
    status = chance.choice(PLACEHOLDERS + ["Disabled"] * 6 + ["Finished"] * 4)
    at = some_time()
    if kind < 0.65:
        long_ago = at - timedelta(days=chance.choice([0, 200]))
        return [(always, placeholder(chance, status, long_ago))]
    if kind < 0.75:
        return [(always, {}), (at, None)]
    if kind < 0.8:
        return [(always, None), (at, {})]
    if kind < 0.92:
        return [(always, {}), (at, placeholder(chance, status, at))]
    back = some_time()
    middle = placeholder(chance, status, at) if chance.random() < 0.7 else None
    return [(always, {}), (min(at, back), middle), (max(at, back), {})]


def renamed(chance: random.Random, story: Story, first: datetime, last: datetime) -> Story:
    """The scope continues under another name from some time on; its list of runs is cut there."""
    at = first + (last - first) * chance.random()
    later = [run for run in story.runs if run.start >= at]
    story.runs = [run for run in story.runs if run.start < at]
    story.stands = [*((when, status) for when, status in story.stands if when < at), (at, None)]
    always = datetime(2020, 1, 1, tzinfo=UTC)
    name = f"{story.name} new"
    return Story(story.service, story.module, name, later, [(always, None), (at, {})], [])


def run(chance: random.Random, job_id: str, start: datetime, good: float, sizes: str) -> Run:
    """One job: how it ended, what it counted, what the service says of it."""
    start = start.replace(microsecond=0)
    minutes = chance.choice([1, 20, 20, 90, 300, 2000])
    end = start + timedelta(minutes=minutes, seconds=chance.randint(0, 59))
    statuses, weights = zip(*ENDS, strict=True)
    status = "Finished" if chance.random() < good else chance.choices(statuses, weights)[0]
    amount = chance.choice(["0 GB", "0.01 GB", "1.5 GB", "1,024.5 MB", "1024 GB", "12 bytes"])
    row: Row = {
        "jobId": job_id,
        "status": status,
        **counts(chance, status),
        "backupSize": {"none": "0 GB", "all": amount}.get(sizes, chance.choice([amount, "N/A"])),
        "startTime": start,
        "endTime": end,
        "jobDuration": duration(chance, end - start),
        "lastModifyTime": end + timedelta(seconds=chance.choice([0, 1, 0, -3000, 7200])),
    }
    if chance.random() < 0.02:
        row["endTime"] = start - timedelta(minutes=chance.randint(1, 300))
    if chance.random() < 0.03:
        row |= {"status": "Failed to start", "startTime": "N/A", "jobDuration": "N/A"}
        row |= chance.choice([{}, {"endTime": "N/A"}])
    if chance.random() < 0.02:
        row |= {"startTime": "N/A", "endTime": "N/A", "lastModifyTime": chance.choice(["N/A", end])}
    if chance.random() < 0.1:
        row["lastModifyTime"] = "N/A"
    return Run(job_id, start, None if chance.random() < 0.02 else end, row)


def counts(chance: random.Random, status: str) -> Row:
    """Numbers of objects that mostly add up."""
    parts = {
        "successfulCount": chance.choice([0, chance.randint(1, 5000)]),
        "failedCount": chance.randint(1, 50) if "xception" in status or status == "Failed" else 0,
        "skippedCount": chance.choice([0, 0, chance.randint(1, 50)]),
        "warningCount": chance.choice([0, 0, 0, chance.randint(1, 50)]),
    }
    if chance.random() < 0.05:
        parts["failedCount"] = chance.choice([0, 900])
    total = sum(parts.values()) + chance.choice([0] * 40 + [1])
    written = {name: f"{count:,}" for name, count in {"totalCount": total, **parts}.items()}
    if chance.random() < 0.03:
        written[chance.choice(list(written))] = "N/A"
    return dict(written)


def duration(chance: random.Random, took: timedelta) -> str:
    """A length of time, in one of the vendor's ways to write it."""
    minutes, seconds = divmod(round(took.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return chance.choice([
        f"{hours}h{minutes}m{seconds}s",
        f"{hours * 60 + minutes}m{seconds}s",
        f"{hours % 24:02}:{minutes:02}:{seconds:02}",
        f"{hours // 24}.{hours % 24:02}:{minutes:02}:{seconds:02}",
        f"{took / timedelta(hours=1):.3f}",
        "N/A",
    ])  # fmt: skip


def placeholder(chance: random.Random, status: str, modified: datetime) -> Row:
    """How a scope is listed without a job."""
    row: Row = dict.fromkeys(("jobId", "name", "startTime", "endTime", "jobDuration"), "N/A")
    row |= dict.fromkeys(
        ("totalCount", "failedCount", "successfulCount", "skippedCount", "warningCount"), "0"
    )
    modification = modified if chance.random() < 0.7 else "N/A"
    return row | {"status": status, "backupSize": "0 GB", "lastModifyTime": modification}


# What a reply shows.


def reply(
    chance: random.Random, stories: Sequence[Story], at: datetime, *, lists_all: bool, odd: float
) -> list[Row]:
    """The rows of one reply."""
    rows = [
        dressed(chance, row, story, odd)
        for story in stories
        for row in rows_shown(chance, story, at, lists_all=lists_all)
    ]
    if rows and chance.random() < odd:
        rows.append(dict(chance.choice(rows)))
    if chance.random() < 0.1:
        rows.append(scan_row())
    if chance.random() < 0.1:
        service, _, module, _ = chance.choice(OTHERS)
        other = run(chance, f"R{at:%Y%m%d%H}", at - timedelta(hours=3), 0.8, "all")
        rows.append(written(chance, other.row | {"jobType": service, "jobModule": module}))
    if chance.random() < 0.1:
        chance.shuffle(rows)
    return rows


def rows_shown(chance: random.Random, story: Story, at: datetime, *, lists_all: bool) -> list[Row]:
    """What the service lists of a scope at a moment: its newest job, a placeholder, nothing."""
    stands = [status for when, status in story.stands if when <= at][-1]
    if stands is None:
        return []
    if stands:
        return [stands]
    queued = [row for begin, until, row in story.queued if begin <= at < until]
    so_far = [run for run in story.runs if run.start <= at]
    if lists_all:
        recent = [run for run in so_far if run.start > at - timedelta(days=12)]
        return queued + [as_of(run, at) for run in recent]
    if queued:
        return queued[:1]
    if not so_far:
        return [placeholder(chance, "Not started", at) | {"lastModifyTime": "N/A"}]
    return [as_of(so_far[-1], at)]


def as_of(run: Run, at: datetime) -> Row:
    """A job as it stood at a moment."""
    if run.end is not None and run.end <= at:
        return run.row
    nothing = {"endTime": "N/A", "jobDuration": "N/A", "backupSize": "0 GB"}
    return run.row | nothing | {"status": "Running", "lastModifyTime": at}


def scan_row() -> Row:
    """A row of a scan, as the service writes it."""
    fields = (
        "jobId", "name", "totalCount", "failedCount", "successfulCount", "skippedCount",
        "warningCount", "backupSize", "startTime", "endTime", "jobDuration", "lastModifyTime",
    )  # fmt: skip
    return {"jobType": 0, "jobModule": 0, "status": 2} | dict.fromkeys(fields, "N/A")


def dressed(chance: random.Random, row: Row, story: Story, odd: float) -> Row:
    """A row with its service, module and name, in some spelling; perhaps with a nonsense value."""
    row = row | {"jobType": story.service[0], "jobModule": story.module[0]}
    if chance.random() < 0.3 or "Unknown" in story.module[0]:
        row |= {"jobType": story.service[1], "jobModule": story.module[1]}
    for spelling, name in ALIASES.items():
        if row["jobModule"] == name and chance.random() < 0.3:
            row["jobModule"] = spelling
    row["name"] = story.name or "N/A"
    if story.name and chance.random() < odd:
        row["name"] = f" {story.name} "
    is_job = row["jobId"] != "N/A"
    for key in row if is_job else ():
        kind = "Time" if key.endswith("Time") else "Count" if key.endswith("Count") else key
        if kind in UNREADABLE and chance.random() < odd:
            row[key] = chance.choice([*UNREADABLE[kind], "N/A", "", None])
    return written(chance, row)


def written(chance: random.Random, row: Row) -> Row:
    """A row with its times and status as the service writes them."""
    row = dict(row)
    for key, value in row.items():
        if isinstance(value, datetime):
            row[key] = time_text(chance, value)
    status = row["status"]
    codes = {name: code for code, name in CODES["status"].items()}
    if (
        isinstance(status, str)
        and status in codes
        and (chance.random() < 0.3 or "Unknown" in status)
    ):
        row["status"] = codes[status]
    elif isinstance(status, str) and chance.random() < 0.1:
        spell: Callable[[str], str] = chance.choice([
            str.upper, str.lower, lambda text: text.replace(" ", ""),
            lambda text: text.replace("Canceled", "Cancelled"),
        ])  # fmt: skip
        row["status"] = spell(status)
    return row


def time_text(chance: random.Random, moment: datetime) -> str:
    """A moment, in one of the vendor's ways to write it."""
    east = moment + timedelta(hours=5, minutes=30)
    return chance.choices(
        [
            f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            f"{moment:%Y-%m-%dT%H:%M:%S}.0000000Z",
            f"{east:%Y-%m-%dT%H:%M:%S}+05:30",
            f"{moment:%Y-%m-%dT%H:%M:%S}",
        ],
        weights=[20, 1, 1, 1],
    )[0]


def overview(chance: random.Random, stories: Sequence[Story]) -> list[dict[str, Any]]:
    """What is stored of each Microsoft 365 module, in whole GB; of one perhaps nothing."""
    modules = sorted({story.module[0] for story in stories if story.service[1] == 7})
    return [
        {
            "service": "Microsoft 365",
            "module": module,
            "stored_gb": None if chance.random() < 0.05 else chance.randint(0, 2000),
        }
        for module in modules
    ]


def random_policy(chance: random.Random, watch: int, stories: Sequence[Story]) -> dict[str, Any]:
    """How jobs are counted and judged, with a few targets, and perhaps something left out."""
    some = chance.choice(stories)
    wide = {"service": some.service[0]}
    places = [wide, wide | {"module": some.module[0]}]
    if some.name:
        places.append(wide | {"module": some.module[0], "name": some.name})
    targets = [
        place | chance.choice([
            {"success_rate": chance.choice([0.0, 0.5, 1.0])},
            {"object_success_rate": chance.choice([0.2, 0.99])},
            {"max_gap_s": chance.choice([0.0, 8 * 3600.0, 8 * 86400.0])},
        ])
        for place in places
        if chance.random() < 0.3
    ]  # fmt: skip
    left_out = [chance.choice(places) | {"reason": "theirs"}] if chance.random() < 0.12 else []
    return {
        "warning": chance.choice(["warning", "warning", "success", "failed"]),
        "cancelled": chance.choice(["failed", "failed", "excluded"]),
        "units": chance.choice(["binary", "decimal"]),
        "target_success_rate": chance.choice([0.95, 0.95, 0.5, 1.0]),
        "target_object_success_rate": chance.choice([0.95, 0.5]),
        "max_gap_s": chance.choice([26 * 3600.0, 26 * 3600.0, 0.0, 13 * 3600.0, 9 * 86400.0]),
        "watch_every_s": watch * 3600.0,
        "targets": targets,
        "left_out": left_out,
    }


# Chaos.

MOMENTS = [
    "2026-09-30T23:59:59Z", "2026-10-12T00:00:00Z", "2026-10-12T01:00:00Z", "N/A", "soon",
    "2026-10-13T03:30:00+02:00", "2026-10-13T22:00:00", "2026-10-14T12:00:00Z",
    "2026-10-15T23:59:59Z", "2026-10-16T00:00:00Z", "2026-10-16T04:00:00Z", "2026-10-20T00:00:00Z",
    "2026-10-11T20:00:00Z", "2026-10-11T23:00:00Z",
]  # fmt: skip


def random_handful(seed: int) -> RawCustomer:
    """A few replies of a few rows, out of few values: ties, borders, twins, whatever meets."""
    chance = random.Random(seed)
    start, end = datetime(2026, 10, 12, tzinfo=UTC), datetime(2026, 10, 16, tzinfo=UTC)
    moments = sorted(
        chance.choice([
            start - timedelta(hours=chance.randint(0, 60)),
            start + timedelta(hours=chance.randint(0, 96)),
            end + timedelta(hours=chance.randint(0, 30)),
        ])
        for _ in range(chance.randint(1, 9))
    )  # fmt: skip
    modules = chance.sample(MODULES[:5], 2)
    names = chance.choice([["N/A"], ["A", "B"], ["N/A", "A"]])
    replies = [
        (at, [chaos_row(chance, modules, names) for _ in range(chance.randint(0, 5))])
        for at in moments
    ]
    story = Story(modules[0][:2], modules[0][2:], "A", [], [], [])
    policy = random_policy(chance, chance.choice([5, 12, 24]), [story])
    return RawCustomer(replies, "2026-10-12..2026-10-15", start, end, "UTC", policy)


def chaos_row(
    chance: random.Random, modules: Sequence[tuple[str, int, str, int]], names: Sequence[str]
) -> Row:
    """Any row."""
    service, _, module, _ = chance.choice(modules)
    row = placeholder(chance, chance.choice(PLACEHOLDERS), datetime(2026, 10, 13, 5, tzinfo=UTC))
    if chance.random() < 0.7:
        row |= counts(chance, "Failed")
        row |= {
            "jobId": chance.choice(["J1", "J2", "J3", "J4", "J5", "J6"]),
            "status": chance.choice(["Finished", "Running", "Failed", "Canceled", "Exception",
                                     "Skipped", "Throttled", "Finished"]),
            "startTime": chance.choice(MOMENTS),
            "endTime": chance.choice(MOMENTS),
            "lastModifyTime": chance.choice(MOMENTS),
            "backupSize": chance.choice(["0 GB", "2 GB", "N/A", "x"]),
        }  # fmt: skip
    row |= {"jobType": service, "jobModule": module, "name": chance.choice(names)}
    return written(chance, row)
