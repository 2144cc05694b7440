"""What we change in WeasyPrint works, and leaves its pages as they are without it."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import tinyhtml5
import weasyprint
from pypdf import PdfReader
from pypdf.generic import ContentStream
from weasyprint.css import get_all_computed_styles

from reporter.model import DEPTHS, Look, Report
from reporter.render import pdf, weasyprint_patches
from reporter.render.fonts import face_rules, faces_for, unpacked
from reporter.render.glyphs import printable
from reporter.render.html import report_html, style_sheet
from reporter.render.templates import asset, copy_templates
from reporter.render.weasyprint_patches import ShippedPage
from tests.render.test_cheap_pages import LOGO, LOOK, month

NOTES = ("footnote-call", "footnote-marker", "note-call", "note-marker", "note-callback")
HEAD = "<!doctype html><html><head/><body>"
KERNED = 1.0
"""How far (in points) a letter may be from its place without kerning."""

AS_IT_IS = """
import sys
from pathlib import Path
import weasyprint
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

class Assets(URLFetcher):
    def fetch(self, url, headers=None):
        file = folder / url.removeprefix("asset:").lstrip("/")
        kind = "image/svg+xml" if file.name == "logo" else "font/ttf"
        return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": kind})

folder = Path(sys.argv[1])
options = {"url_fetcher": Assets(allowed_protocols=("asset",)), "base_url": "asset:/"}
fonts = FontConfiguration()
weasyprint.CSS(string=(folder / "fonts.css").read_text("utf-8"), font_config=fonts, **options)
sheet = weasyprint.CSS(string=(folder / "style.css").read_text("utf-8"), font_config=fonts)
page = weasyprint.HTML(string=(folder / "page.html").read_text("utf-8"), **options)
page.write_pdf(
    folder / "made.pdf", stylesheets=[sheet], font_config=fonts, pdf_variant="pdf/a-3a"
)
assert not any(name.startswith("reporter") for name in sys.modules)
"""


@pytest.fixture(scope="module")
def report() -> Report:
    return month()


@pytest.fixture(scope="module")
def patched_pdf(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as we make it."""
    path = tmp_path_factory.mktemp("ours") / "made.pdf"
    pdf.write_pdf(report, LOOK, path)
    return path


