"""What people are shown of addresses and of texts from outside."""

from __future__ import annotations

import html
import json
import re
import string
import sys
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.errors import ReporterError, StoreError
from reporter.showing import (
    beginning,
    excerpt,
    harmless,
    has_password,
    keep_secret,
    one_line,
    without_passwords,
)

SECRETS = st.text(string.ascii_letters + string.digits + "@:/?#%&=+$!;,.~-_[]", min_size=6)


@pytest.mark.parametrize(
    ("address", "hidden"),
    [
        ("postgres://rep:SECRET@h/db", "postgres://rep:***@h/db"),
        ("mysql+pymysql://rep:SE%40CRET@h:3306/db", "mysql+pymysql://rep:***@h:3306/db"),
        (
            "postgresql://rep:SEC/RET@OR@h/db?sslmode=require",
            "postgresql://rep:***@h/db?sslmode=require",
        ),
        ("postgresql://rep:SECRET", "postgresql://rep:***"),
        ("postgresql://h:5432/db?password=SECRET", "postgresql://h:5432/db?password=***"),
        ("postgresql://h/db?user=u&p%61ssword=SECRET", "postgresql://h/db?user=u&p%61ssword=***"),
        ("http://reporter:SECRET@proxy.example:3128", "http://reporter:***@proxy.example:3128"),
        ("https://SECRET@stamps.example/tsa", "https://***@stamps.example/tsa"),
        (
            "https://stamps.example/tsa?apikey=SECRET&x=1",
            "https://stamps.example/tsa?apikey=***&x=1",
        ),
        ("tcp://dask:SECRET@10.0.0.5:8786", "tcp://dask:***@10.0.0.5:8786"),
        ("ftp://rep:SECRET@files.example/reports", "ftp://rep:***@files.example/reports"),
        ("host=h user=rep password=SECRET", "host=h user=rep password=***"),
    ],
)
def test_a_password_of_an_address_is_hidden(address: str, hidden: str) -> None:
    """Wherever in it the password stands; the rest still says which address it is."""
    assert without_passwords(address) == hidden
    assert has_password(address)
    assert without_passwords(f"It failed: {address!r}, twice.") == f"It failed: {hidden!r}, twice."


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:///reporter.db",
        "sqlite:////srv/a:b/me@home/reporter.db",
        "postgresql+psycopg://reporter@10.0.0.6/reporter",
        "postgresql+psycopg:///reporter?host=/run/postgresql",
        "tcp://10.0.0.5:8786",
        "https://graph.example/users/reports@provider.example/sendMail",
        "https://api.example:8443/jobs?$skiptoken=abc&mail=it@customer.example",
        "http://[::1]:8080/x",
        "http://[::1",
        "mailto:it@customer.example",
    ],
)
def test_an_address_without_a_password_is_shown_as_it_is(address: str) -> None:
    """Nothing is hidden that helps to find a fault."""
    assert without_passwords(address) == address
    assert not has_password(address)


@given(SECRETS, st.booleans())
def test_no_password_is_ever_shown(secret: str, encoded: bool) -> None:
    """Whatever characters it has, percent-encoded as it should be or not."""
    password = f"Q{quote(secret, safe='') if encoded else secret}Q"
    hidden = without_passwords(f"postgresql://reporter:{password}@db.example/reporter")
    assert password not in hidden
    assert hidden.startswith("postgresql://reporter:***")
    assert re.search(r"Q", hidden.removesuffix("@db.example/reporter")) is None


def test_no_error_of_ours_shows_a_password() -> None:
    """Neither in its message nor in its hint, whoever quoted the address."""
    error = StoreError(
        "No postgres://u:SECRET@h/db here.", hint="Look at postgres://u:SECRET@h/db."
    )
    assert "SECRET" not in error.explain() + repr(error)
    assert isinstance(error, ReporterError)


def test_a_text_from_outside_is_one_line_without_orders() -> None:
    """Line ends, terminal control sequences and marks that change the direction of writing become
    blanks.
    """
    text = "a\x1b[2J\x1b]0;t\x07\r\nERROR x\x85\x9b31m\u2028\u2066b\u2069\u200f\u202ec\u061c"
    assert harmless(text) == "a [2J ]0;t ERROR x 31m b c "
    assert one_line(text) == "a [2J ]0;t ERROR x 31m b c"
    assert harmless("  two  blanks  ") == "  two  blanks  "


