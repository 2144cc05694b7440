"""Figures, times and texts in one locale: `Words` makes all that a person reads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final, Literal

from babel.dates import format_date, format_datetime, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal

from reporter.model import Figures, Outcome, QualityKind, QualityNote, State
from reporter.period import Period, PeriodKind
from reporter.render.translations import catalogue

UNDEFINED: Final = "—"
LONGEST_NAME: Final = 60
_PLACE: Final = re.compile(r"\{(\w+)\}")
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


def _filled_in(message: str, values: Mapping[str, object]) -> str:
    """A text with its values in their places, `{name}` each.

    Not `str.format`: the text may be a template's, and a format can walk from any value to all of
    the program, and to its secrets.

    Raises:
        KeyError: there is no value for a place.
    """
    return _PLACE.sub(lambda place: str(values[place[1]]), message)


def marked(message: str) -> str:
    """Marks a text for the catalogues; `Words.say` translates it where it is used."""
    return message


def shortened(name: str, most: int = LONGEST_NAME) -> str:
    """A name cut to the length of real names; the JSON and the workbook have it in full."""
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def counted(one: str, many: str) -> tuple[str, str]:
    """Marks the singular and plural of a text; `Words.count` translates it where it is used."""
    return one, many


_SIZES: Final = (
    marked("{size} bytes"),
    marked("{size} KB"),
    marked("{size} MB"),
    marked("{size} GB"),
    marked("{size} TB"),
    marked("{size} PB"),
)
_TIMES: Final = (
    (marked("{number} d"), 86_400),
    (marked("{number} h"), 3_600),
    (marked("{number} min"), 60),
    (marked("{number} s"), 1),
)
STATE_WORDS: Final = {
    State.CRITICAL: marked("Critical"),
    State.ATTENTION: marked("Attention"),
    State.NEVER_RUN: marked("Never run"),
    State.NO_DATA: marked("No data"),
    State.HEALTHY: marked("Healthy"),
    State.IDLE: marked("Nothing to back up"),
    State.OFF: marked("Switched off"),
}
STATE_SIGNS: Final = {
    State.CRITICAL: "×",
    State.ATTENTION: "!",
    State.NEVER_RUN: "–",
    State.NO_DATA: "?",
    State.HEALTHY: "✓",
    State.IDLE: "·",
    State.OFF: "·",
}
OUTCOME_WORDS: Final = {
    Outcome.SUCCESS: marked("Success"),
    Outcome.WARNING: marked("Warning"),
    Outcome.FAILED: marked("Failed"),
    Outcome.CANCELLED: marked("Cancelled"),
    Outcome.RUNNING: marked("Running"),
    Outcome.NOT_RUN: marked("Not run"),
    Outcome.UNKNOWN: marked("Unknown"),
}
QUALITY_WORDS: Final = {
    QualityKind.UNREADABLE: marked("Unreadable value"),
    QualityKind.AMBIGUOUS: marked("Ambiguous date, read as month first"),
    QualityKind.UNDATED: marked("Job that cannot be dated"),
    QualityKind.DATED_BY_END: marked("Job dated by its end"),
    QualityKind.DATED_BY_MODIFICATION: marked("Job dated by its first modification"),
    QualityKind.START_MOVED: marked("Start moved between two looks"),
    QualityKind.UNKNOWN_STATUS: marked("Unknown status"),
    QualityKind.UNKNOWN_CODE: marked("Unknown code"),
    QualityKind.INCONSISTENT_COUNTS: marked("Inconsistent counts"),
    QualityKind.CONTRADICTION: marked("Contradiction"),
    QualityKind.END_NOT_SEEN: marked("End not seen: no longer listed while running"),
}
_LONGEST_EXAMPLE: Final = 80
_FINDINGS: Final = (
    marked("parts do not add up to the total"),
    marked("failed although no object failed"),
    marked("success although objects failed"),
    marked("success although no object was successful"),
    marked("end before start"),
    marked("end after the fetch"),
    marked("modified after the fetch"),
    marked("one job id with two modules"),
    marked("more objects protected than scanned"),
    marked("history does not match the list of jobs"),
)
"""What `analysis` finds, other than values of the service."""


def _shown(rate: float) -> float:
    """A rate in percent with one decimal; 100 and 0 only where they are exact."""
    shown = round(rate * 100, 1)
    if rate < 1 and shown >= 100:
        return 99.9
    return 0.1 if rate > 0 and shown <= 0 else shown


@dataclass(frozen=True, slots=True)
class Words:
    """Numbers, sizes, times and texts for people, in one locale."""

    locale: str = "en"
    """Language and place, such as `de` or `en_GB`."""
    units: Literal["binary", "decimal"] = "binary"
    """What a GB is: 1024³ bytes or 1000³."""
    years: frozenset[int] = frozenset()
    """The period's years, whose days are shown without their year; other days have theirs."""

    @classmethod
    def about(
        cls, period: Period, locale: str = "en", units: Literal["binary", "decimal"] = "binary"
    ) -> Words:
        """The words for a period: days of other years than its own are shown with their year."""
        return cls(locale, units, frozenset((period.first.year, period.last.year)))

    @property
    def language(self) -> str:
        """The language of the texts, as HTML and PDF name it."""
        return self.locale.replace("_", "-")

    def say(self, message: str, /, **values: object) -> str:
        """A text in the locale's language, with its values set in; `message` is the English one."""
        return _filled_in(catalogue(self.locale).gettext(message), values)

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """A text about `number` things, which stands in it as `{number}`."""
        message = catalogue(self.locale).ngettext(one, many, number)
        return _filled_in(message, {"number": self.number(number), **values})

    def state(self, state: State) -> str:
        """A state in words."""
        return self.say(STATE_WORDS[state])

    def outcome(self, outcome: Outcome) -> str:
        """An outcome in words."""
        return self.say(OUTCOME_WORDS[outcome])

    def quality(self, kind: QualityKind) -> str:
        """A kind of data-quality note in words."""
        return self.say(QUALITY_WORDS[kind])

    def noted(self, note: QualityNote) -> str:
        """The examples of a note as they are, and its findings in words; long ones are cut."""
        texts = (self.say(value) if value in _FINDINGS else value for value in note.values)
        return self.say("; ").join(shortened(text, _LONGEST_EXAMPLE) for text in texts)

    def name(self, name: str) -> str:
        """A name inside a sentence: one from right to left must not turn what stands around it."""
        if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name):
            return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
        return name

    def listed(self, names: Sequence[str], most: int = 6) -> str:
        """Names in a row, the last with "and"; beyond `most` only how many more."""
        if len(names) <= most:
            return str(format_list(names, locale=self.locale))
        more = len(names) - most + 1
        return self.count(
            "{names} and {number} more",
            "{names} and {number} more",
            more,
            names=self.say(", ").join(names[: most - 1]),
        )

    def volume(self, figures: Figures) -> str:
        """What was backed up; a dash without jobs, "not given" where the service gives no sizes."""
        if not figures.jobs:
            return UNDEFINED
        return self.say("not given") if figures.bytes is None else self.size(figures.bytes)

    def sized(self, figures: Figures) -> str:
        """How many jobs a volume is from, and of how many where not all have a readable size."""
        if figures.bytes is None or figures.sized_jobs == figures.jobs:
            return self.count("in {number} job", "in {number} jobs", figures.jobs)
        return self.count(
            "of {sized} of {number} job",
            "of {sized} of {number} jobs",
            figures.jobs,
            sized=self.number(figures.sized_jobs),
        )

    def more_or_less(self, size: int) -> str:
        """A change of a size: +1.2 TB."""
        return ("+" if size > 0 else "−" if size < 0 else "±") + self.size(abs(size))

    def gap(self, at_least_s: float | None, at_most_s: float | None) -> str:
        """A longest gap: one length where what is certain is all there can be, else both."""
        least, most = self.duration(at_least_s), self.duration(at_most_s)
        if at_least_s is None or at_most_s is None or least == most:
            return most
        if not at_least_s:
            return self.say("at most {most}", most=most)
        return self.say("at least {least}, at most {most}", least=least, most=most)

    def number(self, value: int | None) -> str:
        """A whole number with its separators; a dash where it is None."""
        return UNDEFINED if value is None else format_decimal(value, locale=self.locale)

    def percent(self, rate: float | None) -> str:
        """One decimal; 100.0 only where nothing is missing, 0.0 only where nothing is there."""
        if rate is None:
            return UNDEFINED
        return self._percent(format_decimal(_shown(rate), "#,##0.0", locale=self.locale))

    def below(self, rate: float | None, target: float) -> str:
        """A rate that may miss a target, with as many decimals as it takes to show that: 94.96 % is
        not printed as 95.0 % where 95 % are asked for.
        """
        if rate is None or not rate < target <= _shown(rate) / 100:
            return self.percent(rate)
        digits = next(
            (places for places in range(2, 6) if round(rate * 100, places) < target * 100), 6
        )
        return self._percent(
            format_decimal(rate * 100, f"#,##0.{'0' * digits}", locale=self.locale)
        )

    def target(self, rate: float) -> str:
        """A target as it was set: 95 %, 99.5 %."""
        return self._percent(format_decimal(rate * 100, "#,##0.##", locale=self.locale))

    def points(self, change: float) -> str:
        """A change of a rate: +1.2 points."""
        return self.say("{change} points", change=self._signed(change * 100))

    def change(self, before: float, after: float) -> str | None:
        """How much more or less, in percent; None where there was nothing before."""
        if not before:
            return None
        return self._percent(self._signed((after / before - 1) * 100))

    def size(self, size: float | None) -> str:
        """Three significant digits and the unit."""
        if size is None:
            return UNDEFINED
        base = 1000.0 if self.units == "decimal" else 1024.0
        power = 0
        while power < len(_SIZES) - 1 and size >= (999.5 if power else base):
            size /= base
            power += 1
        digits = "#,##0" if size >= 99.95 or not power else "0.0" if size >= 9.995 else "0.00"
        number = format_decimal(size, digits, locale=self.locale)
        return self.say(_SIZES[power], size=number).replace(" ", _NO_BREAK)

    def longer(self, seconds: float, allowed: float) -> str:
        """A duration longer than is allowed, with as many units as it takes to show that: 26 h and
        a second are not printed as 26 h where 26 h are allowed.
        """
        shown = (self.duration(seconds, units) for units in range(2, len(_TIMES) + 1))
        limit = self.duration(allowed)
        return next((text for text in shown if text != limit), limit)

    def duration(self, seconds: float | None, units: int = 2) -> str:
        """The two largest units: 5 d 4 h, 36 h 10 min, 17 min 39 s; days from three on."""
        if seconds is None:
            return UNDEFINED
        sign, rest = ("−" if seconds < 0 else ""), abs(round(seconds))
        parts = []
        for unit, length in _TIMES:
            most = 3 * length if length == 86_400 else 0
            count, rest = divmod(rest, length) if rest >= most else (0, rest)
            parts.append((count, unit))
        first = next((n for n, (count, _) in enumerate(parts) if count), len(parts) - 1)
        shown = [part for part in parts[first : first + units] if part[0] or part is parts[first]]
        texts = (self.say(unit, number=self.number(count)) for count, unit in shown)
        return sign + " ".join(text.replace(" ", _NO_BREAK) for text in texts)

    def moment(self, moment: datetime | None) -> str:
        """A day and a time of the clock, in the zone the moment carries."""
        if moment is None:
            return UNDEFINED
        return self._day_and_time("yMMMd", moment)

    def short_moment(self, moment: datetime | None) -> str:
        """The same without the year where it is the period's, for narrow columns."""
        if moment is None:
            return UNDEFINED
        return self._day_and_time(self._skeleton(moment), moment)

    def day(self, day: date) -> str:
        """A day in full: October 5, 2026."""
        return format_date(day, "long", locale=self.locale)

    def whole_day(self, day: date | None) -> str:
        """A day with its year, for narrow columns: Oct 5, 2026."""
        if day is None:
            return UNDEFINED
        return format_skeleton("yMMMd", day, locale=self.locale)

    def short_day(self, day: date) -> str:
        """A day, without its year where that is the period's: Oct 5."""
        return format_skeleton(self._skeleton(day), day, locale=self.locale)

    def axis_day(self, day: date) -> str:
        """A day of the period under a chart: Oct 5."""
        return format_skeleton("MMMd", day, locale=self.locale)

    def short_month(self, day: date) -> str:
        """A month alone: Oct."""
        return format_date(day, "LLL", locale=self.locale)

    def days(self, days: Iterable[date]) -> str:
        """Days with runs of neighbours as ranges: Oct 3–5, Oct 17."""
        runs = []
        for _, group in groupby(
            enumerate(sorted(days)), lambda numbered: numbered[1].toordinal() - numbered[0]
        ):
            run = [day for _, day in group]
            first, last = self.short_day(run[0]), self.short_day(run[-1])
            runs.append(first if len(run) == 1 else f"{first}{_NO_BREAK}–{_NO_BREAK}{last}")
        return self.say(", ").join(runs)

    def period(self, period: Period) -> str:
        """A period in words: October 2026, Q4 2026, 2026, October 5, 2026 – October 11, 2026."""
        match period.kind:
            case PeriodKind.MONTH:
                return format_skeleton("yMMMM", period.first, locale=self.locale)
            case PeriodKind.QUARTER:
                return format_skeleton("yQQQ", period.first, locale=self.locale)
            case PeriodKind.YEAR:
                return format_skeleton("y", period.first, locale=self.locale)
            case PeriodKind.DAYS:
                return f"{self.day(period.first)} – {self.day(period.last)}"

    def _skeleton(self, day: date) -> str:
        return "MMMd" if day.year in self.years else "yMMMd"

    def _day_and_time(self, day: str, moment: datetime) -> str:
        return self.say(
            "{day}, {time}",
            day=format_skeleton(day, moment, moment.tzinfo, locale=self.locale),
            time=format_datetime(moment, "HH:mm", moment.tzinfo, self.locale),
        )

    def _percent(self, number: str) -> str:
        """A number with a percent sign, with a space between them where the language has one."""
        return self.say("{number} %", number=number).replace(" ", _NO_BREAK)

    def _signed(self, change: float) -> str:
        shown = round(change, 1)
        text = format_decimal(abs(shown), "#,##0.0", locale=self.locale)
        return ("±" if shown == 0 else "+" if shown > 0 else "−") + text
