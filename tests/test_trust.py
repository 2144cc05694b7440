"""Whom the program trusts: one set of authorities for every channel, over real TLS."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import boto3
import pytest
import requests
import s3fs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from reporter.config.settings import load_settings
from reporter.delivery.folder import copy_files
from reporter.delivery.graph import GraphTransport
from reporter.delivery.result import ChannelError
from reporter.delivery.smtp import Server, SmtpTransport
from reporter.delivery.webhook import post_summary
from reporter.errors import NotReached, SettingsError
from reporter.evidence.timestamp import Authority, NoStamp
from reporter.model import DeliveryState
from reporter.sources.avepoint.auth import ClientSecret, TokenAuth
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.source import Access, open_source
from reporter.trust import USUAL_TRUST, Trust
from tests.certificates import TlsAuthority
from tests.conftest import Run
from tests.delivery.mail_server import Accounts, free_port, mail_server
from tests.delivery.receivers import Receiver, Replies

TOKEN: Final = Replies(200, b'{"access_token": "token", "expires_in": 3600}')
NOBODY: Final = Replies(200, b'{"data": [], "metadata": {"totalCount": 0}}')
SECRET: Final = ClientSecret("s")
Use = Callable[[TlsAuthority, Trust, Path], str]
"""Uses a channel to a server with a certificate of an authority; returns what went wrong."""


def service(authority: TlsAuthority, trust: Trust, folder: Path) -> str:
    """The token endpoint and the API."""
    with Receiver(TOKEN, NOBODY, certificate=str(authority.server)) as receiver:
        access = Access(receiver.url, f"{receiver.url}/token", "app", SECRET, "v3", trust)
        try:
            _, listed = open_source(access, lambda: datetime.now(UTC), Exchange(trust=trust))
        except NotReached as error:
            return error.explain()
        assert listed.customers == ()
        assert len(receiver.received) == 2
    return ""


def starttls(authority: TlsAuthority, trust: Trust, folder: Path) -> str:
    with mail_server(Accounts(), tls=authority.serving()) as port:
        return _reached(Server("localhost", port, "starttls", trust=trust))


def smtps(authority: TlsAuthority, trust: Trust, folder: Path) -> str:
    with mail_server(Accounts(), tls=authority.serving(), implicit=True) as port:
        return _reached(Server("localhost", port, "tls", trust=trust))


def _reached(server: Server) -> str:
    with closing(SmtpTransport(server, "a@provider.example")) as transport:
        try:
            transport.reach()
        except ChannelError as error:
            return error.explain()
    return ""


def graph(authority: TlsAuthority, trust: Trust, folder: Path) -> str:
    with (
        Receiver(TOKEN) as tokens,
        Receiver(Replies(202), certificate=str(authority.server)) as receiver,
    ):
        auth = TokenAuth(Exchange(trust=trust), f"{tokens.url}/token", "app", SECRET, ("s",))
        transport = GraphTransport(receiver.url, "a@provider.example", auth, trust)
        try:
            results = transport.send(b"mail", ["b@customer.example"], lambda _: None)
        except ChannelError as error:
            return error.explain()
    assert results["b@customer.example"].state is DeliveryState.SENT
    return ""


def webhook(authority: TlsAuthority, trust: Trust, folder: Path) -> str:
    with Receiver(Replies(200), certificate=str(authority.server)) as receiver:
        result = post_summary(
            receiver.url,
            {},
            message_id="1",
            secret=None,
            committing=lambda: None,
            trust=trust,
        )
    return "" if result.state is DeliveryState.SENT else result.reason


def time_stamp(authority: TlsAuthority, trust: Trust, folder: Path) -> str:
    """An authority that answers 404: whoever receives that has trusted it."""
    with (
        Receiver(Replies(404), certificate=str(authority.server)) as receiver,
        pytest.raises(NoStamp) as caught,
    ):
        Authority(receiver.url, trust).stamp(b"content")
    return "" if "answered 404" in str(caught.value) else caught.value.explain()


def object_store(authority: TlsAuthority, trust: Trust, folder: Path) -> str:
    file = folder / "report.pdf"
    file.write_bytes(b"%PDF-")
    with s3_server(authority) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with closing(boto3.client("s3", verify=str(authority.pem))) as client:
            client.create_bucket(Bucket="reports")
        result = copy_files("s3://reports", "2026-10/contoso", [file], trust)
        s3fs.S3FileSystem.clear_instance_cache()
    return "" if result.state is DeliveryState.SENT else result.reason


@contextmanager
def s3_server(authority: TlsAuthority) -> Iterator[str]:
    """The double of AWS over TLS."""
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, ssl_context=authority.serving()
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


CHANNELS: Final = (service, starttls, smtps, graph, webhook, time_stamp, object_store)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TlsAuthority:
    return TlsAuthority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> TlsAuthority:
    return TlsAuthority.make(tmp_path_factory.mktemp("other"), "Another authority")


@pytest.fixture(autouse=True)
def no_bundle_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)


@pytest.mark.parametrize("use", CHANNELS)
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_authorities_named_by_the_environment_are_trusted(
    use: Use,
    variable: str,
    authority: TlsAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with every other program that speaks HTTP."""
    monkeypatch.setenv(variable, str(authority.pem))
    assert use(authority, USUAL_TRUST, tmp_path) == ""


