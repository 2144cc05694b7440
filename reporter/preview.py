"""A customer's report as a page that reloads itself when a file it is made from is saved."""

from __future__ import annotations

import html
import logging
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from watchfiles import Change, watch

from reporter.config.commentary import FOLDER
from reporter.config.settings import Settings
from reporter.errors import ReporterError, UsageError
from reporter.model import Look, Report
from reporter.render.html import whole_html
from reporter.render.templates import environment, templates_folder
from reporter.render.typesetting import PDF

logger = logging.getLogger(__name__)

Build = Callable[[], tuple[Settings, Report, Look]]
"""Reads configuration, store and comment anew; raises a ReporterError if one is wrong."""

_KINDS: Final = (".toml", ".md", ".html", ".css", ".svg", ".png", ".csv")
"""Files a report is made from. The store beside them changes whenever it is read."""
_PULSE: Final = 10.0
"""Seconds after which a silent line is used, so that a closed tab is noticed."""
_RELOAD: Final = """
<style>@media print { #preview { display: none } }
#preview { position: fixed; right: 12px; bottom: 12px; padding: 6px 12px; border-radius: 4px;
  background: #222; color: #fff; font: 14px sans-serif }</style>
<a id="preview" href="/report.pdf">PDF</a>
<script>
const place = "preview-scroll";
addEventListener("load", () => scrollTo(0, Number(sessionStorage.getItem(place) || 0)));
new EventSource("/changes").onmessage = (event) => {
  if (event.data === "[number]") return;
  sessionStorage.setItem(place, String(scrollY));
  location.reload();
};
</script>
"""
_ERROR: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Preview</title>'
    '<body style="font: 16px/1.5 sans-serif; margin: 3em"><h1>The report cannot be made</h1>'
    '<pre style="white-space: pre-wrap">{problem}</pre></body></html>'
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown now."""

    number: int = 0
    """Goes up with every change."""
    page: str = ""
    made: tuple[Report, Look] | None = None
    """None where the report cannot be made."""


class Preview:
    """Serves the report on this machine alone; use it as a context manager.

    Args:
        build: makes the report anew.
        port: 0 takes a free one.

    Raises:
        UsageError: the port is taken.
        ReporterError: the report cannot be made to begin with.
    """

    def __init__(self, build: Build, port: int) -> None:
        self._build = build
        self._watched = frozenset[Path]()
        self._shown = _Shown()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        settings, report, look = build()
        self._show(settings, report, look)
        try:
            self._server = _PreviewServer(("127.0.0.1", port), _handler_of(self))
        except OSError as error:
            raise UsageError(
                f"Port {port} cannot be used: {error.strerror}.",
                hint="If another program uses it, choose another with --port, or 0 for a free one.",
            ) from error
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Preview:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.server_close()
        self._watcher.join(timeout=5)

    def serve(self) -> None:
        """Answer until interrupted."""
        self._server.serve_forever(poll_interval=0.1)

    def shown(self) -> _Shown:
        """What there is to see now."""
        with self._changed:
            return self._shown

    def wait_beyond(self, number: int) -> int:
        """The number of what is shown, once it differs from `number`, or after a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._shown.number != number, timeout=_PULSE)
            return self._shown.number

    def _watch(self) -> None:
        """Make the report anew whenever a file it is made from changes."""
        while not self._stop.is_set():
            folders = [folder for folder in self._watched if folder.is_dir()]
            changes = watch(
                *folders,
                watch_filter=_matters,
                recursive=False,
                step=50,
                debounce=400,
                stop_event=self._stop,
                raise_interrupt=False,
            )
            for _ in changes:
                self._make_anew()
                if {folder for folder in self._watched if folder.is_dir()} != set(folders):
                    break  # a folder came or went

    def _make_anew(self) -> None:
        # Else a new file in the provider's folder would not be seen before the shipped one.
        environment.cache_clear()
        try:
            self._show(*self._build())
        except ReporterError as error:
            self._show_problem(error.explain())
        except Exception as error:
            # An error in this program must not end the preview: it may not occur with the next
            # save.
            logger.debug("Unexpected error", exc_info=True)
            self._show_problem(f"Unexpected {type(error).__name__}: {error}.")

    def _show(self, settings: Settings, report: Report, look: Look) -> None:
        self._watched = frozenset(_folders(settings, report, look))
        self._replace(whole_html(report, look), (report, look))

    def _show_problem(self, problem: str) -> None:
        self._replace(_ERROR.format(problem=html.escape(problem)), None)

    def _replace(self, page: str, made: tuple[Report, Look] | None) -> None:
        with self._changed:
            number = self._shown.number + 1
            live = _RELOAD.replace("[number]", str(number)) + "</body>"
            self._shown = _Shown(number, page.replace("</body>", live, 1), made)
            self._changed.notify_all()


class _PreviewServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """The user need not hear of a browser that goes away, or of our own end."""
        logger.debug("A connection broke off", exc_info=True)


def _folders(settings: Settings, report: Report, look: Look) -> Iterable[Path]:
    """Where the files lie that the report is made from. Some folders may come only later."""
    yield settings.folder.resolve()
    yield (settings.folder / FOLDER).resolve()
    yield (settings.folder / FOLDER / report.period.label).resolve()
    for templates in (look.templates, templates_folder()):
        if templates:
            yield templates.resolve()
            yield (templates / "sections").resolve()
    if settings.restore_tests:
        yield settings.restore_tests.resolve().parent
    brands = (settings.brand, settings.customer(report.customer.id).brand)
    for logo in (brand.logo for brand in brands):
        if logo:
            yield (settings.folder / logo).resolve().parent


def _matters(_: Change, path: str) -> bool:
    return path.endswith(_KINDS) or Path(path).is_dir()


def _handler_of(preview: Preview) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer a browser of this machine; requests under another host name get nothing."""
            name = self.headers.get("Host", "").rpartition(":")[0]
            if name not in ("127.0.0.1", "localhost"):
                self.send_error(HTTPStatus.FORBIDDEN, "Only for this machine")
            elif self.path == "/":
                self._answer("text/html; charset=utf-8", preview.shown().page.encode())
            elif self.path == "/report.pdf":
                self._answer_pdf()
            elif self.path == "/changes":
                self._tell_changes()
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def _answer(self, kind: str, content: bytes) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def _answer_pdf(self) -> None:
            shown = preview.shown()
            if shown.made is None:
                self.send_error(HTTPStatus.CONFLICT, "The report cannot be made")
                return
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "report.pdf"
                try:
                    PDF.write(*shown.made, path)
                except ReporterError as error:
                    problem = _ERROR.format(problem=html.escape(error.explain()))
                    self._answer("text/html; charset=utf-8", problem.encode())
                    return
                self._answer("application/pdf", path.read_bytes())

        def _tell_changes(self) -> None:
            """The number of what is shown, whenever it changes, as long as the browser listens."""
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            number = -1
            try:
                while True:
                    number = preview.wait_beyond(number)
                    self.wfile.write(f"data: {number}\n\n".encode())
                    self.wfile.flush()
            except OSError:
                return  # the tab was closed

        def log_message(self, format: str, *arguments: object) -> None:
            logger.debug(format, *arguments)

    return Handler
