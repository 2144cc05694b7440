"""The bundled fonts: which faces a text needs, and which of its characters none of them has.

Style sheets name two families: `Plex`, and after it one for whatever `Plex` lacks. Each face of
another script has a first name of its own, because WeasyPrint tells fonts apart by first name and
weight, and that of the second family besides.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from fontTools.ttLib import TTFont

from reporter.errors import ReporterError
from reporter.render.templates import asset

FALLBACK: Final = "Plex JP"
"""The second family, as style sheets and pictures name it."""
_WEIGHTS: Final = {"Regular": 400, "SemiBold": 600}
# Format characters and marks that choose a variant are obeyed, not drawn.
_OBEYED: Final = frozenset({"Cf"})
_WORDS: Final = frozenset({"L", "M", "N"})
# What follows a script's name in the name of one of its characters.
_KIND: Final = re.compile(
    r" (?:SMALL|CAPITAL|LETTER|VOWEL|CONSONANT|SYLLABLE|SYLLABICS|SIGN|MARK|DIGIT|NUMBER|TONE|"
    r"LIGATURE|INDEPENDENT|DEPENDENT|SUBJOINED|MEDIAL|CHOSEONG|JUNGSEONG|JONGSEONG)\b"
)


@dataclass(frozen=True, slots=True)
class Face:
    """One script's font of the family, in the weights that are bundled."""

    script: str
    suffix: str
    """What its name has after that of the first face."""
    weights: tuple[str, ...] = ("Regular", "SemiBold")

    @property
    def family(self) -> str:
        """The name it is told apart by."""
        return f"Plex {self.script}"

    @property
    def published_family(self) -> str:
        """The name its files have for it."""
        return f"IBM Plex Sans {self.suffix}".rstrip()

    @property
    def files(self) -> tuple[tuple[str, int], ...]:
        """Each file as `asset` knows it, with its weight."""
        folder = self.published_family.lower().replace(" ", "-")
        name = self.published_family.replace(" ", "")
        return tuple(
            (f"fonts/{folder}/{name}-{weight}.woff", _WEIGHTS[weight]) for weight in self.weights
        )


LATIN: Final = Face("Latin, Greek, Cyrillic", "")
JAPANESE: Final = Face("Japanese", "JP")
CHINESE: Final = Face("Chinese", "SC", ("Regular",))
ALPHABETS: Final = (
    Face("Arabic", "Arabic"),
    Face("Hebrew", "Hebrew"),
    Face("Thai", "Thai"),
    Face("Devanagari", "Devanagari"),
    Face("Korean", "KR", ("Regular",)),
)
BUNDLED: Final = (LATIN, *ALPHABETS, JAPANESE, CHINESE)


def faces_for(text: str, locale: str = "en") -> tuple[Face, ...]:
    """The faces a text needs besides the first, which every report has; none for most reports."""
    left = {letter for letter in map(ord, set(text)) if letter not in characters(LATIN)}
    needed: list[Face] = []
    faces = _in_order(left, locale)
    while left and (face := next(faces, None)):
        if left & characters(face):
            needed.append(face)
            left -= characters(face)
    return tuple(needed)


def face_rules(faces: tuple[Face, ...]) -> str:
    """The style sheet that declares faces.

    Of the two that draw Chinese characters, the second is for those the first lacks.
    """
    han = [face for face in faces if face in (JAPANESE, CHINESE)]
    only = {
        second: f"; unicode-range: {', '.join(_ranges(characters(second) - characters(first)))}"
        for first, second in itertools.pairwise(han)
    }
    return "\n".join(
        f'@font-face {{ font-family: "{face.family}"; font-weight: {weight}; '
        f'src: url("asset:{name}"){only.get(face, "")} }}'
        for face in faces
        for name, weight in face.files
    )


def family_rules(faces: tuple[Face, ...]) -> bytes:
    """The rules that make fontconfig find the faces under the second family, too."""
    rules = "".join(
        f'<match target="scan"><test name="family"><string>{face.published_family}</string></test>'
        f'<edit name="family" mode="append_last"><string>{FALLBACK}</string></edit></match>'
        for face in faces
    )
    return f"<fontconfig>{rules}</fontconfig>".encode()


@functools.cache
def characters(face: Face) -> frozenset[int]:
    """The characters a face has. Its weights have the same."""
    name, _ = face.files[0]
    return frozenset(TTFont(BytesIO(asset(name)), lazy=True).getBestCmap())


