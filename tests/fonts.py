"""Fetches the fonts in templates/fonts/ again from the npm packages they came from (needs npm)."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FONTS: Final = Path(__file__).parent.parent / "templates" / "fonts"
LICENSE: Final = "package/LICENSE.txt"
BOTH: Final = ("Regular", "SemiBold")
REGULAR: Final = ("Regular",)


@dataclass(frozen=True, slots=True)
class Source:
    """A pinned package: which faces are taken from it, and where they are in it."""

    script: str
    """The ending of the package's name and of the folder here; empty for IBM Plex Sans itself."""
    version: str
    integrity: str
    weights: tuple[str, ...] = BOTH
    folder: str = "package/fonts/complete/woff"

    @property
    def name(self) -> str:
        return f"plex-sans{self.script and f'-{self.script}'}"

    @property
    def members(self) -> tuple[str, ...]:
        """The files taken, as they are named in the package."""
        script = self.script.upper() if len(self.script) == 2 else self.script.title()
        faces = (f"{self.folder}/IBMPlexSans{script}-{weight}.woff" for weight in self.weights)
        return (LICENSE, *faces)


HINTED: Final = "package/fonts/complete/woff/hinted"
SOURCES: Final = (
    Source(
        "",
        "1.1.0",
        "sha512-WPgvO6Yfj2w5YbhyAr1tv95RUz4LRJlqN+CmYvBglabXteufP1D1E9BABMde+ZIKdRbFJDoKF5eQzfhpnbgZcQ==",
    ),
    Source(
        "arabic",
        "1.1.0",
        "sha512-u8wIS6szLAOFvlBjCFZmtpKIqbhuIuniG2N0J+sio8vV6INH58hP0t0QNYrSl9SZtCv2Fwb4oQGuZJY3kJ4+QA==",
    ),
    Source(
        "hebrew",
        "1.1.0",
        "sha512-iix0rLpUD0E8dE8q+/t3B7u1or7h6gEzoy6TK9NwP41AN31WE55f2cFwQAXomBDwr0Ozc9sHYy97NutEukZXzQ==",
    ),
    Source(
        "thai",
        "1.1.0",
        "sha512-vk7IrjdO69eEElJpFBppCha/wvU48DFyVuDewcfIf5L6Z11s0vbROANCvKipVPRUz1LE4ron8KoitWGcl3AlfA==",
    ),
    Source(
        "devanagari",
        "1.1.0",
        "sha512-IVNV9NxXZDzcGZRao/xj+kiFwkdLkcw5vNiKwY8wEzzkpjApXJnPhJ0a7mIKNAh8oIadTIF68+iGtzRKK3nXAQ==",
    ),
    Source(
        "kr",
        "1.1.0",
        "sha512-oGwlBC7BYvcvOvs7d8SoumXJwNO3rjbplteyeYI7zgQmEWI+4qLdRhI/zBUO4Ioo55YymSMiMtRPqAAPZBrJqA==",
        REGULAR,
        HINTED,
    ),
    Source(
        "jp",
        "3.0.0",
        "sha512-/v46f2qWBwOg0U/At3R9yVIWrHZKYHM0ByCz2lnNk60VqTHATcCHUT9djTmYBlRwaepybLzDsvx2DtxpHpIPvA==",
        BOTH,
        HINTED,
    ),
    Source(
        "sc",
        "1.1.0",
        "sha512-IkhORwgw/CrsUss7uW9Rj6KKSsGQoIyIaNWjjju/7sV7SYS3yk0c/DgZN/leIG3Co5lN/X4Or/sQaL+SdvmSIg==",
        REGULAR,
        HINTED,
    ),
)


def main() -> int:
    """Write every font and its licence; 1 where a package is not the one that was pinned."""
    return 0 if all(_take(source) for source in SOURCES) else 1


def _take(source: Source) -> bool:
    """Write what is taken of one package; False, and nothing written, if it is another one."""
    package = f"@ibm/{source.name}@{source.version}"
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", "--silent", "--pack-destination", scratch, package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(scratch).glob("*.tgz")
        digest = hashlib.sha512(archive.read_bytes()).digest()
        if (integrity := f"sha512-{base64.b64encode(digest).decode()}") != source.integrity:
            print(f"{package} is another one: {integrity}", file=sys.stderr)  # noqa: T201
            return False
        _unpack(archive, source.members, FONTS / f"ibm-{source.name}")
    return True


def _unpack(archive: Path, members: tuple[str, ...], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with tarfile.open(archive) as files:
        for member in members:
            name = "LICENSE" if member == LICENSE else Path(member).name
            content = files.extractfile(member)
            assert content is not None
            (folder / name).write_bytes(content.read())


if __name__ == "__main__":
    sys.exit(main())
