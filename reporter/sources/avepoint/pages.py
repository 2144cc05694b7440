"""The pages of one list, as they come: how many there may be, how large, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from reporter.errors import FetchError
from reporter.model import Reply
from reporter.sources.avepoint.client import Client
from reporter.sources.avepoint.reading.replies import ReplyPage, read_page

MOST_PAGES: Final = 5_000
MOST_BYTES: Final = 256 << 20
"""The most bytes of the bodies of all pages."""
LONGEST_LIST_S: Final = 3_600.0


class Pages:
    """One list that is read page by page, however the service links its pages."""

    def __init__(
        self,
        client: Client,
        permission: str,
        subject: str,
        received: list[Reply],
        read: Callable[[Reply], ReplyPage] = read_page,
    ) -> None:
        self.received = received
        """The replies that have come, also one that cannot be used."""
        self._client = client
        self._permission = permission
        self.subject = subject
        self._read = read
        self._until = time.monotonic() + LONGEST_LIST_S
        self.again()

    def again(self) -> None:
        """Begin the list anew; the time goes on."""
        self.received.clear()
        self._bytes = 0

    def ask(self, method: str, url: str, **options: Any) -> ReplyPage:
        """The next page.

        Raises:
            FetchError: it cannot be had, or the list is beyond its limits.
            ReplyError: it is no page of a list.
        """
        self._insist()
        reply = self._client.call(
            method,
            url,
            permission=self._permission,
            subject=self.subject,
            received=self.received,
            **options,
        )
        self._bytes += len(reply.body)
        return self._read(reply)

    def _insist(self) -> None:
        beyond = ""
        if len(self.received) >= MOST_PAGES:
            beyond = f"has more than {MOST_PAGES:,} pages"
        elif self._bytes > MOST_BYTES:
            beyond = f"has more than {MOST_BYTES >> 20} MiB"
        elif time.monotonic() > self._until:
            beyond = f"was not complete after {LONGEST_LIST_S / 60:.0f} minutes"
        if beyond:
            raise FetchError(
                f"The list of {self.subject} was given up: it {beyond}.",
                hint="No part of this snapshot is kept. Tell the service's support.",
            )
