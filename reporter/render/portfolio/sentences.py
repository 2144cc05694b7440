"""What the portfolio says: its messages as titles, and what became of a customer."""

from __future__ import annotations

from reporter.model import State
from reporter.render.portfolio.standing import Changes, Portfolio, Standing
from reporter.render.sentences import reason_text
from reporter.render.text import UNDEFINED, Words
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
    if totals.unknown:
        return words.count(
            "{healthy} of {number} customer met every target",
            "{healthy} of {number} customers met every target",
            totals.customers,
            healthy=words.number(totals.known),
        )
    return words.count(
        "The one customer met every target",
        "All {number} customers met every target",
        totals.customers,
    )


def unknown_title(portfolio: Portfolio, words: Words) -> str:
    """How many customers nothing is known of."""
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
            words.count("{number} without data", "{number} without data", totals.unknown),
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
            words.size(totals.bytes) if totals.jobs else UNDEFINED,
            words.count("in {number} job", "in {number} jobs", totals.jobs),
        ),
    ]


def ending_title(portfolio: Portfolio, words: Words) -> str:
    """How many products are to be renewed; none only as far as the subscriptions are known."""
    if portfolio.ending:
        return words.count(
            "{number} product has expired or does within 60 days",
            "{number} products have expired or do within 60 days",
            len(portfolio.ending),
        )
    if portfolio.unsubscribed == portfolio.totals.customers:
        return words.say("Subscriptions")
    return words.say("No product expires within 60 days")


def unsubscribed(portfolio: Portfolio, words: Words) -> str | None:
    """Of how many subscriptions nothing is known; None where all are."""
    if not portfolio.unsubscribed:
        return None
    return words.count(
        "Nothing is known of the subscription of {number} customer.",
        "Nothing is known of the subscriptions of {number} customers.",
        portfolio.unsubscribed,
    )


def changes_title(changes: Changes, words: Words) -> str:
    """What the changes come to."""
    if not any((changes.worse, changes.better, changes.new, changes.lost)):
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
        (words.say("New"), changes.new),
    )
    return [(kind, own) for kind, standings in kinds for own in standings]


def why(standing: Standing, words: Words) -> str:
    """The most pressing reason, or why nothing is known; empty where all is well."""
    if standing.error is not None:
        return standing.error
    return reason_text(standing.reason, words) if standing.reason else ""


def state_name(state: State | None, words: Words) -> str:
    """A state in words; no report is no data."""
    return words.state(state or State.NO_DATA)
