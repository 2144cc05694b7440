"""What somebody who knows how bags are made could do to one, with or without the provider's key."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.keys.internal import (
    translate_pyca_cryptography_cert_to_asn1,
    translate_pyca_cryptography_key_to_asn1,
)
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import SimpleSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from reporter.evidence.bag import SUMS, look_into, write_bag, write_sums
from reporter.evidence.contents import NONE, configuration_of
from reporter.evidence.guide import readme
from reporter.evidence.signing import Signer

SIGNED = "tagmanifest-sha256.txt"


def paint(path: Path) -> None:
    """Paint over the first page of a PDF, the way editors add to a file: behind its end."""
    content = path.read_bytes()
    append(path, _paint)
    assert path.read_bytes().startswith(content)


def with_rendered_pdf(bag: Path, change: Callable[[Path], None]) -> None:
    """Put another PDF into an unsigned bag, as if it had been rendered so."""
    path = bag / "data" / "report.pdf"
    change(path)
    content = path.read_bytes()
    change_part(
        bag,
        "provenance",
        pdf_unsigned_bytes=len(content),
        pdf_unsigned_sha256=hashlib.sha256(content).hexdigest(),
    )


def append(path: Path, change: Callable[[IncrementalPdfFileWriter], object]) -> None:
    """Change a PDF by appending to it."""
    with path.open("r+b") as file:
        writer = IncrementalPdfFileWriter(file)
        change(writer)
        writer.write_in_place()


def _paint(writer: IncrementalPdfFileWriter) -> None:
    white = generic.StreamObject(stream_data=b"q 1 1 1 rg 0 0 2000 2000 re f Q")
    writer.add_stream_to_page(0, writer.add_object(white))


def _annotate(writer: IncrementalPdfFileWriter) -> None:
    """A note on the first page that says something else."""
    page = writer.root["/Pages"]["/Kids"][0]
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (0, 700, 600, 800))),
            pdf_name("/Contents"): pdf_string("ALL 100.0 %"),
            pdf_name("/DA"): pdf_string("/Helv 40 Tf"),
        }
    )
    page[pdf_name("/Annots")] = generic.ArrayObject([writer.add_object(note)])
    writer.update_container(page)


def _retitle(writer: IncrementalPdfFileWriter) -> None:
    info = writer.trailer_view["/Info"]
    info[pdf_name("/Title")] = pdf_string("ALL 100.0 %")
    writer.update_container(info)


def _open_with(writer: IncrementalPdfFileWriter) -> None:
    """Something that a viewer does when it opens the document."""
    action = {pdf_name("/S"): pdf_name("/URI"), pdf_name("/URI"): pdf_string("http://x.example")}
    writer.root[pdf_name("/OpenAction")] = generic.DictionaryObject(action)
    writer.update_root()


def _add_object(writer: IncrementalPdfFileWriter) -> None:
    writer.add_object(pdf_string("nobody asks for this"))


APPENDED: dict[str, Callable[[IncrementalPdfFileWriter], object]] = {
    "paint over a page": _paint,
    "put a note on a page": _annotate,
    "give it another title": _retitle,
    "have it do something when it is opened": _open_with,
    "hide an object in it": _add_object,
}


def forge_pdf(bag: Path, signer: Signer, change: Callable[[Path], object]) -> None:
    """Change a bag's PDF behind the rendered bytes, and sign it again as the provider would."""
    path = bag / "data" / "report.pdf"
    provenance = json.loads((bag / "data" / "provenance.json").read_bytes())
    draft = bag.parent / "draft.pdf"
    draft.write_bytes(path.read_bytes()[: provenance["pdf_unsigned_bytes"]])
    change(draft)
    signer.sign_pdf(draft, path, None)
    draft.unlink()
    change_part(bag, "provenance", pdf_signature="PAdES B-B")
    seal(bag, signer)


