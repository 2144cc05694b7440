"""One SVG, drawn so that WeasyPrint is fast: few elements, all of them plain.

All marks of a colour are one path, texts say where they start, and the labels of an axis are one
text. Lengths are CSS pixels (1/96 inch).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, Literal

from markupsafe import Markup, escape

from reporter.render.fonts import exact_width

INK: Final = "#1d252c"
QUIET: Final = "#5b6670"
RULE: Final = "#d5dbe0"
TEXT_SIZE: Final = 9.0
_SPACES: Final = "\N{EM SPACE}\N{EN SPACE}\N{SIX-PER-EM SPACE}\N{THIN SPACE}\N{HAIR SPACE}"
"""From the widest to the narrowest."""
Anchor = Literal["start", "middle", "end"]
_SHARE_BEFORE: Final[dict[Anchor, float]] = {"start": 0.0, "middle": 0.5, "end": 1.0}


class SvgDrawing:
    """Marks gathered by colour, and texts by style, until they become one SVG."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._size = width, height
        self._title = title
        self._fills: defaultdict[str, list[str]] = defaultdict(list)
        self._columns: defaultdict[tuple[str, float], list[str]] = defaultdict(list)
        self._grid: list[str] = []
        self._strokes: defaultdict[tuple[str, float], list[str]] = defaultdict(list)
        self._texts: defaultdict[str, list[str]] = defaultdict(list)

    def box(self, x: float, y: float, width: float, height: float, color: str) -> None:
        if width > 0 and height > 0:
            self._fills[color].append(f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z")

    def column(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """A box drawn as a thick line, which is faster where many have one width."""
        if width > 0 and height > 0:
            self._columns[color, width].append(f"M{x + width / 2:.2f} {y:.1f}v{height:.1f}")

    def grid(self, x: float, y: float, dx: float) -> None:
        """A faint line behind everything else."""
        self._grid.append(f"M{x:.1f} {y:.1f}h{dx:.1f}")

    def line(self, x: float, y: float, dx: float, dy: float, color: str, width: float = 1) -> None:
        self._strokes[color, width].append(f"M{x:.1f} {y:.1f}l{dx:.1f} {dy:.1f}")

    def text(
        self,
        x: float,
        y: float,
        text: object,
        *,
        anchor: Anchor = "start",
        size: float = TEXT_SIZE,
        color: str = INK,
        bold: bool = False,
    ) -> None:
        """A text that starts, ends or has its middle at `x`.

        Where its width is known its start is computed here: WeasyPrint makes a separate PDF object
        for each text with another anchor.
        """
        wide = exact_width(str(text), size, bold=bold)
        anchored = ""
        if wide is not None:
            x -= wide * _SHARE_BEFORE[anchor]
        elif anchor != "start":
            anchored = f' text-anchor="{anchor}"'
        style = f'font-size="{size}" fill="{color}"' + ' font-weight="600"' * bold
        self._texts[style].append(f'<text x="{x:.1f}" y="{y:.1f}"{anchored}>{escape(text)}</text>')

    def labels(
        self,
        y: float,
        labels: Sequence[tuple[float, str]],
        size: float,
        anchor: Anchor = "middle",
    ) -> None:
        """Texts of one line, from left to right, each anchored at its place.

        One by one, each would cost as much as a table's cell: where all widths are known they
        become one text, with spaces of several widths between them.
        """
        widths = [exact_width(label, size) for _, label in labels]
        placed = [
            (place - wide * _SHARE_BEFORE[anchor], wide, label)
            for (place, label), wide in zip(labels, widths, strict=True)
            if wide is not None
        ]
        if not placed or len(placed) < len(labels):
            for place, label in labels:
                self.text(place, y, label, anchor=anchor, size=size, color=QUIET)
            return
        end, parts = placed[0][0], []
        for start, wide, label in placed:
            spaces, taken = _spaces(start - end, size)
            parts += [spaces, label]
            end += taken + wide
        self.text(placed[0][0], y, "".join(parts), size=size, color=QUIET)

    def svg(self) -> Markup:
        width, height = self._size
        grid = f'<path d="{"".join(self._grid)}" stroke="{RULE}" stroke-width="0.6" fill="none"/>'
        fills = (f'<path d="{"".join(d)}" fill="{color}"/>' for color, d in self._fills.items())
        strokes = (
            f'<path d="{"".join(d)}" stroke="{color}" stroke-width="{width:.4g}" fill="none"/>'
            for (color, width), d in (*self._columns.items(), *self._strokes.items())
        )
        texts = (f"<g {style}>{''.join(elements)}</g>" for style, elements in self._texts.items())
        # The family is the page's: an SVG inside HTML does not inherit it in WeasyPrint.
        return Markup(  # noqa: S704  every text is escaped above
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
            f' width="{width:.0f}" height="{height:.0f}" font-family="Plex, Plex JP, sans-serif">'
            f"<title>{escape(self._title)}</title>"
            f"{grid * bool(self._grid)}{''.join(fills)}{''.join(strokes)}{''.join(texts)}</svg>"
        )


def _spaces(room: float, size: float) -> tuple[str, float]:
    """Spaces that fill a gap to within half a hair space, and how wide they are."""
    spaces, taken = "", 0.0
    for space in _SPACES:
        wide = exact_width(space, size) or 0.0
        count = max(0, int((room - taken) / wide + (0.5 if space == _SPACES[-1] else 0.0)))
        spaces += space * count
        taken += wide * count
    return spaces, taken
