"""The trainer: deterministic, resumable, and its model is the one transformers and the graph compute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tokenizers import Tokenizer

from glm_lsp.errors import TrainingError
from glm_lsp.train.fim import Document, ExampleMaker
from glm_lsp.train.recipe import Recipe, load_recipe
from glm_lsp.train.stream import Row, read_documents, rows_from
from glm_lsp.train.tokenizer import train_tokenizer

if TYPE_CHECKING:
    from glm_lsp.train.trainer import Trainer

pytestmark = pytest.mark.reference

SOURCE = Path(__file__).read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """So small a model only loses by a second thread, and much on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter([SOURCE] * 5), 512)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe("smoke")


def stop_after(step: int, trainer: Trainer, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; with those of the given step the trainer is asked to stop, as SIGTERM would."""
    for row in rows:
        trainer.stop_asked = trainer.progress.step + 1 >= step
        yield row


def train(recipe: Recipe, tokenizer: Tokenizer, folder: Path, *steps: int) -> list[float]:
    """Trains up to each number of steps in turn, each time in a new trainer that resumes; all losses."""
    from glm_lsp.train.trainer import Plan, Trainer

    documents = [Document("demo", "a.py", "python", SOURCE)]
    for until in steps:
        trainer = Trainer(recipe, folder, Plan(steps=steps[-1]))
        trainer.resume()
        maker = ExampleMaker(tokenizer, recipe.context, recipe.mix)
        rows = rows_from(
            documents, maker, context=recipe.context, seed=recipe.seed, skip=trainer.progress.rows
        )
        trainer.run(stop_after(until, trainer, rows))
    return [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_same_seed_gives_the_same_losses(recipe: Recipe, tokenizer: Tokenizer, tmp_path: Path) -> None:
    first = train(recipe, tokenizer, tmp_path / "a", 8)
    assert first == train(recipe, tokenizer, tmp_path / "b", 8)


def test_resumed_equals_uninterrupted(recipe: Recipe, tokenizer: Tokenizer, tmp_path: Path) -> None:
    whole = train(recipe, tokenizer, tmp_path / "whole", 12)
    parts = train(recipe, tokenizer, tmp_path / "parts", 5, 12)
    assert parts == pytest.approx(whole, abs=2e-3)


def test_it_learns(recipe: Recipe, tokenizer: Tokenizer, tmp_path: Path) -> None:
    losses = train(recipe, tokenizer, tmp_path, 80)
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:3])
    assert (tmp_path / "stable.pt").exists()


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

    from glm_lsp.train.model import GlmForTraining
    from glm_lsp.train.trainer import attention_mask

    torch.manual_seed(0)
    model = GlmForTraining(recipe.config(), recipe.context)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    first, second = torch.randint(0, 512, (1, 20)), torch.randint(0, 512, (1, 30))
    segments = torch.tensor([[1] * 20 + [2] * 30])
    positions = torch.cat((torch.arange(20), torch.arange(30)))[None]
    with torch.no_grad():
        packed = model.logits(torch.cat((first, second), dim=1), positions, attention_mask(segments))
        alone = model.logits(second)
    assert (packed[:, 20:] - alone).abs().max() < 1e-4


def test_a_run_becomes_a_model_folder(recipe: Recipe, tokenizer: Tokenizer, tmp_path: Path) -> None:
    import torch

    from glm_lsp.engine.onnx_session import OnnxSession
    from glm_lsp.models.convert import convert
    from glm_lsp.train.model import GlmForTraining
    from glm_lsp.train.release import export_checkpoint

    train(recipe, tokenizer, tmp_path / "run", 10)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    checkpoint = tmp_path / "run" / "checkpoint.pt"
    export_checkpoint(checkpoint, recipe, tmp_path / "tokenizer.json", tmp_path / "hf")
    folder = convert(
        tmp_path / "hf", tmp_path / "model", name="smoke", prompt_profile="codegeex4", precision="fp32"
    )
    session = OnnxSession.open(folder)
    model = GlmForTraining(recipe.config(), recipe.context)
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["model"])
    ids = list(range(60, 100))
    logits = session.run(session.new_kv(), 0, ids, len(ids), want_logits=True).logits
    assert logits is not None
    with torch.no_grad():
        wanted = model.logits(torch.tensor([ids]))[0].numpy()
    real = folder.manifest.vocab_size
    assert np.abs(logits[:, :real] - wanted[:, :real]).max() < 1e-4


def test_errors_name_the_file(recipe: Recipe, tmp_path: Path) -> None:
    from glm_lsp.train.trainer import Plan, Trainer

    with pytest.raises(TrainingError, match=r"nothing\.jsonl"):
        read_documents(tmp_path / "nothing.jsonl")
    (tmp_path / "bad.toml").write_text("name = 'x'\nwrong = 1\n")
    with pytest.raises(TrainingError, match="wrong"):
        load_recipe(str(tmp_path / "bad.toml"))
    trainer = Trainer(recipe, tmp_path, Plan(steps=1))
    (tmp_path / "checkpoint.pt").write_bytes(b"PK not a checkpoint")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt"):
        trainer.resume()


def test_rows_can_be_skipped(recipe: Recipe, tokenizer: Tokenizer) -> None:
    maker = ExampleMaker(tokenizer, recipe.context, recipe.mix)
    documents = [Document("demo", "a.py", "python", SOURCE)]
    whole = list(islice(rows_from(documents, maker, context=128, seed=1), 40))
    late = list(islice(rows_from(documents, maker, context=128, seed=1, skip=25), 15))
    assert all((a.token_ids == b.token_ids).all() for a, b in zip(whole[25:], late, strict=True))
