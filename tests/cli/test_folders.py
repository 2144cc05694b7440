"""Where things are: relative paths of the configuration count from its file."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporter.config.settings import Settings, load_settings
from reporter.errors import SettingsError
from reporter.model import Customer, Reply
from reporter.store import Store
from reporter.store.address import parsed
from tests.builders import make_job
from tests.cli.test_cli import write_reply
from tests.conftest import Run

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9H0z"/></svg>'


@pytest.fixture
def elsewhere(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, which is not that of the configuration, `tmp_path / "srv"`."""
    (tmp_path / "srv").mkdir()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    return tmp_path / "other"


def configured(folder: Path, text: str = "") -> Settings:
    """The settings of a configuration in `srv`, named by a relative path."""
    path = folder / "srv" / "reporter.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load_settings(Path("../srv/reporter.toml"))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///reporter.db", "[srv]/reporter.db"),
        ("sqlite:///data/my%20reports.db?timeout=5", "[srv]/data/my reports.db"),
        ("sqlite+pysqlite:///../reporter.db", "[srv]/../reporter.db"),
        ("sqlite:////var/lib/reporter.db", "/var/lib/reporter.db"),
        ("sqlite:///:memory:", ":memory:"),
    ],
)
def test_a_store_counts_from_the_configuration(
    elsewhere: Path, tmp_path: Path, url: str, path: str
) -> None:
    """In every form of its URL that names a relative path; parameters stay."""
    address = parsed(configured(tmp_path, f'[store]\nurl = "{url}"').store_url)
    assert address.database == path.replace("[srv]", str(tmp_path / "srv"))
    assert dict(address.query) == ({"timeout": "5"} if "timeout" in url else {})


@pytest.mark.usefixtures("elsewhere")
def test_a_database_server_is_left_as_it_is(tmp_path: Path) -> None:
    """Nothing in its URL is a path of ours."""
    url = "postgresql+psycopg://reporter:p%40ss@10.0.0.6/reporter?sslmode=require"
    assert configured(tmp_path, f'[store]\nurl = "{url}"').store_url == url


def test_a_folder_with_odd_signs_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Characters with a meaning in a URL have none in the name of a folder."""
    folder = tmp_path / "100% bäck?up #1 & me@home"
    folder.mkdir()
    (folder / "reporter.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    settings = load_settings(folder / "reporter.toml")
    assert parsed(settings.store_url).database == str(folder / "reporter.db")


def test_the_folder_is_the_same_however_the_file_is_named(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are known by their paths: another path would make them other files."""
    configured(tmp_path)
    (tmp_path / "link").symlink_to("srv")
    (elsewhere / "reporter.toml").symlink_to("../srv/reporter.toml")
    (elsewhere / "customers.toml").symlink_to("reporter.toml")
    paths = [Path(name, "reporter.toml") for name in ("../srv", tmp_path / "srv", "../link", ".")]
    every_name = [load_settings(path) for path in (*paths, Path("customers.toml"))]
    monkeypatch.chdir("../srv")
    every_name.append(load_settings(Path("reporter.toml")))
    assert {settings.folder.absolute() for settings in every_name} == {tmp_path / "srv"}
    assert {str(settings.source and settings.source.absolute()) for settings in every_name} == {
        str(tmp_path / "srv" / "reporter.toml")
    }


def test_a_store_left_beside_a_link_stops_the_command(
    run: Run, elsewhere: Path, tmp_path: Path
) -> None:
    """Version 0.1.0 used it where it was started beside a link to the configuration."""
    configured(tmp_path)
    (elsewhere / "reporter.toml").symlink_to("../srv/reporter.toml")
    make_store(elsewhere / "reporter.db")
    result = run("run")
    assert result.exit_code == 2
    assert f"There is a store {elsewhere / 'reporter.db'} in the working folder" in result.stderr
    assert not (tmp_path / "srv" / "reporter.db").exists()


