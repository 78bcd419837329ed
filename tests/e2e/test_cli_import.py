"""`glm-lsp model import`, `rm`, `list` and `verify` as a person or a script meets them."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glm_lsp.models.store import ModelFolder
from tests.cli_process import COMMAND, CommandLine
from tests.official.checkpoints import write_official_folder
from tests.tiny_model import tiny_config, write_checkpoint


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    (tmp_path / "home").mkdir()
    return CommandLine(tmp_path / "home")


def test_from_an_official_folder_to_a_completion(tmp_path: Path, cli: CommandLine) -> None:
    checkpoint = tmp_path / "codegeex2-6b"
    write_official_folder(checkpoint, "codegeex2")
    ran = cli("model", "import", str(checkpoint), "--name", "two", "--json")
    assert ran.status == 0, ran.stderr
    report = ran.json
    assert (report["name"], report["family"], report["prompt_profile"]) == ("two", "codegeex2", "codegeex2")
    assert Path(report["path"]) == cli.home / "models" / "two"
    assert report["checked"] is True
    assert "licence    not stated in the folder" in ran.stderr
    assert "best tokens are those of the formulas" in ran.stderr
    listed = cli("model", "list", "--json").json
    assert [entry["name"] for entry in listed] == ["starter", "two"]
    verified = cli("model", "verify", "two", "--json").json
    assert verified["intact"]
    assert verified["agreement"]["correlation"] > 0.99
    source = tmp_path / "a.py"
    source.write_text("def add(a, b):\n    return ", encoding="utf-8")
    done = cli("complete", f"{source}:2", "--model", "two", "--json").json
    assert done["model"] == "two"
    assert done["num_prompt_tokens"] > 10
    assert done["num_completion_tokens"] > 0
    assert cli("model", "rm", "two", "--yes").status == 0
    assert not (cli.home / "models" / "two").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere"], "GLM-100", "there is no folder"),
        (["FOLDER", "--precision", "int2"], "GLM-100", "--precision 'int2' is not a precision"),
        (["FOLDER", "--family", "llama"], "GLM-100", "not a model family"),
        (["FOLDER", "--rope-rule", "some"], "GLM-100", "--rope-rule 'some' is not a rule"),
        (["FOLDER", "--revision", "main"], "GLM-100", "belongs to a hub id"),
        (["FOLDER", "--name", "../up"], "GLM-100", "is not a model name"),
        (["FOLDER", "--name", "starter"], "GLM-100", "built-in"),
        (["FOLDER", "--profile", "mine"], "GLM-100", "'mine' is not a prompt profile"),
        (["FOLDER", "--chat", "mine"], "GLM-100", "'mine' is not a chat template"),
        (["FOLDER", "--exporter", "other"], "GLM-100", "is not an exporter"),
        (["FOLDER", "--exporter", "optimum"], "GLM-205", "transformers' layout"),
        (["FOLDER", "--exporter", "optimum", "--precision", "int4"], "GLM-100", "optimum exports fp32"),
        (["FOLDER", "--exporter-python", "python3"], "GLM-100", "belongs to --exporter optimum"),
        ([""], "GLM-100", "the folder's name is empty"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(
    tmp_path: Path, cli: CommandLine, arguments: list[str], code: str, words: str
) -> None:
    checkpoint = tmp_path / "codegeex2-6b"
    write_official_folder(checkpoint, "codegeex2")
    given = [str(checkpoint) if argument == "FOLDER" else argument for argument in arguments]
    ran = cli("model", "import", *given, "--json")
    assert ran.status in (1, 2)
    error = ran.json["error"]
    assert error["code"] == code
    assert words in error["cause"]
    assert error["remedy"]
    assert not list((cli.home / "models").glob("*")) if (cli.home / "models").is_dir() else True


def test_the_built_in_model_cannot_be_removed(cli: CommandLine) -> None:
    ran = cli("model", "rm", "starter", "--yes")
    assert ran.status == 2
    assert "cannot be removed" in ran.stderr
    ran = cli("model", "rm", "nothing")
    assert ran.status == 1
    assert "GLM-201" in ran.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_an_import_may_be_ended_at_any_moment(tmp_path: Path, cli: CommandLine, number: int) -> None:
    """Again and again, each time a little later: what finally stands is what one undisturbed run makes."""
    config = tiny_config(
        hidden_size=1024, intermediate_size=2048, num_hidden_layers=8, num_attention_heads=16
    )
    checkpoint = write_checkpoint(tmp_path / "glm-4-9b-hf", config)
    command = [
        "model",
        "import",
        str(checkpoint),
        "--name",
        "big",
        "--profile",
        "codegeex4",
        "--chat",
        "none",
    ]
    (tmp_path / "other").mkdir()
    whole = CommandLine(tmp_path / "other")(*command)
    assert whole.status == 0, whole.stderr
    rng, models = random.Random(0), cli.home / "models"
    for attempt in range(12):
        process = subprocess.Popen(
            [*COMMAND, *command], env=cli.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        time.sleep(0.4 + 0.25 * attempt + rng.random() / 4)
        if process.poll() is None:
            process.send_signal(number)
        _, err = process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert "Traceback" not in err
        if (models / "big").exists():
            break  # it came between the model's getting its name and the end of the process
        if number == signal.SIGINT:
            assert process.returncode == 130
        assert "big" in cli("model", "list").stdout or not (models / ".import-big").exists()
    last = cli(*command)
    assert last.status == 0 or "exists already" in last.stderr
    assert ModelFolder.load(models / "big").hash == ModelFolder.load(tmp_path / "other/models/big").hash
    assert [path.name for path in models.iterdir()] == ["big"]
