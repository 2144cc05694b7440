"""A real Postfix with everything of its own: configuration, queue, certificate and Maildirs."""

from __future__ import annotations

import email
import mailbox
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.delivery.mail_server import free_port, tls_files

TIMEOUT_S: Final = 30
"""To start, to stop, and to deliver what was accepted."""
_SERVICES: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str:
    """Why Postfix cannot run here; empty where it can."""
    if os.geteuid() != 0:
        return "Postfix starts for root only"
    if shutil.which("postfix") is None:
        return "Postfix is not installed (Debian: apt-get install postfix)"
    return ""


@dataclass
class Postfix:
    """A Postfix that runs."""

    folder: Path
    port: int
    trusted: Path
    """The certificate a client must trust."""

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def mails(self, expected: int) -> dict[str, list[EmailMessage]]:
        """What lies in each Maildir, by address; waits until there are so many messages."""
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            mails = self._mails_by_address()
            if sum(map(len, mails.values())) >= expected and not self._queued():
                return mails
            time.sleep(0.05)
        raise AssertionError(self.log())

    def _queued(self) -> bool:
        """Whether an accepted message has not been delivered yet."""
        queues = ("incoming", "active", "deferred")
        return any(
            path.is_file() for name in queues for path in (self.folder / "queue" / name).rglob("*")
        )

    def _mails_by_address(self) -> dict[str, list[EmailMessage]]:
        return {
            f"{box.parent.name}@{box.parent.parent.name}": _read(box)
            for box in self.folder.glob("mail/*/*/new")
        }


def _read(box: Path) -> list[EmailMessage]:
    maildir = mailbox.Maildir(box.parent, create=False)
    return [
        email.message_from_bytes(maildir.get_bytes(key), policy=default)
        for key in maildir.iterkeys()
    ]


@contextmanager
def postfix(
    mailboxes: list[str],
    *,
    replies: Mapping[str, str] | None = None,
    **parameters: object,
) -> Iterator[Postfix]:
    """Run until the block ends, with a Maildir for each address.

    `replies` are given to recipients instead of acceptance.
    """
    # Not pytest's own folder, which only its owner may enter: daemons run as users of their own.
    with TemporaryDirectory(prefix="postfix-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        with _readable_by_daemons():
            (folder / "etc").mkdir()
            _, trusted = tls_files(folder / "etc")
            _configure(folder, port, mailboxes, replies or {}, parameters)
            _call(folder, "start")
        try:
            yield Postfix(folder, port, trusted)
        finally:
            _call(folder, "stop")


@contextmanager
def _readable_by_daemons() -> Iterator[None]:
    """A command that an earlier test ran has left this process with an owner-only umask."""
    umask = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(umask)


def _configure(
    folder: Path,
    port: int,
    mailboxes: list[str],
    replies: Mapping[str, str],
    parameters: Mapping[str, object],
) -> None:
    etc, nobody = folder / "etc", pwd.getpwnam("nobody")
    domains = sorted({address.partition("@")[2] for address in [*mailboxes, *replies]})
    main: dict[str, object] = {
        "compatibility_level": "3.6",
        "queue_directory": folder / "queue",
        "data_directory": folder / "data",
        "maillog_file": folder / "log",
        "maillog_file_prefixes": folder,
        "myhostname": "mail.provider.example",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "alias_maps": "",
        "alias_database": "",
        "local_recipient_maps": "",
        "local_transport": "error:there is nobody here",
        "default_transport": "error:nothing leaves this machine",
        "virtual_mailbox_domains": ", ".join(domains),
        "virtual_mailbox_base": folder / "mail",
        "virtual_mailbox_maps": f"texthash:{etc / 'mailboxes'}",
        "virtual_uid_maps": f"static:{nobody.pw_uid}",
        "virtual_gid_maps": f"static:{nobody.pw_gid}",
        "smtpd_recipient_restrictions": (
            f"check_recipient_access texthash:{etc / 'replies'}, reject_unauth_destination"
        ),
        "smtpd_tls_cert_file": etc / "mail.crt",
        "smtpd_tls_key_file": etc / "mail.key",
        "smtpd_tls_security_level": "encrypt",
    } | dict(parameters)
    lines = [f"{key} = {value}" for key, value in main.items()]
    (etc / "main.cf").write_text("\n".join(lines) + "\n", "utf-8")
    (etc / "master.cf").write_text(_SERVICES.format(port=port), "utf-8")
    boxes = {address: "{1}/{0}/".format(*address.split("@")) for address in mailboxes}
    for name, table in (("mailboxes", boxes), ("replies", replies)):
        rows = [f"{address} {value}\n" for address, value in table.items()]
        (etc / name).write_text("".join(rows), "utf-8")
    for name, owner in (("queue", "root"), ("data", "postfix"), ("mail", "nobody")):
        (folder / name).mkdir()
        shutil.chown(folder / name, owner)


def _call(folder: Path, command: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(folder / "etc"), command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    log = folder / "log"
    output = done.stderr + (log.read_text("utf-8") if log.exists() else "")
    assert done.returncode == 0, output
