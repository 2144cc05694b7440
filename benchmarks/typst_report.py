"""The same report set by Typst: the data for the product's templates, as JSON for report.typ."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import typst
from fontTools.ttLib import TTFont
from markupsafe import Markup

from reporter.model import Figures, Look, Report, State
from reporter.render.color import readable
from reporter.render.fonts import LATIN
from reporter.render.page import ReportPage, ServicePage, page_of
from reporter.render.pictures import Picture
from reporter.render.templates import asset

STANDARDS: Final = ("a-3a", "ua-1")
_TITLE: Final = re.compile("<title>(.*?)</title>")
Json = dict[str, Any]


def setter(look: Look, folder: Path) -> Callable[[Report], Callable[[], object]]:
    """Sets reports, from the figures to the PDF, by a compiler that has its fonts already."""
    for name, _ in LATIN.files:
        font = TTFont(BytesIO(asset(name)))
        font.flavor = None  # Typst reads no WOFF
        font.save(folder / f"{Path(name).stem}.ttf")
    compiler = typst.Compiler(
        Path(__file__).with_name("report.typ"), font_paths=[folder], ignore_system_fonts=True
    )

    def run(report: Report) -> object:
        return compiler.compile(
            sys_inputs={"content": json.dumps(_content(page_of(report, look, None)))},
            format="pdf",
            pdf_standards=list(STANDARDS),
            timestamp=int(report.as_of.timestamp()),
        )

    return lambda report: partial(run, report)


def _content(page: ReportPage) -> Json:
    """Everything on the pages, with the texts the templates have for it."""
    report, words, say = page.report, page.words, page.words.say
    period = words.period(report.period)
    return {
        "title": say("Backup report: {customer}, {period}", customer=page.report.customer.name,
                     period=period),
        "author": page.look.brand.name,
        "brand": readable(page.look.brand.color),
        "language": words.language,
        "customer": report.customer.name,
        "period": period,
        "kind": say("Backup report"),
        "footer": "  ·  ".join(filter(None, (page.look.brand.footer, page.look.brand.contact))),
        "asof": say("Days and times in {zone} · data as of {moment}",
                    zone=report.period.timezone, moment=words.moment(report.as_of)),
        "state": page.css_class(report.state),
        "state-text": f"{page.sign(report.state)} {words.state(report.state)}",
        "headline": page.headline,
        "no-trend": page.no_trend,
        "tiles": _tiles(page.tiles),
        "steps": [{"what": step.what, "modules": step.modules} for step in page.steps],
        "services-table": _services_table(page),
        "daily": _picture(page.daily),
        "services": [_service(service, page) for service in page.services if service.figures.jobs],
        "key": _svg(page.key),
        "trend": [_picture(picture) for picture in page.trend],
        "method": list(page.policy_texts),
        "quality": _quality(page),
        "sources": _sources(page),
        "words": {
            "next": say("What to do next"),
            "services": say("Services"),
            "modules": say("Modules"),
            "causes": say("Exceptions by module and status"),
            "gaps": say("Longer without a recovery point than the target allows"),
            "trend": say("Twelve months"),
            "method": say("How these figures are computed"),
            "quality": say("Data quality"),
            "sources": say("Data sources"),
        },
    }  # fmt: skip


def _service(service: ServicePage, page: ReportPage) -> Json:
    return {
        "title": service.title,
        "tiles": _tiles(service.tiles),
        "daily": _picture(service.daily),
        "modules": _modules(service, page),
        "calendar": [_picture(part) for part in service.calendar],
        "causes": _causes(service, page) if service.causes else None,
        "gaps": _gaps(service, page) if service.gaps else None,
        "durations": _picture(service.durations),
    }


def _services_table(page: ReportPage) -> Json:
    words, say = page.words, page.words.say
    rows = [
        [
            service.service,
            _state(service.state, page),
            words.number(service.figures.jobs),
            _rate(service.figures, page),
            words.size(service.figures.bytes) if service.figures.jobs else "—",
            words.short_moment(service.figures.last_success_at),
            _gap(service.figures, page),
        ]
        for service in page.services
    ]
    head = ("Service", "State", "Jobs", "Success rate", "Volume", "Last good backup", "Longest gap")
    return _table((24, 15, 9, 11, 11, 17, 13), map(say, head), rows, range(2, 7))


def _modules(service: ServicePage, page: ReportPage) -> Json:
    words, say = page.words, page.words.say
    rows = []
    for line in service.modules:
        f = line.figures
        rows.append([
            line.label,
            _state(line.state, page),
            *map(words.number, (f.jobs, f.failed, f.warning)),
            _rate(f, page),
            words.size(f.bytes) if f.jobs else "—",
            _svg(line.sparkline),
            words.short_moment(f.last_success_at),
            _gap(f, page),
        ])  # fmt: skip
    head = ("Module", "State", "Jobs", "Failures", "Warn.", "Rate", "Volume", "Volume by day",
            "Last success", "Gap")  # fmt: skip
    widths = (17, 12, 6, 6, 6, 8, 8, 13, 14, 10)
    return _table(widths, map(say, head), rows, (2, 3, 4, 5, 6, 8, 9))


def _causes(service: ServicePage, page: ReportPage) -> Json:
    words, say = page.words, page.words.say
    rows = [
        [
            cause.label,
            cause.status,
            words.number(cause.jobs),
            {"text": words.number(cause.open), "state": "critical"} if cause.open else "0",
            words.number(cause.objects_failed),
            words.short_moment(cause.first),
            words.short_moment(cause.last),
        ]
        for cause in service.causes
    ]
    head = ("Module", "Status", "Jobs", "Still open", "Objects failed", "First", "Last")
    return _table((23, 21, 8, 10, 10, 14, 14), map(say, head), rows, range(2, 7))


def _gaps(service: ServicePage, page: ReportPage) -> Json:
    words, say = page.words, page.words.say
    rows = [
        [
            page.module(gap.service, gap.module),
            *map(words.short_moment, (gap.start, gap.end)),
            *map(words.duration, (gap.length_s, gap.allowed_s)),
        ]
        for gap in service.gaps
    ]
    head = ("Module", "From", "To", "Length", "Allowed")
    return _table((34, 18, 18, 15, 15), map(say, head), rows, range(1, 5))


def _quality(page: ReportPage) -> Json:
    words, say = page.words, page.words.say
    rows = [
        [words.quality(note.kind), note.field, words.noted(note), words.number(note.count)]
        for note in page.notes
    ]
    return _table((22, 18, 50, 10), map(say, ("Kind", "Field", "Value", "How often")), rows, (3,))


def _sources(page: ReportPage) -> Json:
    words, say = page.words, page.words.say
    rows = [
        [words.moment(source.fetched_at), source.url, words.number(source.rows), source.sha256]
        for source in page.sources
    ]
    head = [say("Received"), say("Reply of"), say("Rows"), "SHA-256"]
    return _table((16, 46, 6, 32), head, rows, (2,))


def _table(
    widths: tuple[int, ...], head: Iterable[str], rows: list[list[Any]], right: Iterable[int]
) -> Json:
    return {"widths": widths, "head": list(head), "rows": rows, "right": list(right)}


def _tiles(tiles: Iterable[Any]) -> list[Json]:
    return [
        {"label": tile.label, "value": tile.value, "beside": tile.beside, "good": tile.good}
        for tile in tiles
    ]


def _state(state: State, page: ReportPage) -> Json:
    text = f"{page.sign(state)} {page.words.state(state)}"
    return {"text": text, "state": page.css_class(state)}


def _rate(figures: Figures, page: ReportPage) -> str | Json:
    text = page.words.percent(figures.success_rate)
    return {"text": text, "state": "critical"} if figures.success_target_met is False else text


def _gap(figures: Figures, page: ReportPage) -> str | Json:
    text = page.words.duration(figures.longest_gap_s)
    return {"text": text, "state": "critical"} if figures.gap_target_met is False else text


def _picture(picture: Picture | None) -> Json | None:
    if picture is None:
        return None
    return {"title": picture.title, "note": picture.note} | _svg(picture.svg)


def _svg(svg: Markup) -> Json:
    title = _TITLE.search(svg)
    assert title is not None, "every chart has words"
    drawn = str(svg).replace("Plex, Plex JP", LATIN.published_family)
    return {"svg": drawn, "alt": html.unescape(title[1])}
