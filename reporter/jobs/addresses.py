"""How people's addresses are written in titles and comments, as parts of patterns."""

from __future__ import annotations

from typing import Final

AT: Final = r"(?:[@\uff20]|%(?:25)*40)"
"""The sign, its wide form in East Asian texts, and how links write it."""
SLASH: Final = r"(?:/|%(?:25)*2[Ff])"
"""What stands between the parts of a link's path, also encoded."""
PERSONAL: Final = rf"{SLASH}(?i:personal){SLASH}"
"""What stands in the link of a OneDrive before its user."""