@pytest.mark.parametrize("use", CHANNELS)
@pytest.mark.parametrize("beside", ["", "REQUESTS_CA_BUNDLE"])
def test_authorities_named_by_ca_file_are_trusted(
    use: Use,
    beside: str,
    authority: TlsAuthority,
    other: TlsAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In addition to those of the system and those the environment names."""
    if beside:
        monkeypatch.setenv(beside, str(other.pem))
    trust = Trust(authority.pem)
    assert use(authority, trust, tmp_path) == ""
    if beside:
        assert use(other, trust, tmp_path) == ""


@pytest.mark.parametrize(
    "use", [*CHANNELS[:-1], pytest.param(object_store, marks=pytest.mark.slow)]
)
def test_nobody_else_is_trusted(
    use: Use,
    authority: TlsAuthority,
    other: TlsAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not by default, and not where other authorities are named; the error says what to do."""
    assert "certificate" in use(authority, USUAL_TRUST, tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.pem))
    why = use(authority, Trust(other.pem), tmp_path)
    assert "certificate" in why
    if use is not object_store:  # whose library has its own wording
        assert "unable to get local issuer certificate" in why
        assert "set ca_file in [api] or REQUESTS_CA_BUNDLE" in why


@pytest.mark.parametrize("use", [service, graph, webhook, time_stamp])
def test_a_bundle_of_the_environment_replaces_certifis(
    use: Use,
    authority: TlsAuthority,
    other: TlsAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The HTTP library would otherwise trust certifi's authorities as well."""
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(authority.pem))
    monkeypatch.setattr("certifi.where", lambda: str(authority.pem))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.pem))
    assert "is not trusted" in use(authority, USUAL_TRUST, tmp_path)


