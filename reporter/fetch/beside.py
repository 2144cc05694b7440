"""What is asked of each customer beside its jobs: whatever comes of it, the jobs are kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from reporter.errors import FetchError, NotThere, PermissionDenied, ReporterError
from reporter.fetch.auth import TokenRefused
from reporter.fetch.client import Client
from reporter.model import Absence, Answer, Customer, Kind, Lack, Reply

logger = logging.getLogger(__name__)

Ask = Callable[[Client, Customer, list[Reply]], None]
"""Adds the replies about a customer to those received."""


class Beside:
    """One kind of data with a permission, and so a token, of its own; shared by all threads.

    The token endpoint refuses a token as a whole where one of its permissions is missing: asked for
    together with the jobs', this one could cost them.
    """

    def __init__(
        self, kind: Kind, permission: str, ask: Ask, client: Client, clock: Callable[[], datetime]
    ) -> None:
        self._kind: Kind = kind
        self._permission = permission
        self._ask = ask
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._refused = False

    def answer(self, customer: Customer) -> Answer:
        """What the service says of a customer, or why it does not."""
        received: list[Reply] = []
        try:
            if self._permitted():
                self._ask(self._client, customer, received)
                return Answer(self._kind, self._clock(), tuple(received))
            absence = Absence(Lack.NOT_PERMITTED, self._permission)
        except PermissionDenied as error:
            logger.info("%s", error)
            absence = Absence(Lack.NOT_PERMITTED, self._permission)
        except NotThere:
            absence = Absence(Lack.NOT_THERE)
        except ReporterError as error:
            logger.warning("%s", error)
            absence = Absence(Lack.FAILED, str(error))
        return Answer(self._kind, self._clock(), absence=absence, unusable=tuple(received))

    def _permitted(self) -> bool:
        """Whether the token endpoint grants the permission; once refused it is not asked again.

        Raises:
            FetchError: it cannot be reached, or refuses for another reason.
        """
        with self._lock:
            if not self._refused:
                try:
                    self._client.auth.token()
                except TokenRefused as error:
                    if not lacks_permission(error):
                        raise
                    logger.info("%s", error)
                    self._refused = True
            return not self._refused


def lacks_permission(error: FetchError) -> bool:
    """Whether the app registration has not been given a permission."""
    return isinstance(error, PermissionDenied) or (
        isinstance(error, TokenRefused) and error.code == "invalid_scope"
    )