def test_everything_is_read_and_written_beside_the_configuration(
    run: Run, elsewhere: Path, tmp_path: Path
) -> None:
    """Logo, templates, restore tests, and the reports; nothing is left in the working folder."""
    srv = tmp_path / "srv"
    configured(
        tmp_path,
        '[report]\ntemplates = "mine"\n[brand]\nlogo = "logo.svg"\n'
        '[evidence]\nrestore_tests = "restore-tests.csv"\n',
    )
    (srv / "mine").mkdir()
    (srv / "logo.svg").write_text(LOGO)
    (srv / "restore-tests.csv").write_text("customer,date,scope,result,deviation,correction,by\n")
    reply = write_reply(srv, {"value": [make_job()]})
    options = ("--input", reply, "--period", "2026-10", "--format", "html")
    result = run("render", "--config", "../srv/reporter.toml", *options)
    assert result.exit_code == 0, result.output
    assert Path(result.stdout.strip()).is_relative_to(srv / "reports" / "2026-10")
    assert run("customers", "--config", "../srv/reporter.toml").exit_code == 0
    assert list(elsewhere.iterdir()) == []


def test_a_path_on_the_command_line_counts_from_the_working_folder(
    run: Run, elsewhere: Path, tmp_path: Path
) -> None:
    """As with every other program."""
    configured(tmp_path)
    write_reply(elsewhere, {"value": [make_job()]})
    options = ("--input", "reply.json", "--format", "json", "--out", "mine")
    result = run("render", "--config", "../srv/reporter.toml", *options, "--period", "2026-10")
    assert result.exit_code == 0, result.output
    assert len(list((elsewhere / "mine").rglob("*.json"))) == 1
    assert not (tmp_path / "srv" / "reports").exists()


@pytest.mark.usefixtures("elsewhere")
def test_an_address_that_would_count_from_the_working_folder_is_refused(tmp_path: Path) -> None:
    """The path alone counts from the configuration, and is what is proposed."""
    with pytest.raises(SettingsError, match="write copies without file:"):
        configured(tmp_path, '[delivery]\nfolder = "file://copies"')
    with pytest.raises(SettingsError, match=r"write its path: sqlite:///reporter\.db"):
        configured(tmp_path, '[store]\nurl = "sqlite:///file:reporter.db?uri=true"')


def make_store(path: Path, customers: int = 1) -> None:
    """A store that has fetched once, with so many customers; for none, one that has kept
    nothing.
    """
    path.parent.mkdir(exist_ok=True)
    with closing(Store.open(f"sqlite:///{path}")) as store:
        if customers:
            seen = [Customer(f"c{number}", f"Customer {number}") for number in range(customers)]
            at = datetime(2026, 10, 31, 6, 30, tzinfo=UTC)
            store.record_customers(seen, (Reply("http://service", at, "", b'{"data": []}'),))


@pytest.mark.parametrize("there_too", [None, 0])
@pytest.mark.parametrize("url", ["sqlite:///reporter.db", "sqlite:///data/reporter.db"])
def test_a_store_left_in_the_working_folder_stops_the_command(
    run: Run, elsewhere: Path, tmp_path: Path, url: str, there_too: int | None
) -> None:
    """Version 0.1.0 used it: a new one would know of nothing that was sent."""
    configured(tmp_path, f'[store]\nurl = "{url}"')
    name = url.removeprefix("sqlite:///")
    old, new = elsewhere / name, tmp_path / "srv" / name
    make_store(old)
    if there_too is not None:
        make_store(new, there_too)
    result = run("run", "--config", "../srv/reporter.toml")
    assert result.exit_code == 2
    assert (
        f"There is a store {old} in the working folder "
        "(1 customer, last fetch 2026-10-31 06:30 UTC)" in result.stderr
    )
    note = (
        f"none at {new},"
        if there_too is None
        else (f"another at {new} (0 customers, never fetched),")
    )
    assert note in result.stderr
    assert f'url = "sqlite:///{old}"' in result.stderr
    assert f'url = "sqlite:///{new}"' not in result.stderr
    assert new.exists() == (there_too is not None)
    assert sorted(path.name for path in old.parent.iterdir()) == ["reporter.db"]
    # Both of its proposals fix it.
    configured(tmp_path, f'[store]\nurl = "sqlite:///{old}"')
    assert run("customers", "--config", "../srv/reporter.toml").stdout == "c0  Customer 0\n"
    configured(tmp_path, f'[store]\nurl = "{url}"')
    new.parent.mkdir(exist_ok=True)
    old.replace(new)
    assert run("customers", "--config", "../srv/reporter.toml").stdout == "c0  Customer 0\n"


