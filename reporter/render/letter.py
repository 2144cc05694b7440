"""The e-mail a report goes out with: everything in it comes from the figures kept with the report.

It names no product, loads nothing, and works in mail programs of any age.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from babel import Locale
from pydantic import TypeAdapter, ValidationError

from reporter.errors import ReporterError
from reporter.model import (
    CHOICES,
    Brand,
    Change,
    Coverage,
    FailingObject,
    Figures,
    LeftOut,
    Listed,
    Look,
    ModuleFigures,
    Policy,
    Previous,
    Product,
    QualityNote,
    ReasonKind,
    Restatement,
    RunningJob,
    ScopeFigures,
    State,
    Target,
    Watch,
    Watched,
)
from reporter.period import Period, parse_period
from reporter.render.color import readable
from reporter.render.listed import (
    left_out_lines,
    listed_lines,
    running_lines,
    undated,
    undated_lines,
)
from reporter.render.logo import LogoPicture, picture_of
from reporter.render.objects import persistent_lines, recovered_lines
from reporter.render.restated import RestatedFigure, correction, restated
from reporter.render.sentences import module_label, module_name, with_scope
from reporter.render.templates import filled
from reporter.render.text import STATE_SIGNS, Words, counted, shortened
from reporter.render.verdict import Case, Tile, headline, needs, tiles, unjudged
from reporter.render.watched import Mark, marks
from reporter.showing import one_line

MOST_MODULES: Final = 6
MOST_RESTATED: Final = 4
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_FIGURES: Final = TypeAdapter(Figures)
_COVERAGE: Final = TypeAdapter(Coverage)
_WATCH: Final = TypeAdapter(Watch)
_PRODUCTS: Final = TypeAdapter(tuple[Product, ...])
_NOTES: Final = TypeAdapter(tuple[QualityNote, ...])
_RUNNING: Final = TypeAdapter(tuple[RunningJob, ...])
_POLICY: Final = TypeAdapter(Policy)
_TARGET: Final = TypeAdapter(Target)
_FAILING: Final = TypeAdapter(tuple[FailingObject, ...])
_LEFT_OUT: Final = TypeAdapter(tuple[LeftOut, ...])

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
    """The content of a message, however it is sent."""

    subject: str
    """One line."""
    text: str
    html: str
    """The logo in it is `cid:logo`."""
    logo: bytes | None = field(repr=False)
    """A PNG; None without one."""


@dataclass(frozen=True, slots=True)
class MailModule:
    """A module that is not healthy, shown by its worst scope if that has a name and its state."""

    name: str
    """With its service."""
    state: State
    """How it stands."""
    success_rate: float | None
    """From 0 to 1; None where no job was completed."""
    gap: str
    """The longest time without a recovery point, in words."""


@dataclass(frozen=True, slots=True)
class ReportMail:
    """Everything a template of the e-mail can use, as `mail`."""

    customer: str
    """The customer's name."""
    period: Period
    """The days the report covers."""
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
    unjudged: str | None
    """How many scopes have a recovery-point target that cannot be judged; None without any."""
    marks: tuple[Mark, ...]
    """The marks of the report: incomplete, sparse, preliminary."""
    lines: tuple[str, ...]
    """A line each about objects that fail night after night; then a quiet line each about jobs
    without a date, long runs, and scopes that are left out, idle, switched off or gone.
    """
    correction: str | None
    """Which version this is and which it corrects; None where it corrects none."""
    restated: tuple[RestatedFigure, ...]
    """The figures this version corrects, at most four."""
    more_restated: int
    """How many such figures are left out."""
    attached: tuple[str, ...]
    """The names of the files that go with the message."""
    left_out: tuple[str, ...]
    """The names of the files that are too large to go with it."""
    link: str
    """Where to find the files left out; may be empty."""
    root: str
    """The root of the evidence archive; may be empty."""
    redirected_from: tuple[str, ...]
    """Who the message would go to if it were not a test copy."""

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

    `left_out` are the files that are too large to attach and stand at `link`; `root` is that of the
    evidence archive. `redirected_from` are the recipients that a test copy is not sent to.

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
    """The text without lone surrogates, which replies of the service may hold."""
    return text.strip().encode("utf-8", "replace").decode() + "\n"


