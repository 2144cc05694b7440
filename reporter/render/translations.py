"""The catalogues of the languages reports are written in; English is the language of the code.

A message is found by its English text. `make translations` gathers the messages from the code and
the templates; the catalogues in `reporter/translations` are read as they are, without compiling.
"""

from __future__ import annotations

import functools
import gettext
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER: Final = Path(__file__).parent.parent / "translations"


@functools.cache
def catalogue(locale: str) -> gettext.NullTranslations:
    """The messages of a locale's language; the English ones where there is no other."""
    path = FOLDER / f"{Locale.parse(locale).language}.po"
    if not path.is_file():
        return gettext.NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=path.stem))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