def test_what_is_shown_is_short_and_harmless() -> None:
    """On one line, and nothing that a terminal obeys or that turns the direction of writing."""
    assert excerpt("a\n\x1b[2J\u202eb\ud83d\0ü 鍵") == "a [2J b ü 鍵"
    assert excerpt("x" * 200) == "x" * 200
    assert excerpt("x" * 201) == "x" * 200 + "…"
    assert sys.getsizeof(excerpt("\n" * 10_000_000)) < 1_000


@pytest.mark.parametrize(
    "secret", ["p%ss\"w'rd&<\\>/é", "two words, and +", "Pässwört", "A" * 4000]
)
def test_a_known_secret_is_hidden_as_others_write_it(secret: str) -> None:
    """As it is, and as addresses, forms, JSON, HTML and Python write it."""
    before = f"It is {secret}."
    assert excerpt(before, 10_000) == before
    keep_secret(secret)
    address = quote(secret, safe="")
    lower = re.sub("%..", lambda sign: sign[0].lower(), address)
    for written in (
        *(secret, address, lower, quote_plus(secret), html.escape(secret)),
        *(json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]),
        repr(secret)[1:-1],
    ):
        assert harmless(f"It is {written}, twice {written}.") == "It is ***, twice ***."
        assert str(StoreError(f"It is {written}.")) == "It is ***."


def test_the_beginning_of_a_known_secret_is_hidden() -> None:
    """Whoever truncates a text: a server before it sends, or this program before it shows."""
    token = "eyJhbGciOiJSUzI1NiJ9." + "x" * 900
    keep_secret(token)
    for length in (16, 40, 800):
        assert harmless(f"no {token[:length]}… for you") == "no ***… for you"
    assert excerpt(f"no {token}", 20) == "no ***"
    assert beginning(b"\xff" * 3 + b"Token " + token.encode(), 12) == "\ufffd\ufffd\ufffdToken ***"
    assert excerpt("x" * 9_980 + token, 20_000) == "x" * 9_980 + "***"


@pytest.mark.parametrize("word", ["", "secret", "pass123", "reporter", "Reporter"])
def test_a_part_of_many_words_is_not_a_secret(word: str) -> None:
    """Hiding it would give it away, and leave unreadable sentences."""
    keep_secret(word)
    text = "The secret of reporter is pass123."
    assert harmless(text) == text


@pytest.mark.parametrize(
    "words",
    [
        "Bearer eyJhbGciOiJSUzI1NiJ9",
        "bearer: 0123456789abcdef",
        "Authorization: Bearer%200123456789abcdef",
        "x?Bearer+0123456789abcdef",
        "Bearer  0123456789.abcdef",
    ],
)
def test_what_follows_bearer_is_hidden(words: str) -> None:
    """Whether or not it is known: it is a token, whoever it belongs to."""
    hidden = harmless(f"sent '{words}', refused")
    assert re.fullmatch(r"sent '.*(?i:bearer)\W*(%20)?\*\*\*', refused", hidden)
    assert harmless("It sent (Bearer 0123456789.abcdef).") == "It sent (Bearer ***)."
    for ordinary in ("The bearer token has run out", "the bearer of this letter", "401 Bearer e=1"):
        assert harmless(ordinary) == ordinary


def test_a_word_that_is_a_password_stays_a_part_of_others() -> None:
    """The most common pair of user name and password."""
    keep_secret("postgres")
    assert harmless("postgresql://h/db in /var/lib/postgresql") == (
        "postgresql://h/db in /var/lib/postgresql"
    )
    assert harmless("password postgres refused") == "password *** refused"


def test_whether_an_address_has_a_password_depends_on_its_form() -> None:
    """And not on what is a secret elsewhere: a host may have the same name."""
    keep_secret("provider1")
    assert not has_password("smtp.provider1.example")
    assert not has_password("the bearer of 0123456789abcdefgh")
    assert has_password("https://u:provider1@h/")


@pytest.mark.parametrize("text", ["?a" * 32_000, "a." * 32_000, "Bearer " * 9_000, "eyJ" * 20_000])
def test_a_long_text_is_looked_through_in_one_pass(text: str) -> None:
    """Mail servers may send 64 KiB."""
    begun = time.process_time()
    without_passwords(text)
    assert time.process_time() - begun < 2


def test_what_looks_like_a_signed_token_is_hidden() -> None:
    """Also one that an endpoint mentions but never issued."""
    token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln-_nature"
    assert harmless(f"token {token} was issued.") == "token *** was issued."
    assert harmless("eyJ is no token, nor is heyJhbGciOiJSUzI1NiJ9") == (
        "eyJ is no token, nor is heyJhbGciOiJSUzI1NiJ9"
    )
