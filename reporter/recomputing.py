"""A bag held against itself: the analysis is run again from its raw replies, and every figure of
the JSON, every cell of the workbook and the text of the PDF compared with what comes out.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import openpyxl
import pypdfium2

from reporter.analysis.restatement import changes_between
from reporter.archiving import tools
from reporter.errors import EvidenceError, UsageError
from reporter.evidence.bag import shown
from reporter.evidence.chain import FOLDER, NO_BAGS, read_chain
from reporter.evidence.contents import (
    REPORTS,
    RESTATED,
    TEMPLATES,
    Configuration,
    Provenance,
    configuration_of,
    fetches_of,
    provenance_of,
    reply_path,
)
from reporter.evidence.verify import (
    Trusted,
    Verdict,
    verify_bag,
    verify_chain,
    verify_membership,
)
from reporter.finding import Finding
from reporter.model import Look, Reply, Report, Restatement
from reporter.pipeline import WRITERS, report_of
from reporter.render.json_ import report_dict
from reporter.render.text import Words
from reporter.render.typesetting import NoTypesetting
from reporter.store import Store
from reporter.store.received import Fetch, receive_again

logger = logging.getLogger(__name__)

_MOST_NAMED: Final = 3
_LAST_DIGIT: Final = 1e-14


def verify(
    path: Path | None,
    chain: Path | None = None,
    known_root: str | None = None,
    trusted: Trusted = (),
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
    own = path.resolve() if path else None
    if own and not own.is_dir():
        raise UsageError(f"{path} is no folder.", hint="Name a bag, or a customer's folder.")
    home = _home_of(named)
    there = (home / FOLDER).is_dir()
    if (chain or known_root) and not there:
        raise UsageError(
            f"There is no chain in {chain or home}.", hint="Name its folder with --chain."
        )
    for bag in _bags_of(own, home):
        yield _verdict_on(bag, home if there else None, trusted)
    if there:
        yield verify_chain(home, trusted, known_root)


def _home_of(path: Path) -> Path:
    """The customer's folder, whether that is named, or a bag or the chain in it."""
    folder = path.resolve()
    return folder if (folder / FOLDER).is_dir() else folder.parent


def _bags_of(path: Path | None, home: Path) -> list[Path]:
    """The bags asked for: one, all of a customer's folder, or none."""
    if path != home:
        return [path] if path else []
    folders = (own for own in sorted(home.iterdir()) if own.is_dir())
    return [own for own in folders if own.name not in NO_BAGS and not own.name.startswith(".")]


def _verdict_on(bag: Path, home: Path | None, trusted: Trusted) -> Verdict:
    verdict = verify_bag(bag, trusted)
    if not verdict.whole:
        return verdict
    if home is None:
        said = "no chain is here; name it with --chain"
        verdict = verdict.and_also(Finding("history", None, said))
    else:
        try:
            history = verify_membership(bag, read_chain(home))
        except EvidenceError as error:
            history = Finding("history", False, str(error))
        verdict = verdict.and_also(history)
    return verdict.and_also(*recomputed(bag))


def recomputed(bag: Path) -> Iterator[Finding]:
    """What comes of computing a whole bag's report again."""
    try:
        configuration, provenance = configuration_of(bag), provenance_of(bag)
        report = report_in(bag, configuration, provenance)
        look = _look(bag, configuration)
        with tempfile.TemporaryDirectory() as folder:
            made = {suffix: Path(folder) / f"report.{suffix}" for suffix in REPORTS}
            for suffix, path in made.items():
                WRITERS[suffix](report, look, path)
            there = {suffix: bag / path for suffix, path in REPORTS.items()}
            same_tools = provenance.tools == tools()
            yield _figures_finding(there["json"], report, same_tools)
            yield _workbook_finding(there["xlsx"], made["xlsx"], same_tools)
            yield _pdf_finding(there["pdf"], made["pdf"], provenance, same_tools, report, look)
    except NoTypesetting as error:
        yield Finding("recomputed", None, f"it cannot be here. {error}")
    except Exception as error:
        # Nobody knows what somebody has put into a bag: whatever comes of it is a verdict.
        logger.debug("A bag cannot be computed again", exc_info=True)
        yield Finding("recomputed", False, f"it cannot be: {type(error).__name__}: {error}")


def report_in(bag: Path, configuration: Configuration, provenance: Provenance) -> Report:
    """The report as it follows from the replies in the bag."""
    customer, period = configuration.customer, configuration.period
    with closing(Store.open("sqlite://")) as store:
        receive_again(store, customer, fetches_in(bag))
        report = report_of(
            store, customer, period, configuration.policy, configuration.restore_tests
        )
    restatement = None
    if restates := provenance.restates:
        before = json.loads((bag / RESTATED).read_bytes())
        restatement = Restatement(
            restates.number,
            restates.made_at.astimezone(period.zone),
            changes_between(before, report_dict(report)),
        )
    return replace(report, version=provenance.version, restatement=restatement)


def fetches_in(bag: Path) -> Iterator[Fetch]:
    """The fetches in a bag with the bodies of their replies, one at a time.

    Raises:
        EvidenceError: they cannot be read.
    """
    for own in fetches_of(bag):
        replies = tuple(
            Reply(reply.url, reply.fetched_at, reply.request_id, _body(bag, reply.sha256))
            for reply in own.replies
        )
        yield Fetch(own.kind, own.taken_at, own.error, replies)


