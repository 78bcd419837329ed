"""Releases of a tiny model: what is written, what the gates stop, and that a card can be held to its word."""

from __future__ import annotations

import errno
import json
import lzma
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from safetensors.numpy import save_file

from glm_lsp.errors import InputError, ModelFileError, ReleaseGateError, TrainingError
from glm_lsp.evaluate.cursors import SHARES, CursorKind
from glm_lsp.models.integrity import describe_folder, verify
from glm_lsp.models.store import ModelFolder, ModelStore
from glm_lsp.train.corpus.document import Document
from glm_lsp.train.corpus.manifest import Report, corpus_line, manifest_line, notice
from glm_lsp.train.recipe import load_recipe
from glm_lsp.train.release import card, export_checkpoint, gates, papers
from glm_lsp.train.release.__main__ import main
from glm_lsp.train.release.build import Plan, release
from glm_lsp.train.release.check import check
from glm_lsp.train.release.export import read_run
from glm_lsp.train.release.gates import Gate
from glm_lsp.train.release.measure import Sample
from glm_lsp.train.release.metrics import Metrics
from tests.tiny_model import SAMPLE, random_weights, tiny_config, tiny_tokenizer

RECIPE = """
name = "tiny"
context = 256
micro_batch = 4
batch_tokens = [[0.0, 512]]
[model]
"""

SAMPLE_SIZE = Sample(max_bytes=2500, lines=6, prompts=5, requests=80)