@functools.cache
def bundled_files() -> frozenset[str]:
    """The files of the bundled fonts, beside the templates, which a page may load."""
    return frozenset(name for face in BUNDLED for name, _ in face.files)


def unpacked(name: str) -> bytes:
    """A bundled font as WeasyPrint would unpack it, but without the time of day in it."""
    font = TTFont(BytesIO(asset(name)), recalcTimestamp=False)
    font.flavor = font.flavorData = None
    file = BytesIO()
    font.save(file)
    return file.getvalue()


def fonts_in_use() -> str:
    """The fonts reports are set in, for `reporter check`.

    Raises:
        ReporterError: a bundled font is missing.
    """
    try:
        for face in BUNDLED:
            for name, _ in face.files:
                asset(name)
            characters(face)
    except OSError as error:
        raise ReporterError(
            f"A bundled font is missing: {error}.", hint="Install the program again."
        ) from error
    others = ", ".join(face.script for face in BUNDLED[1:])
    return f"IBM Plex Sans ({LATIN.script}; {others}), bundled"


def text_width(text: str, size: float) -> float:
    """How wide a text is at a size, both in pixels; letters of another script count as square."""
    advances, square = _advances(LATIN.files[0][0])
    return sum(advances.get(ord(letter), square) for letter in text) * size / square


@functools.lru_cache(maxsize=4096)
def exact_width(text: str, size: float, *, bold: bool = False) -> float | None:
    """The exact width in one of the weights; None where the text has letters of another script."""
    advances, square = _advances(LATIN.files[bold][0])
    widths = [advances.get(ord(letter)) for letter in text]
    known = [width for width in widths if width is not None]
    return sum(known) * size / square if len(known) == len(widths) else None


@functools.cache
def _advances(name: str) -> tuple[dict[int, int], int]:
    """The advance width of each letter of a font, and that of a square letter."""
    font = TTFont(BytesIO(asset(name)), lazy=True)
    advances = {code: font["hmtx"][glyph][0] for code, glyph in font.getBestCmap().items()}
    return advances, int(font["head"].unitsPerEm)


def is_bundled(letter: str) -> bool:
    """Whether a bundled face has a character, or it is one that is obeyed and not drawn."""
    return is_obeyed(letter) or any(ord(letter) in characters(face) for face in BUNDLED)


def is_obeyed(letter: str) -> bool:
    """Whether a character needs no glyph: directions, joiners and variation selectors."""
    return unicodedata.category(letter) in _OBEYED or "\ufe00" <= letter <= "\ufe0f"


def missing(text: str) -> tuple[str, ...]:
    """The characters of a text, as it is printed, that no bundled face has."""
    return tuple(sorted(letter for letter in set(composed(text)) if not is_bundled(letter)))


def composed(text: str) -> str:
    """The text with each letter and its marks as one character, which is how fonts have them.

    The characters of markup stay as they are: a mark after one would otherwise become part of it.
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    return re.sub(r"[^<>=]+", lambda part: unicodedata.normalize("NFC", part[0]), text)


def script_of(letter: str) -> str:
    """The script of a character, as Unicode names it; `symbols` for what is part of no word."""
    name = unicodedata.name(letter, "")
    if unicodedata.category(letter)[0] not in _WORDS or not name:
        return "symbols"
    if name.startswith("CJK "):
        return "Chinese"
    return _KIND.split(name, maxsplit=1)[0].title()


def _in_order(letters: Iterable[int], locale: str) -> Iterator[Face]:
    """The faces in the order they are asked.

    Chinese and Japanese draw the same characters in different ways: one of the two sets them all
    where it can, and it is the Chinese one in a Chinese report or where the Japanese lacks some.
    """
    yield from ALPHABETS
    shared = characters(CHINESE).intersection(letters)
    simplified = not locale.startswith("ja") and not shared <= characters(JAPANESE)
    chinese = locale.startswith("zh") or simplified
    yield from (CHINESE, JAPANESE) if chinese else (JAPANESE, CHINESE)


def _ranges(letters: Iterable[int]) -> Iterator[str]:
    """Characters as the ranges of a style sheet.

    The members of a range are all equally far ahead of their index.
    """
    numbered = enumerate(sorted(letters))
    for _, group in itertools.groupby(numbered, lambda pair: pair[1] - pair[0]):
        members = [letter for _, letter in group]
        yield f"U+{members[0]:X}-{members[-1]:X}"
