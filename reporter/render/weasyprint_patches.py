"""All that we change in WeasyPrint, or use of it and its pydyf that they keep to themselves.

Read in WeasyPrint 70 and pydyf 0.13 (weasyprint <71, pydyf <0.14): newer ones are to be read before
the bounds are raised. tests/render/test_weasyprint_patches.py fails where one of these has stopped
working, and holds pages against those of WeasyPrint as it is.

What own templates may hold nobody knows: `ShippedPage` is for the shipped ones alone.
"""

from __future__ import annotations

import functools
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from xml.etree import ElementTree

import weasyprint
import weasyprint.html
import weasyprint.svg
from weasyprint.text.ffi import ffi, fontconfig, harfbuzz, pango
from weasyprint.text.fonts import FontConfiguration

_UNCLOSED: Final = re.compile(
    r"<((?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b[^>]*?)/?>"
)
_BY_LETTER: Final = frozenset({"dx", "dy", "letter-spacing", "rotate", "textLength"})

_PRODUCER: Final = re.compile(rb' pdf:Producer="[^"]*"')
_UA_METADATA: Final = b"""\
<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1"/>\
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" \
xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>\
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA Universal Accessibility Schema\
</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/\
</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property>\
<rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>\
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal\
</pdfaProperty:category><pdfaProperty:description>Part of ISO 14289 followed\
</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag>\
</pdfaExtension:schemas></rdf:Description></rdf:RDF>"""


class ShippedPage(weasyprint.HTML):
    """A page of the shipped templates, which is XML but for a few tags, and has no footnotes.

    WeasyPrint's parser for any HTML takes a tenth of the time of a whole report, Expat next to
    nothing. No issue known: https://github.com/Kozea/WeasyPrint/pull/112 chose one parser for all.
    """

    wrapper_element: Any

    def __init__(self, *, string: str, **options: Any) -> None:
        tree = _tree(string)
        super().__init__(string=string if tree is None else "", **options)
        if tree is not None:
            root = type(self.wrapper_element).from_html_root(tree, content_language=None)
            self.wrapper_element, self.etree_element = root, tree

    def _ua_stylesheets(self, forms: bool = False) -> list[weasyprint.CSS]:
        assert not forms, "reports have no forms"
        return [_browser_style()]


def _tree(html: str) -> ElementTree.Element | None:
    """The page's elements; None where it is no XML after all."""
    try:
        # The page is ours, made of escaped values, and says nothing of entities.
        return ElementTree.fromstring(  # noqa: S314
            _UNCLOSED.sub(r"<\1/>", html.strip().removeprefix("<!doctype html>"))
        )
    except ElementTree.ParseError:
        return None


@functools.cache
def _browser_style() -> weasyprint.CSS:
    """WeasyPrint's own style sheet without its rules for the footnotes and notes of any element.

    Each of them gives every element of the page one more style. No issue known; the last three of
    them came with https://github.com/Kozea/WeasyPrint/pull/2905.
    """
    rules = weasyprint.html.UA.replace("\n::marker", "\nli::marker").splitlines()
    return weasyprint.CSS(string="\n".join(rule for rule in rules if not rule.startswith("::")))


class _Whole(str):
    """A text that is one piece to those who go through its letters."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        yield str(self)


def _text(node: Any) -> str | None:
    """The text of an SVG's element, in one piece where no letter has a place of its own.

    WeasyPrint sets each letter of an SVG by itself, as if it had: a tenth of the time of a report,
    letters without kerning, Arabic ones that do not join, and scripts from right to left in the
    wrong order (https://github.com/Kozea/WeasyPrint/issues/2249 and, of the order,
    https://github.com/Kozea/WeasyPrint/issues/2909).
    """
    text: str | None = node._etree_node.text
    if not text or node.tag != "text" or not _BY_LETTER.isdisjoint(node.attrib):
        return text
    places = (node.get(name, "").replace(",", " ").split() for name in ("x", "y"))
    return _Whole(text) if all(len(numbers) < 2 for numbers in places) else text


weasyprint.svg.Node.text = property(_text)


@contextmanager
def without_collection() -> Iterator[None]:
    """Layout makes many objects and no garbage: looking for it costs a quarter of the time.

    No issue known.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def complete_metadata(document: weasyprint.Document) -> None:
    """Say that it is PDF/UA as well, and name no product: the report is the provider's.

    WeasyPrint writes one PDF variant (https://github.com/Kozea/WeasyPrint/issues/2783). What
    identifies PDF/UA, and the description of its namespace that PDF/A asks for, are added to the
    metadata it makes (ISO 14289-1, 5; ISO 19005-3, 6.6.2.3).
    """
    make = document.metadata.generate_rdf_metadata

    def with_ua(*arguments: Any) -> bytes:
        metadata: bytes = make(*arguments)
        return _PRODUCER.sub(b"", metadata).replace(b"</rdf:RDF>", _UA_METADATA)

    document.metadata.generate_rdf_metadata = with_ua


def mark_headers(pdf: Any) -> None:
    """Say of each table header whether it heads a row or a column.

    WeasyPrint leaves it out, which PDF/UA does not allow (ISO 14289-1, 7.5):
    https://github.com/Kozea/WeasyPrint/issues/2508.
    """
    elements = {part.reference: part for part in pdf.objects if getattr(part, "number", None)}
    for row in elements.values():
        if not (isinstance(row, dict) and row.get("S") == "/TR"):
            continue
        cells = [elements[kid] for kid in row["K"] if kid in elements]
        scope = "/Row" if any(cell.get("S") == "/TD" for cell in cells) else "/Column"
        for cell in cells:
            if cell.get("S") == "/TH" and "A" in cell:
                cell["A"]["Scope"] = scope


def add_font_rules(configuration: FontConfiguration, rules: bytes) -> None:
    """Have fontconfig follow rules of ours, which WeasyPrint has no parameter for.

    They gather the faces of several scripts into one family. No issue known.
    """
    fontconfig.FcConfigParseAndLoadFromMemory(configuration._config, rules, True)


@functools.cache
def engines() -> dict[str, str]:
    """The versions of the system's libraries that pages are laid out with.

    WeasyPrint loads these libraries and declares only those of their functions that it calls. No
    issue known.
    """
    ffi.cdef("const char *hb_version_string(void); const char *pango_version_string(void);")
    versions = {"harfbuzz": harfbuzz.hb_version_string(), "pango": pango.pango_version_string()}
    return {name: ffi.string(version).decode() for name, version in versions.items()}
