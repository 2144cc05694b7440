"""Every error a user can meet.

    ReporterError
    ├── UsageError         the call or the configuration is wrong      exit status 2
    │   ├── SettingsError
    │   └── NoStore
    ├── NothingKnown       a period has no report of a customer    no failure
    ├── ReplyError         a reply of the service cannot be used
    ├── FetchError         a customer could not be fetched
    │   ├── NotReached
    │   ├── PermissionDenied
    │   └── NotThere
    ├── StoreError         the store cannot be used
    │   └── NotStorable
    ├── EvidenceError      an archive cannot be made, or is not what it should be
    └── OutputError        a file cannot be written

A message says what happened and to whom; the hint says what to do about it. Neither shows a
secret that is in use, or the password of an address, whoever quotes it.
"""

from __future__ import annotations

from reporter.showing import without_passwords


class ReporterError(Exception):
    """What happened (`str(error)`), and in `hint` what to do."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(without_passwords(message))
        self.hint = without_passwords(hint)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process boundaries; the keyword argument would be lost otherwise.
        return (_rebuild, (type(self), str(self), self.hint))

    def explain(self) -> str:
        """The message and, on a line of its own, the hint."""
        return f"{self}\n  {self.hint}" if self.hint else str(self)


def _rebuild(kind: type[ReporterError], message: str, hint: str) -> ReporterError:
    return kind(message, hint=hint)


class UsageError(ReporterError):
    """The call is wrong."""

    exit_code = 2


class SettingsError(UsageError):
    """The configuration is wrong."""


class NoStore(UsageError):
    """Nothing has been fetched into the store asked for."""


class NothingKnown(ReporterError):
    """A period ended before anything was known of a customer: that is said, and is no failure."""


class ReplyError(ReporterError):
    """A reply is no JSON, has another shape, or is cut short."""


class FetchError(ReporterError):
    """The service could not be reached, refused, or gave an incomplete answer."""


class NotReached(FetchError):
    """There was no connection to the service, or none that can be trusted: nobody knows what it
    would have answered.
    """


class PermissionDenied(FetchError):
    """The service answered 401 or 403."""


class NotThere(FetchError):
    """The service answered 404: it does not know what was asked for."""


class StoreError(ReporterError):
    """The store is locked, unreadable, or of another version."""


class NotStorable(StoreError):
    """The database is there, and refuses what it was to keep."""


class EvidenceError(ReporterError):
    """An archive cannot be made, signed or time-stamped, or is not what it should be."""


class OutputError(ReporterError):
    """A result cannot be written: no such folder, no rights, no space."""


class TemplateError(ReporterError):
    """A template of the provider is wrong, or uses what is not there."""
