"""What follows the rendered bytes of a signed PDF must be what signing writes, and nothing else.

A PDF can be changed by what is appended to it, and a signature covers that as well. Programs that
show PDFs do not agree on an odd one: what one skips is damage to the next, which then takes
whatever in the file looks like an object. So it does not matter how one of them reads an addition.
What signing writes is written here once more, from the rendered document and the few values that no
two signatures have in common, and each byte has to be the same.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from io import BytesIO
from typing import Any, Final

from asn1crypto import parser
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.metadata import model
from pyhanko.pdf_utils.metadata.xmp_xml import parse_xmp, serialise_xmp
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import PositionDict, XRefStream
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1, ISO32002

from reporter.evidence.timestamp import MALFORMED

_NEW_IN_CATALOG: Final = {"/AcroForm", "/Extensions", "/Version", "/Perms"}
_PRODUCER: Final = re.compile(r"pyHanko [0-9]{1,3}(\.[0-9]{1,3}){1,3}")
_PDF_TIME: Final = re.compile(r"D:\d{14}(Z|[+-]\d\d'\d\d')", re.ASCII)
_XMP_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_CONTENTS: Final = re.compile(rb"<<\n/Contents <([0-9A-F]+)>\n/ByteRange (\[[ 0-9]+\] *)\n")
_BYTE_RANGE_WIDTH: Final = 62
_END_OF_OBJECT: Final = b"\nendobj\n"
_LANDMARKS: Final = re.compile(rb"[\0\t-\r 0-9]obj|endobj|endstream|trailer|xref|%%EOF")
"""What programs look for when they search a damaged file for its objects."""

_NO_TABLE: Final = "has a cross-reference table that does not match its objects"
_OTHER_TEXT: Final = "changes the metadata of the document"


def fault_of_addition(content: bytes, rendered: int) -> str | None:
    """What is wrong with everything that follows the first `rendered` bytes of a signed PDF; None
    where it is just an invisible signature.
    """
    try:
        reader = PdfFileReader(BytesIO(content[:rendered]))
        if reader.encrypted or reader.xrefs.total_revisions != 1 or not reader.has_xref_stream:
            return "does not follow a document in the form that reports are rendered in"
        return _Addition(reader, content, rendered).fault()
    except (PdfError, *MALFORMED):
        return "cannot be read"


@dataclass(frozen=True)
class _Object:
    """An object of an addition, as it is read and as it is written."""

    start: int
    value: Any
    written: bytes
    end: int


@dataclass(frozen=True)
class _Role:
    """The purpose of an object."""

    number: int
    expected: Callable[[_Object], bytes | None]
    """What signing writes, given the values in an object that it is free to choose; None where it
    would not choose them.
    """
    fault: str


@dataclass(frozen=True)
class _Addition:
    """What follows a document as it was rendered."""

    reader: Any
    """Of the rendered bytes alone."""
    content: bytes
    rendered: int
    places: PositionDict = field(default_factory=dict)
    """Where its objects begin, by generation and number."""

    def fault(self) -> str | None:
        """The first thing that signing would have written differently."""
        place = end = self.rendered
        for role in self._roles():
            place = end
            if not self.content.startswith(b"%d 0 obj\n" % role.number, place):
                return "has objects that no signature needs"
            self.places[0, role.number] = place
            added = self._read(role.number, place)
            if added.written != role.expected(added):
                return role.fault
            if not self.content.startswith(_END_OF_OBJECT, added.end):
                return "has bytes that belong to no object"
            end = added.end + len(_END_OF_OBJECT)
        tail = b"\nstartxref\n%d\n%%%%EOF\n" % place
        return None if self.content[end:] == tail else "has bytes that belong to no object"

    def _roles(self) -> Iterator[_Role]:
        """All objects in the order in which signing writes them: what it changes, what it adds."""
        yield from sorted(
            (
                _Role(self._catalog_ref.idnum, self._catalog, "changes the document as a whole"),
                _Role(self._page_ref.idnum, self._page, "changes a page"),
                _Role(self._information_ref.idnum, self._information, _OTHER_TEXT),
                _Role(self._metadata_ref.idnum, self._metadata, _OTHER_TEXT),
            ),
            key=lambda role: role.number,
        )
        yield _Role(self._number(1), self._form, "changes the document as a whole")
        yield _Role(self._number(2), self._field, "shows something")
        yield _Role(self._number(3), self._signature, "contains more than a signature")
        yield _Role(self._number(4), self._table, _NO_TABLE)

    @property
    def _catalog_ref(self) -> Any:
        return self.reader.trailer.raw_get("/Root")

    @property
    def _information_ref(self) -> Any:
        return self.reader.trailer.raw_get("/Info")

    @property
    def _metadata_ref(self) -> Any:
        return self.reader.root.raw_get("/Metadata")

    @cached_property
    def _page_ref(self) -> Any:
        """The first page: a signature that shows nothing is on it all the same."""
        return self.reader.find_page_for_modification(0)[0]

    def _number(self, further: int) -> int:
        """The number of a new object: form, field, signature and table are the first to fourth."""
        return int(self.reader.trailer["/Size"]) + further

    def _ref(self, number: int) -> generic.IndirectObject:
        return generic.IndirectObject(number, 0, self.reader)

    def _read(self, number: int, place: int) -> _Object:
        stream = BytesIO(self.content)
        start = place + len(b"%d 0 obj\n" % number)
        stream.seek(start)
        value = generic.read_object(stream, generic.Reference(number, 0, self.reader))
        end = stream.tell()
        return _Object(start, value, self.content[start:end], end)

    def _catalog(self, added: _Object) -> bytes | None:
        """The document with a form and a permission; and with the extension of signatures by
        elliptic curves where it is claimed, which is of a later version of PDF.
        """
        before = _entries(self.reader.root)
        if before.keys() & _NEW_IN_CATALOG:
            return None
        extensions, version = _dictionary({"/ESIC": ESIC_EXTENSION_1.as_pdf_object()}), {}
        if "/Version" in added.value:
            extensions[pdf_name("/ISO_")] = _array(ISO32002.as_pdf_object())
            version = {"/Version": pdf_name("/2.0")}
        new = {
            "/AcroForm": self._ref(self._number(1)),
            "/Extensions": extensions,
            **version,
            "/Perms": _dictionary({"/DocMDP": self._ref(self._number(3))}),
        }
        return _bytes(_dictionary(before | new))

    def _page(self, _: _Object) -> bytes:
        """The page with one more thing on it, which is the field."""
        page = self._page_ref.get_object()
        former = page.raw_get("/Annots") if "/Annots" in page else ()
        annotations = _array(*former, self._ref(self._number(2)))
        return _bytes(_dictionary(_entries(page) | {"/Annots": annotations}))

    def _information(self, added: _Object) -> bytes | None:
        """The information with another time and the library that signed."""
        before = _entries(self.reader.trailer["/Info"])
        producer, former = str(added.value["/Producer"]), before.get("/Producer")
        if not _PRODUCER.fullmatch(producer.removeprefix(f"{former}; " if former else "")):
            return None
        new = {"/Producer": generic.TextStringObject(producer)}
        if "/ModDate" in before:
            time = str(added.value["/ModDate"])
            if not _is_pdf_time(time):
                return None
            new["/ModDate"] = generic.TextStringObject(time)
        return _bytes(_dictionary(before | new))

    def _metadata(self, added: _Object) -> bytes | None:
        """The metadata with another time and the library that signed."""
        stream = self.reader.root["/Metadata"]
        packed = added.value.encoded_data
        written = _bytes(generic.StreamObject(_entries(stream), encoded_data=packed))
        if written != added.written:
            return None
        now = _unpacked(packed, 2 * len(stream.data) + 4096)
        if not _is_harmless(packed, now) or now != _metadata_after(stream.data, now):
            return None
        return written

    def _form(self, _: _Object) -> bytes:
        fields = _array(self._ref(self._number(2)))
        return _bytes(_dictionary({"/Fields": fields, "/SigFlags": generic.NumberObject(3)}))

    def _field(self, _: _Object) -> bytes:
        """The field of a signature, of no size and without an appearance."""
        values = {
            "/FT": pdf_name("/Sig"),
            "/T": generic.TextStringObject("Signature"),
            "/Type": pdf_name("/Annot"),
            "/Subtype": pdf_name("/Widget"),
            "/F": generic.NumberObject(132),
            "/Rect": _array(*[generic.NumberObject(0)] * 4),
            "/P": self._ref(self._page_ref.idnum),
            "/V": self._ref(self._number(3)),
        }
        return _bytes(_dictionary(values))

    def _signature(self, added: _Object) -> bytes | None:
        """A signature of all bytes but its own, which allows no change."""
        begun, time = _CONTENTS.match(added.written), str(added.value["/M"])
        if begun is None or not _is_pdf_time(time) or not _is_one_value(begun[1]):
            return None
        opens, closes = (added.start + place for place in (begun.start(1) - 1, begun.end(1) + 1))
        covered = b"[0 %d %d %d]" % (opens, closes, len(self.content) - closes)
        if begun[2] != covered.ljust(_BYTE_RANGE_WIDTH):
            return None
        permission = {
            "/Type": pdf_name("/TransformParams"),
            "/V": pdf_name("/1.2"),
            "/P": generic.NumberObject(1),
        }
        reference = {
            "/Type": pdf_name("/SigRef"),
            "/TransformMethod": pdf_name("/DocMDP"),
            "/TransformParams": _dictionary(permission),
        }
        values = {
            "/Type": pdf_name("/Sig"),
            "/Filter": pdf_name("/Adobe.PPKLite"),
            "/SubFilter": pdf_name("/ETSI.CAdES.detached"),
            "/M": generic.TextStringObject(time),
            "/Reference": _array(_dictionary(reference)),
        }
        return begun[0] + _bytes(_dictionary(values)).removeprefix(b"<<\n")

    def _table(self, added: _Object) -> bytes | None:
        """The table of these very objects, where they are, and the way to the rendered one."""
        first, second = self.reader.trailer["/ID"][0], added.value["/ID"][1].original_bytes
        packed = added.value.encoded_data
        table = XRefStream(self.places)
        table.compress()
        table.update(_entries(self.reader.trailer.flatten()))
        values = {
            "/ID": _array(*map(generic.ByteStringObject, (first.original_bytes, second))),
            "/Prev": generic.NumberObject(self.reader.last_startxref),
            "/Size": generic.NumberObject(self._number(5)),
        }
        table.update({pdf_name(key): value for key, value in values.items()})
        _bytes(table)  # which is when it takes in what is where
        data = bytes(table.data)
        if len(second) != 16 or not _is_harmless(packed, data):
            return None
        return _bytes(generic.StreamObject(_entries(table), encoded_data=packed))


def _metadata_after(before: bytes, now: bytes) -> bytes | None:
    """What signing makes of metadata, at the time and by the library that the new ones name."""
    values = _xmp_values(now)
    time, producer = (str(values[name].value) for name in (model.XMP_MODDATE, model.PDF_PRODUCER))
    if not (_XMP_TIME.fullmatch(time) and _PRODUCER.fullmatch(producer)):
        return None
    datetime.fromisoformat(time)
    new = {model.XMP_MODDATE: model.XmpValue(time), model.PDF_PRODUCER: model.XmpValue(producer)}
    buffer = BytesIO()
    serialise_xmp([model.XmpStructure(_xmp_values(before) | new)], buffer)
    toolkit = 'x:xmptk="{}"'
    library, named = (toolkit.format(name).encode() for name in (model.VENDOR, producer))
    return buffer.getvalue().replace(library, named, 1)


def _xmp_values(xmp: bytes) -> dict[Any, Any]:
    """The values in metadata, by name."""
    return {name: value for root in parse_xmp(BytesIO(xmp)) for name, value in root}


def _unpacked(packed: bytes, most: int) -> bytes:
    """The content of a packed stream, up to the size allowed."""
    return zlib.decompressobj().decompress(packed, most)


def _is_harmless(packed: bytes, data: bytes) -> bool:
    """Whether a packed stream has these data and nothing else, in it or in the way it was packed:
    whoever packs is free enough to have something readable come out.
    """
    unpacker = zlib.decompressobj()
    if unpacker.decompress(packed, len(data) + 1) != data:
        return False
    if not unpacker.eof or unpacker.unused_data:
        return False
    return packed == zlib.compress(data) or (
        len(packed) <= len(data) + 64 and _LANDMARKS.search(packed) is None
    )


def _is_pdf_time(text: str) -> bool:
    """Whether a text is a time as signing writes it.

    Raises:
        PdfError: there is no such day or hour.
    """
    return bool(_PDF_TIME.fullmatch(text) and generic.parse_pdf_date(text))


def _is_one_value(digits: bytes) -> bool:
    """Whether there is one DER value in hexadecimal digits, and zeros up to the room it has."""
    content = bytes.fromhex(digits.decode())
    return not content[parser.peek(content) :].strip(b"\0")


def _entries(dictionary: Any) -> dict[Any, Any]:
    """A dictionary's entries as they are, references not followed."""
    return {key: dictionary.raw_get(key) for key in dictionary}


def _dictionary(entries: Mapping[Any, Any]) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})


def _array(*values: Any) -> generic.ArrayObject:
    return generic.ArrayObject(values)


def _bytes(value: Any) -> bytes:
    """A value as a file has it."""
    buffer = BytesIO()
    value.write_to_stream(buffer, None)
    return buffer.getvalue()
