"""The Restores and exports sheet: what the customer's own tenant tells beside the jobs."""

from __future__ import annotations

from reporter.model import RestoreJob
from reporter.render.tenant import (
    RESTORE_STATES,
    RESTORE_WORDS,
    ModuleSetting,
    module_settings,
    restores_title,
    retention_text,
    told_lines,
    untold_texts,
)
from reporter.render.workbook.book import Book
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import COUNT, HEADING, MOMENT, STATE_COLORS, WRAPPED, badge
from reporter.render.workbook.tables import (
    Column,
    widths_of,
    write_heading,
    write_note,
    write_table,
)
from reporter.render.workbook.titles import RESTORES


def add_restores(book: Book) -> None:
    """Restores and exports, then how backups are set; no sheet where the tenant was not asked."""
    report, words = book.report, book.words
    restores, settings = report.restores, report.settings
    if restores is None and settings is None and report.tenant_history is None:
        return
    columns = _columns(book)
    sheet = book.sheet(RESTORES, Layout(widths_of(columns), book.tab_color))
    sheet.row([sheet.cell(restores_title(restores, words), HEADING)], height=20)
    if restores:
        if restores.as_of:
            write_note(sheet, words.say("As of {moment}", moment=words.moment(restores.as_of)))
        write_table(book, sheet, "Restores", columns, restores.jobs)
    for text in (*untold_texts(report, words), *told_lines(report.tenant_history, words)):
        write_note(sheet, text)
    write_heading(sheet, words.say("How backups are set"))
    write_table(book, sheet, "Settings", _setting_columns(book), module_settings(settings))
    if kept := retention_text(settings, words):
        write_note(sheet, kept)


def _columns(book: Book) -> list[Column[RestoreJob]]:
    say, zone = book.words.say, book.report.period.timezone
    return [
        Column(say("Started ({timezone})", timezone=zone), 24, lambda j: j.started_at, MOMENT),
        Column(say("Ended ({timezone})", timezone=zone), 24, lambda j: j.ended_at, MOMENT),
        Column(say("What"), 14, lambda job: say(RESTORE_WORDS[job.kind])),
        Column(say("Module"), 30, lambda job: job.module),
        Column(
            say("Result"),
            24,
            lambda job: job.state,
            lambda job: badge(STATE_COLORS[RESTORE_STATES[job.outcome]]),
        ),
        Column(say("Objects total"), 14, lambda job: job.objects_total, COUNT),
        Column(say("Objects successful"), 14, lambda job: job.objects_successful, COUNT),
        Column(say("Objects failed"), 14, lambda job: job.objects_failed, COUNT),
        Column(say("Job ID"), 34, lambda job: job.job_id, WRAPPED),
    ]


def _setting_columns(book: Book) -> list[Column[ModuleSetting]]:
    say = book.words.say
    return [
        Column(say("Module"), 24, lambda setting: setting.module, WRAPPED),
        Column(say("Backups a day"), 24, lambda setting: setting.times_a_day, COUNT),
        Column(say("Kept"), 14, lambda setting: setting.kept, WRAPPED),
        Column(say("Kept without a plan"), 30, lambda setting: setting.kept_unassigned, WRAPPED),
    ]
