"""Files inside a PDF, each with what it is to the document: PDF/A-3's associated files.

WeasyPrint would hold each file as a whole, compress it at zlib's slowest level, and list it twice.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import pydyf

_LEVEL: Final = 4
"""Of zlib's nine: a tenth larger than its own choice, the sixth, in half the time."""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file to put into a PDF."""

    name: str
    media_type: str
    description: str
    relationship: Literal["Source", "Data"]
    """Whether the document was made from it, or shows what is in it (ISO 32000-2, 7.11.3)."""
    content: Iterable[bytes]
    """In parts, so that nobody needs to hold the whole of it."""


def attach(pdf: Any, files: Sequence[AttachedFile], moment: datetime) -> None:
    """Put files into a PDF under way, dated `moment`."""
    in_order = sorted(files, key=lambda file: file.name)  # a name tree has to be
    listed = [(pydyf.String(file.name), _add(pdf, file, moment)) for file in in_order]
    if not listed:
        return
    names = pydyf.Dictionary({"Names": pydyf.Array([part for pair in listed for part in pair])})
    pdf.add_object(names)
    pdf.catalog.setdefault("Names", pydyf.Dictionary())["EmbeddedFiles"] = names.reference
    pdf.catalog["AF"] = pydyf.Array([reference for _, reference in listed])


def _add(pdf: Any, file: AttachedFile, moment: datetime) -> Any:
    """Add a file; the reference of what describes it."""
    size, packed = _packed(file.content)
    date = pydyf.String(f"D:{moment.astimezone(UTC):%Y%m%d%H%M%S}Z")
    content = pydyf.Stream(
        [packed],
        {
            "Type": "/EmbeddedFile",
            "Subtype": f"/{file.media_type.replace('/', '#2f')}",
            "Filter": "/FlateDecode",
            "Params": pydyf.Dictionary({"Size": size, "CreationDate": date, "ModDate": date}),
        },
    )
    pdf.add_object(content)
    description = pydyf.Dictionary(
        {
            "Type": "/Filespec",
            "F": pydyf.String(file.name),
            "UF": pydyf.String(file.name),
            "EF": pydyf.Dictionary({"F": content.reference, "UF": content.reference}),
            "Desc": pydyf.String(file.description),
            "AFRelationship": f"/{file.relationship}",
        }
    )
    pdf.add_object(description)
    return description.reference


def _packed(content: Iterable[bytes]) -> tuple[int, bytes]:
    """How long a file is, and the file compressed."""
    size, packer, packed = 0, zlib.compressobj(_LEVEL), []
    for part in content:
        size += len(part)
        packed.append(packer.compress(part))
    return size, b"".join([*packed, packer.flush()])
