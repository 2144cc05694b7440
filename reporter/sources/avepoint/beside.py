"""What is asked for each customer beside its jobs; whatever the answer, the jobs are kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from reporter.errors import FetchError, NotReached, NotThere, PermissionDenied, ReporterError
from reporter.model import Absence, Answer, Customer, Kind, Lack, Reply
from reporter.sources.avepoint.auth import TokenRefused
from reporter.sources.avepoint.client import Client

logger = logging.getLogger(__name__)

Ask = Callable[[Client, list[Reply]], None]
"""Adds the replies to one question to those received."""
AskOf = Callable[[Client, Customer, list[Reply]], None]
"""Adds the replies about a customer to those received."""

_TOO_LARGE: Final = "The replies are too large for the available memory."


class Beside(Protocol):
    """One kind of data that is asked for beside the jobs; safe to call from several threads."""

    @property
    def kind(self) -> Kind:
        """What is asked for."""

    def answer(self, customer: Customer) -> Answer:
        """What the service says of a customer, or why it does not."""


class Permission:
    """One kind of data with a permission, and so a token, of its own; shared by all threads.

    The token endpoint refuses a token as a whole where one of its permissions is missing: asked for
    together with the permission for jobs, this one could cost the jobs.
    """

    def __init__(
        self,
        kind: Kind,
        name: str,
        client: Client,
        clock: Callable[[], datetime],
        level: int = logging.WARNING,
    ) -> None:
        self.kind: Kind = kind
        self.refused = False
        """Whether the token endpoint has refused the permission."""
        self.reached = True
        """Whether the last question could be put: there was a connection, and a token for it."""
        self._name = name
        self._client = client
        self._clock = clock
        self._level = level
        """At which level of the log stands what fails."""
        self._lock = threading.Lock()

    def ask(self, ask: Ask) -> Answer:
        """The answer to a question, or why there is none."""
        received: list[Reply] = []
        try:
            if self._permitted():
                ask(self._client, received)
                return Answer(self.kind, self._clock(), tuple(received))
            absence = Absence(Lack.NOT_PERMITTED, self._name)
        except PermissionDenied as error:
            logger.info("%s", error)
            absence = Absence(Lack.NOT_PERMITTED, self._name)
        except NotThere:
            absence = Absence(Lack.NOT_THERE)
        except ReporterError as error:
            logger.log(self._level, "%s", error)
            self.reached = not isinstance(error, NotReached | TokenRefused)
            absence = Absence(Lack.FAILED, str(error))
        except MemoryError:
            received.clear()
            logger.log(self._level, _TOO_LARGE)
            absence = Absence(Lack.FAILED, _TOO_LARGE)
        return Answer(self.kind, self._clock(), absence=absence, unusable=tuple(received))

    def _permitted(self) -> bool:
        """Whether the token endpoint grants the permission; once refused it is not asked again.

        Raises:
            FetchError: it cannot be reached, or refuses for another reason.
        """
        with self._lock:
            if not self.refused:
                try:
                    self._client.auth.token()
                except TokenRefused as error:
                    if not lacks_permission(error):
                        raise
                    logger.info("%s", error)
                    self.refused = True
            return not self.refused


class CustomerByCustomer:
    """Data for which the service has a call per customer."""

    def __init__(self, permission: Permission, ask: AskOf) -> None:
        self.permission = permission
        self._ask = ask

    @property
    def kind(self) -> Kind:
        """What is asked for."""
        return self.permission.kind

    def answer(self, customer: Customer) -> Answer:
        """What the service says of a customer, or why it does not."""
        return self.permission.ask(partial(self._of, customer))

    def _of(self, customer: Customer, client: Client, received: list[Reply]) -> None:
        self._ask(client, customer, received)


def lacks_permission(error: FetchError) -> bool:
    """Whether the app registration has not been given a permission."""
    return isinstance(error, PermissionDenied) or (
        isinstance(error, TokenRefused) and error.code == "invalid_scope"
    )
