"""Summaries of reports, posted to a web address."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from reporter.config.credentials import NoSecret, find_secret
from reporter.config.settings import Settings
from reporter.delivery.interface import Claiming, Parcel
from reporter.delivery.result import Result
from reporter.delivery.webhook import post_summary, summary_of
from reporter.model import Customer
from reporter.run.assignment import Rendering


class WebhookChannel:
    """`webhook` in [delivery]."""

    title = "webhook"
    repeatable = False
    on_failure = ""
    on_refusals = "Check `webhook` in [delivery] and its secret."

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @classmethod
    def configured(cls, rendering: Rendering) -> WebhookChannel | None:
        return cls(rendering.settings) if rendering.settings.delivery.webhook else None

    def recipients(self, customer: Customer) -> Mapping[str, str]:
        """The part of the address that is not secret: anybody who knows the whole address of a
        chat's webhook can write to the chat.
        """
        parts = urlsplit(self._settings.delivery.webhook)
        return {f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}": ""}

    def deliver(self, parcel: Parcel, committing: Claiming) -> Mapping[str, Result]:
        settings, report = self._settings, parcel.report
        try:
            secret = find_secret(settings, "delivery.webhook_secret").value
        except NoSecret:
            secret = None  # not every receiver wants a signature
        result = post_summary(
            settings.delivery.webhook,
            summary_of(report.figures, list(report.files.values()), parcel.message_id),
            message_id=parcel.message_id,
            secret=secret,
            committing=lambda: committing(parcel.recipients),
            trust=settings.trust,
        )
        return dict.fromkeys(parcel.recipients, result)

    def reach(self) -> str:
        return ""  # a test message would be shown to people

    def close(self) -> None:
        """Nothing stays open."""
