"""The trainer: deterministic, resumable, and its model is the one transformers and the graph compute."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from glm_lsp.errors import TrainingError
from glm_lsp.train.example import Document
from glm_lsp.train.fim import ExampleMaker
from glm_lsp.train.recipe import Recipe, load_recipe
from glm_lsp.train.schedule import Plan
from glm_lsp.train.stream import Place, Stream
from glm_lsp.train.tokenizer import train_tokenizer

pytestmark = pytest.mark.reference

SOURCES = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_[a-f]*.py"))]
DOCUMENTS = [Document("demo", f"{number}.py", "python", text) for number, text in enumerate(SOURCES)]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """So small a model only loses by a second thread, and much on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter(SOURCES), 512)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe("smoke")


@pytest.fixture(scope="module")
def stream(recipe: Recipe, tokenizer: Tokenizer) -> Stream:
    maker = ExampleMaker(tokenizer, recipe.context, recipe.mix)
    return Stream(DOCUMENTS, maker, context=recipe.context, seed=recipe.seed)


def train(
    stream: Stream,
    recipe: Recipe,
    folder: Path,
    *stops: int,
    plan: Plan | None = None,
    each_step: Callable[[Any], None] = lambda trainer: None,
) -> Any:
    """Trains to each number of steps in turn, each time in a new trainer that resumes; returns the last trainer."""
    from glm_lsp.train.loop import Options, Trainer

    plan = plan or Plan(steps=stops[-1])
    for until in stops:
        trainer = Trainer(recipe, folder, plan, Options(log_every=1))
        trainer.resume()
        take = trainer.step

        def step(rows: Any, trainer: Any = trainer, take: Any = take, until: int = until) -> Any:
            # As SIGTERM would.
            trainer.stop_asked = trainer.progress.step + 1 >= until
            each_step(trainer)
            return take(rows)

        trainer.step = step  # type: ignore[method-assign]
        trainer.run(stream)
    return trainer