@pytest.fixture(scope="module")
def unpatched_pdf(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same page, made by WeasyPrint in a process without our changes."""
    html = printable(report_html(report, LOOK, logo_url="asset:logo"))
    faces = faces_for(html, LOOK.locale)
    sheets = {
        "page.html": html,
        "style.css": style_sheet(LOOK),
        "fonts.css": asset("fonts/fonts.css").decode() + face_rules(faces),
    }
    folder = tmp_path_factory.mktemp("as_it_is")
    for name, text in sheets.items():
        (folder / name).write_text(text, "utf-8")
    for name in re.findall(r'asset:/?([^"\')]+)', sheets["fonts.css"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(unpacked(name))
    (folder / "logo").write_bytes(LOGO.content)
    subprocess.run([sys.executable, "-I", "-c", AS_IT_IS, str(folder)], check=True)
    return folder / "made.pdf"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter on a page, and where it begins."""

    letter: str
    left: float
    bottom: float


def letters_of(path: Path) -> list[list[Letter]]:
    """The letters of each page, each kind of them from the bottom left on: in what order they are
    written is no matter here.
    """
    with pypdfium2.PdfDocument(path) as document:
        pages = [_letters(page.get_textpage()) for page in document]
        return [
            sorted(page, key=lambda letter: (letter.letter, round(letter.bottom), letter.left))
            for page in pages
        ]


def _letters(text: Any) -> Iterator[Letter]:
    for number in range(text.count_chars()):
        letter = text.get_text_range(number, 1)
        if letter.strip():
            left, bottom, _, _ = text.get_charbox(number, loose=True)
            yield Letter(letter, left, bottom)


def test_pages_say_the_same_in_the_same_places(patched_pdf: Path, unpatched_pdf: Path) -> None:
    """Each letter of each page is where WeasyPrint itself puts it, except for kerning."""
    letters, expected = letters_of(patched_pdf), letters_of(unpatched_pdf)
    assert len(letters) == len(expected) > 3
    for page, same in zip(letters, expected, strict=True):
        assert "".join(letter.letter for letter in page) == "".join(
            letter.letter for letter in same
        )
        for letter, other in zip(page, same, strict=True):
            assert letter.left == pytest.approx(other.left, abs=KERNED), letter
            assert letter.bottom == pytest.approx(other.bottom, abs=0.01), letter


def test_own_templates_make_the_same_file(
    report: Report, patched_pdf: Path, tmp_path: Path
) -> None:
    """They are read by unpatched WeasyPrint: the shipped ones, copied, give the same bytes."""
    copy_templates(tmp_path / "own")
    pdf.write_pdf(report, replace(LOOK, templates=tmp_path / "own"), tmp_path / "made.pdf")
    assert (tmp_path / "made.pdf").read_bytes() == patched_pdf.read_bytes()


@pytest.mark.parametrize("depth", DEPTHS)
def test_shipped_pages_are_read_as_xml(
    report: Report, depth: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No shipped template has an open tag or a named character that only HTML knows, and the parser
    for arbitrary HTML is given none of them.
    """
    html = report_html(report, replace(LOOK, sections=DEPTHS[depth]), logo_url=None)  # type: ignore[index]
    contents: list[str] = []
    parse = tinyhtml5.parse

    def recorded(source: Any, **options: Any) -> Any:
        contents.append(source.read())
        return parse(StringIO(contents[-1]), **options)

    monkeypatch.setattr(tinyhtml5, "parse", recorded)
    page = ShippedPage(string=html)
    assert contents == [""]
    assert [element.tag for element in page.etree_element] == ["head", "body"]


def test_a_page_that_is_not_xml_is_still_read() -> None:
    """What only an HTML parser understands is left to one."""
    page = ShippedPage(string="<!doctype html><p>Fish&nbsp;&amp; chips<p>Salt")
    assert [element.text for element in page.etree_element.iter("p")] == ["Fish\xa0& chips", "Salt"]


@pytest.mark.parametrize(("kind", "styled"), [(ShippedPage, False), (weasyprint.HTML, True)])
def test_only_foreign_pages_have_styles_for_notes(kind: Any, styled: bool) -> None:
    """WeasyPrint gives each element one for each kind of note, and one for a marker."""
    page = kind(
        string="<!doctype html><html><head/><body><p>A</p><ul><li>B</li></ul></body></html>"
    )
    style_for = get_all_computed_styles(page)
    for element in (element for element in page.etree_element.iter() if element.tag in ("p", "li")):
        noted = {name for name in NOTES if style_for(element, name) is not None}
        assert noted == (set(NOTES) if styled else set())
        has_marker = style_for(element, "marker") is not None
        assert has_marker == (styled or element.tag == "li")


@pytest.mark.parametrize(
    ("attributes", "pieces"),
    [('x="5"', 1), ('x="5 15 25"', 5), ('x="5,15"', 5), ('x="5" letter-spacing="3"', 5)],
)
def test_an_svg_text_is_set_in_one_piece(attributes: str, pieces: int) -> None:
    """Into one piece per letter only where the letters have positions of their own."""
    svg = f'<svg width="90" height="30"><text y="20" {attributes}>Teams</text></svg>'
    assert len(shown_in(svg)) == pieces


@pytest.mark.parametrize("text", ["AVATAR, To. We", "مؤسسة النور", "שלום עולם", "हिन्दी"])
def test_an_svg_text_is_set_like_the_same_text_on_a_page(text: str) -> None:
    """With its kerning, its joined letters and its order: the same glyphs at the same distances."""
    svg = f'<svg width="300" height="30"><text y="20" font-size="16">{text}</text></svg>'
    on_page, in_svg = shown_in(f"<p>{text}</p>{svg}", text)
    assert on_page == in_svg


def shown_in(html: str, text: str = "") -> list[Any]:
    """The operands of each text-showing operator of a page."""
    fonts = pdf._fonts(faces_for(text))
    style = weasyprint.CSS(string='* { font: 16px Plex, "Plex JP" }', font_config=fonts)
    html = html.replace("<text ", "<text font-family='Plex, Plex JP' ")
    content = weasyprint.HTML(string=html).write_pdf(stylesheets=[style], font_config=fonts)
    page = PdfReader(BytesIO(content)).pages[0]
    operations = ContentStream(page.get_contents(), page.pdf).operations
    return [operands for operands, operator in operations if operator == b"TJ"]


def test_garbage_collection_is_off_meanwhile(tmp_path: Path) -> None:
    """From the page to the last object of the file; it is on again afterwards, even after
    an error.
    """
    seen = []

    def page(*, logo_url: str | None) -> str:
        seen.append(gc.isenabled())
        return f"{HEAD}<p>A</p></body></html>"

    look, add = Look(), lambda _: seen.append(gc.isenabled())
    pdf.write_archival([page], look, tmp_path / "made.pdf", "A page", add=add)
    assert seen == [False, False]
    assert gc.isenabled()

    def fail(_: Any) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        pdf.write_archival([page], look, tmp_path / "made.pdf", "A page", add=fail)
    assert gc.isenabled()


def test_the_pdf_declares_accessibility_and_names_no_product(
    patched_pdf: Path, unpatched_pdf: Path
) -> None:
    """WeasyPrint alone declares one of the two standards, and names itself."""
    patched, plain = metadata_of(patched_pdf), metadata_of(unpatched_pdf)
    for metadata in (patched, plain):
        assert b'pdfaid:part="3"' in metadata
    assert b'pdfuaid:part="1"' in patched
    assert b"pdfuaid" not in plain
    assert b"WeasyPrint" not in patched
    assert b"WeasyPrint" in plain


def metadata_of(path: Path) -> bytes:
    """A PDF's metadata, as XML."""
    metadata: Any = PdfReader(path).root_object["/Metadata"]
    return bytes(metadata.get_data())


def test_each_header_of_a_table_says_what_it_heads(patched_pdf: Path, unpatched_pdf: Path) -> None:
    """WeasyPrint alone declares none."""
    assert {scope for _, scope in headers_of(patched_pdf)} == {"/Row", "/Column"}
    assert {scope for _, scope in headers_of(unpatched_pdf)} == {None}
    for row, scope in headers_of(patched_pdf):
        assert scope == ("/Row" if "/TD" in row else "/Column")


def headers_of(path: Path) -> list[tuple[list[str], str | None]]:
    """Of each header cell the kinds of the cells in its row, and what it says it heads."""
    headers: list[tuple[list[str], str | None]] = []
    nodes: list[Any] = [PdfReader(path).root_object["/StructTreeRoot"]]
    while nodes:
        node = nodes.pop().get_object()
        kids = node.get("/K", []) if isinstance(node, dict) else []
        kids = [kid.get_object() for kid in (kids if isinstance(kids, list) else [kids])]
        kids = [kid for kid in kids if isinstance(kid, dict)]
        nodes += kids
        if node.get("/S") == "/TR":
            row = [kid["/S"] for kid in kids]
            headers += [(row, kid["/A"].get("/Scope")) for kid in kids if kid["/S"] == "/TH"]
    return headers


def test_rules_for_fonts_are_followed() -> None:
    """A face of another script is found by the name of the second family, which no font has."""
    text = "مؤسسة"
    fonts = pdf._fonts(faces_for(text))
    style = weasyprint.CSS(string='* { font: 16px "Plex JP" }', font_config=fonts)
    content = weasyprint.HTML(string=f"<p>{text}").write_pdf(stylesheets=[style], font_config=fonts)
    (used,) = PdfReader(BytesIO(content)).pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    assert "Arabic" in used["/BaseFont"]


def test_the_libraries_report_their_versions() -> None:
    """HarfBuzz and Pango, as numbers with points."""
    versions = weasyprint_patches.engines()
    assert sorted(versions) == ["harfbuzz", "pango"]
    assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in versions.values())
