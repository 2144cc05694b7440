"""Faults on request: whether one strikes is a pure function of the seed and the request."""

from __future__ import annotations

import difflib
import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from reporter.errors import UsageError

FAULTS: Final = {
    "429-seconds": "429 with Retry-After in seconds",
    "429-date": "429 with Retry-After as an HTTP date",
    "429-bare": "429 without Retry-After",
    "429-absurd": "429 with Retry-After in the year 99999",
    "500": "500 Internal Server Error",
    "503": "503 Service Unavailable",
    "slow": "the reply takes two seconds",
    "drop": "the connection is closed without a reply",
    "truncate": "the reply is shorter than its Content-Length",
    "drip": "one byte of the reply every half second",
    "drip-head": "one byte of the reply's head every half second",
    "bomb": "four megabytes of gzip that are four gigabytes of white space",
    "broken-json": "200 with half a JSON text",
    "html": "200 with an HTML page",
    "deep": "JSON that is nested 100,000 levels deep",
    "echo": "400 that repeats the token",
    "echo-200": "200 with a text that repeats the token",
    "many": "a list of twenty million empty objects, in gzip",
    "expire": "the token is revoked: 401",
    "forbidden": "403",
    "not-found": "404",
    "relative-next": "next links relative to the request",
    "root-next": "next links from the root of the host",
    "context-next": "next links relative to the context",
    "loop-next": "the next link points to the page itself",
    "foreign-next": "the next link points to another host",
    "bad-next": "the next link is not an address",
    "endless-next": "each page has a next link to yet another page",
    "shift": "a job begins or a user joins while the pages are read, so that they shift",
    "short": "a page lacks its last row",
    "repeat": "a list sends its first page again in place of a later one",
    "bad-row": "a row that is not an object",
    "no-id": "a row of the list of customers has no id",
    "half-emoji": "a text ends in half an emoji",
    "nul": "a text holds NUL",
    "many-objects": "a job's details list 50,000 objects",
    "long-comment": "comments on objects of 10,000 characters in several scripts, with markup",
    "loop-token": "the token of the next page of a job's details leads to the same page",
    "text-count": "totalCount of a job's details is text",
    "other-shape": "JSON of another shape",
    "token-list": "the token endpoint answers with a list",
    "token-life": "a token whose expires_in is text",
    "token-line": "a token that holds a line break",
    "token-script": "a token in another script",
    "token-reason": "an error whose fields are lists",
    "token-echo": "an error that repeats the request and a token",
}


class Faults:
    """Which faults strike how often. A fault of rate 1 strikes always."""

    def __init__(self, rates: Mapping[str, float] | None = None, seed: int = 1) -> None:
        self._rates = dict(rates or {})
        self._seed = seed
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    @classmethod
    def parse(cls, texts: Iterable[str], seed: int) -> Faults:
        """The faults in texts like `503=0.1`.

        Raises:
            UsageError: there is no such fault, or the rate is not between 0 and 1.
        """
        rates = {}
        for text in texts:
            name, _, rate = text.partition("=")
            if name not in FAULTS:
                close = difflib.get_close_matches(name, FAULTS, 1, 0.4)
                raise UsageError(
                    f"There is no fault {name!r}.",
                    hint=f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(FAULTS)}",
                )
            try:
                rates[name] = float(rate or "1")
            except ValueError:
                rates[name] = -1.0
            if not 0 <= rates[name] <= 1:
                raise UsageError(f"The rate of {text!r} is not between 0 and 1.")
        return cls(rates, seed)

    def strikes(self, name: str, request: str) -> bool:
        """Whether the fault strikes this request, this time it is made."""
        rate = self._rates.get(name, 0.0)
        if rate == 0:
            return False
        with self._lock:
            self._attempts[name, request] += 1
            attempt = self._attempts[name, request]
        return random.Random(f"{self._seed}:{name}:{request}:{attempt}").random() < rate

    def first_strike(self, names: Iterable[str], request: str) -> str | None:
        """The first of several faults that strikes this request, if one does."""
        return next((name for name in names if self.strikes(name, request)), None)
