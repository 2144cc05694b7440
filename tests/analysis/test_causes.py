"""Causes that are made comparable."""

from __future__ import annotations

import time

import pytest

from reporter.jobs.causes import cause_of, code_of

GUID = "2b0c7a1e-93f4-4c1d-8a55-0f4e6d1b7c22"


@pytest.mark.parametrize(
    ("comment", "cause"),
    [
        ("", ""),
        ("The mailbox is locked.", "The mailbox is locked."),
        ("Mailbox anna@contoso.example is locked.", "Mailbox … is locked."),
        (f"Access denied. Correlation id: {GUID}", "Access denied. Correlation id: …"),
        ("Throttled 17 times, last at 02:14:07.", "Throttled … times, last at …."),
        ("See https://contoso.example/sites/a?b=1 for more", "See … for more"),
        ("On 2026-10-05T01:10:38.6017245Z: 1,024 of 2,048", "On … of …"),
        ("邮箱anna@contoso.com被锁定", "邮箱…被锁定"),
        ("错误403：访问被拒绝", "错误…：访问被拒绝"),
        ("/personal/anna_kowalski_contoso_com/Documents is full", "… is full"),
        ("CONTOSO\\anna.kowalski has no licence", "… has no licence"),
        ('"anna kowalski"@contoso.com, anna.kowalski＠contoso.com', "…"),
        (f"{'x' * 25} " + "\n".join(["anna@contoso.example"] * 60), f"{'x' * 25} …"),
        ("Finance Team could not be read", "… could not be read"),
        ("  too \n many\tspaces ", "too many spaces"),
        ("Zugriff auf „Größe“ verweigert", "Zugriff auf „Größe“ verweigert"),
        ("エラー 503 が発生しました", "エラー … が発生しました"),
        ("<b>bold</b> & =1+1", "<b>bold</b> & =…+…"),
    ],
)
def test_what_differs_from_job_to_job_is_taken_out(comment: str, cause: str) -> None:
    """Two comments on the same fault are one cause; nothing else changes."""
    assert cause_of(comment, "Finance Team") == cause


def test_the_words_of_an_address_are_taken_out() -> None:
    """The service may write the name of the person whose mailbox it is."""
    title = "anna.kowalski@contoso.example"
    assert cause_of("Anna Kowalski has no licence", title) == "… has no licence"
    assert cause_of("The annals are full", title) == "The annals are full"


@pytest.mark.parametrize(
    ("comment", "title", "cause"),
    [
        ("Mailbox ANNA KOWALSKI not found", "Anna Kowalski", "Mailbox … not found"),
        ("Kowalski has no licence", "Anna Kowalski", "… has no licence"),
        ("Li Wei locked it in time", "li.wei@x.example", "… locked it in time"),
        ("花子さんはロック", "花子@x.example", "…さんはロック"),
        ("Anna Keller: full", "https://x.example/personal/anna_keller_x", "…: full"),
        ("The mailbox is full", "Shared Mailbox", "The mailbox is full"),
        ("Ben.Smith%40x.example shared it", "Anna Keller", "… shared it"),
        ("The site is full", "https://x.example/sites/full", "The site is full"),
    ],
)
def test_names_in_a_title_are_taken_out(comment: str, title: str, cause: str) -> None:
    """Whatever their case; words that name nobody stay."""
    assert cause_of(comment, title) == cause


def test_codes_tell_no_addresses() -> None:
    """A code is as it is, else."""
    assert code_of("0x80131500-Locked") == "0x80131500-Locked"
    assert code_of("Locked:anna@contoso.example") == "Locked:…"
    assert len(code_of("A" * 5_000)) == 100


def test_a_long_comment_is_shortened_and_takes_no_time() -> None:
    """Whatever stands in it."""
    for piece in ("a@", "1-", "x://", "é 1,", "a1b2" * 4, "..", "@", "错", "A-", '"a ', "a\\", "9"):
        begun = time.process_time()
        cause = cause_of(piece * 5_000, "title")
        assert len(cause) <= 200
        assert time.process_time() - begun < 2
