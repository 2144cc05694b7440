"""How closely a period was watched, in words: the marks on page one, and what cannot be judged or
compared as a result.
"""

from __future__ import annotations

from dataclasses import dataclass

from reporter.model import WATCHED_ENOUGH, Figures, Previous, Watch, Watched
from reporter.period import Period
from reporter.render.text import Words


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on page one of a report, in a word and in sentences."""

    label: str
    """Such as `INCOMPLETE`."""
    text: str
    """What it means here."""


def marks(watched: Watched, words: Words) -> list[Mark]:
    """The marks on page one; none where every day was watched closely to the end."""
    shown = []
    if watched.missed_days:
        shown.append(Mark(words.say("INCOMPLETE"), _incomplete(watched, words)))
    if watched.sparse:
        shown.append(Mark(words.say("SPARSE"), rarely_asked(watched, words)))
    if not watched.final:
        shown.append(Mark(words.say("PRELIMINARY"), _preliminary(watched, words)))
    return shown


def _incomplete(watched: Watched, words: Words) -> str:
    """On which days nobody looked at the service."""
    first = watched.first_look
    if not watched.coverage.snapshot_days:
        return words.say(
            "No day of the period was observed: all that is known is what the service listed on"
            " {moment}.",
            moment=words.short_moment(watched.reference_at),
        )
    texts = [
        words.count(
            "The service was looked at on {seen} of {number} day.",
            "The service was looked at on {seen} of {number} days.",
            len(watched.days),
            seen=words.number(watched.coverage.snapshot_days),
        )
    ]
    if first is not None:
        texts.append(
            words.say(
                "First look on {day}: what happened before it is not known, but for what was still"
                " listed then.",
                day=words.short_day(first),
            )
        )
    else:
        texts.append(
            words.say("What ran on the others is known only as far as it was still listed later.")
        )
    if days := watched.missed_since_first_look:
        texts.append(words.say("Not observed: {days}.", days=words.days(days)))
    return " ".join(texts)


def rarely_asked(watched: Watched, words: Words) -> str:
    """How rarely the service was asked, and what that means for the figures."""
    asked, share = _asked(watched, words), watched.share
    if watched.all_told:
        seen = words.say(
            "The history in the customer's own tenant lists the jobs that ran between two looks:"
            " none is known to be missing."
        )
    elif not share:
        seen = words.say(
            "Jobs that newer ones replaced before a look may not have been seen. Rates are of the"
            " jobs seen."
        )
    else:
        seen = words.say(
            "{share} of the time lies between looks no more than {length} apart: jobs that ran in"
            " the rest may not have been seen. Rates are of the jobs seen.",
            share=words.percent(share),
            length=words.duration(watched.watch_every_s),
        )
    return f"{asked} {seen}"


def _asked(watched: Watched, words: Words) -> str:
    if watched.interval_s is not None:
        return words.count(
            "The service was asked {number} time, every {length} on average.",
            "The service was asked {number} times, every {length} on average.",
            watched.coverage.snapshots,
            length=words.duration(watched.interval_s),
        )
    if watched.coverage.snapshots:
        return words.say(
            "The service was asked once, on {moment}.",
            moment=words.short_moment(watched.reference_at),
        )
    return words.say("The service was not asked in the period.")


def _preliminary(watched: Watched, words: Words) -> str:
    if watched.runs:
        return words.say(
            "Figures are those up to {moment}; the period ends after {day}.",
            moment=words.short_moment(watched.as_of),
            day=words.short_day(watched.period.last),
        )
    return words.say(
        "The last look was less than {length} after the period's end: its last jobs may still"
        " change.",
        length=words.duration(watched.watch_every_s),
    )


def why_not_judged(figures: Figures, allowed_s: float, watched: Watched, words: Words) -> str:
    """Why it cannot be judged whether the recovery-point target was met."""
    most = figures.longest_gap_at_most_s
    if most is None:
        return words.say("cannot be judged: no job is known")
    if watched.runs:
        day = words.short_moment(watched.as_of)
        return words.say("cannot be judged: the last look was on {day}", day=day)
    if watched.first_look is not None and most <= allowed_s:
        day = words.short_day(watched.first_look)
        return words.say("cannot be judged: first look on {day}", day=day)
    if most <= allowed_s:
        return words.say("cannot be judged: no recovery point is known before the period")
    if watched.interval_s is None:
        return (
            words.say("cannot be judged: asked once in the period")
            if watched.coverage.snapshots
            else words.say("cannot be judged: not asked in the period")
        )
    if watched.interval_s > watched.watch_every_s:
        return words.say(
            "cannot be judged: asked every {length}", length=words.duration(watched.interval_s)
        )
    return words.say(
        "cannot be judged: looks were more than {length} apart at times",
        length=words.duration(watched.watch_every_s),
    )


def not_compared(watch: Watch, previous: Previous | None, period: Period, words: Words) -> str:
    """Why there is nothing to compare a period with: no earlier data, or which of the two was not
    watched closely enough.
    """
    if previous is None:
        return words.say("There is no earlier data to compare with.")
    then, now = words.period(previous.period), words.period(period)
    if not previous.watch.comparable and not watch.comparable:
        return words.say(
            "Not compared with the period before: neither {then} nor {now} was watched closely"
            " enough.",
            then=then,
            now=now,
        )
    loose = [
        _observation(of_period, name, words)
        for name, of_period in ((then, previous.watch), (now, watch))
        if not of_period.comparable
    ]
    if not loose:
        return words.say("{period} has nothing this period could be compared with.", period=then)
    return words.say("Not compared with the period before: {why}.", why=loose[0])


def _observation(watch: Watch, period: str, words: Words) -> str:
    if watch.observed_days < WATCHED_ENOUGH * watch.days:
        return words.count(
            "{period} was observed on {seen} of {number} day",
            "{period} was observed on {seen} of {number} days",
            watch.days,
            period=period,
            seen=words.number(watch.observed_days),
        )
    return words.say(
        "{period} was watched closely enough for only {share} of its time",
        period=period,
        share=words.percent(watch.watched_share),
    )
