"""Before the last byte of a message is sent, the disk records that the message is on its way."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.delivery.conftest import Configure
from tests.delivery.mail_server import Accounts

ROOT = Path(__file__).parents[2]
STRACE = ["strace", "-f", "-y", "-s", "16", "-e", "trace=pwrite64,fsync,fdatasync,sendto"]
LAST_BYTE = re.compile(r'sendto\(\d+<[^>]*>, "\.\\r\\n"')
WRITTEN = re.compile(r"pwrite64\(\d+<[^>]*reporter\.db-wal>")
ON_DISK = re.compile(r"f(?:data)?sync\(\d+<[^>]*reporter\.db-wal>\)\s+= 0")


def can_trace() -> bool:
    """Whether system calls can be traced here: containers often forbid it."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*STRACE, "true"], capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not can_trace(), reason="strace is missing or not allowed")
def test_every_claim_is_on_the_disk_before_the_dot(
    run: Run, accounts: Accounts, office: Configure, tmp_path: Path
) -> None:
    """As the operating system saw it: written to the store's log, synced, and only then the dot
    that makes the message whole. A power cut after it leaves a delivery uncertain, not approved.
    """
    office(in_mail=('approval = "none"',))
    trace = tmp_path / "trace"
    command = [*STRACE, "-o", str(trace), sys.executable, "-m", "reporter", "send"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert len(accounts.arrived) == 3
    dots, written, synced = 0, False, False
    for line in trace.read_text("utf-8", "replace").splitlines():
        if WRITTEN.search(line):
            written, synced = True, False
        elif ON_DISK.search(line):
            synced = True
        elif LAST_BYTE.search(line):
            assert (written, synced) == (True, True), f"before the dot of message {dots + 1}"
            dots, written = dots + 1, False
    assert dots == 3
