"""Timing several ways of doing one thing in turn, and printing them as a table and as JSON."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping

ROUNDS = 5
"""How often each candidate is timed."""

Seconds = dict[str, list[float]]


def in_turn(
    candidates: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, uncounted: int = 1
) -> Seconds:
    """Seconds each candidate takes, round by round, after as many that are not counted.

    They take turns, so that a machine that slows down slows all of them alike.
    """
    seconds: Seconds = {name: [] for name in candidates}
    for number in range(uncounted + rounds):
        for name, run in candidates.items():
            begun = time.perf_counter()
            run()
            if number >= uncounted:
                seconds[name].append(time.perf_counter() - begun)
    return seconds


def ratio(seconds: Seconds, name: str, base: str) -> float:
    """How many times as long `name` takes as `base`: the median of the rounds' ratios."""
    pairs = zip(seconds[name], seconds[base], strict=True)
    return statistics.median(first / second for first, second in pairs)


def table(seconds: Seconds, base: str) -> Iterator[str]:
    """Lines of a table: median, fastest and slowest round, and the ratio to `base`."""
    width = max(map(len, seconds))
    yield f"{'':{width}}  median s   min s   max s   x {base}"
    for name, samples in seconds.items():
        yield (
            f"{name:{width}}  {statistics.median(samples):8.3f}"
            f"{min(samples):8.3f}{max(samples):8.3f}"
            f"{ratio(seconds, name, base):8.2f}"
        )


def finish(benchmark: str, ratios: Mapping[str, object]) -> None:
    """Print the last line: one JSON object with the benchmark's name and its ratios."""
    print(json.dumps({"benchmark": benchmark} | dict(ratios)))
