"""What follows the rendered bytes of a signed PDF, laid out differently and signed again."""

from __future__ import annotations

import asyncio
import hashlib
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pyhanko.keys.internal import (
    translate_pyca_cryptography_cert_to_asn1,
    translate_pyca_cryptography_key_to_asn1,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from reporter.evidence.signing import Signer

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj\n", re.DOTALL)
_CONTENTS = re.compile(rb"/Contents (<[0-9A-F]+>)")
_BYTE_RANGE = re.compile(rb"/ByteRange (\[[0-9 ]+\] *)\n")
_TABLE = re.compile(rb"/W \[ 1 8 2 \]\n(.*)/Size (\d+)\n(.*)/Index .*stream\n.*", re.DOTALL)

Entry = tuple[int, int, int, int]
"""Of a table: the object's number, its type, where it is, its generation."""


@dataclass
class Table:
    """How an update's table is written."""

    widths: tuple[int, int, int] = (1, 8, 2)
    size: int | None = None
    """The number given as the first free one; None for the real one."""
    change: Callable[[list[Entry]], list[Entry]] = list
    """A change to the entries before they are written."""
    pack: Callable[[bytes], bytes] = zlib.compress


class Update:
    """What signing has appended to a PDF; its objects can be changed."""

    def __init__(self, signed: bytes, rendered: int) -> None:
        self.rendered = signed[:rendered]
        parts = _OBJECT.findall(signed[rendered:])
        self.objects = {int(number): body for number, body in parts[:-1]}
        table = _TABLE.search(parts[-1][1])
        assert table is not None
        self._number, self._size = int(parts[-1][0]), int(table[2])
        self._entries = (table[1], table[3])
        self.table = Table()
        self.before_end = b"\n"
        """The text between the word `startxref` and the number."""
        reader: Any = PdfFileReader(BytesIO(self.rendered))
        self.reader = reader
        self.information, self.catalog = (
            reader.trailer.raw_get(key).idnum for key in ("/Info", "/Root")
        )
        self.metadata, self.pages = (
            reader.root.raw_get(key).idnum for key in ("/Metadata", "/Pages")
        )
        self.page = reader.find_page_for_modification(0)[0].idnum
        self.form, self.field, self.signature = (self._size - further for further in (4, 3, 2))

    def replace(self, number: int, old: bytes, new: bytes) -> None:
        """Change an object, which has to have what is replaced."""
        assert old in self.objects[number]
        self.objects[number] = self.objects[number].replace(old, new)

    @property
    def xmp(self) -> bytes:
        """The document's metadata."""
        return zlib.decompress(self.objects[self.metadata].split(b"\nstream\n", 1)[1])

    def say(self, xmp: bytes, pack: Callable[[bytes], bytes] | None = zlib.compress) -> None:
        """Change the document's metadata; uncompressed without a packer."""
        packed = pack(xmp) if pack else xmp
        filtered = b"/Filter /FlateDecode\n" if pack else b""
        self.objects[self.metadata] = (
            b"<<\n/Type /Metadata\n/Subtype /XML\n%s/Length %d\n>>\nstream\n%s\nendstream"
            % (filtered, len(packed), packed)
        )

    def signed_by(self, signer: Signer) -> bytes:
        """The PDF with this update, whose signature is good."""
        self.objects[self.signature] = _CONTENTS.sub(
            b"/Contents <" + b"0" * 16384 + b">", self.objects[self.signature]
        )
        content, places = self.rendered, {}
        for number, body in sorted(self.objects.items()):
            places[number] = len(content)
            content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        places[self._number] = len(content)
        content += b"%d 0 obj\n%s\nendobj\n" % (self._number, self._written_table(places))
        content += b"\nstartxref%s%d\n%%%%EOF\n" % (self.before_end, places[self._number])
        return _signed(content, len(self.rendered), signer)

    def _written_table(self, places: dict[int, int]) -> bytes:
        entries: list[Entry] = [(0, 0, 0, 65535)]
        entries += [(number, 1, place, 0) for number, place in sorted(places.items())]
        entries = self.table.change(entries)
        rows = b"".join(
            b"".join(
                value.to_bytes(width) for value, width in zip(row, self.table.widths, strict=True)
            )
            for _, *row in entries
        )
        packed = self.table.pack(rows)
        first, second = self._entries
        return (
            b"<<\n/W [ %d %d %d ]\n" % self.table.widths
            + first
            + b"/Size %d\n" % (self.table.size or self._size)
            + second
            + b"/Index [ %s ]\n" % _index([number for number, *_ in entries])
            + b"/Length %d\n>>\nstream\n%s\nendstream" % (len(packed), packed)
        )


def _index(numbers: Sequence[int]) -> bytes:
    """Numbers as a table has them: where each run of them begins, and how many it has."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == sum(runs[-1]):
            runs[-1][1] += 1
        else:
            runs.append([number, 1])
    return b" ".join(b"%d %d" % (first, count) for first, count in runs)


def _signed(content: bytes, rendered: int, signer: Signer) -> bytes:
    place = _CONTENTS.search(content, rendered)
    covered = _BYTE_RANGE.search(content, rendered)
    assert place is not None
    assert covered is not None
    begins, ends = place.span(1)
    written = b"[0 %d %d %d]" % (begins, ends, len(content) - ends)
    content = content[: covered.start(1)] + written.ljust(62) + content[covered.end(1) :]
    cms = asyncio.run(
        SimpleSigner(
            translate_pyca_cryptography_cert_to_asn1(signer.certificate),
            translate_pyca_cryptography_key_to_asn1(signer.key),
            SimpleCertificateStore(),
        ).async_sign(
            hashlib.sha256(content[:begins] + content[ends:]).digest(), "sha256", use_pades=True
        )
    )
    digits: bytes = cms.dump().hex().upper().encode()
    return content[: begins + 1] + digits + content[begins + 1 + len(digits) :]
