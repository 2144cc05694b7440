"""The Users sheet: who is not protected, as far as the configuration lets people be named."""

from __future__ import annotations

from reporter.model import UnprotectedUser
from reporter.render.users import NAMING, stood_before, users_title
from reporter.render.workbook.book import Book
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import HEADING, WRAPPED
from reporter.render.workbook.tables import Column, fitting, widths_of, write_note, write_table
from reporter.render.workbook.titles import USERS


def add_users(book: Book) -> None:
    """The users under their message; no sheet where there are none, or nobody may be named."""
    report, words = book.report, book.words
    if report.names == "none" or not report.users.unprotected:
        return
    columns = _columns(book)
    sheet = book.sheet(USERS, Layout(widths_of(columns), book.tab_color))
    sheet.row([sheet.cell(users_title(report.users, words), HEADING)], height=20)
    write_note(sheet, words.say(NAMING[report.names]))
    write_table(book, sheet, "Users", columns, report.users.unprotected)


def _columns(book: Book) -> list[Column[UnprotectedUser]]:
    words, say, users = book.words, book.words.say, book.report.users.unprotected
    return [
        Column(say("Module"), fitting((u.module for u in users), 14, 24), lambda u: u.module),
        Column(say("User"), fitting((u.name for u in users), 16, 40), lambda u: u.name, WRAPPED),
        Column(
            say("Address"),
            fitting((u.address for u in users), 24, 60),
            lambda u: u.address,
            WRAPPED,
        ),
        Column(say("Before"), 36, lambda user: stood_before(user, words), WRAPPED),
    ]
