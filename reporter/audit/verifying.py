"""`reporter verify`: verdicts on what a stranger may have made, each in a process with limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import TypeAdapter

from reporter.audit.recomputing import recomputed
from reporter.errors import EvidenceError, UsageError
from reporter.evidence.bag import is_bag, size_of
from reporter.evidence.chain import FOLDER, NO_BAGS, read_chain
from reporter.evidence.history import verify_chain, verify_membership
from reporter.evidence.verify import Verdict, unreadable, verify_bag
from reporter.finding import Finding
from reporter.run.workers.confined import Limits, Unfinished, confined, preload

_SECONDS: Final = 60
_SECONDS_PER_MB: Final = 4
_MOST_SECONDS: Final = 300
_MEMORY: Final = 3 << 30
_LARGEST_FILE: Final = 1 << 30
_VERDICT: Final = TypeAdapter(Verdict)


@dataclass(frozen=True, slots=True)
class Terms:
    """How bags are verified: at what time, trusting whom, and whether their templates are run."""

    now: datetime
    trusted: tuple[bytes, ...] = ()
    """The certificates to be trusted, as DER."""
    run_templates: bool = False
    """Whether the provider's own templates in a bag are run, where the signature is trusted."""

    @classmethod
    def of(
        cls, now: datetime, trusted: Sequence[x509.Certificate], *, run_templates: bool
    ) -> Terms:
        """The terms for somebody who trusts these certificates.

        Raises:
            UsageError: templates are to be run, and no certificate is trusted.
        """
        if run_templates and not trusted:
            raise UsageError(
                "--run-templates runs what somebody has put into a bag.",
                hint="Name the certificate of the signer you trust with --trust CERT.pem.",
            )
        ders = tuple(certificate.public_bytes(Encoding.DER) for certificate in trusted)
        return cls(now, ders, run_templates)

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """The certificates to be trusted."""
        return tuple(map(x509.load_der_x509_certificate, self.trusted))


def verify(
    terms: Terms, path: Path | None, chain: Path | None = None, known_root: str | None = None
) -> Iterator[Verdict]:
    """The verdicts on a bag, or on a customer's folder: all its bags; and on the chain. Without a
    path the one on the chain alone.

    Raises:
        UsageError: there is neither, or a root is given and no chain.
    """
    named = chain or path
    if named is None:
        raise UsageError(
            "There is nothing to check.", hint="Name a bag, a customer's folder, or --chain DIR."
        )
    folder = path.resolve() if path else None
    if folder and not folder.is_dir():
        raise UsageError(f"{path} is not a folder.", hint="Name a bag, or a customer's folder.")
    home = _home_of(named)
    there = (home / FOLDER).is_dir()
    if (chain or known_root) and not there:
        raise UsageError(
            f"There is no chain in {chain or home}.", hint="Name its folder with --chain."
        )
    if folder and folder != home and not is_bag(folder):
        raise UsageError(
            f"{path} is not a bag: it has neither bagit.txt nor manifests.",
            hint="Name a bag, such as 2026-10-v1, or the folder of a customer, with its chain.",
        )
    preload(__name__, "reporter.render.ready")
    for bag in _bags_of(folder, home):
        yield _judged(bag, _judge_bag, bag, home if there else None, terms)
    if there:
        yield _judged(home / FOLDER, _judge_chain, home, known_root, terms)


def _home_of(path: Path) -> Path:
    """The customer's folder, if the path is that folder, or a bag or the chain in it."""
    folder = path.resolve()
    return folder if (folder / FOLDER).is_dir() else folder.parent


def _bags_of(path: Path | None, home: Path) -> list[Path]:
    """The bags asked for: one, all of a customer's folder, or none."""
    if path != home:
        return [path] if path else []
    # A link is no bag: the verdict on the chain names it.
    there = sorted(home.iterdir())
    folders = (folder for folder in there if folder.is_dir() and not folder.is_symlink())
    return [
        folder
        for folder in folders
        if folder.name not in NO_BAGS and not folder.name.startswith(".")
    ]


def _judged(path: Path, judge: Callable[..., Iterator[bytes]], *arguments: Any) -> Verdict:
    """A verdict on a folder, whatever is in it: if it cannot be checked to the end, what was found
    until then.
    """
    verdict = Verdict(path)
    try:
        for packed in confined(_limits(path), judge, *arguments):
            verdict = replace(_VERDICT.validate_json(packed), path=path)
    except Unfinished as error:
        what = "the rest" if verdict.findings else "all of it"
        finding = Finding(what, None, f"could not be checked: {error}", checked=False)
        return verdict.and_also(finding)
    except OSError as error:
        return verdict.and_also(unreadable("all of it", error))
    return verdict


def _limits(path: Path) -> Limits:
    """The limits of a verdict: the more there is to read, the more time it may take."""
    try:
        megabytes = size_of(path) >> 20
    except (OSError, EvidenceError):
        megabytes = 0  # which whoever reads it says
    seconds = min(_SECONDS + _SECONDS_PER_MB * megabytes, _MOST_SECONDS)
    return Limits(seconds, _MEMORY, _LARGEST_FILE)


def _judge_bag(bag: Path, home: Path | None, terms: Terms) -> Iterator[bytes]:
    """In the process with limits: the verdict on a bag, as JSON, anew with each finding."""
    return map(_packed, _verdicts_on(bag, home, terms))


def _packed(verdict: Verdict) -> bytes:
    # The path may hold what JSON cannot; the caller knows it.
    return _VERDICT.dump_json(replace(verdict, path=Path()))


def _verdicts_on(bag: Path, home: Path | None, terms: Terms) -> Iterator[Verdict]:
    verdict = verify_bag(bag, terms.certificates, terms.now)
    yield verdict
    if not verdict.whole:
        return
    verdict = verdict.and_also(_history(bag, home))
    yield verdict
    run_templates = terms.run_templates and verdict.trusted
    for finding in recomputed(bag, terms.now, verdict.signed_at, run_templates=run_templates):
        verdict = verdict.and_also(finding)
        yield verdict


def _history(bag: Path, home: Path | None) -> Finding:
    if home is None:
        return Finding("history", None, "there is no chain here; name one with --chain")
    try:
        return verify_membership(bag, read_chain(home))
    except EvidenceError as error:
        return Finding("history", False, str(error))


def _judge_chain(home: Path, known_root: str | None, terms: Terms) -> Iterator[bytes]:
    """In the process with limits: the verdict on a chain, as JSON."""
    yield _packed(verify_chain(home, terms.now, terms.certificates, known_root))
