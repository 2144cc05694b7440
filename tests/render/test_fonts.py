"""Names of every script, set in fonts that come with the program."""

from __future__ import annotations

import logging
import unicodedata
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from reporter.check import findings
from reporter.config.settings import load_settings
from reporter.finding import Finding
from reporter.model import Customer, Look, Reply
from reporter.render import glyphs, pdf
from reporter.render.fonts import (
    BUNDLED,
    CHINESE,
    JAPANESE,
    LATIN,
    characters,
    faces_for,
    missing,
    script_of,
    unpacked,
)
from reporter.render.glyphs import printable
from reporter.render.templates import asset
from reporter.store import Store
from tests.builders import NOW, make_job, make_report

NAMES = {
    "Arabic": "مؤسسة النور (الرياض)",
    "Hebrew": "חברת אור בע״מ",
    "Thai": "บริษัท ท้องฟ้าสีคราม จำกัด",
    "Devanagari": "नीला आकाश प्रौद्योगिकी",
    "Korean": "푸른하늘 주식회사",
    "Chinese": "青云备份科技有限公司",
    "Japanese": "株式会社青空テクノロジー",
}
FIRST_FACE = {
    "Greek": "Γαλάζιος Ουρανός Α.Ε.",
    "Cyrillic": "ТОВ «Синє небо», Їжакевич",
    "Vietnamese": "Công ty Cổ phần Bầu Trời Xanh",
    "Polish": "Błękitne Źródło Sp. z o.o.",
}


def pdf_of(name: str, folder: Path, locale: str = "en") -> PdfReader:
    path = folder / "report.pdf"
    rows = [make_job(), make_job("2026-10-06T01:00:00Z", "Failed", name=name)]
    pdf.write_pdf(make_report(rows, customer=Customer("1", name)), Look(locale=locale), path)
    return PdfReader(path)


def fonts_of(reader: PdfReader) -> dict[str, DictionaryObject]:
    """The fonts of a document by name, without the tag of the subset."""
    resources = [page["/Resources"].get_object() for page in reader.pages]
    fonts = [
        font.get_object()
        for page_resources in resources
        if isinstance(page_resources, DictionaryObject) and "/Font" in page_resources
        for font in page_resources["/Font"].get_object().values()  # type: ignore[union-attr]
    ]
    return {str(font["/BaseFont"]).rpartition("+")[2]: font for font in fonts}


def is_embedded(font: DictionaryObject) -> bool:
    """Whether a font's glyphs are in the file, and the first, the placeholder, is unused."""
    (descendant,) = font["/DescendantFonts"].get_object()  # type: ignore[misc]
    described = descendant.get_object()["/FontDescriptor"].get_object()
    mapping: bytes = font["/ToUnicode"].get_object().get_data()  # type: ignore[union-attr]
    used = mapping.partition(b"beginbfchar")[2]
    return bool({"/FontFile2", "/FontFile3"} & set(described)) and b"\n<0000> " not in used


