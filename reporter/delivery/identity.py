"""Whose report a file is, read back from the file itself before it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

import pypdfium2
from lxml import etree

from reporter.errors import ReporterError

_IDENTIFIER: Final = "{http://purl.org/dc/elements/1.1/}identifier"
_PIECE: Final = 65_536
_LARGEST_PROPERTIES: Final = 1_000_000


def customer_in(path: Path) -> str:
    """The id of the customer whose report a PDF, workbook, JSON or HTML file is.

    Raises:
        ReporterError: the file is gone, is none of these, or does not say.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise _unknown(path, "it is not a PDF, workbook, JSON or HTML file")
    try:
        customer_id = read(path)
    except _UNREADABLE as error:
        raise _unknown(path, str(error) or type(error).__name__) from error
    if not customer_id:
        raise _unknown(path, "it does not say")
    return customer_id


def _in_pdf(path: Path) -> str:
    with path.open("rb") as file, pypdfium2.PdfDocument(file) as document:
        return str(document.get_metadata_value("CustomerID"))


def _in_workbook(path: Path) -> str:
    with ZipFile(path) as archive, archive.open("docProps/core.xml") as part:
        content = part.read(_LARGEST_PROPERTIES)
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(content, parser).findtext(_IDENTIFIER) or ""


def _in_json(path: Path) -> str:
    return str(json.loads(path.read_text("utf-8"))["customer"]["id"])


def _in_html(path: Path) -> str:
    reader = _MetaReader()
    with path.open(encoding="utf-8") as file:
        while reader.customer_id is None and (piece := file.read(_PIECE)):
            reader.feed(piece)
    return reader.customer_id or ""


class _MetaReader(HTMLParser):
    """Finds the first `<meta name="customer-id">`."""

    customer_id: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "meta" and attributes.get("name") == "customer-id" and self.customer_id is None:
            self.customer_id = attributes.get("content")


def _unknown(path: Path, why: str) -> ReporterError:
    return ReporterError(
        f"The customer of the report {path.name} cannot be read: {why}.",
        hint="No part of it was sent. Render the report again.",
    )


_UNREADABLE: Final = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    BadZipFile,
    etree.LxmlError,
    pypdfium2.PdfiumError,
)
_READERS: Final[Mapping[str, Callable[[Path], str]]] = {
    ".pdf": _in_pdf,
    ".xlsx": _in_workbook,
    ".json": _in_json,
    ".html": _in_html,
}
