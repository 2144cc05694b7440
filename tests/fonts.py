"""Takes the fonts in templates/fonts/ anew from the npm packages they came from (needs npm)."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FONTS = Path(__file__).parent.parent / "templates" / "fonts"
LICENSE = "package/LICENSE.txt"

# package and version, its npm integrity, the folder here, and where its files lie
SOURCES = (
    (
        "@ibm/plex-sans@1.1.0",
        "sha512-WPgvO6Yfj2w5YbhyAr1tv95RUz4LRJlqN+CmYvBglabXteufP1D1E9BABMde+ZIKdRbFJDoKF5eQzfhpnbgZcQ==",
        "ibm-plex-sans",
        "package/fonts/complete/woff/IBMPlexSans-{}.woff",
    ),
    (
        "@ibm/plex-sans-jp@3.0.0",
        "sha512-/v46f2qWBwOg0U/At3R9yVIWrHZKYHM0ByCz2lnNk60VqTHATcCHUT9djTmYBlRwaepybLzDsvx2DtxpHpIPvA==",
        "ibm-plex-sans-jp",
        "package/fonts/complete/woff/hinted/IBMPlexSansJP-{}.woff",
    ),
)
WEIGHTS = ("Regular", "SemiBold")


def main() -> int:
    """Write every font and its licence; 1 where a package is not the one that was pinned."""
    for package, integrity, folder, pattern in SOURCES:
        with tempfile.TemporaryDirectory() as scratch:
            command = ["npm", "pack", "--silent", "--pack-destination", scratch, package]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            (archive,) = Path(scratch).glob("*.tgz")
            digest = hashlib.sha512(archive.read_bytes()).digest()
            if (found := f"sha512-{base64.b64encode(digest).decode()}") != integrity:
                print(f"{package} is another one: {found}", file=sys.stderr)  # noqa: T201
                return 1
            with tarfile.open(archive) as files:
                for member in (LICENSE, *(pattern.format(weight) for weight in WEIGHTS)):
                    name = "LICENSE" if member == LICENSE else Path(member).name
                    content = files.extractfile(member)
                    assert content is not None
                    (FONTS / folder / name).write_bytes(content.read())
    return 0


if __name__ == "__main__":
    sys.exit(main())