@pytest.mark.parametrize(("script", "name"), {**NAMES, **FIRST_FACE}.items())
def test_a_name_is_set_in_bundled_fonts(
    script: str, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each font is one of ours and embedded, and every character is read back as it was."""
    with caplog.at_level(logging.WARNING, "weasyprint"):
        reader = pdf_of(name, tmp_path)
    fonts = fonts_of(reader)
    families = {font.removesuffix("-Semi-Bold") for font in fonts}
    assert families == {"Plex", *([f"Plex-{script}"] if script in NAMES else [])}
    assert all(is_embedded(font) for font in fonts.values())
    text = "".join(page.extract_text() for page in reader.pages)
    assert "\ufffd" not in text
    # Thai's sara am is drawn as two marks, and read back as them.
    assert set(name) - {"ำ"} <= set(unicodedata.normalize("NFC", text))
    assert [record.message for record in caplog.records if record.name == "weasyprint"] == []
    assert missing(name) == ()


def test_an_english_report_loads_one_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other faces' files are not even opened: such a report costs no more than without them."""
    opened: list[str] = []

    def opening(name: str) -> bytes:
        opened.append(name)
        return asset(name)

    pdf._forget_fonts()
    monkeypatch.setattr(pdf, "asset", opening)
    monkeypatch.setattr("reporter.render.fonts.asset", opening)
    fonts = fonts_of(pdf_of("Contoso Ltd", tmp_path))
    assert set(fonts) == {"Plex", "Plex-Semi-Bold"}
    assert [name for name in opened if "ibm-plex-sans/" not in name] == ["fonts/fonts.css"]


def test_faces_are_read_once_for_a_process(tmp_path: Path) -> None:
    """A second report of the same scripts uses the fonts of the first."""
    pdf._forget_fonts()
    for name in (NAMES["Hebrew"], "שמיים", "Contoso"):
        pdf_of(name, tmp_path)
    assert pdf._fonts.cache_info().misses == 2


@pytest.mark.parametrize(
    ("name", "locale", "faces"),
    [
        ("株式会社", "en", (JAPANESE,)),
        ("株式会社", "zh-Hans", (CHINESE,)),
        ("备份", "en", (CHINESE,)),
        ("备份", "ja", (JAPANESE, CHINESE)),
        ("テクノロジー", "de", (JAPANESE,)),
    ],
)
def test_chinese_characters_are_drawn_one_way(
    name: str, locale: str, faces: tuple[object, ...]
) -> None:
    """One face sets a whole name where one can; the report's language says which."""
    assert faces_for(name, locale) == faces


def test_two_faces_share_a_name(tmp_path: Path) -> None:
    """In a Japanese report, what only the Chinese face has comes from it, and the rest does not."""
    fonts = fonts_of(pdf_of("株式会社备云", tmp_path, "ja"))
    assert {"Plex-Chinese", "Plex-Japanese-Semi-Bold"} <= set(fonts)
    mapped = fonts["Plex-Chinese"]["/ToUnicode"].get_object().get_data().lower()  # type: ignore[union-attr]
    assert b"<5907>" in mapped
    assert b"<682a>" not in mapped


def test_all_scripts_in_one_report(tmp_path: Path) -> None:
    """Faces do not get in each other's way."""
    fonts = fonts_of(pdf_of(" ".join(NAMES.values()), tmp_path, "ja"))
    families = {font.removesuffix("-Semi-Bold") for font in fonts}
    assert families == {"Plex", *(f"Plex-{script}" for script in NAMES)}


CHEROKEE = "\u13a0"
"""A letter that no bundled font has."""
BITMAP_FONT = """\
STARTFONT 2.1
FONT -misc-no outlines-medium-r-normal--8-80-75-75-c-80-iso10646-1
SIZE 8 75 75
FONTBOUNDINGBOX 8 8 0 0
STARTPROPERTIES 2
FONT_ASCENT 8
FONT_DESCENT 0
ENDPROPERTIES
CHARS 1
STARTCHAR cherokee
ENCODING 5025
SWIDTH 1000 0
DWIDTH 8 0
BBX 8 8 0 0
BITMAP
FF
81
81
81
81
81
81
FF
ENDCHAR
ENDFONT
"""
"""A font for the letter after it that is not OpenType, like a Type 1 font."""


@pytest.fixture
def fonts_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with all the fonts that this machine has, as far as fontconfig says."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    configuration = tmp_path / "fonts.conf"
    configuration.write_text(
        f"<fontconfig><dir>{folder}</dir><cachedir>{tmp_path}/cache</cachedir></fontconfig>"
    )
    monkeypatch.setenv("FONTCONFIG_FILE", str(configuration))
    remembered = (glyphs._has_glyph, glyphs._system)
    for function in remembered:
        function.cache_clear()
    yield folder
    for function in remembered:
        function.cache_clear()


def test_a_font_of_the_system_that_cannot_be_used_is_left_out(fonts_of_the_system: Path) -> None:
    """Ghostscript brings fonts of Type 1: they are closed again, and those that can be used are."""
    font = TTFont(BytesIO(unpacked(LATIN.files[0][0])))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord(CHEROKEE)] = "A"
    font.save(fonts_of_the_system / "outlines.ttf")
    (fonts_of_the_system / "bitmaps.bdf").write_text(BITMAP_FONT)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert printable(f"{CHEROKEE}\u13a1") == f"{CHEROKEE}\ufffd"
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.parametrize("table", ["head of the file", "cmap"])
def test_a_broken_font_of_the_system_is_left_out(tmp_path: Path, table: str) -> None:
    """A truncated or overwritten font does not make a report fail."""
    content = bytearray(unpacked(LATIN.files[0][0]))
    at = content.index(b"cmap") if table == "cmap" else 4
    content[at : at + 12] = b"\xff" * 12
    path = tmp_path / "broken.ttf"
    for broken in (content, content[:1000], b"", b"no font at all"):
        path.write_bytes(broken)
        assert glyphs._characters_in(path) == ()
    assert glyphs._characters_in(tmp_path / "gone.ttf") == ()


