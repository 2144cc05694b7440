"""A small summary of a report for a web address: for tickets and chat."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from reporter.delivery.post import post_once
from reporter.delivery.result import ChannelError, Committing, Result
from reporter.model import DeliveryState
from reporter.render.text import Words
from reporter.showing import one_line
from reporter.trust import USUAL_TRUST, Trust


def post_summary(
    url: str,
    summary: Mapping[str, Any],
    *,
    message_id: str,
    secret: str | None,
    committing: Committing,
    trust: Trust = USUAL_TRUST,
) -> Result:
    """Post a summary once.

    The header `Idempotency-Key` names the delivery, so that a receiver can tell one that comes
    again. With a secret `X-Reporter-Signature` is `sha256=` and the HMAC of the body.
    """
    body = json.dumps(summary, ensure_ascii=False, allow_nan=False).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": message_id}
    if secret:
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers["X-Reporter-Signature"] = f"sha256={signature}"
    try:
        return post_once(url, body, headers, committing, trust=trust).result()
    except ChannelError as error:
        return Result(DeliveryState.FAILED, one_line(error.explain()))


_OF_RESTATES: Final = ("version", "made_at", "redefined", "late")


def summary_of(
    figures: Mapping[str, Any], files: Sequence[Path], message_id: str
) -> dict[str, Any]:
    """What is posted of a report; `figures` are those of its JSON.

    `text` is one line for people, under the name that Slack and Teams look for.
    """
    totals, coverage, restates = figures["totals"], figures["coverage"], figures["restates"]
    return {
        "text": _text(figures),
        "customer": figures["customer"],
        "period": figures["period"]["label"],
        "version": figures["version"],
        "state": figures["state"],
        "success_rate": totals["success_rate"],
        "target_success_rate": figures["policy"]["target_success_rate"],
        "jobs": totals["jobs"],
        "failed": totals["failed"],
        "bytes": totals["bytes"],
        "longest_gap_s": totals["longest_gap_s"],
        "modules_seen": coverage["modules_seen"],
        "modules_covered": coverage["modules_covered"],
        "missing_days": coverage["missing_days"],
        "restates": restates and {key: restates[key] for key in _OF_RESTATES},
        "files": [path.name for path in files],
        "message_id": message_id,
    }


def _text(figures: Mapping[str, Any]) -> str:
    """The report in a line."""
    words = Words(units=figures["policy"]["units"])
    totals, coverage = figures["totals"], figures["coverage"]
    version = figures["version"]
    parts = [
        f"{figures['customer']['name']}, {figures['period']['label']}: {figures['state']}",
        f"success rate {words.percent(totals['success_rate'])} "
        f"(target {words.target(figures['policy']['target_success_rate'])})",
        f"{words.number(totals['failed'])} of {words.number(totals['jobs'])} jobs failed",
        f"{words.size(totals['bytes'])} backed up",
        f"longest gap {words.duration(totals['longest_gap_s'])}",
        f"{coverage['modules_covered']} of {coverage['modules_seen']} modules covered",
    ]
    if missing := coverage["missing_days"]:
        days = "day" if len(missing) == 1 else "days"
        parts.append(f"INCOMPLETE, {len(missing)} {days} not observed")
    if restates := figures["restates"]:
        why = ", by new definitions" if restates["redefined"] else ""
        parts.append(f"version {version} corrects version {restates['version']}{why}")
    # Chats read angle brackets as commands: <!channel> calls everybody.
    line = one_line("; ".join(parts))
    return line.replace("<", "‹").replace(">", "›")
