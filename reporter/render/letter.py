"""The e-mail a report goes out with: everything in it comes from the figures kept with the report.

It names no product, loads nothing, and is made to be understood by programs of any age.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from babel import Locale
from pydantic import TypeAdapter, ValidationError

from reporter.errors import ReporterError
from reporter.model import (
    Brand,
    Change,
    Coverage,
    Figures,
    Look,
    Previous,
    Restatement,
    State,
)
from reporter.period import Period, parse_period
from reporter.render.color import readable
from reporter.render.logo import LogoPicture, picture_of
from reporter.render.restated import Restated, correction, restated
from reporter.render.sentences import module_label, module_name
from reporter.render.templates import filled
from reporter.render.text import STATE_SIGNS, Words, counted
from reporter.render.verdict import (
    Tile,
    coverage_tile,
    headline,
    incomplete,
    needs,
    shortened,
    tiles,
)
from reporter.showing import one_line

MOST_MODULES: Final = 6
MOST_RESTATED: Final = 4
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_FIGURES: Final = TypeAdapter(Figures)
_COVERAGE: Final = TypeAdapter(Coverage)

_WORST: Final = {
    State.CRITICAL: counted(
        "{some} of {number} module critical", "{some} of {number} modules critical"
    ),
    State.ATTENTION: counted(
        "{some} of {number} module in need of attention",
        "{some} of {number} modules in need of attention",
    ),
    State.NEVER_RUN: counted(
        "{some} of {number} module never run", "{some} of {number} modules never run"
    ),
    State.NO_DATA: counted(
        "{some} of {number} module without data", "{some} of {number} modules without data"
    ),
    State.HEALTHY: counted("the one module healthy", "all {number} modules healthy"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says; how it is sent is no matter of it."""

    subject: str
    """One line."""
    text: str
    html: str
    """The logo in it is `cid:logo`."""
    logo: bytes | None = field(repr=False)
    """A PNG; None without one."""


@dataclass(frozen=True, slots=True)
class MailModule:
    """A module that is not healthy."""

    name: str
    """With its service."""
    state: State
    """How it stands."""
    success_rate: float | None
    """From 0 to 1; None where no job was completed."""
    longest_gap_s: float | None
    """Seconds without a recovery point; None where nothing is known."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Everything a template of the e-mail can use, as `mail`."""

    customer: str
    """The customer's name."""
    period: Period
    """The days the report is of."""
    words: Words
    """Numbers, sizes, times and texts in the report's language."""
    brand: Brand
    """Whose report it is."""
    brand_text: str
    """The brand's colour, darkened until it can be read as text on white."""
    direction: str
    """`ltr`, or `rtl` for a language written from right to left."""
    logo: LogoPicture | None
    """The logo, which is shown as `cid:logo`; None without one."""
    subject: str
    """The subject of the message."""
    state: State
    """That of the worst module."""
    headline: str
    """What a reader with ten seconds should know."""
    tiles: tuple[Tile, ...]
    """Success rate, volume, longest gap and coverage, against targets and the period before."""
    modules: tuple[MailModule, ...]
    """Those that are not healthy, the worst first, at most six."""
    more_modules: int
    """How many such modules are left out."""
    as_of: datetime
    """The last look at the service the figures rest on."""
    incomplete: str | None
    """Which days nobody looked at the service; None where somebody did on every day."""
    correction: str | None
    """Which version this is and which it corrects; None where it corrects none."""
    restated: tuple[Restated, ...]
    """The figures this version corrects, at most four."""
    more_restated: int
    """How many such figures are left out."""
    attached: tuple[str, ...]
    """The names of the files that go with the message."""
    left_out: tuple[str, ...]
    """Those that are too large to."""
    link: str
    """Where to find these; may be empty."""
    root: str
    """The root of the evidence archive; may be empty."""
    redirected_from: tuple[str, ...]
    """To whom the message would go, if it were no test copy."""

    def sign(self, state: State) -> str:
        """A mark that tells a state without its colour."""
        return STATE_SIGNS[state]

    def css_class(self, state: State) -> str:
        """The name of a state in the style sheet."""
        return state.value.replace(" ", "-")

    @property
    def web_link(self) -> bool:
        """Whether `link` is one a browser opens."""
        return self.link.startswith(("https://", "http://"))


def letter_of(
    figures: Mapping[str, Any],
    look: Look,
    *,
    attached: Sequence[str],
    left_out: Sequence[str] = (),
    link: str = "",
    redirected_from: Sequence[str] = (),
    root: str = "",
) -> Letter:
    """The letter to go with a report, whose JSON `figures` is.

    `left_out` are the files that are too large to attach, and to be found at `link`; `root` is that
    of the evidence archive. `redirected_from` are those to whom a test copy would have gone.

    Raises:
        TemplateError: a template of the provider is wrong.
        ReporterError: the figures are not those of a report, or the logo cannot be read.
    """
    try:
        mail = _mail(figures, look, attached, left_out, link, redirected_from, root)
    except (KeyError, TypeError, ValidationError) as error:
        raise ReporterError(
            f"The figures of this report cannot be read: {error}.", hint="Render it again."
        ) from error
    values = {"mail": mail, "say": mail.words.say, "count": mail.words.count}
    text = _BLANK_LINES.sub("\n\n", filled(look, "mail/report.txt", **values))
    html = filled(look, "mail/report.html", **values)
    logo = mail.logo.content if mail.logo else None
    return Letter(mail.subject, _writable(text), _writable(html), logo)


