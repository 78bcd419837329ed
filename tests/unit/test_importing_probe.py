"""The tokens an imported model is checked with, and the small copy that runs them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from glm_lsp.importing.plan import Plan, Wish, make_plan
from glm_lsp.importing.probe import NUM_SMALL, SmallCopy, probe_of
from glm_lsp.models.prefix_config import PrefixLmConfig
from tests.official.checkpoints import write_official_folder


def plan_of(folder: Path, family: str) -> Plan:
    write_official_folder(folder / family, family)
    return make_plan(Wish(checkpoint=folder / family, name="x", family=family), folder / "models" / "x")


def test_the_smallest_embeddings_are_among_them(tmp_path: Path) -> None:
    checkpoint = plan_of(tmp_path, "codegeex4").parts.checkpoint
    norms = np.linalg.norm(checkpoint.read("model.embed_tokens.weight")[:300], axis=1)
    probe = probe_of(checkpoint, 300)
    assert set(np.argsort(norms)[:NUM_SMALL].tolist()) <= set(probe)
    assert max(probe) < 300
    assert probe == probe_of(checkpoint, 300)


def test_a_prompt_with_a_blank_has_one_of_each_marker(tmp_path: Path) -> None:
    """Also when chance would take the markers for words."""
    checkpoint = plan_of(tmp_path, "glm-original").parts.checkpoint
    assert isinstance(checkpoint.config, PrefixLmConfig)
    words = probe_of(checkpoint, 300)
    for start, mask in pairwise(words):
        if start != mask:
            config = replace(checkpoint.config, start_token_id=start, mask_token_ids=(mask,))
            stub: Any = SimpleNamespace(config=config, rows=checkpoint.rows)
            probe = probe_of(stub, 300)
            assert (probe.count(start), probe.count(mask)) == (1, 1)
            assert 0 < probe.index(mask) < probe.index(start) < len(probe) - 1


@pytest.mark.parametrize("family", ["codegeex4", "chatglm-6b", "glm-original", "glm-edge"])
def test_a_small_copy_has_the_rows_of_its_ids(tmp_path: Path, family: str) -> None:
    plan = plan_of(tmp_path, family)
    checkpoint = plan.parts.checkpoint
    probe = probe_of(checkpoint, plan.num_ids)
    copy = SmallCopy.of(checkpoint, probe, 20)
    assert [copy.ids[i] for i in copy.translated(probe)] == probe
    assert set(range(20)) <= set(copy.ids)
    table = checkpoint.read("model.embed_tokens.weight")
    np.testing.assert_array_equal(copy.rows("model.embed_tokens.weight", 3, 25), table[list(copy.ids[3:25])])
    if isinstance(copy.config, PrefixLmConfig) and isinstance(checkpoint.config, PrefixLmConfig):
        assert copy.ids[copy.config.start_token_id] == checkpoint.config.start_token_id
        first = checkpoint.config.mask_token_ids[0]
        assert copy.ids[copy.config.mask_token_ids[0]] == first