@pytest.mark.parametrize("name", [*NAMES.values(), *FIRST_FACE.values()])
def test_decomposed_names_are_printable(name: str) -> None:
    """A name with separate letters and marks, as some systems write it, loses nothing."""
    assert printable(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


def test_a_mark_after_markup_stays_a_mark() -> None:
    """A name that begins with a mark does not swallow the end of the tag before it."""
    assert printable("<b>\u0338e\u0301</b>").startswith("<b>")


def test_weights_have_the_same_characters() -> None:
    """Both weights of a face have the same characters, because only one of them is checked."""
    for face in BUNDLED:
        for name, _ in face.files:
            cmap = TTFont(BytesIO(asset(name)), lazy=True).getBestCmap()
            assert frozenset(cmap) == characters(face), name


@pytest.mark.parametrize(
    ("letter", "script"),
    [("த", "Tamil"), ("አ", "Ethiopic"), ("ქ", "Georgian"), ("Ꙗ", "Cyrillic"), ("💥", "symbols"),
     ("\ue000", "symbols"), ("𪜀", "Chinese"), ("က", "Myanmar")],
)  # fmt: skip
def test_scripts_have_their_names(letter: str, script: str) -> None:
    """As Unicode names them; what belongs to no word is a symbol."""
    assert script_of(letter) == script


@pytest.fixture
def checked(tmp_path: Path) -> list[Finding]:
    """The findings on names, of a store with four customers."""
    url = f"sqlite:///{tmp_path / 'reporter.db'}"
    names = ("Contoso", NAMES["Arabic"], "தமிழ் நிறுவனம்", "Boom 💥")
    Store.open(url).record_customers(
        [Customer(str(number), name) for number, name in enumerate(names)],
        (Reply("https://graph.example/partner/customers", NOW, "1", b'{"value": []}'),),
    )
    path = tmp_path / "reporter.toml"
    path.write_text(f'[store]\nurl = "{url}"\n')
    return [
        finding for finding in findings(load_settings(path)) if finding.what.startswith("font for")
    ]


def test_check_names_characters_no_font_has(checked: list[Finding]) -> None:
    """The customers whose names need another font, and for which script."""
    details = {finding.what: finding.detail for finding in checked}
    assert set(details) == {"font for தமிழ் நிறுவனம்", "font for Boom 💥"}
    assert "no bundled font has Tamil (" in details["font for தமிழ் நிறுவனம்"]
    assert "no bundled font has symbols (💥)" in details["font for Boom 💥"]


def test_the_first_face_is_in_every_report() -> None:
    """It is the one the style sheet beside the fonts declares."""
    sheet = asset("fonts/fonts.css").decode()
    assert all(name in sheet for name, _ in LATIN.files)