def seal(bag: Path, signer: Signer | None = None) -> None:
    """Make all hashes of a bag consistent again, as somebody with the knowledge would."""
    info = {key: value for key, value in look_into(bag).info.items() if key != "Payload-Oxum"}
    for name in (SIGNED + ".p7s", SIGNED + ".p7s.tsr", SUMS):
        (bag / name).unlink(missing_ok=True)
    if signer:
        (bag / "certificates.pem").write_bytes(signer.pem)
        info["Evidence-Time-Stamp"] = "none"
    write_bag(bag, info)
    if signer:
        (bag / f"{SIGNED}.p7s").write_bytes(signer.sign((bag / SIGNED).read_bytes()))
        write_sums(bag, [f"{SIGNED}.p7s"])


def signed_at(signer: Signer, content: bytes, moment: datetime) -> bytes:
    """A detached signature that says that it was made at a moment."""
    digest = hashlib.sha256(content).digest()
    settings = PdfCMSSignedAttributes(signing_time=moment)
    simple = SimpleSigner(
        translate_pyca_cryptography_cert_to_asn1(signer.certificate),
        translate_pyca_cryptography_key_to_asn1(signer.key),
        SimpleCertificateStore(),
    )
    signing = simple.async_sign(digest, "sha256", use_pades=False, signed_attr_settings=settings)
    return bytes(asyncio.run(signing).dump())


def stamped_at(
    key: rsa.RSAPrivateKey, certificate: x509.Certificate, content: bytes, moment: datetime
) -> bytes:
    """The reply with a time stamp of a content, by an authority whose clock stands at a moment."""
    stamper = DummyTimeStamper(
        translate_pyca_cryptography_cert_to_asn1(certificate),
        translate_pyca_cryptography_key_to_asn1(key),
        SimpleCertificateStore(),
        fixed_dt=moment,
    )
    imprint = {
        "hash_algorithm": {"algorithm": "sha256"},
        "hashed_message": hashlib.sha256(content).digest(),
    }
    request = {"version": 1, "message_imprint": imprint, "nonce": 5, "cert_req": True}
    return bytes(stamper.request_tsa_response(tsp.TimeStampReq(request)).dump())


def unsign(bag: Path) -> None:
    """Turn a bag into one that was never signed, in every respect."""
    (bag / "certificates.pem").unlink()
    info = look_into(bag).info
    lines = [
        f"{label}: {NONE if label.startswith('Evidence-') else value}\n"
        for label, value in info.items()
    ]
    (bag / "bag-info.txt").write_text("".join(lines), "utf-8")
    text = readme(info["External-Description"], None, None, configuration_of(bag).names)
    (bag / "README.txt").write_text(text, "utf-8")
    report = bag / "data" / "report.pdf"
    size = json.loads((bag / "data" / "provenance.json").read_bytes())["pdf_unsigned_bytes"]
    report.write_bytes(report.read_bytes()[:size])
    change_part(bag, "provenance", pdf_signature=NONE)
    seal(bag)


def change_part(bag: Path, part: str, **values: Any) -> None:
    """Change values in one of the JSON files in a bag's data."""
    path = bag / "data" / f"{part}.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | values), "utf-8")


def of_another_version(bag: Path) -> None:
    """Make a bag claim that it was made with other tools."""
    provenance = json.loads((bag / "data" / "provenance.json").read_bytes())
    provenance["tools"]["libraries"]["weasyprint"] = "69.0"
    change_part(bag, "provenance", tools=provenance["tools"])


def change_replies(bag: Path, change: Callable[[bytes], bytes]) -> None:
    """Change every reply in a bag, and name it by its new hash."""
    index = bag / "data" / "replies.json"
    for path in (bag / "data" / "replies").iterdir():
        content = change(path.read_bytes())
        sha256 = hashlib.sha256(content).hexdigest()
        index.write_bytes(index.read_bytes().replace(path.stem.encode(), sha256.encode()))
        path.unlink()
        (path.parent / f"{sha256}.json").write_bytes(content)