def metrics(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def losses(folder: Path) -> list[float]:
    return [line["loss"] for line in metrics(folder) if "loss" in line]


def test_two_hundred_steps_teach_and_repeat_exactly(stream: Stream, recipe: Recipe, tmp_path: Path) -> None:
    train(stream, recipe, tmp_path / "whole", 200)
    whole = losses(tmp_path / "whole")
    assert len(whole) == 200
    assert np.mean(whole[-10:]) < 0.75 * np.mean(whole[:3])
    # Twice the same, the second time with a cut and a new trainer in between.
    train(stream, recipe, tmp_path / "parts", 13, 40, plan=Plan(steps=200))
    assert losses(tmp_path / "parts") == whole[:40]


def test_resuming_in_the_decay_changes_nothing(stream: Stream, recipe: Recipe, tmp_path: Path) -> None:
    whole = train(stream, recipe, tmp_path / "whole", 16)
    parts = train(stream, recipe, tmp_path / "parts", 11, 16)
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")
    for name, weights in whole.average.weights.items():
        assert (parts.average.weights[name] == weights).all()
    assert (tmp_path / "whole" / "stable.pt").exists()


def test_the_average_follows_the_weights(stream: Stream, recipe: Recipe, tmp_path: Path) -> None:
    import torch

    from glm_lsp.train import checkpoint

    trainer = train(stream, replace(recipe, ema_from=0.5), tmp_path, 20)
    assert trainer.progress.averaged == 11
    own = dict(trainer.model.named_parameters())
    name = "model.embed_tokens.weight"
    difference = float((trainer.average.weights[name] - own[name].detach()).norm())
    assert 0 < difference < 0.1 * float(own[name].detach().norm())
    saved = checkpoint.read(tmp_path / "weights.pt")
    assert (saved["model"][name] == trainer.average.weights[name].to(torch.bfloat16)).all()
    assert set(saved) == {"model", "progress", "recipe"}


def test_weights_alone_are_enough_to_go_on(stream: Stream, recipe: Recipe, tmp_path: Path) -> None:
    from glm_lsp.train.loop import Trainer

    train(stream, recipe, tmp_path, 30, plan=Plan(steps=60))
    (tmp_path / "checkpoint.pt").unlink()
    before = losses(tmp_path)
    trainer = Trainer(recipe, tmp_path, Plan(steps=60))
    assert trainer.resume()
    assert (trainer.progress.step, trainer.progress.warm_from) == (30, 30)
    assert trainer.schedule.lr_scale(trainer.progress) == pytest.approx(1 / recipe.rewarm_steps)
    train(stream, recipe, tmp_path, 34, plan=Plan(steps=60))
    after = losses(tmp_path)[len(before) :]
    assert np.mean(after) < np.mean(before[:10])
    assert metrics(tmp_path)[-1]["step"] == 34


def test_an_older_checkpoint_is_read(stream: Stream, recipe: Recipe, tmp_path: Path) -> None:
    import torch

    from glm_lsp.train import checkpoint
    from glm_lsp.train.loop import Trainer

    train(stream, recipe, tmp_path, 3)
    state = checkpoint.read(tmp_path / "checkpoint.pt")
    state.pop("ema")
    # What the trainer wrote at first: torch's own Muon, and four numbers.
    model = Trainer(recipe, tmp_path / "other", Plan(steps=1)).model
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    muon = torch.optim.Muon(matrices, lr=0.02, momentum=0.95, weight_decay=0.05)
    for parameter in matrices:
        parameter.grad = torch.ones_like(parameter)
    muon.step()
    state["muon"] = muon.state_dict()
    state["progress"] = {"step": 3, "rows": 12, "tokens": 1536, "seconds": 2.5}
    torch.save(state, tmp_path / "checkpoint.pt")
    trainer = Trainer(recipe, tmp_path, Plan(steps=9))
    trainer.resume()
    assert (trainer.progress.step, trainer.progress.places) == (3, [])
    train(stream, recipe, tmp_path, 5)
    assert metrics(tmp_path)[-1]["step"] == 5


def test_the_rate_falls_when_told_to(stream: Stream, recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "decay-now").write_text("0.5\n")
    trainer = train(stream, recipe, tmp_path, 10_000, plan=Plan(hold=True))
    assert trainer.schedule.done(trainer.progress) >= 1
    scales = [line["lr_scale"] for line in metrics(tmp_path)]
    assert scales[-1] == 0
    assert (tmp_path / "stable.pt").exists()
    assert not (tmp_path / "decay-now").exists()


@pytest.mark.parametrize("content", ["", "\n", "soon", "nan", "inf", "-5", "0"])
def test_an_order_to_decay_that_is_none_yet_waits(
    stream: Stream, recipe: Recipe, tmp_path: Path, content: str
) -> None:
    (tmp_path / "decay-now").write_text(content)
    trainer = train(stream, recipe, tmp_path, 3)
    assert trainer.progress.step == 3
    assert trainer.progress.decay_seconds is None
    assert (tmp_path / "decay-now").read_text() == content
    assert (tmp_path / "checkpoint.pt").exists()


def test_held_out_text_is_scored_with_the_average(
    stream: Stream, recipe: Recipe, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    from glm_lsp.train.heldout import HeldOut

    untrained = train(stream, recipe, tmp_path / "a", 1)
    trained = train(stream, recipe, tmp_path / "b", 60)
    held_out = HeldOut(DOCUMENTS[:2], tokenizer, recipe, 20_000)
    before, after = held_out.scores(untrained.model), held_out.scores(trained.model)
    assert after["bpb"] < 0.9 * before["bpb"]
    assert after["bpb_middle"] < before["bpb_middle"]
    # A uniform guess over 512 entries costs 9 bits a token.
    assert before["bpb"] < 9 / 1.0


def test_workers_make_every_row_once(stream: Stream) -> None:
    from glm_lsp.train.loader import Loader

    def rows(workers: int, count: int) -> tuple[list[bytes], list[Place]]:
        loader = Loader(stream, [], workers=workers)
        return [row.token_ids.tobytes() for row in loader.take(count)], loader.places

    blocks = [[row.token_ids.tobytes() for row in stream.block(number, decaying=False)] for number in (0, 1)]
    whole = blocks[0] + blocks[1]
    # The workers take turns: by then both have made their first block, and whoever's was shorter some of its next.
    made, _ = rows(2, 2 * max(map(len, blocks)))
    assert Counter(whole) <= Counter(made)
    first, places = rows(0, 20)
    assert first == whole[:20]
    later = Loader(stream, places).take(10)
    assert [row.token_ids.tobytes() for row in later] == whole[20:30]


@pytest.mark.parametrize("halves", [False, True])
def test_muon_is_torchs(recipe: Recipe, *, halves: bool) -> None:
    import torch

    from glm_lsp.train.optimiser import BatchedMuon

    torch.manual_seed(0)
    ours = [torch.nn.Parameter(torch.randn(shape)) for shape in ((8, 8), (12, 8), (8, 8), (8, 20))]
    theirs = [torch.nn.Parameter(p.detach().clone()) for p in ours]
    if halves:  # the second holds two matrices
        theirs[1:2] = [torch.nn.Parameter(half.clone()) for half in theirs[1].detach().chunk(2)]
    options = {"lr": 0.02, "momentum": 0.95, "weight_decay": 0.05}
    muon = BatchedMuon(ours, halves={ours[1]} if halves else set(), **options)
    reference = torch.optim.Muon(theirs, **options)
    for _ in range(3):
        for parameter in ours:
            parameter.grad = torch.randn_like(parameter)
        gradients = [half for p in ours for half in p.grad.chunk(2 if halves and p is ours[1] else 1)]
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient.clone()
        muon.step()
        reference.step()
    together = torch.cat([p.detach().flatten() for p in ours])
    assert together.allclose(torch.cat([p.detach().flatten() for p in theirs]), atol=1e-3)


def test_the_block_mask_says_what_the_dense_mask_says() -> None:
    import torch

    from glm_lsp.train.attention import dense_mask, make_mask, mask_mod

    torch.manual_seed(0)
    segments = torch.sort(torch.randint(0, 5, (3, 256)), dim=1).values
    batch, query, key = (torch.arange(n) for n in (*segments.shape, 256))
    allowed = mask_mod(segments)(
        batch[:, None, None], torch.tensor(0), query[None, :, None], key[None, None, :]
    )
    dense = dense_mask(segments)[:, 0]
    assert (allowed == dense).all()
    # The blocks that are looked at are those with anything in them.
    blocks = make_mask(segments, "flex").to_dense()[:, 0].bool()
    wanted = dense.unflatten(2, (-1, 128)).unflatten(1, (-1, 128)).any(dim=4).any(dim=2)
    assert (blocks == wanted).all()


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention_computes_what_dense_attention_does(recipe: Recipe) -> None:
    import torch

    from glm_lsp.train.attention import make_mask
    from glm_lsp.train.model import GlmForTraining

    torch.manual_seed(0)
    model = GlmForTraining(recipe.config(), 128)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    segments = torch.tensor([[1] * 50 + [2] * 70 + [0] * 8])
    ids = torch.randint(0, 512, (1, 128))
    with torch.no_grad():
        dense = model.logits(ids, mask=make_mask(segments, "dense"))
        flex = model.logits(ids, mask=make_mask(segments, "flex"))
    assert (dense - flex).abs().max() < 1e-4


def test_the_command_stops_when_told_and_resumes(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    lines = [
        json.dumps({"package": d.package, "path": d.path, "language": d.language, "text": d.text})
        for d in DOCUMENTS
    ]
    (corpus / "train.jsonl").write_text("\n".join(lines) + "\n")
    run = tmp_path / "run"
    command = [
        *(sys.executable, "-m", "glm_lsp.train.trainer", "smoke", str(corpus)),
        *(str(tmp_path / "tokenizer.json"), str(run), "--hold", "--device", "cpu", "--eager"),
        *("--threads", "1", "--valid", str(corpus / "train.jsonl"), "--set", "valid_bytes=2000"),
    ]
    process = subprocess.Popen([*command, "--workers", "1"], stderr=subprocess.PIPE, text=True)
    give_up = time.monotonic() + 400
    while not (run / "metrics.jsonl").exists() and process.poll() is None:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGUSR1)
    while not (run / "weights.pt").exists() and process.poll() is None:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    process.terminate()
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    step = metrics(run)[-1]["step"]
    assert math.isfinite(metrics(run)[-1]["bpb"])
    done = subprocess.run([*command, "--decay-now", "0.3"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert metrics(run)[-2]["lr_scale"] == 0
    assert metrics(run)[-1]["step"] > step


def test_the_model_is_transformers_glm(recipe: Recipe) -> None:
    import torch
    from transformers import GlmConfig as HubConfig
    from transformers import GlmForCausalLM

    from glm_lsp.train.model import GlmForTraining

    torch.manual_seed(0)
    config = recipe.config()
    ours = GlmForTraining(config, recipe.context)
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    theirs = GlmForCausalLM(HubConfig(**config.to_dict())).eval()
    missing, unexpected = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert missing == ["lm_head.weight"]
    assert unexpected == []
    ids = torch.randint(0, config.vocab_size, (2, 50))
    with torch.no_grad():
        difference = (ours.logits(ids) - theirs(ids).logits).abs().max()
    assert difference < 1e-4


def test_masked_examples_do_not_see_each_other(recipe: Recipe) -> None:
    import torch

    from glm_lsp.train.attention import dense_mask
    from glm_lsp.train.model import GlmForTraining

    torch.manual_seed(0)
    model = GlmForTraining(recipe.config(), recipe.context)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    first, second = torch.randint(0, 512, (1, 20)), torch.randint(0, 512, (1, 30))
    segments = torch.tensor([[1] * 20 + [2] * 30])
    positions = torch.cat((torch.arange(20), torch.arange(30)))[None]
    with torch.no_grad():
        packed = model.logits(torch.cat((first, second), dim=1), positions, dense_mask(segments))
        alone = model.logits(second)
    assert (packed[:, 20:] - alone).abs().max() < 1e-4


def test_a_run_becomes_a_model_folder(
    stream: Stream, recipe: Recipe, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    import torch

    from glm_lsp.engine.onnx_session import OnnxSession
    from glm_lsp.models.convert import convert
    from glm_lsp.train.model import GlmForTraining
    from glm_lsp.train.release.export import export_checkpoint

    train(stream, recipe, tmp_path / "run", 10)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    checkpoint = tmp_path / "run" / "checkpoint.pt"
    export_checkpoint(checkpoint, recipe, tmp_path / "tokenizer.json", tmp_path / "hf")
    folder = convert(
        tmp_path / "hf", tmp_path / "model", name="smoke", prompt_profile="codegeex4", precision="fp32"
    )
    session = OnnxSession.open(folder)
    model = GlmForTraining(recipe.config(), recipe.context)
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["ema"])
    ids = list(range(60, 100))
    logits = session.run(session.new_kv(), 0, ids, len(ids), want_logits=True).logits
    assert logits is not None
    with torch.no_grad():
        wanted = model.logits(torch.tensor([ids]))[0].numpy()
    real = folder.manifest.vocab_size
    assert np.abs(logits[:, :real] - wanted[:, :real]).max() < 1e-4


def test_a_damaged_checkpoint_is_named(recipe: Recipe, tmp_path: Path) -> None:
    from glm_lsp.train.loop import Trainer

    trainer = Trainer(recipe, tmp_path, Plan(steps=1))
    (tmp_path / "checkpoint.pt").write_bytes(b"PK not a checkpoint")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt"):
        trainer.resume()
