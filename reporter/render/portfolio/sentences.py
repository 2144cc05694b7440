"""What the portfolio says: its messages as titles, and what became of a customer."""

from __future__ import annotations

from reporter.model import Changes, Portfolio, ReasonKind, Standing, State, Totals
from reporter.render.sentences import reason_text
from reporter.render.text import UNDEFINED, Words, counted
from reporter.render.verdict import Tile


def portfolio_headline(portfolio: Portfolio, words: Words) -> str:
    """What a provider with ten seconds should know; never all well where somebody is unknown."""
    totals = portfolio.totals
    if not totals.known:
        return words.say("Nothing is known of any customer's backups")
    if totals.need_action:
        return words.count(
            "{needy} of {number} customer needs action",
            "{needy} of {number} customers need action",
            totals.customers,
            needy=words.number(totals.need_action),
        )
    healthy = totals.by_state[State.HEALTHY]
    if totals.not_judged:
        return words.count(
            "{healthy} of {number} customer is healthy, as far as can be judged",
            "{healthy} of {number} customers are healthy, as far as can be judged",
            totals.customers,
            healthy=words.number(healthy),
        )
    if healthy < totals.customers:
        return words.count(
            "{healthy} of {number} customer met every target",
            "{healthy} of {number} customers met every target",
            totals.customers,
            healthy=words.number(healthy),
        )
    return words.count(
        "The one customer met every target",
        "All {number} customers met every target",
        totals.customers,
    )


def standing_marks(standing: Standing, words: Words) -> list[str]:
    """How closely the customer was watched, where that was not closely enough."""
    if not standing.known:
        return []
    marks = [] if standing.complete else [words.say("INCOMPLETE")]
    marks += [words.say("SPARSE")] if standing.sparse else []
    return marks + ([] if standing.final else [words.say("PRELIMINARY")])


def not_judged(standing: Standing, words: Words) -> str | None:
    """How many scopes have a recovery-point target that cannot be judged; None without any."""
    if not standing.not_judged:
        return None
    return words.count(
        "{some} of {number} scope not judged",
        "{some} of {number} scopes not judged",
        standing.scopes_seen,
        some=words.number(standing.not_judged),
    )


def portfolio_notes(portfolio: Portfolio, words: Words) -> list[str]:
    """What a reader must know about the figures of all customers: who was not watched closely, what
    cannot be judged, and who is left out.
    """
    totals, standings = portfolio.totals, portfolio.standings
    incomplete = sum(not standing.complete for standing in standings)
    sparse = sum(standing.sparse for standing in standings)
    preliminary = sum(not standing.final for standing in standings)
    notes = [
        (
            incomplete,
            counted(
                "INCOMPLETE: {number} customer was not looked at on every day.",
                "INCOMPLETE: {number} customers were not looked at on every day.",
            ),
        ),
        (
            sparse,
            counted(
                "SPARSE: {number} customer was asked too rarely to see every job.",
                "SPARSE: {number} customers were asked too rarely to see every job.",
            ),
        ),
        (
            preliminary,
            counted(
                "PRELIMINARY: the figures of {number} customer may still change.",
                "PRELIMINARY: the figures of {number} customers may still change.",
            ),
        ),
        (
            totals.not_judged,
            counted(
                "For {number} scope the recovery-point target cannot be judged.",
                "For {number} scopes the recovery-point target cannot be judged.",
            ),
        ),
        (
            portfolio.too_young,
            counted(
                "{number} further customer is left out: nothing was known of it in this period.",
                "{number} further customers are left out: nothing was known of them in this "
                "period.",
            ),
        ),
    ]
    return [words.count(*text, number) for number, text in notes if number]


def unknown_title(portfolio: Portfolio, words: Words) -> str:
    """How many customers have no data."""
    return words.count(
        "Nothing is known of {number} customer",
        "Nothing is known of {number} customers",
        portfolio.totals.unknown,
    )


