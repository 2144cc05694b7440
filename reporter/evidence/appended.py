"""What stands behind the rendered bytes of a signed PDF: the signature, and nothing that shows.

A PDF can be changed by what is appended to it, and a signature covers that as well. So each object
behind the rendered bytes has to be one that signing takes, and every byte has to be of an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.metadata.xmp_xml import parse_xmp
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import read_object_header

from reporter.evidence.timestamp import MALFORMED

_TRAILER: Final = {"/Size", "/Prev", "/ID"}
_CATALOG: Final = {"/AcroForm", "/Perms", "/Extensions", "/Version"}
_FORM: Final = {"/Fields", "/SigFlags"}
# Without `/AP`, which would be drawn on the page.
_FIELD: Final = {"/FT", "/T", "/Type", "/Subtype", "/F", "/Rect", "/P", "/V"}
_SIGNATURE: Final = {
    *("/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Reference"),
}
_INFO: Final = {"/ModDate", "/Producer"}
_XMP: Final = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#about",
    "http://ns.adobe.com/xap/1.0/ModifyDate",
    "http://ns.adobe.com/xap/1.0/MetadataDate",
    "http://ns.adobe.com/pdf/1.3/Producer",
}
_END_OF_OBJECT: Final = re.compile(rb"\s*endobj\s*")
_END_OF_FILE: Final = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*")


def fault_of_addition(content: bytes, rendered: int) -> str | None:
    """What is wrong with all that follows the first `rendered` bytes of a signed PDF; None where it
    is a signature that shows nothing, and no more.
    """
    try:
        addition = _Addition(PdfFileReader(BytesIO(content)), content, rendered)
        return next(addition.faults(), None)
    except (PdfError, *MALFORMED):
        return "cannot be read"


@dataclass(frozen=True)
class _Addition:
    """A PDF and where it was added to."""

    reader: Any
    content: bytes
    rendered: int

    def faults(self) -> Iterator[str]:
        """What no signature takes, the gravest first."""
        xrefs = self.reader.xrefs
        if self.reader.encrypted or xrefs.total_revisions != 2 or xrefs.hybrid_xrefs_present:
            yield "is not one addition"
            return
        before, after = self.reader.trailer.flatten(0), self.reader.trailer.flatten(1)
        if _changed(before, after) - _TRAILER:
            yield "leads to another document"
        if after["/Prev"] != xrefs.get_startxref_for_revision(0) or xrefs.refs_freed_in_revision(1):
            yield "takes parts of the document away"
        if not self._is_tiled():
            yield "has bytes that are of no object"
        yield from self._faults_of_objects()

    def _is_tiled(self) -> bool:
        """Whether the objects and the end of the file follow one another without anything between:
        what no table lists, some programs find all the same.
        """
        stream, xrefs = self.reader.stream, self.reader.xrefs
        places = {xrefs.get_historical_ref(ref, 1): ref for ref in self._added()}
        if not all(isinstance(place, int) for place in places):
            return False  # packed into another object
        end = self.rendered
        for place, ref in sorted(places.items()):
            if place != end:
                return False
            stream.seek(place)
            read_object_header(stream, strict=True)
            generic.read_object(stream, ref)
            ended = _END_OF_OBJECT.match(self.content, stream.tell())
            if ended is None:
                return False
            end = ended.end()
        tail = _END_OF_FILE.fullmatch(self.content, end)
        return tail is not None and int(tail[1]) == max(places)

    def _added(self) -> set[Any]:
        refs: set[Any] = self.reader.xrefs.explicit_refs_in_revision(1)
        return refs

    def _faults_of_objects(self) -> Iterator[str]:
        """What is wrong with each object, and with those that are there without need."""
        trailer, catalog = self.reader.trailer.flatten(1), self.reader.root
        form = catalog["/AcroForm"]
        (field_ref,) = form["/Fields"]
        field = field_ref.get_object()
        page_ref, signature_ref = field.raw_get("/P"), field.raw_get("/V")
        roles = {
            "catalog": trailer.raw_get("/Root"),
            "form": catalog.raw_get("/AcroForm"),
            "field": field_ref,
            "signature": signature_ref,
            "page": page_ref,
            "information": trailer.raw_get("/Info"),
            "metadata": catalog.raw_get("/Metadata"),
        }
        table = self.reader.xrefs.get_xref_container_info(1).stream_ref
        refs = {name: ref.reference for name, ref in roles.items() if _is_indirect(ref)}
        if self._added() - {*refs.values(), table}:
            yield "has objects that no signature takes"
        new = {"form", "field", "signature"}
        if any(self._before(refs[name]) is not None for name in new if name in refs):
            yield "puts a signature in place of something else"
        if self._changed(roles["catalog"]) - _CATALOG or form.keys() - _FORM:
            yield "changes the document as a whole"
        if field.keys() - _FIELD or any(field["/Rect"]) or field["/FT"] != "/Sig":
            yield "shows something"
        if signature_ref.get_object().keys() - _SIGNATURE:
            yield "says more than a signature does"
        if self._changed(page_ref) - {"/Annots"} or not self._has_one_more(page_ref, field_ref):
            yield "changes a page"
        if self._changed(roles["information"]) - _INFO or not self._same_metadata(refs["metadata"]):
            yield "changes what the document says of itself"

    def _before(self, ref: Any) -> Any:
        """An object as it was rendered; None where there was none."""
        if self.reader.xrefs.get_historical_ref(ref, 0) is None:
            return None
        return self.reader.get_object(ref, revision=0)

    def _changed(self, ref: Any) -> set[str]:
        """The keys of an object that have another value than when it was rendered."""
        return _changed(self._before(ref.reference) or {}, ref.get_object())

    def _has_one_more(self, page_ref: Any, field_ref: Any) -> bool:
        """Whether a page has the signature's field, which shows nothing, and else what it had."""
        before = self._before(page_ref.reference)
        former = list(before["/Annots"]) if "/Annots" in before else []
        now = list(page_ref.get_object()["/Annots"])
        return [_bytes(ref) for ref in now] == [_bytes(ref) for ref in (*former, field_ref)]

    def _same_metadata(self, ref: Any) -> bool:
        """Whether the metadata say the same, but for when the file was written and by what."""
        before, now = (self.reader.get_object(ref, revision=number).data for number in (0, 1))
        return _said(before) == _said(now)


def _is_indirect(value: object) -> bool:
    return isinstance(value, generic.IndirectObject)


def _changed(before: Any, now: Any) -> set[str]:
    """The keys that two dictionaries do not have in common, or not with the same value."""
    return {
        key
        for key in {*before, *now}
        if key not in before
        or key not in now
        or _bytes(before.raw_get(key)) != _bytes(now.raw_get(key))
    }


def _bytes(value: Any) -> bytes:
    """A value as a file has it."""
    buffer = BytesIO()
    value.write_to_stream(buffer, None)
    return buffer.getvalue()


def _said(xmp: bytes) -> list[tuple[str, object]]:
    """What metadata say, by name, but for when the file was written and by what."""
    values = [(str(name), value) for root in parse_xmp(BytesIO(xmp)) for name, value in root]
    return sorted((pair for pair in values if pair[0] not in _XMP), key=lambda pair: pair[0])