def test_the_first_variable_counts(
    authority: TlsAuthority, other: TlsAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bundle replaces another, it does not add to it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(other.pem))
    assert "is not trusted" in service(authority, USUAL_TRUST, tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.pem))
    assert service(authority, USUAL_TRUST, tmp_path) == ""


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("use", [service, object_store])
def test_a_folder_of_authorities(
    use: Use,
    variable: str,
    authority: TlsAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the names that OpenSSL looks for."""
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / f"{subject_hash(authority)}.0").write_bytes(authority.pem.read_bytes())
    monkeypatch.setenv(variable, str(folder))
    assert use(authority, USUAL_TRUST, tmp_path) == ""


def subject_hash(authority: TlsAuthority) -> str:
    """As openssl names certificates in a folder."""
    command = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(authority.pem)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_system_without_authorities_has_certifis(
    authority: TlsAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container without any: then those that come with the program are used."""
    monkeypatch.setattr("reporter.trust._has_authorities", lambda context: False)
    monkeypatch.setattr("certifi.where", lambda: str(authority.pem))
    assert service(authority, USUAL_TRUST, tmp_path) == ""


@pytest.mark.parametrize("use", [service, smtps, graph, webhook, time_stamp, object_store])
@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"-----BEGIN NOTHING-----", "it contains no PEM certificate")],
)
@pytest.mark.parametrize("named_by", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "ca_file in [api]"])
def test_a_bundle_that_cannot_be_used_is_named(
    use: Use,
    content: bytes | None,
    why: str,
    named_by: str,
    authority: TlsAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One sentence says what names it and what is wrong; no connection is made without it."""
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    trust = USUAL_TRUST
    if named_by.startswith("ca_file"):
        trust = Trust(bundle)
    else:
        monkeypatch.setenv(named_by, str(bundle))
    try:
        message = use(authority, trust, tmp_path)
    except SettingsError as error:
        message = str(error)
    assert f"The certificate authorities that {named_by} names cannot be used" in message
    assert f"{bundle}: {why}" in message


def test_ca_file_starts_at_the_configurations_folder(
    authority: TlsAuthority, tmp_path: Path
) -> None:
    """As every relative path does."""
    configuration = tmp_path / "reporter.toml"
    configuration.write_text('[api]\nca_file = "own.pem"\n', "utf-8")
    assert load_settings(configuration).trust == Trust(tmp_path / "own.pem")


def test_a_relative_path_is_shown_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader need not know what it is relative to."""
    monkeypatch.chdir(tmp_path)
    Path("reporter.toml").write_text('[api]\nca_file = "nosuch.pem"\n', "utf-8")
    with pytest.raises(
        SettingsError, match=f"names cannot be used: {tmp_path}/nosuch.pem: No such"
    ):
        load_settings(Path("reporter.toml")).trust.context()


def test_the_wrong_one_of_two_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the system also names is good, and is not mentioned."""
    junk, folder = tmp_path / "junk.pem", tmp_path / "good"
    junk.write_text("junk")
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(junk))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    with pytest.raises(SettingsError) as caught:
        USUAL_TRUST.context()
    assert str(caught.value) == (
        f"The certificate authorities that SSL_CERT_FILE names cannot be used: {junk}: "
        "it contains no PEM certificate."
    )
    monkeypatch.setenv("SSL_CERT_FILE", "")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError) as caught:
        USUAL_TRUST.context()
    assert str(caught.value) == (
        "The certificate authorities that SSL_CERT_DIR names cannot be used: "
        f"{tmp_path / 'nowhere'}: No such file or directory."
    )


@pytest.mark.parametrize("use", [service, graph, webhook, time_stamp])
def test_the_authorities_in_force_are_named(
    use: Use,
    authority: TlsAuthority,
    other: TlsAuthority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The right ones may be named by a variable that is ignored."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    assert (
        f"REQUESTS_CA_BUNDLE ({other.pem}) replaces SSL_CERT_FILE and the system's authorities."
        in use(authority, USUAL_TRUST, tmp_path)
    )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying again takes no time."""
    monkeypatch.setattr("reporter.sources.avepoint.http._FIRST_WAIT_S", 0.001)


def configured(folder: Path, url: str, *more: str) -> None:
    lines = (
        "[api]",
        f'api_url = "{url}"',
        f'token_url = "{url}/token"',
        'client_id = "app"',
        'client_secret = "s"',
        *more,
    )
    path = folder / "reporter.toml"
    path.write_text("\n".join(lines), "utf-8")
    path.chmod(0o600)


def test_a_certificate_fault_is_reported_once_and_not_tried_again(
    authority: TlsAuthority, run: Run, tmp_path: Path
) -> None:
    """By `fetch` and by `check`, which does not mistake it for a missing permission."""
    with Receiver(TOKEN, certificate=str(authority.server)) as receiver:
        configured(tmp_path, receiver.url)
        fetched, checked = run("fetch"), run("check")
        assert receiver.received == []
    fault = "The certificate of 127.0.0.1 is not trusted: unable to get local issuer certificate."
    assert fetched.exit_code == 1
    assert fetched.stderr.splitlines() == [
        f"Error: {fault}",
        "  If a proxy or your own certificate authority signed it, set ca_file in [api] or"
        " REQUESTS_CA_BUNDLE.",
    ]
    assert checked.exit_code == 1
    assert checked.stdout.count(fault) == 1
    assert f"FAILED  service: {fault}" in checked.stdout
    assert "read.all" not in checked.stdout


@pytest.mark.usefixtures("quick")
def test_a_permission_that_could_not_be_checked_is_not_absent(run: Run, tmp_path: Path) -> None:
    """Where nobody listens, `check` says so, and nothing about permissions."""
    configured(tmp_path, f"http://127.0.0.1:{free_port()}")
    checked = run("check")
    assert checked.exit_code == 1
    assert checked.stdout.count("Connection refused") == 1
    assert "FAILED  service" in checked.stdout
    assert "read.all" not in checked.stdout


@pytest.mark.usefixtures("quick")
def test_an_unreachable_proxy_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy, but not its password: the reader knows where to look."""
    port = free_port()
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass-word@127.0.0.1:{port}/")
    monkeypatch.setenv("NO_PROXY", "")
    configured(tmp_path, "https://graph.example")
    result = run("fetch")
    assert result.exit_code == 1
    assert f"(through the proxy 127.0.0.1:{port})" in result.stderr
    assert "HTTPS_PROXY" in result.stderr
    assert "pass-word" not in result.output


@pytest.mark.usefixtures("quick")
def test_behind_a_proxy_that_intercepts_tls(
    authority: TlsAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its authority is trusted where it is named; else it is named with the host."""
    server = Receiver(TOKEN, NOBODY, certificate=str(authority.server))
    with server, proxy(server) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass-word@127.0.0.1:{port}")
        url = "https://graph.example"
        access = Access(url, f"{url}/token", "app", SECRET, "v3")
        with pytest.raises(NotReached) as caught:
            open_source(access, lambda: datetime.now(UTC), Exchange())
        assert str(caught.value) == (
            "The certificate of graph.example is not trusted: unable to get local issuer "
            f"certificate (through the proxy 127.0.0.1:{port})."
        )
        assert server.received == []
        exchange = Exchange(trust=Trust(authority.pem))
        open_source(access, lambda: datetime.now(UTC), exchange)
        assert len(server.received) == 2


@contextmanager
def proxy(server: Receiver) -> Iterator[int]:
    """A proxy that connects whoever asks for graph.example with a server; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    ended = threading.Event()

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError), source, sink:
            while block := source.recv(1 << 16):
                sink.sendall(block)

    def serve() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                client, _ = listener.accept()
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(1000)
                assert head.startswith(b"CONNECT graph.example:443 ")
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                target = socket.create_connection(("127.0.0.1", server.server_port))
                for ends in ((client, target), (target, client)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        listener.close()
