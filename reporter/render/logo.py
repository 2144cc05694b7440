"""The logo as a picture any mail program shows on any background: a PNG on white."""

from __future__ import annotations

import functools
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

import pypdfium2
from PIL import Image, UnidentifiedImageError

from reporter.errors import ReporterError
from reporter.model import Logo
from reporter.render.typesetting import typesetter

WIDEST: Final = 240
HIGHEST: Final = 48
"""CSS pixels a logo may take."""
_DENSITY: Final = 2
"""Pixels of the picture for each CSS pixel: screens that show less shrink it well."""
_LARGEST: Final = 40_000_000
"""The most pixels a PNG may have."""
_NO_INK: Final = (255, 255, 255, 0)


@dataclass(frozen=True, slots=True)
class LogoPicture:
    """A PNG, and how large it is to be shown."""

    content: bytes = field(repr=False)
    """The picture itself."""
    width: int
    """In CSS pixels."""
    height: int
    """In CSS pixels."""


@functools.lru_cache(maxsize=64)
def picture_of(logo: Logo) -> LogoPicture | None:
    """The logo as a picture; None where nothing is drawn on it.

    Raises:
        ReporterError: it cannot be read, or wants something that may not be loaded.
        NoTypesetting: it is an SVG, and nothing here can draw one.
    """
    if logo.media_type == "image/png":
        return _fitted(_opened(logo.content), 1, logo.content)
    drawn = typesetter().drawn(logo, WIDEST, HIGHEST)
    with closing(pypdfium2.PdfDocument(drawn)) as document:
        page = document[0]
        scale = _DENSITY * WIDEST / page.get_width()
        image = page.render(scale=scale, fill_color=_NO_INK).to_pil()
    box = image.getbbox()
    return _fitted(image.crop(box), _DENSITY) if box else None


def _opened(content: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(content), formats=["PNG"])
        if image.width * image.height > _LARGEST:
            raise ReporterError(
                f"The logo has {image.width} × {image.height} pixels.",
                hint="Save it at most 2000 pixels wide.",
            )
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ReporterError(
            f"The logo cannot be read: {error}.", hint="Save it again as PNG or SVG."
        ) from error
    return image


def _fitted(image: Image.Image, density: int, as_it_is: bytes = b"") -> LogoPicture:
    """A picture with `density` pixels for each CSS pixel, made to fit; `as_it_is` where it fits."""
    shrink = max(density, image.width / WIDEST, image.height / HIGHEST)
    width, height = (max(1, round(side / shrink)) for side in image.size)
    most = (_DENSITY * width, _DENSITY * height)
    larger = image.width > most[0] or image.height > most[1]
    if as_it_is and image.mode == "RGB" and not larger:
        return LogoPicture(as_it_is, width, height)
    # In dark mode, mail programs darken the page and leave the picture on it as it is.
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image.convert("RGB"), mask=image.convert("RGBA").getchannel("A"))
    if larger:
        flat = flat.resize(most, Image.Resampling.LANCZOS)
    made = BytesIO()
    flat.save(made, "PNG", optimize=True)
    return LogoPicture(made.getvalue(), width, height)
