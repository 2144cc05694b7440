"""Connections to mail servers whose replies are read within limits of size and time.

Python's own client keeps reading as long as lines come, however many and however slowly; of a text
that is no reply it keeps neither the beginning nor the fact that it is none.
"""

from __future__ import annotations

import re
import smtplib
import socket
import time
from typing import Final

from reporter.showing import excerpt

LONGEST_REPLY_S: Final = 300.0
"""Seconds for a whole reply to anything but a whole message (RFC 5321, 4.5.3.2)."""
_MOST: Final = 64 << 10
"""Bytes of a reply."""
_BLOCK: Final = 4 << 10
_LINE: Final = re.compile(rb"(?P<code>[2-5][0-9]{2})(?![0-9])(?P<more>-?)(?P<words>.*)")
FAULTS: Final = (smtplib.SMTPException, OSError, ValueError)
"""What smtplib and the helpers it reads a server's words with raise where these are odd, or the
connection breaks.
"""


class NoReply(smtplib.SMTPException):
    """What a server sent is no reply, has no end, or did not come in time."""


class _Lines:
    """The lines that come over a connection, in place of smtplib's file."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""

    def next(self, most: int, until: float, silence_s: float) -> bytes:
        """The next line, of so many bytes at most, and until then.

        Raises:
            NoReply: it is longer, or takes longer, or nothing came for `silence_s` seconds.
            OSError: the connection broke.
        """
        while b"\n" not in self._unread[:most]:
            if len(self._unread) >= most:
                raise NoReply(f"the server's answer has more than {_MOST >> 10} KiB")
            self._unread += self._received(min(silence_s, until - time.monotonic()))
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _received(self, within_s: float) -> bytes:
        try:
            if within_s <= 0:
                raise TimeoutError
            self._connection.settimeout(within_s)
            block = self._connection.recv(_BLOCK)
        except TimeoutError:
            raise NoReply("the server's complete answer did not arrive in time") from None
        if not block:
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        return block

    def close(self) -> None:
        """Nothing: the connection is closed by whoever opened it."""


class Connection(smtplib.SMTP):
    """A connection that begins without TLS."""

    file: _Lines | None

    def getreply(self) -> tuple[int, bytes]:
        """The next reply, as everything in smtplib reads it."""
        return self.reply_within(LONGEST_REPLY_S, self.timeout)

    def reply_within(self, longest_s: float, silence_s: float) -> tuple[int, bytes]:
        """The code and the words of the next reply.

        Raises:
            NoReply: what comes is none, or too long, or not whole after `longest_s` seconds, or
                nothing came for `silence_s` seconds.
            smtplib.SMTPServerDisconnected: the server has left.
            OSError: the connection broke.
        """
        assert self.sock is not None
        # Made anew after STARTTLS: what was said without TLS does not count any more.
        self.file = self.file or _Lines(self.sock)
        try:
            reply = _read(self.file, time.monotonic() + longest_s, silence_s)
            self.sock.settimeout(self.timeout)
        except BaseException:
            self.close()
            raise
        return reply


class SecureConnection(Connection, smtplib.SMTP_SSL):
    """A connection that begins with TLS."""


def _read(lines: _Lines, until: float, silence_s: float) -> tuple[int, bytes]:
    """A reply: its last line's code, and the words of all its lines."""
    left = _MOST
    words: list[bytes] = []
    while True:
        line = lines.next(left, until, silence_s)
        left -= len(line) + 1
        match = _LINE.match(line)
        if match is None:
            text = excerpt(line.decode("utf-8", "replace")).strip()
            raise NoReply(f"the server's answer is not an SMTP reply: {text or 'an empty line'}")
        words.append(match["words"].strip())
        if not match["more"]:
            return int(match["code"]), b"\n".join(words)
