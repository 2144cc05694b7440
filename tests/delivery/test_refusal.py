"""Which answers of mail servers are about the sender, and which are the same answer again."""

from __future__ import annotations

import pytest

from reporter.delivery.refusal import (
    HAS_SENT_TOO_MUCH,
    MAY_NOT_SEND,
    hint_of_sender,
    words_of,
)

OF_THE_SENDER = [
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    "554 5.2.252 SendAsDenied; login@provider.example not allowed to send as it@provider.example; "
    "STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to "
    "process message due to a permanent exception with message Cannot submit message. "
    "0.35250:1F009983, 1.36674:0A000000",
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
    "550 5.2.252 Sender throttled due to continuous send as denied errors.",
    "550 5.2.253 Sender throttled due to continuous invalid license errors.",
    "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
    "550 5.7.64 TenantAttribution; Relay Access Denied",
    "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    "550 5.1.8 Access denied, bad outbound sender AS(42004)",
    "450 4.1.8 <reports@provider.example>: Sender address rejected: Domain not found",
    "501 5.1.7 Bad sender address syntax",
    "553 5.7.1 <reports@provider.example>: Sender address rejected: not owned by user jane",
    "504 5.5.2 <machine>: Helo command rejected: need fully-qualified hostname",
    "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]",
    "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using list.example",
    "554 5.7.1 <it@contoso.example>: Relay access denied",
    "550 5.7.1 <it@contoso.example>... Relaying denied",
    "550 5.7.0 Mail relay denied [192.0.2.7]. Invalid credentials for relay for 5.7.0 one of the "
    "domains in: provider.example (as obtained from HELO and 5.7.0 MAIL FROM).",
    "550 5.7.1 Invalid credentials 5.7.1 for relay [192.0.2.7].",
    "550 5.7.0 Mail Sending denied. This error occurs if the sender account is disabled",
]
OF_ITS_LIMITS = [
    "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message "
    "recipients",
    "550 5.7.705 Access denied, tenant has exceeded threshold",
    "550 5.7.233 Your message can't be sent because your tenant exceeded its daily limit",
    "550 5.4.5 Daily user sending quota exceeded. o65sm25351206pga.71 - gsmtp",
    "550 5.4.5 Daily user sending limit exceeded.",
    "550 5.7.1 Daily SMTP relay limit exceeded for customer. For more information on 5.7.1 SMTP "
    "relay sending limits please contact your administrator",
    "450 4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error.",
    "550 5.7.1 Email quota exceeded.",
    "450 4.7.1 Error: too much mail from 192.0.2.7",
    "450 4.7.1 Error: too many recipients from 192.0.2.7",
]
OF_A_MESSAGE_OR_ITS_RECIPIENT = [
    "550 5.1.1 <gone@contoso.example>: Recipient address rejected: User unknown",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "450 4.7.1 <it@contoso.example>: Recipient address rejected: Greylisted, see 4.1.8 there",
    "451 4.7.1 come back later",
    "452 4.2.2 The email account that you tried to reach is over quota.",
    "554 5.2.2 mailbox full; quota exceeded",
    "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents more",
    "452 4.5.3 Your message has too many recipients. For more information regarding Google's "
    "sending limits, see there",
    "552 5.3.4 Message size exceeds fixed limit",
    "554 5.7.1 looks like spam",
    "550 5.7.1 This message violates example.com email policy. - gcdp a1-20020 - gsmtp",
    "554 5.6.0 Mail message is malformed. Not accepted.",
    "550 no, mail from host 5.1.8.4 is not",
    "421 4.3.2 shutting down",
    "554",
    "",
]


@pytest.mark.parametrize("answer", OF_THE_SENDER)
def test_an_answer_that_says_who_may_not_send(answer: str) -> None:
    """By the code where it is unambiguous, by the server's own words elsewhere."""
    assert hint_of_sender(answer) == MAY_NOT_SEND
    assert "`from` in [mail]" in MAY_NOT_SEND


@pytest.mark.parametrize("answer", OF_ITS_LIMITS)
def test_an_answer_that_says_that_too_much_was_sent(answer: str) -> None:
    """A limit of the account, of all accounts, or of a minute."""
    assert hint_of_sender(answer) == HAS_SENT_TOO_MUCH


@pytest.mark.parametrize("answer", OF_A_MESSAGE_OR_ITS_RECIPIENT)
def test_an_answer_that_is_about_one_message_or_recipient(answer: str) -> None:
    """Though it mentions quotas, limits and senders: the next message may well be accepted."""
    assert hint_of_sender(answer) == ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("554 5.7.1 no, id 4XK2 (c31sm1401185itd.5)", "554 5.7.1 No, id 7QQ9 (b6sm77plz.51)"),
        (
            "554 5.2.99 denied a@b.example 1.36674:0A [AM6PR.example 2026-11-26T10:00:00]",
            "554 5.2.99 denied c@d.example 1.36674:0E [BY2PR1001.example 2026-11-26T10:00:03]",
        ),
        ("403 Forbidden: ErrorOdd: no 17", "403 Forbidden: ErrorOdd: no 18"),
    ],
)
def test_the_same_words_again(first: str, second: str) -> None:
    """Whatever a server writes of the message, its id, its time and its recipient."""
    assert words_of(first) == words_of(second)


@pytest.mark.parametrize(
    "other",
    ["550 5.7.1 looks like spam", "554 5.7.0 looks like spam", "554 5.7.1 looks like a virus"],
)
def test_other_words(other: str) -> None:
    """Another status, another code, another reason."""
    assert words_of("554 5.7.1 looks like spam") != words_of(other)