def _writable(text: str) -> str:
    """What can be encoded: a reply of the service may hold halves of a character."""
    return text.strip().encode("utf-8", "replace").decode() + "\n"


def _mail(
    figures: Mapping[str, Any],
    look: Look,
    attached: Sequence[str],
    left_out: Sequence[str],
    link: str,
    redirected_from: Sequence[str],
    root: str,
) -> Mail:
    words = Words(look.locale, figures["policy"]["units"])
    period = _period(figures["period"])
    state, totals = State(figures["state"]), _FIGURES.validate_python(figures["totals"])
    coverage = _COVERAGE.validate_python(figures["coverage"])
    modules = sorted((_module(own) for own in figures["modules"]), key=_pressing)
    states = [own.state for own in modules]
    needy = [own for own in modules if own.state is not State.HEALTHY]
    policy, former = figures["policy"], figures["restates"]
    restatement = _restatement(former, period) if former else None
    changed = restated(restatement.changes, words) if restatement else []
    brand = look.brand
    return Mail(
        customer=one_line(figures["customer"]["name"]),
        period=period,
        words=words,
        brand=brand,
        brand_text=readable(brand.color),
        direction=Locale.parse(look.locale).text_direction,
        logo=picture_of(brand.logo) if brand.logo else None,
        subject=_subject(figures, period, state, states, words, test=bool(redirected_from)),
        state=state,
        headline=headline(state, totals, states, words),
        tiles=(
            *tiles(
                totals,
                policy["target_success_rate"],
                policy["max_gap_s"],
                _previous(figures["previous"]),
                words,
            ),
            coverage_tile(coverage, words),
        ),
        modules=tuple(needy[:MOST_MODULES]),
        more_modules=max(0, len(needy) - MOST_MODULES),
        as_of=_moment(figures["as_of"], period),
        incomplete=incomplete(coverage, words),
        correction=correction(figures["version"], restatement, words, definitions=figures["schema"])
        if restatement
        else None,
        restated=tuple(changed[:MOST_RESTATED]),
        more_restated=max(0, len(changed) - MOST_RESTATED),
        attached=tuple(attached),
        left_out=tuple(left_out),
        link=link,
        root=root,
        redirected_from=tuple(redirected_from),
    )


def _subject(
    figures: Mapping[str, Any],
    period: Period,
    state: State,
    modules: Sequence[State],
    words: Words,
    *,
    test: bool,
) -> str:
    """Whose report it is, the worst state, how many modules are in it, and what it is of."""
    about = (
        words.say("corrected backup report {period}", period=words.period(period))
        if figures["restates"]
        else words.say("backup report {period}", period=words.period(period))
    )
    parts = [
        words.state(state),
        *_counts(modules, words),
        *([words.say("data incomplete")] if figures["coverage"]["missing_days"] else []),
        about,
    ]
    subject = words.say(
        "{name}: {said}",
        name=words.name(shortened(one_line(figures["customer"]["name"]))),
        said=words.say(", ").join(parts),
    )
    return words.say("Test copy: {subject}", subject=subject) if test else subject


def _counts(modules: Sequence[State], words: Words) -> list[str]:
    """How many modules are in the worst state, of how many, and how many in each other bad one."""
    if not modules:
        return [words.say("no module known")]
    worst = min(modules, key=list(State).index)
    some = words.number(modules.count(worst))
    others = [own for own in modules if own is not worst]
    return [words.count(*_WORST[worst], len(modules), some=some), *needs(others, words)]


def _module(own: Mapping[str, Any]) -> MailModule:
    service, module = own["service"], own["module"]
    label = module_label(service, module)
    name = label if label == service else module_name(service, module)
    return MailModule(
        shortened(name), State(own["state"]), own["success_rate"], own["longest_gap_s"]
    )


def _pressing(module: MailModule) -> tuple[int, str]:
    return list(State).index(module.state), module.name


def _previous(previous: Mapping[str, Any] | None) -> Previous | None:
    if previous is None:
        return None
    totals = _FIGURES.validate_python(previous["totals"])
    return Previous(_period(previous["period"]), State(previous["state"]), totals)


def _restatement(former: Mapping[str, Any], period: Period) -> Restatement:
    return Restatement(
        former["version"],
        _moment(former["made_at"], period),
        tuple(Change(**own) for own in former["changes"]),
        redefined=former["redefined"],
        late=former["late"],
    )


def _period(period: Mapping[str, str]) -> Period:
    # A period that is reported has begun, so that its end will do as the time it is.
    return parse_period(period["label"], period["timezone"], datetime.fromisoformat(period["end"]))


def _moment(text: str, period: Period) -> datetime:
    return datetime.fromisoformat(text).astimezone(period.zone)
