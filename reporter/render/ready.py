"""Imported where processes are forked from, so that none of them has to load WeasyPrint again."""

from __future__ import annotations

from contextlib import suppress

from reporter.render.typesetting import NoTypesetting, typesetter

with suppress(NoTypesetting):  # whoever makes a PDF gets the error
    typesetter()