def _mail(
    figures: Mapping[str, Any],
    look: Look,
    attached: Sequence[str],
    left_out: Sequence[str],
    link: str,
    redirected_from: Sequence[str],
    root: str,
) -> ReportMail:
    period = _period(figures["period"])
    words = Words.about(period, look.locale, figures["policy"]["units"])
    case = _case(figures, period)
    needy = sorted(
        (module for module in case.expected if module.state is not State.HEALTHY), key=_pressing
    )
    former = figures["restates"]
    restatement = _restatement(former, period) if former else None
    changed = restated(restatement.changes, words) if restatement else []
    brand = look.brand
    return ReportMail(
        customer=one_line(figures["customer"]["name"]),
        period=period,
        words=words,
        brand=brand,
        brand_text=readable(brand.color),
        direction=Locale.parse(look.locale).text_direction,
        logo=picture_of(brand.logo) if brand.logo else None,
        subject=_subject(figures, case, words, test=bool(redirected_from)),
        state=State(figures["state"]),
        headline=headline(case, words),
        unjudged=unjudged(case.modules, case.policy, words),
        marks=tuple(marks(case.watched, words)),
        lines=tuple(_lines(figures, case, words)),
        tiles=tuple(tiles(case, words)),
        modules=tuple(_module(module, words) for module in needy[:MOST_MODULES]),
        more_modules=max(0, len(needy) - MOST_MODULES),
        as_of=case.watched.as_of,
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


def _case(figures: Mapping[str, Any], period: Period) -> Case:
    """What a letter is made of, from the JSON of its report."""
    previous, policy = figures["previous"], _policy(figures["policy"])
    first_look = figures["first_look"]
    history = figures.get("tenant", {}).get("history")
    return Case(
        _FIGURES.validate_python(figures["totals"]),
        tuple(_module_figures(module, period) for module in figures["modules"]),
        policy,
        _previous(previous) if previous and previous["comparable"] else None,
        Watched(
            period,
            _COVERAGE.validate_python(figures["coverage"]),
            policy.watch_every.total_seconds(),
            _moment(figures["as_of"], period),
            _moment(figures["reference_at"], period),
            figures["final"],
            None if first_look is None else _moment(first_look, period),
            first_look is None and history is not None and not history["unseen_scopes"],
        ),
        tuple(_contract(figures["subscription"], period)),
        undated(_NOTES.validate_python(figures["quality"])),
    )


def _policy(policy: Mapping[str, Any]) -> Policy:
    targets = (
        target
        | {
            "max_gap": None
            if target["max_gap_s"] is None
            else timedelta(seconds=target["max_gap_s"])
        }
        for target in policy["targets"]
    )
    # Settings that earlier definitions did not have keep their defaults.
    given = {
        name: policy[key]
        for name, key in {
            "target_object_success_rate": "target_object_success_rate",
            "watch_every": "watch_every_s",
        }.items()
        if policy[key] is not None
    }
    return _POLICY.validate_python(
        {
            **{name: policy[name] for name in CHOICES if name in policy},
            "units": policy["units"],
            "target_success_rate": policy["target_success_rate"],
            "max_gap": policy["max_gap_s"],
            "targets": [_TARGET.validate_python(target) for target in targets],
            **given,
        }
    )


def _module_figures(module: Mapping[str, Any], period: Period) -> ModuleFigures:
    return ModuleFigures(
        module["service"],
        module["module"],
        State(module["state"]),
        tuple(
            ScopeFigures(
                scope["name"],
                State(scope["state"]),
                Listed(scope["listed"]),
                None if scope["listed_since"] is None else _moment(scope["listed_since"], period),
                _FIGURES.validate_python(scope),
            )
            for scope in module["scopes"]
        ),
        _FIGURES.validate_python(module),
    )


def _contract(subscription: Mapping[str, Any], period: Period) -> Iterator[ReasonKind]:
    """What is wrong with subscriptions, by a reply from before the period's end."""
    as_of = subscription["as_of"]
    if as_of is None or _moment(as_of, period) >= period.end:
        return
    for product in _PRODUCTS.validate_python(subscription["products"]):
        if product.expired:
            yield ReasonKind.EXPIRED
        if product.over_seats:
            yield ReasonKind.OVER_SEATS
        if product.over_capacity:
            yield ReasonKind.OVER_CAPACITY


def _lines(figures: Mapping[str, Any], case: Case, words: Words) -> Iterator[str]:
    """What fails night after night, then the quiet lines of the letter."""
    failing = _FAILING.validate_python((figures["objects"] or {}).get("failing", []))
    end = _period(figures["period"]).end
    yield from persistent_lines(failing, end, words)
    yield from recovered_lines(failing, end, words)
    yield from undated_lines(_NOTES.validate_python(figures["quality"]), words)
    yield from running_lines(_RUNNING.validate_python(figures["running"]), words)
    yield from left_out_lines(_LEFT_OUT.validate_python(figures["left_out"]), words)
    yield from listed_lines(case.modules, words)


def _subject(figures: Mapping[str, Any], case: Case, words: Words, *, test: bool) -> str:
    """The customer, the worst state, how many modules are in it, and the period."""
    period = case.watched.period
    about = (
        words.say("corrected backup report {period}", period=words.period(period))
        if figures["restates"]
        else words.say("backup report {period}", period=words.period(period))
    )
    parts = [
        words.state(State(figures["state"])),
        *_counts(case, words),
        *([words.say("data incomplete")] if case.watched.missed_days else []),
        *([words.say("preliminary")] if not case.watched.final else []),
        about,
    ]
    subject = words.say(
        "{name}: {said}",
        name=words.name(shortened(one_line(figures["customer"]["name"]))),
        said=words.say(", ").join(parts),
    )
    return words.say("Test copy: {subject}", subject=subject) if test else subject


def _counts(case: Case, words: Words) -> list[str]:
    """How many modules are in the worst state, of how many, and how many in each other bad state.
    Modules with no backup expected are not counted.
    """
    if not case.modules:
        return [words.say("no module known")]
    states = [module.state for module in case.expected]
    if not states:
        return [words.say("no backup expected")]
    worst = min(states, key=list(State).index)
    some = words.number(states.count(worst))
    others = [state for state in states if state is not worst]
    return [words.count(*_WORST[worst], len(states), some=some), *needs(others, words)]


def _module(module: ModuleFigures, words: Words) -> MailModule:
    label = module_label(module.service, module.module)
    name = label if label == module.service else module_name(module.service, module.module)
    worst = next(
        (scope for scope in module.scopes[:1] if scope.name and scope.state is module.state), None
    )
    scope, figures = (worst.name, worst.figures) if worst else (None, module.figures)
    gap = words.gap(figures.longest_gap_s, figures.longest_gap_at_most_s)
    return MailModule(
        words.name(with_scope(shortened(name), scope)), module.state, figures.success_rate, gap
    )


def _pressing(module: ModuleFigures) -> tuple[int, str, str]:
    return list(State).index(module.state), module.service, module.module


def _previous(previous: Mapping[str, Any]) -> Previous:
    return Previous(
        _period(previous["period"]),
        State(previous["state"]),
        _FIGURES.validate_python(previous["totals"]),
        _WATCH.validate_python(previous["watch"]),
    )


def _restatement(former: Mapping[str, Any], period: Period) -> Restatement:
    return Restatement(
        former["version"],
        _moment(former["made_at"], period),
        tuple(Change(**change) for change in former["changes"]),
        redefined=former["redefined"],
        late=former["late"],
    )


def _period(period: Mapping[str, str]) -> Period:
    # A period that is reported has begun, so its end can serve as the present time.
    return parse_period(period["label"], period["timezone"], datetime.fromisoformat(period["end"]))


def _moment(text: str, period: Period) -> datetime:
    return datetime.fromisoformat(text).astimezone(period.zone)
