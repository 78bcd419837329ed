"""Models with blanks: which tokens mark them is the tokenizer's to say, to the graph and to the formulas alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from glm_lsp.errors import ArchitectureError
from glm_lsp.importing.importer import run_plan
from glm_lsp.importing.plan import Plan, Wish, make_plan
from glm_lsp.importing.self_check import verify_model
from glm_lsp.models.formulas import BlankTokens
from glm_lsp.models.prefix_config import PrefixLmConfig
from tests.official.checkpoints import OfficialCheckpoint, write_official_folder


def plan_of(made: OfficialCheckpoint, **changes: Any) -> Plan:
    """The plan once values of the config are others; None takes a key away."""
    values = {key: value for key, value in (made.values | changes).items() if value is not None}
    (made.folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
    wish = Wish(checkpoint=made.folder, name="tiny", family=made.family, precision="fp32", capacity=64)
    return make_plan(wish, made.folder.parent / "models" / "tiny")


@pytest.fixture
def chatglm_6b(tmp_path: Path) -> OfficialCheckpoint:
    return write_official_folder(tmp_path / "chatglm-6b", "chatglm-6b")


def swapped(values: dict[str, Any]) -> dict[str, Any]:
    return {"bos_token_id": values["eos_token_id"], "eos_token_id": values["bos_token_id"]}


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        (None, r"bos_token_id is \d+ in config.json, but <sop> has the id \d+ in the tokenizer"),
        ({"bos_token_id": 7}, "bos_token_id is 7 in config.json, but <sop>"),
        ({"eos_token_id": 2}, "eos_token_id is 2 in config.json, but <eop>"),
        ({"eos_token_id": [2, 3]}, r"eos_token_id is \[2, 3\] in config.json"),
        ({"mask_token_id": 5, "gmask_token_id": 6}, r"mask_token_id is 5 in config.json, but \[MASK\]"),
        ({"gmask_token_id": 6}, r"gmask_token_id is 6 in config.json, but \[gMASK\]"),
    ],
)
def test_a_config_that_names_other_tokens_is_refused(
    chatglm_6b: OfficialCheckpoint, changes: dict[str, Any] | None, cause: str
) -> None:
    with pytest.raises(ArchitectureError, match=cause):
        plan_of(chatglm_6b, **(swapped(chatglm_6b.values) if changes is None else changes))


@pytest.mark.parametrize(
    ("family", "variant", "masks", "start", "ends"),
    [
        ("chatglm-6b", "", ("[MASK]", "[gMASK]"), "<sop>", ("<eop>",)),
        ("chatglm-6b", "first-release", ("[MASK]", "[gMASK]"), "<sop>", ("<eop>",)),
        *(
            (
                "glm-original",
                variant,
                ("[MASK]", "[sMASK]", "[gMASK]"),
                "<|startofpiece|>",
                ("<|endofpiece|>", "<|endoftext|>"),
            )
            for variant in ("", "english", "bare")
        ),
    ],
)
def test_the_tokenizer_says_which_they_are(
    *, tmp_path: Path, family: str, variant: str, masks: tuple[str, ...], start: str, ends: tuple[str, ...]
) -> None:
    made = write_official_folder(tmp_path / family, family, variant=variant)
    for changes in (
        {},
        dict.fromkeys(("mask_token_id", "gmask_token_id", "bos_token_id", "eos_token_id")),
    ):
        plan = plan_of(made, **changes)
        ids = Tokenizer.from_str(plan.parts.tokenizer.decode()).token_to_id
        config = plan.parts.checkpoint.config
        assert isinstance(config, PrefixLmConfig)
        assert config.mask_token_ids == tuple(map(ids, masks))
        assert config.start_token_id == ids(start)
        assert config.eos_token_ids == tuple(map(ids, ends))
        tokens = BlankTokens(config.mask_token_ids, config.start_token_id)
        assert plan.formula.tokens == tokens  # type: ignore[attr-defined]


def test_a_chatglm_6b_without_a_head_of_its_own_computes_the_same(tmp_path: Path) -> None:
    made = write_official_folder(
        tmp_path / "chatglm-6b", "chatglm-6b", variant="tied", tie_word_embeddings=True
    )
    assert "lm_head.weight" not in made.weights
    model = run_plan(plan_of(made))
    agreement = verify_model(model).agreement
    assert agreement is not None
    assert agreement.correlation > 0.999999
    assert model.config.tie_word_embeddings