def _body(bag: Path, sha256: str) -> bytes:
    body = (bag / reply_path(sha256)).read_bytes()
    if hashlib.sha256(body).hexdigest() != sha256:
        raise EvidenceError(f"The reply {shown(sha256)} is another one than its name says.")
    return body


def _look(bag: Path, configuration: Configuration) -> Look:
    look = configuration.look
    if look.templates is None:
        return look
    if look.templates != Path(TEMPLATES):
        raise EvidenceError("The templates are to be outside of the bag.")
    return replace(look, templates=bag / TEMPLATES)


def _figures_finding(path: Path, report: Report, same_tools: bool) -> Finding:
    said = json.loads(path.read_bytes())
    own = json.loads(json.dumps(report_dict(report)))
    if not same_tools:
        # What a later version adds, or calls itself, is no figure that was archived.
        own = {key: own.get(key) for key in said} | {"generator": said.get("generator")}
    differing = list(_differing(said, own, ""))
    if differing:
        return Finding("figures", False, f"others follow from the replies: {_first(differing)}")
    return Finding("figures", True, "the JSON's follow from the raw replies, every one")


def _differing(said: Any, own: Any, place: str) -> Iterator[str]:
    """Where two JSON values differ."""
    if isinstance(said, dict) and isinstance(own, dict):
        for key in dict.fromkeys((*said, *own)):
            yield from _differing(said.get(key), own.get(key), f"{place}.{key}".lstrip("."))
    elif isinstance(said, list) and isinstance(own, list) and len(said) == len(own):
        for number, (one, other) in enumerate(zip(said, own, strict=True)):
            yield from _differing(one, other, f"{place}[{number}]")
    elif said != own or type(said) is not type(own):
        yield f"{place} is {_brief(said)} and should be {_brief(own)}"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _first(differing: list[str]) -> str:
    more = len(differing) - _MOST_NAMED
    return "; ".join(differing[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _workbook_finding(path: Path, made: Path, same_tools: bool) -> Finding:
    what = "workbook"
    if path.read_bytes() == made.read_bytes():
        return Finding(what, True, "the same comes out, byte for byte")
    said, own = _cells(path), _cells(made)
    differing = [
        f"{sheet} {cell} is {said.get((sheet, cell))!r} and should be {own.get((sheet, cell))!r}"
        for sheet, cell in dict.fromkeys((*said, *own))
        if not _same(said.get((sheet, cell)), own.get((sheet, cell)))
    ]
    if differing:
        return Finding(what, False, f"others follow from the replies: {_first(differing)}")
    if same_tools:
        return Finding(what, False, "its cells are the same, and something else in it is not")
    return Finding(
        what,
        True,
        "every cell is the same; made with another version, so not compared byte for byte",
    )


def _same(said: object, own: object) -> bool:
    """Whether two cells are the same; libraries write the last digit of a float as they like."""
    if isinstance(said, float) and isinstance(own, float):
        return math.isclose(said, own, rel_tol=_LAST_DIGIT)
    return said == own


def _cells(path: Path) -> dict[tuple[str, str], object]:
    """The cells of a workbook that hold something, by sheet and place."""
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        return {
            (sheet.title, cell.coordinate): cell.value
            for sheet in book.worksheets
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
    finally:
        book.close()


def _pdf_finding(
    path: Path,
    made: Path,
    provenance: Provenance,
    same_tools: bool,
    report: Report,
    look: Look,
) -> Finding:
    what = "PDF's text"
    rendered = path.read_bytes()[: provenance.pdf_unsigned_bytes]
    if rendered == made.read_bytes():
        return Finding(what, True, "the same PDF comes out, byte for byte")
    said, own = _text(path), _text(made)
    if said == own:
        if same_tools:
            return Finding(what, False, "its text is the same, and something else in it is not")
        return Finding(
            what,
            True,
            "every word is the same; made with another version, so not compared byte for byte",
        )
    if same_tools:
        return Finding(what, False, "it says something else than follows from the replies")
    missing = [
        own_text for own_text in _shown(report, look) if own_text in own and own_text not in said
    ]
    if missing:
        return Finding(what, False, f"it does not show {', '.join(missing[:_MOST_NAMED])}")
    return Finding(
        what,
        True,
        "rates and volumes are the same; other words differ, it was made with another version",
    )


def _text(path: Path) -> str:
    """All letters of a PDF, without the spaces between them."""
    with closing(pypdfium2.PdfDocument(path)) as document:
        texts = []
        for page in document:
            text_page = page.get_textpage()
            texts.append(text_page.get_text_bounded())
            text_page.close()
            page.close()
    return "".join("".join(texts).split())


def _shown(report: Report, look: Look) -> list[str]:
    """Rates and volumes as the report prints them, without spaces."""
    words = Words(look.locale, report.policy.units)
    figures = [report.totals, *(own.figures for own in report.modules)]
    texts = [
        text for own in figures for text in (words.percent(own.success_rate), words.size(own.bytes))
    ]
    return ["".join(text.split()) for text in texts]
