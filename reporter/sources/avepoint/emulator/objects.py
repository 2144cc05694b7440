"""The objects of a job: what its details list, page by page."""

from __future__ import annotations

import hashlib
import random
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from reporter.sources.avepoint.emulator.cast import Plan, Profile
from reporter.sources.avepoint.emulator.rows import Row
from reporter.sources.avepoint.emulator.runs import JobRun, runs_between

if TYPE_CHECKING:
    from reporter.sources.avepoint.emulator.server import Emulator

_LARGEST_PAGE: Final = 1_000
_MANY: Final = 50_000
_LISTED: Final = 40
"""The most objects a job lists, however many it counts: mailboxes, not the items in them."""
_FAILED_OF_SOME: Final = 3
"""The most of them that fail in a job that finishes."""
_MARGIN: Final = timedelta(minutes=2)
_STARTED: Final = re.compile(r"\d{14}")
_ODD: Final = "|%!+=&#?/ é\"'\\"
"""Characters that a token may hold, and that mean something else in an address."""
_SUCCESS, _FAILED, _WARNING = 0, 1, 4
_FIRST_NAMES: Final = ("anna", "ben", "carla", "david", "elif", "farid", "grace", "hugo", "ines")
_LAST_NAMES: Final = ("kowalski", "nguyen", "smith", "okafor", "garcia", "meier", "rossi", "dubois")
_TEAMS: Final = ("sales", "finance", "projects", "design", "support", "board", "legal", "intranet")
_CAUSES: Final = (
    ("The mailbox or site {title} is locked by a move request.", "ObjectLocked"),
    ("Access to {title} was denied. Correlation id: {id}", "AccessDenied"),
    ("The service was throttled; {number} attempts, the last one at {time}.", "Throttled"),
)
_LONG: Final = "<b>Ошибка</b> & خطأ 错误 {{ 7*7 }} =1+1 https://contoso.example/x?id=17 "


def details_page(
    emulator: Emulator, profile: Profile, job_id: str, arguments: dict[str, str], asked: str
) -> dict[str, Any] | None:
    """One page of a job's objects; None where there is no such job of Microsoft 365.

    Raises:
        ValueError: an argument is out of its range.
    """
    size = int(arguments.get("pageSize", 50))
    if not 1 <= size <= _LARGEST_PAGE:
        raise ValueError("pageSize is from 1 to 1000")
    run = _run_with(emulator.seed, profile, job_id, emulator.now())
    if run is None:
        return None
    strikes = emulator.faults.strikes
    job = f"details of {job_id}"
    many = strikes("many-objects", asked.partition("?")[0])
    total = _MANY if many else min(run.total, _LISTED)
    start = _start_in(arguments.get("skipToken", ""))
    stop = min(start + size, total)
    failed = run.failed if run.failed == run.total else min(run.failed, _FAILED_OF_SOME)
    rows = [_object(profile, run, number, total, number < failed) for number in range(start, stop)]
    if strikes("long-comment", asked):
        rows = [row | {"comment": (_LONG * 200)[:10_000]} for row in rows]
    token = _token(start if strikes("loop-token", asked) else stop) if stop < total else None
    count = str(total) if strikes("text-count", job) else total
    return {"data": rows, "metadata": {"skipToken": token, "totalCount": count}}


def _run_with(seed: int, profile: Profile, job_id: str, now: datetime) -> JobRun | None:
    """The job with an id, found by the time in it."""
    match = _STARTED.search(job_id)
    if match is None:
        return None
    started = datetime.strptime(match[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    candidates = (
        run
        for plan in profile.plans
        if plan.service == "Microsoft 365"
        for run in runs_between(seed, profile, plan, started - _MARGIN, started + _MARGIN)
    )
    return next((run for run in candidates if run.job_id == job_id and run.ended_at <= now), None)


def _object(profile: Profile, run: JobRun, number: int, total: int, failed: bool) -> Row:
    """One object of a job. The same objects fail each time: those with the lowest numbers."""
    kind, title = _titled(profile, run.plan, number)
    comment, code = _cause(run, title, number) if failed else ("", "")
    finished = run.started_at + (run.ended_at - run.started_at) * ((number + 1) / (total + 1))
    warned = failed and run.status == "Finished with exception" and number % 3 == 2
    return {
        "title": title,
        "type": kind,
        "sourceObjectLocation": title,
        "container": "Default container",
        "size": 0 if failed else 1_000 + number,
        "status": _WARNING if warned else _FAILED if failed else _SUCCESS,
        "finishTime": f"{finished:%Y-%m-%dT%H:%M:%S}.6017245Z",
        "comment": comment,
        "errorCode": code,
    }


def _titled(profile: Profile, plan: Plan, number: int) -> tuple[int, str]:
    """Type and title of an object of a scope."""
    domain = re.sub(r"[^a-z0-9]+", "", profile.name.casefold()) or "customer"
    names = _names(number)
    match plan.module:
        case "Exchange Online" | "Teams Chat":
            return 1 if plan.module == "Exchange Online" else 17, f"{names}@{domain}.example"
        case "OneDrive":
            user = f"{names}_{domain}_example".replace(".", "_")
            return 2, f"https://{domain}-my.sharepoint.example/personal/{user}"
        case "Power Automate":
            return 23, f"Flow {number + 1}"
        case "Microsoft Teams":
            return 27, f"Team {number + 1}"
        case "Microsoft 365 Groups":
            return 26, f"Group {number + 1}"
    team = _TEAMS[number % len(_TEAMS)]
    suffix = f"-{number // len(_TEAMS) + 1}" if number >= len(_TEAMS) else ""
    return 2, f"https://{domain}.sharepoint.example/sites/{team}{suffix}"


def _names(number: int) -> str:
    first, rest = number % len(_FIRST_NAMES), number // len(_FIRST_NAMES)
    last, more = rest % len(_LAST_NAMES), rest // len(_LAST_NAMES)
    return f"{_FIRST_NAMES[first]}.{_LAST_NAMES[last]}{more or ''}"


def _cause(run: JobRun, title: str, number: int) -> tuple[str, str]:
    """Why an object fails: the same cause each time, worded with what differs from job to job."""
    text, code = _CAUSES[number % len(_CAUSES)]
    chance = random.Random(f"{run.job_id}:{number}")
    correlation = hashlib.sha256(f"{run.job_id}:{number}".encode()).hexdigest()
    return text.format(
        title=title,
        id=f"{correlation[:8]}-{correlation[8:12]}-4{correlation[12:15]}-a000-{correlation[15:27]}",
        number=chance.randrange(2, 9),
        time=f"{run.ended_at:%H:%M:%S}",
    ), code


def _token(start: int) -> str:
    return f"{start}{_ODD}"


def _start_in(token: str) -> int:
    if not token:
        return 0
    if not token.endswith(_ODD):
        raise ValueError("no such skipToken")
    return int(token.removesuffix(_ODD))