@pytest.fixture(autouse=True)
def few_prompts_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MIN_PROMPTS", SAMPLE_SIZE.prompts)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything a release starts from: weights with their log, tokenizer, recipe, corpus."""
    folder = tmp_path_factory.mktemp("release")
    config = tiny_config(max_position_embeddings=256)
    values = {
        key: value for key, value in config.to_dict().items() if key not in ("architectures", "model_type")
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
    (folder / "tiny.toml").write_text(RECIPE + "\n".join(lines), encoding="utf-8")
    save_file(random_weights(config), folder / "weights.safetensors")
    (folder / "metrics.jsonl").write_text('{"step": 1}\n{"step": 7, "tokens": 900, "seconds": 1800.0}\n')
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    write_corpus(folder / "corpus")
    return folder


def write_corpus(folder: Path) -> None:
    folder.mkdir()
    train = [Document("alpha", "1.0", f"a/{i}.py", "MIT", SAMPLE) for i in range(3)]
    valid = [
        Document("beta", "2.0", f"b/{i}.{ending}", "ISC", SAMPLE * 2, language)
        for i, (ending, language) in enumerate([("py", "python"), ("go", "go"), ("py", "python")])
    ]
    splits: dict[Any, list[Document]] = {"train": train, "valid": valid, "test": []}
    report = Report()
    report.decontamination.update({0: 5, 2: 1})
    for name, documents in splits.items():
        text = "".join(corpus_line(document) + "\n" for document in documents)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    rows = [manifest_line(document, split) for split, documents in splits.items() for document in documents]
    (folder / "manifest.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(report.table(splits)), encoding="utf-8")
    (folder / "NOTICE.txt").write_text(notice(splits), encoding="utf-8")


def plan(workplace: Path, out: Path, **changes: Any) -> Plan:
    usual = Plan(
        run=workplace / "weights.safetensors",
        tokenizer=workplace / "tokenizer.json",
        out=out,
        recipe=load_recipe(str(workplace / "tiny.toml")),
        corpus=workplace / "corpus",
        name="tiny",
        precision="fp32",
        sample=SAMPLE_SIZE,
        hardware="a test",
    )
    return replace(usual, **changes)


@pytest.fixture(scope="module")
def released(workplace: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    folder = tmp_path_factory.mktemp("released")
    return release(plan(workplace, folder / "tiny", keep=folder / "kept"))[0]


@pytest.fixture
def copy(released: ModelFolder, tmp_path: Path) -> ModelFolder:
    """A released model that may be changed."""
    shutil.copytree(released.path, tmp_path / "copy")
    return ModelFolder.load(tmp_path / "copy")


def seal(folder: ModelFolder) -> ModelFolder:
    """Makes the manifest agree with the files again."""
    msgspec.structs.replace(folder.manifest, files=describe_folder(folder.path)).write(folder.path)
    return ModelFolder.load(folder.path)


def test_every_file_of_a_release_is_hashed(released: ModelFolder, workplace: Path) -> None:
    on_disk = {path.name for path in released.path.iterdir()}
    assert on_disk - {"glm-lsp.json"} == set(released.manifest.files)
    assert {"metrics.json", "MODEL_CARD.md", "NOTICE.txt", "corpus-manifest.jsonl.xz"} < on_disk
    packed = (released.path / "corpus-manifest.jsonl.xz").read_bytes()
    assert lzma.decompress(packed) == (workplace / "corpus" / "manifest.jsonl").read_bytes()
    assert (released.path / "NOTICE.txt").read_text() == (workplace / "corpus" / "NOTICE.txt").read_text()


def test_every_file_of_the_starter_is_hashed() -> None:
    folder = ModelStore().resolve("starter")
    results = list(verify(folder.path, folder.manifest))
    assert [result for result in results if result.problem] == []
    assert {"NOTICE.txt", "corpus-manifest.jsonl.xz"} < {result.name for result in results}


def test_metrics_hold_what_was_measured_and_on_what(released: ModelFolder, workplace: Path) -> None:
    metrics = Metrics.read(released.path)
    assert metrics.precision == released.manifest.precision == "fp32"
    assert set(metrics.precisions) == {"fp32", "int8", "int4"}
    assert metrics.training == {
        "hardware": "a test", "averaged_weights": False, "steps": 7, "tokens": 900, "hours": 0.5,
    }  # fmt: skip
    assert metrics.recipe["context"] == 256
    assert metrics.corpus["train_bytes_by_licence"] == {"MIT": 3 * len(SAMPLE.encode())}
    assert metrics.corpus["held_out_packages"] == {"valid": ["beta"], "test": []}
    assert set(metrics.quality.text_by_language) == {"go", "python"}
    by_language = metrics.quality.text_by_language.values()
    assert sum(part.bytes for part in by_language) == metrics.quality.text.bytes == metrics.held_out.bytes
    assert metrics.quality.lines["with_suffix"].tasks == 6
    assert metrics.quality.lines.keys() == {"with_suffix", "left_only", "model_alone"}
    assert released.manifest.copying == metrics.copying.weights
    assert metrics.copying.tokens > 0
    assert metrics.copying.bits_mixed < metrics.copying.bits_model
    confidence = metrics.confidence
    assert confidence is not None
    assert released.manifest.confidence == confidence.weights
    assert confidence.fitted.answers > confidence.measured.answers > 0
    assert confidence.fitted.languages == confidence.measured.languages == ("go", "python")
    assert confidence.fitted.projects == 1
    assert confidence.loss_fitted < confidence.loss_model
    assert len(confidence.bins) == 10
    assert sum(one.parts for one in confidence.bins if one) == confidence.measured.parts
    # Random weights predict no better than chance among 384 tokens.
    assert 2 < metrics.quality.text.bits_per_byte < 12
    for name in ("int8", "int4"):
        one = metrics.precisions[name]
        assert one.agreement is not None
        assert one.agreement.num_prompts == 5
        change = one.bits_per_byte - metrics.precisions["fp32"].bits_per_byte
        assert one.bits_per_byte_change == pytest.approx(change, abs=1e-6)
        assert one.bits_per_byte_change != 0
        assert one.weight_bytes < metrics.precisions["fp32"].weight_bytes
    assert metrics.precisions["int4"].weight_bytes < metrics.precisions["int8"].weight_bytes


def test_the_card_says_what_metrics_say(released: ModelFolder) -> None:
    metrics = Metrics.read(released.path)
    text = (released.path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert text.startswith("# tiny: model card\n")
    for part in (
        f"**{metrics.quality.text.bits_per_byte:.3f}**", "| hours | 0.5 |", "valid: beta", "| MIT | 100.0% |",
        f"cost {metrics.copying.bits_model:.2f} bits each by the model alone",
        "lines of the valid split (the figures above are of the valid split)",
        f"{SHARES[CursorKind.INSIDE_IDENTIFIER] + SHARES[CursorKind.ANYWHERE]:.0%} of them".replace("%", " %"),
        "| 0.0 to 0.1 |", "Of 6 checked files 1 hold", f"{metrics.shape.parameters:,}",
    ):  # fmt: skip
        assert part in text
    assert "$" not in text
    confidence = metrics.confidence
    assert confidence is not None
    flowing = " ".join(text.split())
    assert f"is {confidence.loss_model:.3f} when the model is taken at its word" in flowing
    assert "(1 project of the valid split; Go, Python)" in flowing


def test_a_good_card_passes_its_check(released: ModelFolder, workplace: Path) -> None:
    kept = ModelFolder.load(released.path.parent / "kept" / "fp32")
    found = check(released, workplace / "corpus", reference=kept)
    assert len(found) > 10
    assert [one for one in found if not one.holds] == []
    assert main(["check", str(released.path), str(workplace / "corpus")]) == 0


def test_agreement_is_checked_again_where_there_is_a_reference(
    released: ModelFolder, workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "GATES", {})
    model, metrics = release(plan(workplace, tmp_path / "model", precision="int8"))
    kept = ModelFolder.load(released.path.parent / "kept" / "fp32")
    found = {one.name: one for one in check(model, workplace / "corpus", reference=kept)}
    assert metrics.precisions["int8"].agreement is not None
    assert found["agreement.tokens"].found == metrics.precisions["int8"].agreement.tokens
    assert all(one.holds for one in found.values())


def test_a_figure_better_than_the_weights_does_not_hold(copy: ModelFolder, workplace: Path) -> None:
    metrics = Metrics.read(copy.path)
    text = msgspec.structs.replace(
        metrics.quality.text, bits_per_byte=metrics.quality.text.bits_per_byte - 0.1
    )
    quality = msgspec.structs.replace(metrics.quality, text=text)
    msgspec.structs.replace(metrics, quality=quality).write(copy.path)
    with pytest.raises(ModelFileError, match=r"metrics\.json"):
        check(copy, workplace / "corpus")
    sealed = seal(copy)
    with pytest.raises(ReleaseGateError, match=r"MODEL_CARD\.md is not what"):
        check(sealed, workplace / "corpus")
    assert main(["card", str(copy.path)]) == 0
    bad = [one.name for one in check(ModelFolder.load(copy.path), workplace / "corpus") if not one.holds]
    assert bad == ["quality.text.bits_per_byte"]
    assert main(["check", str(copy.path), str(workplace / "corpus"), "--json"]) == 1


def test_a_card_about_other_weights_for_copying_does_not_hold(copy: ModelFolder, workplace: Path) -> None:
    weights = copy.manifest.copying
    assert weights is not None
    changed = msgspec.structs.replace(weights, bias=weights.bias + 1)
    for other in (changed, None):
        msgspec.structs.replace(copy.manifest, copying=other).write(copy.path)
        with pytest.raises(ReleaseGateError, match="weights for copying"):
            check(ModelFolder.load(copy.path), workplace / "corpus")


def test_a_card_about_another_confidence_does_not_hold(copy: ModelFolder, workplace: Path) -> None:
    weights = copy.manifest.confidence
    assert weights is not None
    changed = msgspec.structs.replace(weights, lowest=weights.lowest + 0.0001)
    for other in (changed, None):
        msgspec.structs.replace(copy.manifest, confidence=other).write(copy.path)
        with pytest.raises(ReleaseGateError, match="weights of confidence"):
            check(ModelFolder.load(copy.path), workplace / "corpus")


def test_confidence_is_fitted_anew(
    copy: ModelFolder, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a model was released without, or with other weights, is mended without the run it came from."""
    before = Metrics.read(copy.path)
    msgspec.structs.replace(before, confidence=None).write(copy.path)
    model = seal(copy)
    msgspec.structs.replace(model.manifest, confidence=None).write(copy.path)
    assert main(["card", str(copy.path)]) == 0
    card_text = (copy.path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "probabilities are taken at their word" in " ".join(card_text.split())
    check(ModelFolder.load(copy.path), workplace / "corpus")
    capsys.readouterr()
    assert main(["confidence", str(copy.path), str(workplace / "corpus"), "--requests", "80"]) == 0
    told = json.loads(capsys.readouterr().out)
    after = Metrics.read(copy.path)
    # The sample is that of the release, so its weights are found again.
    assert after == before
    assert json.loads(msgspec.json.encode(after.confidence)) == told
    assert all(one.holds for one in check(ModelFolder.load(copy.path), workplace / "corpus"))


def test_too_few_answers_for_a_confidence_leave_the_model_as_it_was(
    copy: ModelFolder, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(copy.path)
    assert main(["confidence", str(copy.path), str(workplace / "corpus"), "--requests", "20"]) == 2
    assert "answers could be shown, too few" in capsys.readouterr().err
    assert contents(copy.path) == before


def test_another_split_cannot_confirm_a_card(released: ModelFolder, workplace: Path, tmp_path: Path) -> None:
    shutil.copytree(workplace / "corpus", tmp_path / "corpus")
    with (tmp_path / "corpus" / "valid.jsonl").open("a", encoding="utf-8") as file:
        file.write(corpus_line(Document("beta", "2.0", "more.py", "ISC", SAMPLE)) + "\n")
    with pytest.raises(ReleaseGateError, match="the card is about"):
        check(released, tmp_path / "corpus")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_failed_gate_leaves_the_old_model_as_it_was(
    copy: ModelFolder, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "GATES", {"int8": Gate(1.01, 0.01), "int4": Gate(1.01, None)})
    before = contents(copy.path.parent)
    for precision in ("int8", "int4"):
        with pytest.raises(
            ReleaseGateError, match=rf"{precision} is not released: greedy agreement .*%"
        ) as caught:
            release(plan(workplace, copy.path, precision=precision))
        assert caught.value.code == "GLM-601"
    assert contents(copy.path.parent) == before


@pytest.mark.parametrize(("least", "wanted"), [(0.0, "int8"), (1.01, "fp32")])
def test_auto_is_int8_where_it_passes(
    workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: float, wanted: str
) -> None:
    monkeypatch.setattr(gates, "GATES", {"int8": Gate(least, 1.0), "int4": Gate(1.01, None)})
    model, metrics = release(plan(workplace, tmp_path / "model", precision="auto"))
    assert model.manifest.precision == metrics.precision == wanted
    assert bool(metrics.precisions["int8"].gate) == (wanted == "fp32")
    assert "failed: greedy agreement" in (model.path / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_evaluations_reach_card_and_check(copy: ModelFolder, workplace: Path, tmp_path: Path) -> None:
    figures = tmp_path / "evals"
    figures.mkdir()
    (figures / "infill.json").write_text(
        '{"pass_at_1": 0.125, "tasks": 200, "items": [1, 2], "wall_seconds": 9}'
    )
    assert main(["card", str(copy.path), "--evaluations", str(figures)]) == 0
    text = (copy.path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "### infill" in text
    assert "| pass at 1 | 0.125 |" in text
    assert Metrics.read(copy.path).evaluations == {
        "infill": {"pass_at_1": 0.125, "tasks": 200, "wall_seconds": 9}
    }
    report = {
        "measure": "lines",
        "data": {"description": "held-out lines", "sha256": "ab"},
        "count": 500,
        "results": {"with_suffix": {"exact_match": {"value": 0.1, "low": 0.05, "high": 0.15}}},
    }
    (figures / "lines.json").write_text(json.dumps(report))
    assert main(["card", str(copy.path), "--evaluations", str(figures)]) == 0
    text = (copy.path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| with suffix.exact match | 0.1 (0.05 to 0.15) |" in text
    assert "held-out lines; count 500" in text
    assert "sha256" not in text
    model = ModelFolder.load(copy.path)
    (figures / "infill.json").write_text('{"pass_at_1": 0.12, "tasks": 200, "wall_seconds": 40}')
    found = check(model, workplace / "corpus", evaluations=figures)
    assert all(one.holds for one in found)
    assert not any("seconds" in one.name for one in found)
    (figures / "infill.json").write_text('{"pass_at_1": 0.1, "tasks": 200}')
    bad = [one.name for one in check(model, workplace / "corpus", evaluations=figures) if not one.holds]
    assert bad == ["evaluations.infill.pass_at_1"]


@pytest.mark.parametrize(
    "content",
    [
        "nonsense",
        "[1]",
        '{"data": 5, "results": {"x": 1}}',
        '{"results": 5}',
        '{"results": null}',
        '{"results": {"x": NaN}}',
        '{"results": {"x": 1e999}}',
        '{"results": {"x": "\\ud800"}}',
    ],
)
def test_an_evaluation_that_is_none_is_named(
    copy: ModelFolder, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    (figures / "wrong.json").write_text(content)
    before = contents(copy.path)
    assert main(["card", str(copy.path), "--evaluations", str(figures)]) == 2
    told = capsys.readouterr().err
    assert "GLM-100" in told
    assert "wrong.json" in told
    assert contents(copy.path) == before


def test_a_card_that_cannot_be_written_leaves_the_model_as_it_was(
    copy: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(copy.path)

    def fails(*_: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    for place, name in ((card, "render"), (papers, "describe_folder"), (Metrics, "write")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, fails)
            assert main(["card", str(copy.path)]) == 1
        assert contents(copy.path) == before
    assert main(["card", str(copy.path)]) == 0
    assert [one for one in verify(copy.path, ModelFolder.load(copy.path).manifest) if one.problem] == []
    assert contents(copy.path).keys() == before.keys()


@pytest.mark.parametrize("command", ["card", "check", "release"])
def test_evaluations_in_no_folder_are_told(
    copy: ModelFolder, workplace: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere"
    words = {
        "card": ["card", str(copy.path)],
        "check": ["check", str(copy.path), str(workplace / "corpus")],
        "release": release_words(workplace, tmp_path / "model"),
    }
    assert main([*words[command], "--evaluations", str(nowhere)]) == 2
    assert f"GLM-100: {nowhere} is not a folder" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("option", ["--max-bytes", "--lines", "--prompts", "--requests"])
@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_amounts_are_above_0(
    workplace: Path, tmp_path: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*release_words(workplace, tmp_path / "model"), f"{option}={value}"])
    assert caught.value.code == 2
    assert f"{option}: {value} is not a whole number above 0" in capsys.readouterr().err


def release_words(workplace: Path, out: Path) -> list[str]:
    return [
        str(workplace / "weights.safetensors"),
        str(workplace / "tokenizer.json"),
        str(out),
        "--recipe",
        str(workplace / "tiny.toml"),
        "--corpus",
        str(workplace / "corpus"),
    ]


def test_the_command_writes_a_model(
    workplace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.md").write_text("It was trained in a test.\n")
    (tmp_path / "training.json").write_text('{"hours": 3}')
    code = main(
        [
            *release_words(workplace, tmp_path / "model"),
            "--precision",
            "fp32",
            "--max-bytes",
            "2500",
            "--lines",
            "5",
            "--prompts",
            "5",
            "--requests",
            "80",
            "--notes",
            str(tmp_path / "notes.md"),
            "--training",
            str(tmp_path / "training.json"),
        ]
    )
    assert code == 0
    assert json.loads(capsys.readouterr().out)["precision"] == "fp32"
    text = (tmp_path / "model" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "It was trained in a test." in text
    assert Metrics.read(tmp_path / "model").training["hours"] == 3


def test_what_is_missing_is_named(workplace: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nothing\.safetensors"):
        read_run(tmp_path / "nothing.safetensors")
    with pytest.raises(InputError, match="not a corpus folder"):
        release(plan(workplace, tmp_path / "model", corpus=tmp_path))
    corpus = tmp_path / "corpus"
    shutil.copytree(workplace / "corpus", corpus)
    (corpus / "NOTICE.txt").unlink()
    with pytest.raises(InputError, match=r"NOTICE\.txt"):
        release(plan(workplace, tmp_path / "model", corpus=corpus))
    assert not (tmp_path / "model").exists()


@pytest.mark.reference
@pytest.mark.parametrize("kind", ["trainer", "averaged", "weights only", "bare"])
def test_torch_checkpoints_are_read(workplace: Path, tmp_path: Path, kind: str) -> None:
    import numpy as np
    import torch

    config = tiny_config(max_position_embeddings=256)
    last = {name: torch.from_numpy(values) for name, values in random_weights(config, seed=1).items()}
    average = {name: torch.from_numpy(values) for name, values in random_weights(config, seed=2).items()}
    progress = {"step": 3, "rows": 1, "tokens": 4, "seconds": 7200.0}
    state: dict[str, Any] = {"model": last, "progress": progress, "recipe": "tiny"}
    wanted = average if kind == "averaged" else last
    if kind == "averaged":
        state["ema"] = average
    if kind == "weights only":
        progress["averaged"] = 9
    if kind == "trainer":
        state["muon"] = {}
        progress["averaged"] = 9
    torch.save(last if kind == "bare" else state, tmp_path / "checkpoint.pt")
    run = read_run(tmp_path / "checkpoint.pt")
    assert run.averaged == (kind in ("averaged", "weights only"))
    assert run.progress == ({} if kind == "bare" else progress)
    assert all(np.array_equal(run.weights[name], values.numpy()) for name, values in wanted.items())
    recipe = load_recipe(str(workplace / "tiny.toml"))
    count = export_checkpoint(
        tmp_path / "checkpoint.pt", recipe, workplace / "tokenizer.json", tmp_path / "hf"
    )
    assert count == sum(values.size for values in random_weights(config).values())
    if kind != "bare":
        with pytest.raises(TrainingError, match="recipe 'tiny', not 'smoke'"):
            export_checkpoint(
                tmp_path / "checkpoint.pt",
                load_recipe("smoke"),
                workplace / "tokenizer.json",
                tmp_path / "hf",
            )