def test_between_two_stores_with_a_history_a_person_chooses(
    run: Run, elsewhere: Path, tmp_path: Path
) -> None:
    """The message says what each has kept, so that nobody copies the wrong one."""
    configured(tmp_path)
    old, new = elsewhere / "reporter.db", tmp_path / "srv" / "reporter.db"
    make_store(old)
    make_store(new, 12)
    result = run("check", "--config", "../srv/reporter.toml")
    assert result.exit_code == 2
    assert f"{old} in the working folder (1 customer, last fetch " in result.stderr
    assert f"another at {new} (12 customers, last fetch " in result.stderr
    assert f'url = "sqlite:///{old}" or url = "sqlite:///{new}"' in result.stderr


@pytest.mark.parametrize("stray", ["an empty file", "a store without a history"])
def test_an_empty_store_stops_nobody(run: Run, elsewhere: Path, tmp_path: Path, stray: str) -> None:
    """Nothing would be lost with it."""
    configured(tmp_path)
    make_store(tmp_path / "srv" / "reporter.db", 2)
    if stray == "an empty file":
        (elsewhere / "reporter.db").touch()
    else:
        make_store(elsewhere / "reporter.db", 0)
    result = run("customers", "--config", "../srv/reporter.toml")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)


@pytest.mark.parametrize("content", [b"hello " * 200, None])
def test_a_store_that_cannot_be_read_stops_the_command(
    run: Run, elsewhere: Path, tmp_path: Path, content: bytes | None
) -> None:
    """Nobody knows what is in it."""
    configured(tmp_path)
    make_store(tmp_path / "srv" / "reporter.db")
    make_store(elsewhere / "reporter.db")
    whole = (elsewhere / "reporter.db").read_bytes()
    (elsewhere / "reporter.db").write_bytes(content or whole[:5000])
    result = run("customers", "--config", "../srv/reporter.toml")
    assert result.exit_code == 2
    assert "in the working folder (it cannot be read), but there is another" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("customers",), 0),
        (("customers", "--json"), 0),
        (("outbox",), 0),
        (("outbox", "--json"), 0),
        (("outbox", "resolve", "1", "--sent"), 2),
        (("check",), 1),
        (("render",), 2),
        (("archive",), 2),
        (("approve", "--yes"), 2),
        (("approve", "--take-back"), 2),
        (("send",), 2),
        (("preview", "Contoso"), 2),
        (("store", "rebuild"), 2),
        (("store", "prune", "--keep", "25months"), 2),
        (("render", "--input", "reply.json", "--format", "json", "--period", "2026-10"), 0),
    ],
)
def test_a_command_that_only_reads_makes_no_store(
    run: Run, elsewhere: Path, arguments: tuple[str, ...], status: int
) -> None:
    """A stray store would later be taken for the history."""
    (elsewhere / "tests.csv").write_text("customer,date,scope,result,deviation,correction,by\n")
    (elsewhere / "reporter.toml").write_text(
        '[delivery]\nfolder = "copies"\n[evidence]\nrestore_tests = "tests.csv"\n'
    )
    write_reply(elsewhere, {"value": [make_job()]})
    result = run(*arguments)
    assert result.exit_code == status, result.output
    assert list(elsewhere.glob("reporter.db*")) == []
    if "--json" in arguments:
        assert result.stdout.strip() == "[]"
    elif "--input" not in arguments:
        assert f"sqlite:///{elsewhere / 'reporter.db'}" in result.output
        assert "`reporter fetch`" in result.output


