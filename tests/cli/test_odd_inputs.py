"""`reporter render --input` with replies that contain what they should not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.builders import make_job
from tests.conftest import Run


def envelope(generation: str, *rows: object) -> object:
    if generation == "v1":
        return {"value": list(rows)}
    return {"data": list(rows), "metadata": {"totalCount": len(rows)}}


@pytest.mark.parametrize("generation", ["v1", "v3"])
@pytest.mark.parametrize("text", ["Half \ud83d", "N\0UL"])
def test_half_characters_in_any_field_are_rendered(
    generation: str, text: str, run: Run, tmp_path: Path
) -> None:
    """In every format, as the replacement character."""
    fields = ("jobType", "jobModule", "status", "jobId", "name", "backupSize", "startTime")
    rows = [
        make_job(jobId="FB-GOOD"),
        *(make_job() | {"jobId": f"FB-{field}"} | {field: text} for field in fields),
    ]
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(envelope(generation, *rows)), "utf-8")
    result = run("render", "--input", path, "--period", "2026-10", "--format", "pdf,xlsx,html,json")
    assert result.exit_code == 0, result.output
    files = {Path(line).suffix: Path(line) for line in result.stdout.splitlines()}
    figures = json.loads(files[".json"].read_text("utf-8"))
    assert "\ufffd" in files[".html"].read_text("utf-8")
    assert figures["totals"]["jobs"] == len(rows)
    (dated,) = (line for line in figures["quality"] if line["kind"] == "dated by end")
    assert dated["count"] == 1, "one start cannot be read"


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"value": ' + b'[{"a":' * 50_000, b'{"value": [[' * 40]
)
def test_deep_json_is_reported(content: bytes, run: Run, tmp_path: Path) -> None:
    """With the file and the fault, and without a traceback."""
    whole = (
        content
        + b"1"
        + b"".join({91: b"]", 123: b"}"}[byte] for byte in reversed(content) if byte in b"[{")
    )
    for number, text in enumerate((content, whole)):
        path = tmp_path / f"deep-{number}.json"
        path.write_bytes(text)
        result = run("render", "--input", path, "--period", "2026-10")
        assert result.exit_code == 1
        assert f"Error: The reply of {path.name} " in result.stderr
        assert "Traceback" not in result.output
    assert "nested deeper than 32 levels" in result.stderr


def test_a_file_whose_name_is_not_text(run: Run, tmp_path: Path) -> None:
    """As one from a system with another encoding has."""
    path = tmp_path / os.fsdecode(b"m\xfcller.json")
    path.write_text(json.dumps(envelope("v1", make_job())), "utf-8")
    result = run("render", "--input", path, "--period", "2026-10", "--format", "html,xlsx,json")
    assert result.exit_code == 0, result.output
