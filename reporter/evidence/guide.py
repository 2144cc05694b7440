"""The files in every bag for those who check it without us: README.txt and verify.sh."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from reporter.model import Names

README: Final = "README.txt"
SCRIPT: Final = "verify.sh"

_SIGNED: Final = """\
3.  It is signed. This checks the signature and shows the signer's certificate:

        openssl cms -verify -binary -inform DER -in tagmanifest-sha256.txt.p7s \\
          -content tagmanifest-sha256.txt -CAfile certificates.pem -partial_chain \\
          -purpose any -no_check_time -out /dev/null
        openssl x509 -in certificates.pem -noout -subject -dates -fingerprint -sha256
"""
_UNSIGNED: Final = """\
3.  It is NOT signed: no certificate was configured when it was made. Nothing in it
    shows who made it.
"""
_STAMPED: Final = """\
4.  A time-stamp authority ({authority}) confirms that it existed
    at the stamped time. CA.pem is that authority's own root certificate:

        openssl ts -verify -in {stamped}.tsr \\
          -data {stamped} -CAfile CA.pem

    If the .tsr file is missing, the authority did not answer when the bag was made.
"""
_UNSTAMPED: Final = """\
4.  It has NO time stamp: no authority was configured when it was made. Only the bag
    itself says when it was made.
"""
_TRUST_SIGNED: Final = """\
WHOM YOU TRUST

The signature is by

    {signer}

Anyone can make a certificate with any name: compare the fingerprint with the one that
the provider gave you in some other way. Whoever holds the key could still replace this
bag with another one. A time stamp and the chain are evidence against that: each bag of
this customer has a record that names the one before it, and reports and mails print the
root over them. Nobody can change a root that you noted yourself.
"""
_TRUST_UNSIGNED: Final = """\
WHOM YOU TRUST

Without a signature, whoever can write to the archive could have replaced this bag with
another one. The chain is evidence against that: each bag of this customer has a record
that names the one before it, and reports and mails print the root over them. Nobody can
change a root that you noted yourself.
"""
_NAMES: Final[dict[Names, str]] = {
    "full": """\
People's names and addresses stand in full in the reports ("full") and in the replies.
""",
    "masked": """\
People's names and addresses are masked in the reports ("masked"). In the replies, which
are exactly as received, they stand in full.
""",
    "none": """\
People's names and addresses are left out of the reports ("none"). In the replies, which
are exactly as received, they stand in full.
""",
}


def readme(title: str, signer: str | None, authority: str | None, names: Names) -> str:
    """The README of a bag that was signed, and stamped, by whoever is named; `names` says how
    people are named in its reports.
    """
    stamped = "tagmanifest-sha256.txt" + (".p7s" if signer else "")
    checks = [
        _SIGNED if signer else _UNSIGNED,
        _STAMPED.format(authority=authority, stamped=stamped) if authority else _UNSTAMPED,
    ]
    return _text(README).format(
        title=title,
        underline="=" * len(title),
        checks="\n".join(checks),
        names=_NAMES[names],
        pdf=", signed inside as well" if signer else "",
        trust=_TRUST_SIGNED.format(signer=signer) if signer else _TRUST_UNSIGNED,
    )


def script() -> str:
    """The script that checks a bag with sha256sum, find, sort and openssl alone."""
    return _text(SCRIPT)


def _text(name: str) -> str:
    return (files("reporter.evidence") / "auditor" / name).read_text("utf-8")
