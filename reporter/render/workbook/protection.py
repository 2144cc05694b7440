"""The Protection sheet: protected against scanned objects, users by module, and what was bought."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from reporter.model import ModuleUsers, Product, ProtectedModule, Protection, State, Subscription
from reporter.render.protection import (
    no_protection,
    no_subscription,
    protection_title,
    remaining,
    subscription_title,
)
from reporter.render.users import NAMING, no_users, users_title
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import gigabytes
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import (
    CENTERED,
    COUNT,
    DAY,
    HEADING,
    SIZE,
    STATE_COLORS,
    WRAPPED,
    Style,
    badge,
    rate_style,
)
from reporter.render.workbook.tables import Column, fitting, widths_of, write_note, write_table
from reporter.render.workbook.titles import PROTECTION

_CAPACITY: Final = 14


def add_protection(book: Book) -> None:
    """Three tables, each under its message; or why there is none."""
    report, words = book.report, book.words
    modules, products = _module_columns(book, report.protection), _product_columns(book)
    # The tables stand below one another and share their columns.
    shared = list(zip(widths_of(modules), widths_of(products), strict=False))
    widths = [max(pair) for pair in shared] + widths_of(products)[len(shared) :]
    layout = Layout(widths, _color(book), header_columns="A:B", pages_wide=2)
    sheet = book.sheet(PROTECTION, layout)
    _heading(book, sheet, protection_title(report.protection, words), report.protection.as_of)
    write_table(book, sheet, "Protected", modules, report.protection.modules)
    if note := no_protection(report.protection, words):
        write_note(sheet, note)
    sheet.row()
    _heading(book, sheet, users_title(report.users, words), report.users.as_of)
    write_table(book, sheet, "Users_by_module", _user_columns(book), report.users.modules)
    if note := no_users(report.users, words):
        write_note(sheet, note)
    elif report.users.unprotected:
        write_note(sheet, words.say(NAMING[report.names]))
    sheet.row()
    _heading(book, sheet, subscription_title(report.subscription, words), report.subscription.as_of)
    write_table(book, sheet, "Subscription", products, report.subscription.products)
    if note := no_subscription(report.subscription, words):
        write_note(sheet, note)


def _color(book: Book) -> str:
    ending = any(product.ending for product in book.report.subscription.products)
    return STATE_COLORS[State.ATTENTION] if ending else book.tab_color


def _heading(book: Book, sheet: Sheet, title: str, as_of: datetime | None) -> None:
    sheet.row([sheet.cell(title, HEADING)], height=20)
    if as_of:
        write_note(sheet, book.words.say("As of {moment}", moment=book.words.moment(as_of)))


def _module_columns(book: Book, protection: Protection) -> list[Column[ProtectedModule]]:
    say, policy, modules = book.words.say, book.report.policy, protection.modules
    return [
        Column(say("Service"), fitting((m.service for m in modules), 16, 34), lambda m: m.service),
        Column(say("Module"), fitting((m.module for m in modules), 16, 40), lambda m: m.module),
        Column(say("Objects found"), 16, lambda module: module.figures.scanned, COUNT),
        Column(say("Objects protected"), 14, lambda module: module.figures.protected, COUNT),
        Column(
            say("Share"),
            14,
            lambda module: module.figures.share,
            lambda module: rate_style(module.figures.share),
        ),
        Column(
            say("In AvePoint's storage (GB)"),
            _CAPACITY,
            lambda module: gigabytes(module.figures.bytes_avepoint, policy),
            SIZE,
        ),
        Column(
            say("In own storage (GB)"),
            _CAPACITY,
            lambda module: gigabytes(module.figures.bytes_own, policy),
            SIZE,
        ),
    ]


def _user_columns(book: Book) -> list[Column[ModuleUsers]]:
    say, modules = book.words.say, book.report.users.modules
    return [
        Column(say("Module"), fitting((m.module for m in modules), 16, 34), lambda m: m.module),
        Column(say("Users"), 16, lambda module: module.users, COUNT),
        Column(say("Without protection"), 16, lambda module: module.unprotected, COUNT),
        Column(say("Before the period"), 14, lambda module: module.unprotected_before, COUNT),
    ]


def _product_columns(book: Book) -> list[Column[Product]]:
    words, say, policy = book.words, book.words.say, book.report.policy
    subscription: Subscription = book.report.subscription
    names = [product.service for product in subscription.products]
    return [
        Column(say("Product"), fitting(names, 16, 44), lambda product: product.service, WRAPPED),
        Column(say("Subscription"), 24, lambda product: product.name, WRAPPED),
        Column(say("Counted by"), 16, lambda product: product.model, WRAPPED),
        Column(say("Seats"), 10, lambda product: product.seats, COUNT),
        Column(
            say("Licences assigned"),
            14,
            lambda product: product.licences_assigned,
            lambda product: _beyond(COUNT, beyond=product.over_seats),
        ),
        Column(say("Licences available"), 14, lambda product: product.licences_available, COUNT),
        Column(say("Units"), 14, lambda product: product.units, COUNT),
        Column(
            say("Capacity (GB)"),
            _CAPACITY,
            lambda product: gigabytes(product.capacity_bytes, policy),
            SIZE,
        ),
        Column(
            say("Protected (GB)"),
            _CAPACITY,
            lambda product: gigabytes(product.protected_bytes, policy),
            lambda product: _beyond(SIZE, beyond=product.over_capacity),
        ),
        Column(
            say("Storage used (GB)"),
            _CAPACITY,
            lambda product: gigabytes(product.consumed_bytes, policy),
            SIZE,
        ),
        Column(say("Storage"), 20, lambda product: product.storage, replace(WRAPPED, indent=1)),
        Column(say("Retention"), 26, lambda product: product.retention, WRAPPED),
        Column(say("Expires"), 12, lambda product: product.expires_on, _expiry_style),
        Column(say("Days left"), 10, lambda product: product.days_left, COUNT),
        Column(say("Remark"), 18, lambda product: remaining(product, words) or None, CENTERED),
        Column(say("Contract ends"), 12, lambda product: product.contract_ends_on, DAY),
    ]


def _expiry_style(product: Product) -> Style:
    if not product.ending:
        return DAY
    state = State.CRITICAL if product.expired else State.ATTENTION
    return _filled(DAY, STATE_COLORS[state])


def _beyond(style: Style, *, beyond: bool) -> Style:
    return _filled(style, STATE_COLORS[State.CRITICAL]) if beyond else style


def _filled(style: Style, color: str) -> Style:
    """A number on a colour, in ink that can be read on it."""
    ink = badge(color)
    return replace(style, fill=ink.fill, color=ink.color)
