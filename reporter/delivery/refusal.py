"""Refusals that concern the sender or the account, and not the message or its recipients.

Every other message would get the same answer, so no report is given up because of it.
"""

from __future__ import annotations

import re
from typing import Final

MAY_NOT_SEND: Final = (
    "Check security, username, password and `from` in [mail], that the account may send as that "
    "address, and that the server takes mail from this machine."
)
HAS_SENT_TOO_MUCH: Final = (
    "The account has sent as much as it may for now: wait, or have its limit raised."
)

_ANSWER: Final = re.compile(
    r"(?P<status>\d{3})?[ -]?(?P<code>[245]\.\d{1,3}\.\d{1,3})?(?P<words>.*)", re.DOTALL
)
_CODE_OF_A_LINE: Final = re.compile(r"(?<!\S)[245]\.\d{1,3}\.\d{1,3}(?!\S)")
"""Google has one at the beginning of each line of an answer."""

# What servers answer to the sender, a recipient, and a message: by code where it stands for nothing
# else, by words where a server of that kind has them. Only what those who run such servers publish.
_OF_THE_SENDER: Final = (
    (
        # RFC 3463: the sender's address has no proper form, or its domain is not there.
        # Exchange: not logged in; may not send as that address; connector or tenant not known.
        # Exchange Online: may not send as that address, or has tried too often and is slowed down.
        re.compile(r"[45]\.1\.[78]|5\.7\.(57|60|64)|5\.2\.25[1-5]"),
        re.compile(
            "SendAsDenied"  # Exchange Online, with 5.2.0 or 5.2.252
            # Postfix, which keeps what it has against client and sender until there is a recipient.
            "|(sender address|helo command|client host) rejected"
            r"|client host \S+ blocked"
            "|relay access denied|relaying denied|unable to relay"  # Postfix, Sendmail, Exchange
            # Google Workspace: the account is closed; its relay knows neither domain nor machine.
            "|mail sending denied|mail relay denied|invalid credentials for relay",
            re.IGNORECASE,
        ),
        MAY_NOT_SEND,
    ),
    (
        # Exchange Online: recipients a day; the tenant's limits, or the tenant taken for a spammer.
        re.compile(r"5\.1\.90|5\.7\.(232|233|705|708|750)"),
        re.compile(
            "submission ?quota"  # Exchange Online, with 5.2.0
            # Google Workspace: messages a day, or at once, of an account or of all of them.
            "|sending (quota|limit) exceeded|relay limit exceeded|email quota exceeded"
            "|too (much mail|many recipients) from",  # Postfix: messages, recipients a minute
            re.IGNORECASE,
        ),
        HAS_SENT_TOO_MUCH,
    ),
)


def hint_of_sender(answer: str) -> str:
    """What to do where a mail server refuses the sender; empty where its answer does not.

    `answer` is its code and its words on one line.
    """
    match = _ANSWER.match(answer)
    assert match is not None  # it matches anything
    words = " ".join(_CODE_OF_A_LINE.sub("", match["words"]).split())
    for codes, phrases, hint in _OF_THE_SENDER:
        if codes.fullmatch(match["code"] or "") or phrases.search(words):
            return hint
    return ""


def words_of(answer: str) -> str:
    """An answer without the parts that differ each time: names of messages, addresses, numbers.

    The status at its beginning stays.
    """
    match = _ANSWER.match(answer)
    assert match is not None  # it matches anything
    words = (word for word in match["words"].split() if not re.search(r"[\d@]", word))
    return " ".join((match["status"] or "", match["code"] or "", *words)).casefold()
