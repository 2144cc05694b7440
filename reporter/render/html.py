"""The report as one HTML page, which is also what the PDF is set from."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from reporter import __version__
from reporter.model import Look, ModuleFigures, Report, State
from reporter.render import pictures
from reporter.render.color import readable, text_on
from reporter.render.templates import asset, environment
from reporter.render.text import (
    OUTCOME_WORDS,
    QUALITY_WORDS,
    REASON_HEADINGS,
    STATE_SIGNS,
    STATE_WORDS,
    Words,
    listed,
    policy_texts,
    reason_detail,
)
from reporter.render.verdict import headline, tiles, trend

MOST_EXCEPTIONS: Final = 25
MOST_NOTES: Final = 12
MOST_SOURCES: Final = 6


@dataclass(frozen=True, slots=True)
class ServiceTable:
    """The modules of one service, for a table."""

    service: str
    modules: tuple[ModuleFigures, ...]


def write_html(report: Report, look: Look, path: Path) -> None:
    """The report as a page that needs no other file."""
    # Browsers bring a Japanese font; ours would make the page nine megabytes larger.
    style = _embedded(asset("fonts/fonts.css").decode()) + style_sheet(look)
    logo = look.brand.logo
    source = (
        f"data:{logo.media_type};base64,{base64.b64encode(logo.content).decode()}" if logo else None
    )
    path.write_text(report_html(report, look, logo_url=source, style=style), "utf-8")


def report_html(
    report: Report, look: Look, *, logo_url: str | None, style: str | None = None
) -> str:
    """The page; `style` is set into it, without it the caller brings the style sheets."""
    words = Words(look.locale, report.policy.units)
    context: dict[str, Any] = {
        "report": report,
        "look": look,
        "words": words,
        "style": Markup(style) if style else None,  # noqa: S704  ours, from `style_sheet`
        "logo_url": logo_url,
        "headline": headline(report, words),
        "tiles": tiles(report, words),
        "trend": trend(report, words),
        "attention": _attention(report, words),
        "services": [
            ServiceTable(service, tuple(modules))
            for service, modules in groupby(report.modules, lambda own: own.service)
        ],
        "service_figures": {own.service: own.figures for own in report.services},
        "pictures": pictures.all_of(report, words, look.page_size),
        "exceptions": report.exceptions[:MOST_EXCEPTIONS],
        "more_exceptions": max(0, len(report.exceptions) - MOST_EXCEPTIONS),
        "open_exceptions": sum(own.open for own in report.exceptions),
        "notes": report.quality[:MOST_NOTES],
        "more_notes": max(0, len(report.quality) - MOST_NOTES),
        "sources": report.sources[-MOST_SOURCES:],
        "policy_texts": policy_texts(report.policy, words),
        "state_words": STATE_WORDS,
        "state_signs": STATE_SIGNS,
        "state_classes": {state: state.value.replace(" ", "-") for state in State},
        "outcome_words": OUTCOME_WORDS,
        "quality_words": QUALITY_WORDS,
        "version": __version__,
    }
    return environment().get_template("report.html").render(context)


def style_sheet(look: Look) -> str:
    """The style sheet with the brand's colours, of which text stays readable."""
    return (
        environment()
        .get_template("report.css")
        .render(
            page_size=look.page_size,
            brand=look.brand.color,
            brand_text=readable(look.brand.color),
            on_brand=text_on(look.brand.color),
        )
    )


def needs_japanese(report: Report) -> bool:
    """Whether a name in the report has Chinese or Japanese characters in it."""
    names = [report.customer.name, *(own.name or "" for own in report.exceptions[:MOST_EXCEPTIONS])]
    names += [own.module for own in report.modules]
    return any("\u2e80" <= letter <= "\uffef" for name in names for letter in name)


def _attention(report: Report, words: Words) -> list[tuple[str, str]]:
    """Each kind of reason with the modules it concerns, most pressing first."""
    return [
        (REASON_HEADINGS[kind], listed([reason_detail(reason, words) for reason in reasons], 7))
        for kind, reasons in groupby(report.reasons, lambda reason: reason.kind)
    ]


def _embedded(css: str) -> str:
    """The style sheet with its fonts inside."""
    parts = css.split('url("asset:')
    embedded = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition('")')
        content = base64.b64encode(asset(name)).decode()
        embedded.append(f'url("data:font/woff;base64,{content}"){rest}')
    return "".join(embedded)
