"""What the service says beside the jobs: protected against scanned objects, and what was bought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from reporter.model import Answer, Product, Protected, Protection, Subscription, Told, share_of
from reporter.period import Period


def protection_of(told: Told, period: Period) -> Protection:
    """What is protected, line by line as the service lists it, and together."""
    lines = [module.figures for module in told.modules]
    shared = [line for line in lines if line.share is not None]
    totals = Protected(
        scanned=_sum(line.scanned for line in lines),
        protected=_sum(line.protected for line in lines),
        share=share_of(
            _sum(line.scanned for line in shared), _sum(line.protected for line in shared)
        ),
        bytes_avepoint=_sum(line.bytes_avepoint for line in lines),
        bytes_own=_sum(line.bytes_own for line in lines),
    )
    answer = told.answer
    return Protection(answered_at(answer, period), answer.absence, totals, told.modules)


def subscription_of(told: Told, period: Period, last_fetch: datetime) -> Subscription:
    """What the customer has bought, the soonest to expire first. Products that are no backup are
    counted, not listed.
    """
    judged_on = min(period.stop, last_fetch.date())
    products = [_with_days_left(product, judged_on) for product in told.products]
    ordered = sorted(
        products, key=lambda product: (product.expires_on or date.max, product.service)
    )
    answer = told.answer
    return Subscription(
        answered_at(answer, period),
        answer.absence,
        tuple(ordered),
        other_products=told.other_products,
    )


def _with_days_left(product: Product, judged_on: date) -> Product:
    expires_on = product.expires_on
    return replace(product, days_left=(expires_on - judged_on).days if expires_on else None)


def _sum(values: Iterable[int | None]) -> int | None:
    """The sum of the values that are known; None where none is."""
    there = [value for value in values if value is not None]
    return sum(there) if there else None


def answered_at(answer: Answer, period: Period) -> datetime | None:
    """When the service answered. A failed attempt has no time, so that a second one changes
    nothing.
    """
    if answer.absence or answer.asked_at is None:
        return None
    return answer.asked_at.astimezone(period.zone)
