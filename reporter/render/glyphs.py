"""Which characters can be printed: PDF/A and PDF/UA forbid one that no font has a glyph for."""

from __future__ import annotations

import functools
import os
import struct
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont, TTLibError
from weasyprint.text.ffi import ffi, fontconfig

from reporter.render.fonts import composed, is_bundled

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
# Control, private-use and unassigned characters mean nothing to anybody else; nor have those that
# separate lines and paragraphs a glyph, though some fonts say so.
_MEANINGLESS: Final = frozenset({"Cc", "Cn", "Co", "Cs", "Zl", "Zp"})
_SYSTEM_FONTS: Final = 0  # FcSetSystem
_UNREADABLE: Final = (
    TTLibError,
    OSError,
    AssertionError,
    LookupError,
    ValueError,
    struct.error,
)
"""What fontTools raises over a file that is no OpenType font, or a broken one."""


def printable(text: str) -> str:
    """The text with each character no font has replaced, visibly."""
    text = composed(text)
    unknown = {ord(letter): REPLACEMENT for letter in set(text) if not _has_glyph(letter)}
    return text.translate(unknown) if unknown else text


@functools.lru_cache(maxsize=65_536)
def _has_glyph(letter: str) -> bool:
    if " " <= letter <= "~" or letter in "\n\t":
        return True
    if unicodedata.category(letter) in _MEANINGLESS:
        return False
    return is_bundled(letter) or ord(letter) in _system()


@functools.cache
def _system() -> frozenset[int]:
    """The characters of the fonts this machine has; asked for only where ours do not do."""
    configuration = fontconfig.FcInitLoadConfigAndFonts()
    fonts = fontconfig.FcConfigGetFonts(configuration, _SYSTEM_FONTS)
    characters: set[int] = set()
    for number in range(0 if fonts == ffi.NULL else fonts.nfont):
        path = ffi.new("FcChar8 **")
        if fontconfig.FcPatternGetString(fonts.fonts[number], b"file", 0, path) == 0:
            characters.update(_characters_in(Path(os.fsdecode(ffi.string(path[0])))))
    fontconfig.FcConfigDestroy(configuration)
    return frozenset(characters)


def _characters_in(path: Path) -> Iterable[int]:
    """The characters of a font file; none where WeasyPrint could not use it either, such as one of
    Type 1.
    """
    try:
        # Opened here, because fontTools leaves open what is no font to it.
        with path.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as font:
            return tuple(font.getBestCmap() or ())
    except _UNREADABLE:
        return ()
