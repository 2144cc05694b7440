"""The portfolio as a PDF, and as a page with the customers to sort and to filter."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from reporter.model import Look, Portfolio, Product, Standing, State
from reporter.render.color import readable, text_on
from reporter.render.portfolio.sentences import (
    changed,
    changes_title,
    ending_title,
    not_judged,
    portfolio_headline,
    portfolio_notes,
    portfolio_tiles,
    standing_marks,
    state_name,
    unknown_title,
    unsubscribed,
    volume,
    why,
)
from reporter.render.protection import remaining
from reporter.render.templates import filled
from reporter.render.text import STATE_SIGNS, Words
from reporter.render.typesetting import typesetter
from reporter.render.verdict import Tile

_ORDER: Final = tuple(State)


@dataclass(frozen=True, slots=True)
class PortfolioPage:
    """What the portfolio's templates can use."""

    portfolio: Portfolio
    look: Look
    words: Words
    logo_url: str | None

    @property
    def headline(self) -> str:
        return portfolio_headline(self.portfolio, self.words)

    @property
    def worst(self) -> str:
        """The style class of the message: that of the worst state that occurs."""
        states = [standing.state for standing in self.portfolio.standings if standing.state]
        unsure = self.portfolio.unknown or self.portfolio.totals.not_judged
        if not states or (unsure and states[0] is State.HEALTHY):
            return "neutral"
        return self.css_class(states[0])

    @property
    def notes(self) -> list[str]:
        return portfolio_notes(self.portfolio, self.words)

    @property
    def tiles(self) -> list[Tile]:
        return portfolio_tiles(self.portfolio, self.words)

    @property
    def counts(self) -> list[tuple[State, str]]:
        """How many customers are in each state that occurs."""
        by_state = self.portfolio.totals.by_state.items()
        return [(state, self.words.number(count)) for state, count in by_state if count]

    @property
    def changes_title(self) -> str | None:
        """What changed; None where there is nothing to compare with."""
        changes = self.portfolio.changes
        return changes_title(changes, self.words) if changes else None

    @property
    def changed(self) -> list[tuple[str, Standing]]:
        return changed(self.portfolio.changes, self.words) if self.portfolio.changes else []

    @property
    def ending_title(self) -> str:
        return ending_title(self.portfolio, self.words)

    @property
    def unsubscribed(self) -> str | None:
        """For how many customers no subscription is known; None where all are."""
        return unsubscribed(self.portfolio, self.words)

    @property
    def unknown_title(self) -> str:
        return unknown_title(self.portfolio, self.words)

    @property
    def everybody(self) -> tuple[Standing, ...]:
        """All customers, those without data last."""
        return self.portfolio.standings + self.portfolio.unknown

    def state(self, state: State | None) -> str:
        """A state with its sign, so that no reader depends on colour."""
        return f"{self.sign(state)} {state_name(state, self.words)}"

    def remaining(self, product: Product) -> str:
        return remaining(product, self.words)

    def sign(self, state: State | None) -> str:
        return STATE_SIGNS[state or State.NO_DATA]

    def css_class(self, state: State | None) -> str:
        return (state or State.NO_DATA).value.replace(" ", "-")

    def rank(self, standing: Standing) -> int:
        """The place of a state in the order: worst first, unknown last."""
        return _ORDER.index(standing.state) if standing.known and standing.state else len(_ORDER)

    def why(self, standing: Standing) -> str:
        return why(standing, self.words)

    def volume(self, standing: Standing) -> str:
        return volume(standing.bytes, standing.jobs, self.words)

    def stored(self, standing: Standing) -> str:
        return self.words.size(standing.stored_bytes)

    def stored_change(self, standing: Standing) -> str:
        """The change since the period's start, where that is known."""
        change = standing.stored_change_bytes
        return "" if change is None else self.words.more_or_less(change)

    def marks(self, standing: Standing) -> str:
        """How closely the customer was watched, and what cannot be judged."""
        return self.words.say(", ").join(
            filter(
                None,
                (*standing_marks(standing, self.words), not_judged(standing, self.words)),
            )
        )

    def rate_change(self, standing: Standing) -> str:
        """The change of the rate, where both periods have one and were watched closely enough."""
        if not standing.comparable:
            return ""
        if standing.success_rate is None or standing.previous_rate is None:
            return ""
        return self.words.points(standing.success_rate - standing.previous_rate)

    def address(self, link: str) -> str:
        """A relative link; a name with a colon does not become a scheme."""
        return quote(link, safe="/")


def write_portfolio_pdf(portfolio: Portfolio, look: Look, path: Path) -> None:
    """The portfolio as a PDF file: the same portfolio and look give the same bytes.

    Raises:
        ReporterError: the page wants something that may not be loaded.
        TemplateError: a template of the provider is wrong.
    """

    def page(*, logo_url: str | None) -> str:
        made = _page(portfolio, look, logo_url)
        style = Markup(_style(look, "print"))  # noqa: S704  our own template
        return _set(look, "portfolio.html", made, style=style)

    typesetter().write_archival([page], look, path, "The portfolio")


def write_portfolio_html(portfolio: Portfolio, look: Look, path: Path) -> None:
    """The portfolio as a page that needs no other file, and may load none.

    Raises:
        TemplateError: a template of the provider is wrong.
    """
    path.write_text(portfolio_html(portfolio, look), "utf-8")


def portfolio_html(portfolio: Portfolio, look: Look) -> str:
    """The page; its policy names style and script by their hashes, so nothing else runs."""
    logo = look.brand.logo
    source = (
        f"data:{logo.media_type};base64,{base64.b64encode(logo.content).decode()}" if logo else None
    )
    made = _page(portfolio, look, source)
    style, script = _style(look, "screen"), filled(look, "index.html", part="script")
    return _set(
        look,
        "index.html",
        made,
        part="page",
        style=Markup(style),  # noqa: S704  our own template
        script=Markup(script),  # noqa: S704  our own template
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _page(portfolio: Portfolio, look: Look, logo_url: str | None) -> PortfolioPage:
    words = Words.about(portfolio.period, look.locale, portfolio.policy.units)
    return PortfolioPage(portfolio, replace(look, templates=None), words, logo_url)


def _set(look: Look, name: str, page: PortfolioPage, **values: object) -> str:
    words = page.words
    return filled(look, name, page=page, say=words.say, count=words.count, **values)


def _style(look: Look, medium: str) -> str:
    """The style sheet of one medium with the brand's colours."""
    color = look.brand.color
    return filled(
        look,
        "portfolio.css",
        medium=medium,
        brand=color,
        brand_text=readable(color),
        on_brand=text_on(color),
    )


def _hash(text: str) -> str:
    """The hash of a text, in the form a Content-Security-Policy allows it by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
