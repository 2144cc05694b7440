"""Random raw months for the oracle: every form of every value, and everything that goes wrong."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

Row = dict[str, object]
Fetched = tuple[datetime, Row]

MODULES = [
    ("Microsoft 365", "Exchange Online", 7, 303),
    ("Microsoft 365", "SharePoint Online", 7, 302),
    ("Microsoft 365", "OneDrive", 7, 305),
    ("Microsoft 365", "Microsoft Teams", 7, 308),
    ("Google Workspace", "Gmail", 11, 501),
    ("Google Workspace", "Shared Drives", 11, 505),
    ("IaaS + PaaS", "Azure Virtual Machine", 12, 356),
    ("Salesforce", "Salesforce", 15, None),
    ("Dynamics 365", "Dynamics 365", 16, 401),
    ("Unknown (99)", "Unknown (999)", 99, 999),
    ("Microsoft 365", "Archiver", 7, 8),
    ("Microsoft 365 Scan", "Exchange Online", 0, 303),
    ("Google Workspace", "Retention", 11, 10),
]
"""Services and modules as names and as codes; the last three run no backups."""

PLACEHOLDERS = [
    ("Microsoft 365", "Power BI", 7, 310),
    ("Dynamics 365", "Dynamics CRM Backup", 16, 550),
    ("Google Workspace Scan", "Gmail", 10, 501),
]

STATUSES = [
    ("Finished", 2, 60), ("Successful", None, 8), ("Completed", None, 8),
    ("Finished with exception", 4, 8), ("Partially finished", None, 2), ("Exception", None, 2),
    ("Failed", 3, 12), ("Failed to start", 7, 3), ("Rejected", 9, 2),
    ("Canceled", 8, 4), ("Stopped", 10, 2), ("Cancelled", None, 2),
    ("Running", 1, 1), ("In progress", None, 1), ("Pending", 6, 1), ("Waiting", None, 1),
    ("Not finished", None, 1),
    ("Skipped", 5, 1), ("Not scanned", 11, 1), ("Disabled", 12, 1), ("Not started", 13, 1),
    ("Waiting for configuration", 14, 1), ("None", 0, 1),
    ("Throttled", None, 1), ("Unknown (77)", 77, 1), ("N/A", None, 1), ("", None, 1),
]  # fmt: skip

UNREADABLE = {
    "Count": ["-5", "1.5", "many", "1,23", "12 345", "0x10"],
    "backupSize": ["n/a GB", "12", "1,2345 GB", "5 XB", "-1 GB", "GB", "1.5.2 MB", "12,5 GB"],
    "jobDuration": ["39", "soon", "00:61:00", "-00:01:00", "1h2", "5 minutes"],
    "Time": [
        "2026-10-05", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "13/13/2026 1:00:00 AM",
        "2026-02-30T01:00:00Z", "10/5/2026 13:00:00 PM", "yesterday", "1970-01-01T00:00:00Z",
    ],
}  # fmt: skip


def random_months(seed: int, jobs: int, first: datetime, days: int) -> list[Fetched]:
    """Rows of `jobs` jobs started in `days` days from `first`, in the order they were fetched."""
    chance = random.Random(seed)
    fetches = [first + timedelta(days=n, hours=6) for n in range(1, days + 4, 3)]
    fetched: list[Fetched] = []
    for number in range(jobs):
        own = _job(chance, number, first, days)
        fetched += [(chance.choice(fetches[-3:]), own[-1])]
        fetched += [(chance.choice(fetches), version) for version in own[:-1]]
        if chance.random() < 0.01:
            twin = dict(own[-1])
            twin["jobType"], twin["jobModule"] = _named(chance, chance.choice(MODULES))
            fetched.append((chance.choice(fetches), twin))
    for at in fetches:
        for module in chance.sample(PLACEHOLDERS + MODULES[:2], 2):
            fetched.append((at, _placeholder(chance, module)))
    # The reply's own order is anything; replies follow one another.
    chance.shuffle(fetched)
    return sorted(fetched, key=lambda own: own[0])


def _named(
    chance: random.Random, module: tuple[str, str, int, int | None]
) -> tuple[object, object]:
    service_name, module_name, service_code, module_code = module
    service = service_code if chance.random() < 0.4 or "Unknown" in service_name else service_name
    coded = module_code is not None and (chance.random() < 0.4 or "Unknown" in module_name)
    return service, module_code if coded else module_name


def _placeholder(chance: random.Random, module: tuple[str, str, int, int | None]) -> Row:
    service, name = _named(chance, module)
    row: Row = dict.fromkeys(
        ("jobId", "name", "startTime", "endTime", "jobDuration", "lastModifyTime"), "N/A"
    )
    row |= {f"{part}Count": "0" for part in ("total", "failed", "successful", "skipped", "warning")}
    row |= {"jobType": service, "jobModule": name, "status": "Not Finished", "backupSize": "0 GB"}
    if chance.random() < 0.2:
        row["backupSize"] = chance.choice(UNREADABLE["backupSize"])
    if chance.random() < 0.2:
        row["jobId"] = chance.choice(["", None])
    return row


def _job(chance: random.Random, number: int, first: datetime, days: int) -> list[Row]:
    """The versions of one job; the last is the one most replies would show last."""
    module = chance.choice(MODULES)
    start = first + timedelta(minutes=5 * chance.randrange(days * 288))
    end = start + timedelta(minutes=5 * chance.randrange(1, 40), seconds=chance.choice([0, 0, 1]))
    service, name = _named(chance, module)
    row: Row = {
        "jobType": service,
        "jobModule": name,
        "status": _status(chance),
        "jobId": f"FB{number:09}",
        "name": chance.choice(["Daily backup", "N/A", "Täglich"]),
        **_counts(chance),
        "backupSize": _or_odd(chance, "backupSize", _size(chance)),
        "startTime": _or_odd(chance, "Time", _time(chance, start)),
        "endTime": _or_odd(chance, "Time", _time(chance, end), missing=0.05),
        "jobDuration": _or_odd(chance, "jobDuration", _duration(chance, end - start), missing=0.15),
        "lastModifyTime": _or_odd(chance, "Time", _time(chance, end), missing=0.1),
    }
    if chance.random() < 0.02:
        row["endTime"] = _time(chance, start - timedelta(minutes=chance.randrange(1, 300)))
    if chance.random() < 0.05:
        row["jobModule"] = f" {name} " if isinstance(name, str) else name
        row["backupSize"] = f" {row['backupSize']}"
    if chance.random() < 0.02:
        del row[chance.choice(["name", "endTime", "jobDuration", "backupSize", "totalCount"])]
    versions = [row]
    while chance.random() < 0.2:
        other = dict(row)
        other["jobType"], other["jobModule"] = _named(chance, module)
        other |= {"status": _status(chance), **_counts(chance)}
        moved = end + timedelta(minutes=chance.choice([-120, -5, 0, 5]))
        other["lastModifyTime"] = _or_odd(chance, "Time", _time(chance, moved), missing=0.2)
        versions.insert(0, other)
    return versions


def _or_odd(
    chance: random.Random, kind: str, text: str, *, odd: float = 0.015, missing: float = 0.01
) -> str:
    which = chance.random()
    if which < odd:
        return chance.choice(UNREADABLE[kind])
    return chance.choice(["N/A", ""]) if which < odd + missing else text


def _status(chance: random.Random) -> object:
    name, code, _ = chance.choices(STATUSES, weights=[weight for *_, weight in STATUSES])[0]
    if "Unknown" in name:
        return code
    if code is not None and chance.random() < 0.3:
        return code
    if chance.random() < 0.5 or name in ("", "N/A"):
        return name
    spellings = [name.upper(), name.lower(), name.title(), f" {name}"]
    return chance.choice([*spellings, name.replace(" ", ""), name.replace(" ", "  ")])


def _counts(chance: random.Random) -> Row:
    parts = {
        "successfulCount": chance.choice([0, chance.randint(1, 5000)]),
        "failedCount": chance.choice([0, 0, chance.randint(1, 50)]),
        "skippedCount": chance.choice([0, 0, chance.randint(1, 50)]),
        "warningCount": chance.choice([0, 0, 0, chance.randint(1, 50)]),
    }
    total = sum(parts.values()) + chance.choice([0] * 30 + [1])
    return {
        name: _or_odd(chance, "Count", f"{count:,}" if chance.random() < 0.3 else str(count))
        for name, count in {"totalCount": total, **parts}.items()
    }


def _size(chance: random.Random) -> str:
    amount = chance.choice([0, chance.randint(1, 2000), round(chance.lognormvariate(4, 2), 2)])
    unit = chance.choice(["GB", "MB", "KB", "TB", "gb"])
    whole = chance.random() < 0.1
    return f"{int(amount)} bytes" if whole else f"{amount:,}{chance.choice([' ', ''])}{unit}"


def _duration(chance: random.Random, took: timedelta) -> str:
    minutes, seconds = divmod(round(took.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return chance.choice(
        [
            f"{hours}h{minutes}m{seconds}s",
            f"{hours * 60 + minutes}m{seconds}s",
            f"{hours:02}:{minutes:02}:{seconds:02}",
            f"1.{hours:02}:{minutes:02}:{seconds:02}",
            f"{took / timedelta(hours=1):.3f}",
        ]
    )


def _time(chance: random.Random, moment: datetime) -> str:
    east = moment + timedelta(hours=5, minutes=30)
    west = moment - timedelta(hours=4)
    return chance.choices(
        [
            f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            f"{moment:%Y-%m-%dT%H:%M:%S}.008+00:00",
            f"{moment:%Y-%m-%dT%H:%M:%S}.0080000Z",
            f"{east:%Y-%m-%dT%H:%M:%S}+05:30",
            f"{west:%Y-%m-%dT%H:%M:%S}-04:00",
            f"{moment:%Y-%m-%dT%H:%M:%S}",
            f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}",
        ],
        weights=[10, 2, 1, 2, 2, 2, 2],
    )[0]


def months_around(label_start: datetime) -> tuple[datetime, int]:
    """A first day and a number of days: a month before and after, as the generator wants them."""
    return label_start.astimezone(UTC) - timedelta(days=33), 97
