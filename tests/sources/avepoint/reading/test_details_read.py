"""A job's details, row by row: what is documented is read, and what is not is kept and noted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from reporter.errors import ReplyError
from reporter.model import JobObject, Outcome, Reply
from reporter.sources.avepoint.reading.details import details_of
from tests.builders import NOW, make_object


def reply(body: object) -> Reply:
    return Reply("https://graph.example/details", NOW, "req-1", json.dumps(body).encode())


def read(**fields: Any) -> JobObject:
    """One object, read out of a reply."""
    (only,) = details_of([reply({"data": [make_object(**fields)], "metadata": {}})]).objects
    return only


def test_a_row_is_read_as_documented() -> None:
    """Times have seven digits after the point."""
    assert read() == JobObject(
        "Mailbox",
        "anna@contoso.example",
        Outcome.FAILED,
        datetime(2026, 10, 5, 1, 10, 38, 601724, UTC),
        "The mailbox is locked.",
        "Locked",
    )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0, Outcome.SUCCESS),
        (1, Outcome.FAILED),
        (2, Outcome.NOT_RUN),
        (3, Outcome.NOT_RUN),
        (4, Outcome.WARNING),
        ("4", Outcome.WARNING),
        ("Failed", Outcome.FAILED),
    ],
)
def test_statuses(status: object, outcome: Outcome) -> None:
    """As numbers, as documented; also as text, because nobody has seen them yet."""
    assert read(status=status).outcome is outcome


def test_what_is_unknown_is_kept_and_noted() -> None:
    """Nothing of it counts as a failure or as a success."""
    odd = read(status=9, type=99, finishTime="yesterday", comment=None, errorCode=17)
    assert (odd.outcome, odd.type, odd.finished_at) == (Outcome.UNKNOWN, "Unknown (99)", None)
    assert (odd.comment, odd.code) == ("", "17")
    assert sorted(odd.unread) == [("finishTime", "yesterday"), ("status", "9"), ("type", "99")]


def test_a_type_in_words_is_a_name() -> None:
    """It needs no note."""
    assert (read(type="Planner").type, read(type="Planner").unread) == ("Planner", ())


@pytest.mark.parametrize(
    ("metadata", "whole"),
    [
        ({}, True),
        ({"totalCount": 1}, True),
        ({"totalCount": "1", "skipToken": ""}, True),
        ({"totalCount": "2"}, False),
        ({"skipToken": "1|%!+="}, False),
    ],
)
def test_a_list_without_its_end_is_not_whole(metadata: object, whole: bool) -> None:
    """By its token, and by its count, which may be text."""
    assert details_of([reply({"data": [make_object()], "metadata": metadata})]).whole is whole


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"data": {}},
        {"data": ["a"]},
        {"data": [], "metadata": 1},
        {"data": [], "metadata": {"skipToken": 7}},
    ],
)
def test_another_shape_is_no_list_of_objects(body: object) -> None:
    """It is refused, and so kept as a reply that nobody could use."""
    with pytest.raises(ReplyError, match="not a list of objects"):
        details_of([reply(body)])
