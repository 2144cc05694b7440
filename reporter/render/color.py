"""Colours that can be read whatever the brand's colour is (WCAG 2.2 contrast)."""

from __future__ import annotations

import colorsys
from typing import Final

READABLE: Final = 4.5
WHITE: Final = "#ffffff"
BLACK: Final = "#000000"


def contrast(one: str, other: str) -> float:
    """The contrast of two `#rrggbb` colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_on(ground: str) -> str:
    """White or black: the better of the two has contrast of 4.58 or more on any ground."""
    return max((WHITE, BLACK), key=lambda color: contrast(color, ground))


def readable(color: str, ground: str = WHITE) -> str:
    """The colour, darkened just so far that text in it can be read on the ground."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(color))
    while contrast(color, ground) < READABLE and lightness > 0:
        lightness = max(0.0, lightness - 0.02)
        channels = colorsys.hls_to_rgb(hue, lightness, saturation)
        color = "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
    return color


def _channels(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _luminance(color: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
