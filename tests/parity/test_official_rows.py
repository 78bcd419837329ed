"""Every published model of the family, tiny: from its official folder to a completion.

The graph an import makes is held against the formulas (`glm_lsp/models/formulas`), which read the official folder by
themselves; what is decoded with the cache against what is decoded without.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glm_lsp.completion.chat import Message
from glm_lsp.engine.chat_encoder import ChatEncoder
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.importing.importer import run_plan
from glm_lsp.importing.plan import Wish, make_plan
from glm_lsp.importing.self_check import RawTensors
from glm_lsp.models.checkpoint_files.tensor_files import open_files
from glm_lsp.models.formulas import BlankTokens, formula_for
from glm_lsp.models.prefix_config import PrefixLmConfig
from glm_lsp.models.store import ModelFolder
from tests.official.checkpoints import FAMILIES, write_official_folder
from tests.parity.cases import TOLERANCE, max_difference, run_in_chunks

ROWS = [(family, "") for family in FAMILIES] + [
    ("chatglm-6b", "first-release"),
    ("glm-original", "english"),
    ("glm-original", "bare"),
    ("chatglm2", "separate"),
    ("codegeex4", "separate"),
    ("glm-4-hf", "v5"),
    ("glm-4-0414", "v5"),
]

CODE = "def add(a, b):\n    return a + b\n\n\nprint("
NUM_GREEDY = 64


@dataclass
class Row:
    """One imported model and the folder it comes from."""

    family: str
    official: Path
    model: ModelFolder

    @property
    def prompt(self) -> list[int]:
        """Ids a prompt of this kind of model may have."""
        config = self.model.config
        ids = [int(i) for i in np.random.default_rng(1).integers(0, self.model.manifest.vocab_size, 40)]
        if isinstance(config, PrefixLmConfig):
            special = {config.start_token_id, *config.mask_token_ids}
            words = [i for i in ids if i not in special]
            return [
                *words[:12],
                config.mask_token_ids[0],
                *words[12:20],
                config.start_token_id,
                *words[20:24],
            ]
        return ids


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: "-".join(filter(None, row)))
def row(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Row:
    family, variant = request.param
    folder = tmp_path_factory.mktemp("official")
    official = folder / f"{family}-checkpoint"
    write_official_folder(official, family, variant=variant)
    wish = Wish(checkpoint=official, name="tiny", family=family, precision="fp32")
    return Row(family, official, run_plan(make_plan(wish, folder / "models" / "tiny")))


def test_the_graph_computes_what_the_official_folder_means(row: Row) -> None:
    values = json.loads((row.official / "config.json").read_text(encoding="utf-8"))
    config, options = row.model.config, {}
    if isinstance(config, PrefixLmConfig):
        options["tokens"] = BlankTokens(config.mask_token_ids, config.start_token_id)
    elif row.family == "chatglm2-32k":
        options["interpolates"] = True
    formula = formula_for(values, **options)
    prompt = row.prompt
    expected = formula.logits(RawTensors(open_files(row.official)), prompt, dtype=np.float64)
    session = OnnxSession.open(row.model, threads=1)
    found = run_in_chunks(session, session.new_kv(), 0, prompt, [])
    assert np.ptp(expected) > 1
    assert max_difference(found, expected[:, : found.shape[1]].astype(np.float32)) <= TOLERANCE


def greedy(session: OnnxSession, prompt: list[int], *, cached: bool) -> list[int]:
    kv, found = session.new_kv(), list[int]()
    while len(found) < NUM_GREEDY:
        if cached and found:
            scores = session.run(kv, len(prompt) + len(found) - 1, found[-1:], 1)
        else:
            kv = session.new_kv()
            scores = session.run(kv, 0, prompt + found, 1)
        found.append(int(scores.next_ids[0]))
    return found


def test_greedy_tokens_are_the_same_with_cache_and_without(row: Row) -> None:
    session = OnnxSession.open(row.model, threads=1)
    assert greedy(session, row.prompt, cached=True) == greedy(session, row.prompt, cached=False)


def answer(engine: Engine, text: str, **options: Any) -> tuple[str, int, int]:
    """Text, tokens of the prompt, and how many of those were cached."""
    request = CompletionRequest(
        prompt=text,
        suffix="\n# end\n",
        max_tokens=12,
        glm=GlmOptions(path="a.py", language="Python", **options),
    )
    chunks = list(engine.complete(request))
    usage = chunks[-1].usage
    assert usage is not None
    written = "".join(choice.text for chunk in chunks for choice in chunk.choices)
    return written, usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens


def test_the_engine_completes_code_and_knows_what_it_may_reuse(row: Row) -> None:
    reads_both_ways = isinstance(row.model.config, PrefixLmConfig)
    with Engine.load(row.model, threads=1) as warm:
        for typed in ("", "a", "add(1", "add(1, 2", "add(1"):
            text, num_prompt, num_cached = answer(warm, CODE + typed)
            with Engine.load(row.model, threads=1) as cold:
                assert answer(cold, CODE + typed)[0] == text
            if typed:
                # What a profile puts behind the cursor has to be run again, and may be spelled out here.
                assert num_cached == 0 if reads_both_ways else num_prompt - 40 <= num_cached < num_prompt
        # The same prompt once more: whatever direction it is read in, nothing of it has changed.
        _, num_prompt, num_cached = answer(warm, CODE + typed)
        assert num_prompt - 4 <= num_cached < num_prompt


def test_special_tokens_in_code_stay_code(row: Row) -> None:
    tokenizer = SourceTokenizer.open(row.model.tokenizer_path)
    with Engine.load(row.model, threads=1) as engine:
        for name in ("<|user|>", "[gMASK]", "<sop>", "sop", "<|endoftext|>", "<|startofpiece|>"):
            assert tokenizer.special_ids.isdisjoint(tokenizer.encode(f"x = '{name}'"))
            answer(engine, f"x = '{name}'\ny = ")


def test_a_dialogue_gets_an_answer(row: Row) -> None:
    template = row.model.manifest.chat_template
    if not template:
        pytest.skip(f"{row.family} holds no dialogue")
    tokenizer = SourceTokenizer.open(row.model.tokenizer_path)
    encoder = ChatEncoder(tokenizer, template, 400)
    turns = [Message("user", "x = 1"), Message("assistant", "y"), Message("user", "print(")]
    with Engine.load(row.model, threads=1) as engine:
        request = CompletionRequest(prompt=encoder.encode(turns), max_tokens=8)
        usage = list(engine.complete(request))[-1].usage
    assert usage is not None
    assert usage.completion_tokens >= 1


def test_ids_beyond_the_tokenizers_are_never_written(row: Row) -> None:
    session = OnnxSession.open(row.model, threads=1)
    assert session.vocab_size == row.model.manifest.vocab_size <= row.model.config.vocab_size