@pytest.mark.parametrize("condition", ["a configuration of its own", "a link to the same store"])
def test_a_store_in_the_working_folder_may_be_somebody_elses(
    run: Run, elsewhere: Path, tmp_path: Path, condition: str
) -> None:
    """Where it has a configuration of its own, or is the configured store itself."""
    configured(tmp_path)
    if condition == "a configuration of its own":
        make_store(elsewhere / "reporter.db")
        (elsewhere / "reporter.toml").write_text("")
    else:
        make_store(tmp_path / "srv" / "reporter.db")
        (elsewhere / "reporter.db").symlink_to("../srv/reporter.db")
    assert run("customers", "--config", "../srv/reporter.toml").exit_code == 0


def test_verbose_output_says_what_is_used(run: Run, elsewhere: Path, tmp_path: Path) -> None:
    """With -v: the configuration, the store and the folder of the reports, once each."""
    configured(tmp_path)
    write_reply(elsewhere, {"value": [make_job()]})
    options = ("--input", "reply.json", "--format", "json", "--period", "2026-10")
    result = run("render", "-v", "--config", "../srv/reporter.toml", *options)
    srv = tmp_path / "srv"
    for line in (
        f"Configuration: {srv / 'reporter.toml'}",
        f"Store: sqlite:///{srv / 'reporter.db'}",
        f"Reports: {srv / 'reports'}",
    ):
        assert [text for text in result.stderr.splitlines() if text.endswith(line)] != [], line
    assert result.stderr.count("Configuration: ") == 1


def test_check_says_what_is_used(run: Run, elsewhere: Path, tmp_path: Path) -> None:
    """Or says that there is no configuration, and where it looked."""
    configured(tmp_path)
    output = run("check", "--config", "../srv/reporter.toml").stdout
    srv = tmp_path / "srv"
    assert f"ok      configuration: {srv / 'reporter.toml'}" in output
    assert f"absent  store: sqlite:///{srv / 'reporter.db'}: does not exist yet" in output
    assert f"ok      reports: {srv / 'reports'}" in output
    output = run("check").stdout
    assert f"absent  configuration: no file, as {elsewhere} has no reporter.toml" in output
    assert f"absent  store: sqlite:///{elsewhere / 'reporter.db'}: does not exist yet" in output


def test_check_tries_folders(run: Run, elsewhere: Path, tmp_path: Path) -> None:
    """Anything in the way of what is to be written is reported before anything is lost; the check
    leaves nothing behind.
    """
    configured(tmp_path, '[store]\nurl = "sqlite:///file/reporter.db"')
    srv = tmp_path / "srv"
    for name in ("reports", "archive", "file"):
        (srv / name).touch(mode=0o600)
    printed = run("check", "--config", "../srv/reporter.toml").stdout
    for subject in ("reports", "archive"):
        why = f"{srv / subject}: nothing can be written in {srv / subject}: Not a directory"
        assert f"FAILED  {subject}: {why}" in printed
    assert f"FAILED  store: sqlite:///{srv / 'file' / 'reporter.db'}: nothing can be" in printed
    assert len(list(srv.iterdir())) == 4


def test_check_keeps_foreign_texts_within_their_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database's message stays in the line it belongs to."""
    monkeypatch.setenv("REPORTER_STORE__URL", "postgresql+psycopg://reporter@127.0.0.1:1/reporter")
    lines = run("check").stdout.splitlines()
    assert any(line.startswith("FAILED  store: ") for line in lines)
    for line in lines:
        assert line.startswith(("ok      ", "FAILED  ", "absent  ", "  ")), line
    assert not any(line.lstrip().startswith("Is the server running") for line in lines)


def test_the_hint_of_copied_templates_counts_from_the_configuration(
    run: Run, elsewhere: Path, tmp_path: Path
) -> None:
    """A path from there where they are beneath it, else the whole path."""
    configured(tmp_path)
    for folder, named in (
        ("mine", str(elsewhere / "mine")),
        ("../srv/my templates", "my templates"),
        (tmp_path / "srv" / "others", "others"),
    ):
        result = run("templates", "copy", folder, "--config", "../srv/reporter.toml")
        assert f'Next: set templates = "{named}" in [report]' in result.stderr
        settings = configured(tmp_path, f'[report]\ntemplates = "{named}"')
        assert (settings.look_for("").templates or Path()).samefile(folder)
