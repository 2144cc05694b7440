"""Compares pictures of pages with those on file."""

from __future__ import annotations

import html
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageChops

TOLERANCE: Final = 0.001
"""The share of a page's pixels that may differ; another version of the rasteriser moves edges."""
_SAME: Final = 48
"""A pixel differs where one of its colours is further away than this, of 255."""


@dataclass(frozen=True, slots=True)
class Change:
    """A page that looks different, is new, or is gone."""

    name: str
    share: float
    """The share of its pixels that differ."""
    before: Path | None
    after: Path | None


def changes(before: Path, after: Path) -> list[Change]:
    """What looks different between the pictures below two folders."""
    names = {path.relative_to(folder) for folder in (before, after) for path in _pictures(folder)}
    differences = [_change(str(name), before / name, after / name) for name in sorted(names)]
    return [difference for difference in differences if difference.share > TOLERANCE]


def difference(before: Path, after: Path) -> float:
    """The share of pixels that differ; 1 where the pages differ in size."""
    with Image.open(before) as first, Image.open(after) as second:
        if first.size != second.size:
            return 1.0
        apart = np.asarray(ImageChops.difference(first.convert("RGB"), second.convert("RGB")))
    return float((apart.max(axis=2) > _SAME).mean())


def write_review(different: list[Change], folder: Path) -> Path:
    """A page with what was and what is, side by side; where it is."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    parts = []
    for number, change in enumerate(different):
        parts.append(f"<h2>{html.escape(change.name)}: {change.share:.2%} differ</h2><div>")
        for kind, picture in (("before", change.before), ("after", change.after)):
            if picture:
                shutil.copy(picture, folder / f"{number}-{kind}.png")
                parts.append(f'<img src="{number}-{kind}.png" alt="{kind}">')
        parts.append("</div>")
    style = "body{font-family:sans-serif;background:#ddd}div{display:flex;gap:1em}img{width:49%}"
    page = folder / "index.html"
    page.write_text(
        f"<!doctype html><meta charset=utf-8><style>{style}</style>" + "".join(parts), "utf-8"
    )
    return page


def _pictures(folder: Path) -> list[Path]:
    return list(folder.rglob("*.png"))


def _change(name: str, before: Path, after: Path) -> Change:
    existing = [path if path.is_file() else None for path in (before, after)]
    share = difference(before, after) if all(existing) else 1.0
    return Change(name, share, *existing)
