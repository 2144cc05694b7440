"""Whether the service is asked often enough for what its scopes do.

It shows the newest job of each scope alone: one that is superseded between two looks is never seen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Final

from reporter.jobs.sightings import ScopeKey

WINDOW: Final = timedelta(days=7)
"""So far back a rhythm is looked for: a week shows it, and forgets one that was mended."""
_NEARLY: Final = 0.9
"""Of the jobs or of the time: what is left is no rhythm but chance."""
_FEWEST: Final = 3
"""Steps that make a rhythm."""
_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class ScopeRhythm:
    """How often jobs of a scope start, as far as looks show it."""

    scope: ScopeKey
    starts_every: timedelta | None
    """The median time between neighbouring starts; None of too few."""
    every_look: bool
    """Whether each look shows another job: then it starts at least so often."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a customer's scopes run and how often they are looked at."""

    asked_every: timedelta | None
    """Half of the time lies between looks so far apart, or further; None of too few looks."""
    scopes: tuple[ScopeRhythm, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """What cannot be known because the service is asked so rarely."""

    words: str
    """In words, without a full stop."""
    unseen: float
    """The share of jobs that are never seen, of the scope of which it is largest; 0 where no number
    is known.
    """


def rhythm_of(starts: Mapping[ScopeKey, Sequence[datetime]], looks: Sequence[datetime]) -> Rhythm:
    """The rhythm in the starts of the jobs that were seen, and in the looks; both in order."""
    scopes = (
        ScopeRhythm(scope, _step(times), _shown_by_every(looks, times))
        for scope, times in sorted(starts.items())
    )
    return Rhythm(_usual_step(looks), tuple(scopes))


def missed(
    rhythm: Rhythm, watch_every: timedelta, planned: timedelta | None = None
) -> Missed | None:
    """What the rhythm of asking misses, or the one that is `planned` if that is slower; None where
    it is not known to miss anything.

    `watch_every` is the time between looks within which nothing is taken to run unseen.
    """
    asked = max(filter(None, (rhythm.asked_every, planned)), default=None)
    if asked is None:
        return None
    by = f"you fetch every {_span(asked)}"
    if asked != rhythm.asked_every:
        by = f"fetch_every is {_span(asked)}"
    faster = {
        one.scope: one.starts_every
        for one in rhythm.scopes
        if one.starts_every and one.starts_every < _NEARLY * asked
    }
    unknown = [one.scope for one in rhythm.scopes if one.every_look and one.scope not in faster]
    losses, unseen = [], 0.0
    if faster:
        scope = min(faster, key=lambda other: faster[other])
        unseen = 1 - faster[scope] / asked
        losses.append(
            f"{_named(scope)} starts every {_span(faster[scope])}; {by}: {_share(unseen)} jobs are "
            f"never seen{_likewise(len(faster) - 1)}"
        )
    if unknown:
        losses.append(
            f"every snapshot shows a new job of {_named(unknown[0])}, and any others that ran in "
            f"between are never seen{_likewise(len(unknown) - 1)}"
        )
    if asked > watch_every:
        losses.append(
            f"{by}, less often than watch_every ({_span(watch_every)}): gap targets cannot be "
            "judged"
        )
    return Missed("; ".join(losses), unseen) if losses else None


def in_one_line(missed_of: Sequence[tuple[str, Missed]], customers: int) -> str:
    """What is missed of some of the customers, each with its name; the worst is the example."""
    name, worst = max(missed_of, key=lambda each: each[1].unseen)
    return (
        f"Fetched too rarely: {len(missed_of)} of {customers} customers. {name}: {worst.words}. "
        "`reporter check` has a line for each."
    )


def _step(times: Sequence[datetime]) -> timedelta | None:
    steps_s = [step.total_seconds() for step in _steps(times)]
    return timedelta(seconds=median(steps_s)) if len(steps_s) >= _FEWEST else None


def _usual_step(looks: Sequence[datetime]) -> timedelta | None:
    """The median by time, not by number: two looks within a minute make no rhythm of minutes, and
    one look an hour by day leaves the night unseen.
    """
    steps = sorted(_steps(looks))
    if len(steps) < _FEWEST:
        return None
    rest = sum(steps, timedelta()) / 2
    for step in steps:
        rest -= step
        if rest <= timedelta():
            return step
    return steps[-1]


def _steps(times: Sequence[datetime]) -> list[timedelta]:
    return [after - before for before, after in pairwise(times) if after > before]


def _shown_by_every(looks: Sequence[datetime], starts: Sequence[datetime]) -> bool:
    """Whether looks show another job each time, but for chance: by time, as above."""
    between = [pair for pair in pairwise(looks) if starts and pair[1] > starts[0]]
    shows = [(p, q) for p, q in between if bisect_right(starts, p) < bisect_right(starts, q)]
    return len(shows) >= _FEWEST and _length(shows) >= _NEARLY * _length(between)


def _length(pairs: Iterable[tuple[datetime, datetime]]) -> timedelta:
    return sum((after - before for before, after in pairs), timedelta())


def _named(scope: ScopeKey) -> str:
    _, module, name = scope
    return f"{module} ({name})" if name else module


def _likewise(number: int) -> str:
    return f" ({number} more {'scope' if number == 1 else 'scopes'} likewise)" if number else ""


def _share(part: float) -> str:
    """A share as people say it: three of four."""
    share = Fraction(part).limit_denominator(10)
    if share == 1:
        return "more than nine of ten"
    return f"{_NUMBERS[share.numerator - 1]} of {_NUMBERS[share.denominator - 1]}"


def _span(length: timedelta) -> str:
    """A length of time as people say it, not more exactly than a rhythm is."""
    hours = length / timedelta(hours=1)
    if hours < 1:
        return f"{hours * 60:.0f} min"
    if hours < 72:
        return f"{round(2 * hours) / 2:g} h"
    return f"{round(hours / 12) / 2:g} d"
