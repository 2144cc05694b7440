"""Protected data and subscriptions in words: the messages of their section, or why it is empty."""

from __future__ import annotations

from typing import Final

from reporter.model import Lack, Product, Protection, Subscription
from reporter.render.sentences import module_label
from reporter.render.text import Words, marked

_NO_PROTECTION: Final = {
    Lack.NOT_PERMITTED: marked(
        "Protected data may not be read: the app registration lacks the permission {said}, or "
        "leaves this customer out."
    ),
    Lack.NOT_THERE: marked("The service knows of no protected data of this customer."),
    Lack.FAILED: marked("Protected data could not be read. {said}"),
    Lack.NEVER_FETCHED: marked("Protected data has never been fetched."),
    Lack.SAVED_REPLIES: marked("The saved replies about jobs say nothing of protected data."),
}
_NO_SUBSCRIPTION: Final = {
    Lack.NOT_PERMITTED: marked(
        "The subscription may not be read: the app registration lacks the permission {said}, or "
        "leaves this customer out."
    ),
    Lack.NOT_THERE: marked("The service knows of no subscription of this customer."),
    Lack.FAILED: marked("The subscription could not be read. {said}"),
    Lack.NEVER_FETCHED: marked("The subscription has never been fetched."),
    Lack.SAVED_REPLIES: marked("The saved replies about jobs say nothing of the subscription."),
}


def no_protection(protection: Protection, words: Words) -> str | None:
    """Why there is no protected data to show; None where there is."""
    if absence := protection.absence:
        return words.say(_NO_PROTECTION[absence.kind], said=absence.said)
    if not protection.modules:
        return words.say(
            "The service lists no protected data of this customer; it lists that of "
            "Microsoft 365 alone."
        )
    return None


def no_subscription(subscription: Subscription, words: Words) -> str | None:
    """Why there is no subscription to show; None where there is."""
    if absence := subscription.absence:
        return words.say(_NO_SUBSCRIPTION[absence.kind], said=absence.said)
    if not subscription.products:
        return words.say("The service lists no product of this customer.")
    return None


def protection_title(protection: Protection, words: Words) -> str:
    """The message: what is least protected, or that all is."""
    shares = [(module.figures.share, module) for module in protection.modules]
    known = [(share, module) for share, module in shares if share is not None]
    if not known:
        return words.say("Protected data")
    share, worst = min(known, key=lambda pair: pair[0])
    if share < 1:
        return words.say(
            "{module}: {protected} of {scanned} objects found are protected",
            module=module_label(worst.service, worst.module),
            protected=words.number(worst.figures.protected),
            scanned=words.number(worst.figures.scanned),
        )
    if len(known) < len(shares):
        return words.count(
            "All objects found are protected; {number} module has no share",
            "All objects found are protected; {number} modules have no share",
            len(shares) - len(known),
        )
    return words.count(
        "The one object found is protected",
        "All {number} objects found are protected",
        protection.totals.scanned or 0,
    )


def subscription_title(subscription: Subscription, words: Words) -> str:
    """The message: what expires first, what is used beyond what was bought, or that all is well."""
    products = subscription.products
    for product in products:
        if product.expired:
            return words.say("{product} has expired", product=product.service)
        if product.ending:
            return words.count(
                "{product} expires in {number} day",
                "{product} expires in {number} days",
                product.days_left or 0,
                product=product.service,
            )
    for product in products:
        if product.over_capacity:
            return words.say(
                "{product}: more is protected than was bought", product=product.service
            )
        if product.over_seats:
            return words.say(
                "{product}: more licences in use than seats bought", product=product.service
            )
    if products and all(product.days_left is not None for product in products):
        return words.say("No product expires within 60 days")
    return words.say("Subscription")


def remaining(product: Product, words: Words) -> str:
    """How long a product lasts, where it ends soon; else empty."""
    if product.days_left is None or not product.ending:
        return ""
    if product.expired:
        return words.count("{number} day ago", "{number} days ago", -product.days_left)
    return words.count("{number} day left", "{number} days left", product.days_left)