def portfolio_tiles(portfolio: Portfolio, words: Words) -> list[Tile]:
    """Customers, success rate and volume of all together."""
    totals = portfolio.totals
    healthy = totals.by_state[State.HEALTHY]
    return [
        Tile(
            words.say("Healthy customers"),
            words.say(
                "{some} of {all}", some=words.number(healthy), all=words.number(totals.customers)
            ),
            words.count(
                "nothing is known of {number}", "nothing is known of {number}", totals.unknown
            )
            if totals.unknown
            else "",
        ),
        Tile(
            words.say("Success rate"),
            words.percent(totals.success_rate),
            words.count("of {number} completed job", "of {number} completed jobs", totals.completed)
            if totals.completed
            else words.say("no job was completed"),
        ),
        Tile(
            words.say("Backed up"),
            volume(totals.bytes, totals.jobs, words),
            _sized(totals, words),
        ),
        Tile(
            words.say("Stored"),
            words.size(totals.stored_bytes),
            words.count(
                "known of {some} of {number} customer",
                "known of {some} of {number} customers",
                totals.customers,
                some=words.number(totals.told_stored),
            ),
        ),
    ]


def volume(size: int | None, jobs: int, words: Words) -> str:
    """What was backed up; a dash without jobs, "not given" where the service gives no sizes."""
    if not jobs:
        return UNDEFINED
    return words.say("not given") if size is None else words.size(size)


def _sized(totals: Totals, words: Words) -> str:
    """How many jobs the volume is from; how many customers, where not all give sizes."""
    if totals.sized == totals.with_jobs:
        return words.count("in {number} job", "in {number} jobs", totals.jobs)
    return words.count(
        "of {some} of {number} customer with jobs",
        "of {some} of {number} customers with jobs",
        totals.with_jobs,
        some=words.number(totals.sized),
    )


def ending_title(portfolio: Portfolio, words: Words) -> str:
    """How many products are to be renewed, as far as the subscriptions are known."""
    if portfolio.ending:
        return words.count(
            "{number} product has expired or will within 60 days",
            "{number} products have expired or will within 60 days",
            len(portfolio.ending),
        )
    if portfolio.unsubscribed == portfolio.totals.customers:
        return words.say("Subscriptions")
    return words.say("No product expires within 60 days")


def unsubscribed(portfolio: Portfolio, words: Words) -> str | None:
    """For how many customers no subscription is known; None where all are."""
    if not portfolio.unsubscribed:
        return None
    return words.count(
        "Nothing is known of the subscription of {number} customer.",
        "Nothing is known of the subscriptions of {number} customers.",
        portfolio.unsubscribed,
    )


def changes_title(changes: Changes, words: Words) -> str:
    """What the changes come to."""
    if not any((changes.worse, changes.better, changes.other, changes.new, changes.lost)):
        return words.say("No customer's state changed")
    return words.say(
        "{worse} became worse, {better} better",
        worse=words.number(len(changes.worse)),
        better=words.number(len(changes.better)),
    )


def changed(changes: Changes, words: Words) -> list[tuple[str, Standing]]:
    """Each changed customer with what became of it."""
    kinds = (
        (words.say("Became worse"), changes.worse),
        (words.say("No data now"), changes.lost),
        (words.say("Became better"), changes.better),
        (words.say("Other state"), changes.other),
        (words.say("New"), changes.new),
    )
    return [(kind, standing) for kind, standings in kinds for standing in standings]


def why(standing: Standing, words: Words) -> str:
    """The most pressing reason, or why nothing is known; empty where nothing needs action."""
    if standing.error is not None:
        return standing.error
    if standing.reason is None or standing.reason.kind in (ReasonKind.IDLE, ReasonKind.OFF):
        return ""
    return reason_text(standing.reason, words)


def state_name(state: State | None, words: Words) -> str:
    """A state in words; no report is no data."""
    return words.state(state or State.NO_DATA)
