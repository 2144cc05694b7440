"""Makes sample_reports/ anew: the demo's reports of four customers, with pictures."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from reporter import demo

SAMPLES = Path(__file__).parent.parent / "sample_reports"
SHOWN = (
    "Brauerei Jäger & Söhne GmbH",
    "Contoso Ltd",
    "Woodgrove Capital Partners",
    "株式会社青空テクノロジー",
)


def main() -> None:
    """Play the demo and keep what is shown."""
    shutil.rmtree(SAMPLES, ignore_errors=True)
    SAMPLES.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [sys.executable, "-m", "reporter", "demo", "--out", scratch, "--quiet"], check=True
        )
        from reporter.files import slug

        for name in SHOWN:
            source = Path(scratch) / demo.PERIOD / slug(name)
            shutil.copytree(source, SAMPLES / slug(name))
    for pdf in SAMPLES.rglob("*.pdf"):
        subprocess.run(["pdftoppm", "-r", "72", "-png", pdf, pdf.with_name("page")], check=True)


if __name__ == "__main__":
    main()
