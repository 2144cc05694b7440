"""Values as people write them in a configuration: lengths of time, sizes, addresses and others."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import time, timedelta
from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from reporter.errors import UsageError
from reporter.jobs.values import read_duration, read_size
from reporter.period import read_months
from reporter.render.formats import FORMATS

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


def _read_span(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (span := read_duration(value.strip())) is not None:
        return span
    if value in (0, "0"):
        return timedelta(0)
    raise ValueError("is not a length of time; write 24h, 90m, 2d or 0")


def _read_bytes(value: object) -> object:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and (size := read_size(value.strip(), "decimal")) is not None:
        return size
    raise ValueError("is not a size; write 20 MB")


def _read_clock(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d", value):
        with suppress(ValueError):
            return time.fromisoformat(value)
    raise ValueError("is not a time of day; write 06:30")


def _read_umask(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"0?0[0-7][2367]", value):
        return int(value, 8)
    raise ValueError(
        'is not a usable umask; write "077" (nobody else may read), "027" (your group may) '
        'or "022" (everybody may)'
    )


def encrypted(url: str) -> str:
    """A web address whose connection is encrypted, or stays on this machine.

    Raises:
        ValueError: it is another address.
    """
    parts = parts_of_address(url)
    loopback = parts.hostname in LOOPBACK
    if url and parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ValueError("must be an https:// address (http:// only for this machine itself)")
    if url and not is_host(parts.hostname or ""):
        raise ValueError("names no valid host; write https://host.example/…")
    return url


def is_host(name: str) -> bool:
    """Whether this can be the name of a host: labels in any script that are not empty and have no
    spaces or punctuation; or an IP address.
    """
    with suppress(ValueError):
        return bool(ip_address(name))
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return _HOST.fullmatch(ascii_name) is not None


def parts_of_address(url: str) -> SplitResult:
    """A web address, taken apart.

    Raises:
        ValueError: it cannot be parsed. The message quotes no part of the address, because any
            part may then be a password.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(
            "cannot be read as a web address: write a port number after the host's colon, and in a "
            "user's password write characters such as / and @ as %2F and %40"
        ) from None
    return parts


def _root(url: str) -> str:
    """The base address of an API."""
    return encrypted(url).rstrip("/")


def _known_format(name: str) -> str:
    if name not in (known := FORMATS.names()):
        raise ValueError(f"{name!r} is not a format; choose from {', '.join(known)}")
    return name


Span = Annotated[timedelta, BeforeValidator(_read_span)]
Umask = Annotated[int, BeforeValidator(_read_umask)]
TimeOfDay = Annotated[time, BeforeValidator(_read_clock)]
Rate = Annotated[float, Field(ge=0, le=1)]
Bytes = Annotated[int, BeforeValidator(_read_bytes), Field(gt=0)]
FormatName = Annotated[str, AfterValidator(_known_format)]
WebAddress = Annotated[str, AfterValidator(encrypted)]
WebRoot = Annotated[str, AfterValidator(_root)]
Addresses = str | tuple[str, ...]
"""Mail addresses: one text with commas or semicolons, or a list. They are read when they are
needed, so that an error in them affects only their customer.
"""


def _read_months(value: object) -> object:
    try:
        return read_months(str(value))
    except UsageError:
        raise ValueError("is not a number of months; write it as 84months") from None


Months = Annotated[int, BeforeValidator(_read_months)]
