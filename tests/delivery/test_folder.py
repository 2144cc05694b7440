"""Copies in folders and object stores, read back by other means."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import fsspec
import pytest
import s3fs
from fsspec.implementations.memory import MemoryFileSystem
from moto.server import ThreadedMotoServer

from reporter.delivery.folder import _why, check_folder, copy_files
from reporter.errors import SettingsError
from reporter.model import DeliveryState

PLACE = "2026-10/contoso-müller"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A report as two files."""
    folder = tmp_path / "reports"
    folder.mkdir()
    contents = {"contoso.pdf": b"%PDF-" + bytes(range(256)) * 400, "contoso.xlsx": b""}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The client of the store's maker, and a bucket in it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="reports")
    yield client
    client.close()
    s3fs.S3FileSystem.clear_instance_cache()


def test_into_a_folder(files: list[Path], tmp_path: Path) -> None:
    """By path or by URL; complete files and nothing else; repeatable as often as one likes."""
    target = tmp_path / "copies of reports"
    for url in (str(target), f"file://{target}", f"{target}/"):
        result = copy_files(url, PLACE, files)
        assert result.state is DeliveryState.SENT
        assert result.reason == f"copied to file://{target}/{PLACE}"
    copies = sorted((target / PLACE).iterdir())
    assert [path.name for path in copies] == [path.name for path in files]
    assert [path.read_bytes() for path in copies] == [path.read_bytes() for path in files]


def test_a_newer_version_replaces_the_former(files: list[Path], tmp_path: Path) -> None:
    """The same name has the newest content."""
    target = tmp_path / "copies"
    copy_files(str(target), PLACE, files)
    files[0].write_bytes(b"another")
    assert copy_files(str(target), PLACE, files).state is DeliveryState.SENT
    assert (target / PLACE / files[0].name).read_bytes() == b"another"


def test_into_an_object_store(files: list[Path], s3: Any) -> None:
    """Each file becomes an object with its content; repeating changes nothing."""
    for _ in range(2):
        result = copy_files("s3://reports/monthly/", PLACE, files)
        assert (result.state, result.reason) == (
            DeliveryState.SENT,
            f"copied to s3://reports/monthly/{PLACE}",
        )
    listed = s3.list_objects_v2(Bucket="reports", Prefix="monthly/")["Contents"]
    assert [entry["Key"] for entry in listed] == [f"monthly/{PLACE}/{path.name}" for path in files]
    for path in files:
        stored = s3.get_object(Bucket="reports", Key=f"monthly/{PLACE}/{path.name}")
        assert stored["Body"].read() == path.read_bytes()


def test_a_missing_bucket(files: list[Path], s3: Any) -> None:
    """Reported and tried again later; a typing error creates no bucket."""
    result = copy_files("s3://reborts", PLACE, files)
    assert result.state is DeliveryState.FAILED
    assert result.reason.startswith(f"contoso.pdf cannot be copied to s3://reborts/{PLACE}: ")
    assert "bucket does not exist" in result.reason
    assert "Error" not in result.reason
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["reports"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError("bucket/x"), "FileNotFoundError: bucket/x"),
        (KeyError("AccountName"), "KeyError: 'AccountName'"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (ValueError("The bucket is closed."), "The bucket is closed"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_fault_is_reported_in_meaningful_words(error: Exception, words: str) -> None:
    """The type of an error means little to people, but for an error without a message it is all
    there is.
    """
    assert _why(error) == words


@pytest.mark.slow
def test_an_unreachable_object_store(
    files: list[Path], s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failed for now; the same copies succeed when it is back."""
    s3fs.S3FileSystem.clear_instance_cache()
    with monkeypatch.context() as away:
        away.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        result = copy_files("s3://reports", PLACE, files)
    assert result.state is DeliveryState.FAILED
    assert "127.0.0.1:9" in result.reason
    s3fs.S3FileSystem.clear_instance_cache()
    assert copy_files("s3://reports", PLACE, files).state is DeliveryState.SENT


def test_a_store_that_keeps_something_else(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is read back, and a difference is a failure."""
    write = MemoryFileSystem.pipe_file

    def loses_a_byte(self: MemoryFileSystem, path: str, value: bytes, **options: Any) -> None:
        write(self, path, value[:-1], **options)

    assert copy_files("memory://reports", PLACE, files).state is DeliveryState.SENT
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", loses_a_byte)
    result = copy_files("memory://reports", PLACE, files)
    assert result.state is DeliveryState.FAILED
    assert "reads back differently" in result.reason


def test_a_file_that_vanished(files: list[Path], tmp_path: Path) -> None:
    """It is named; the copy that was there before stays."""
    target = tmp_path / "copies"
    copy_files(str(target), PLACE, files)
    files[1].unlink()
    result = copy_files(str(target), PLACE, files)
    assert result.state is DeliveryState.FAILED
    assert "contoso.xlsx cannot be copied" in result.reason
    assert "No such file" in result.reason
    assert (target / PLACE / "contoso.xlsx").exists()


def test_a_folder_that_cannot_be_written(files: list[Path], tmp_path: Path) -> None:
    """A file in the way, or somebody else's folder: failed for now, with the reason."""
    (tmp_path / "file").write_text("in the way")
    result = copy_files(str(tmp_path / "file"), PLACE, files)
    assert result.state is DeliveryState.FAILED
    assert result.reason == (
        f"contoso.pdf cannot be copied to file://{tmp_path}/file/{PLACE}: Not a directory"
    )
    if os.geteuid():  # root may write anywhere
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
        result = copy_files(str(closed), PLACE, files)
        assert (result.state, "Permission denied" in result.reason) == (DeliveryState.FAILED, True)


def test_a_folder_is_tried_without_leaving_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that does not exist yet counts as well; an object store is not contacted."""
    assert check_folder(str(tmp_path / "copies" / "of")) == f"file://{tmp_path}/copies/of"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="Not a directory"):
        check_folder(str(tmp_path / "file" / "copies"))
    assert check_folder("memory://copies").startswith("memory://")


def test_what_is_not_installed_or_not_known(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message gives the command that fixes it."""

    def missing(*_: object, **__: object) -> None:
        raise ImportError("Install adlfs to access Azure Datalake Gen2")

    with pytest.raises(SettingsError, match="no-such") as caught:
        copy_files("no-such://reports", PLACE, files)
    assert "s3://bucket/prefix" in caught.value.hint
    monkeypatch.setattr(fsspec, "url_to_fs", missing)
    for protocol, package in (("s3", "s3fs"), ("abfs", "adlfs")):
        with pytest.raises(SettingsError, match="not installed: Install adlfs") as caught:
            copy_files(f"{protocol}://reports", PLACE, files)
        python = shlex.quote(sys.executable)
        assert caught.value.hint == f"Run: {python} -m pip install {package}"
