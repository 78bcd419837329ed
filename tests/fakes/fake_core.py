"""An `Engine` over `FakeSession` and a byte tokenizer: the real thread, slots and decoding, no model."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from glm_lsp.engine.description import EngineDescription
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.prompt_encoder import PromptEncoder
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.engine.worker import Worker
from tests.fakes.fake_session import FakeSession

SPECIALS = (
    "<|endoftext|>",
    "<|user|>",
    "<|assistant|>",
    "<|code_suffix|>",
    "<|code_prefix|>",
    "<|code_middle|>",
)


def byte_tokenizer() -> SourceTokenizer:
    """One token for each byte, specials first."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*SPECIALS, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIALS))
    return SourceTokenizer(tokenizer)


def noise(**changes: object) -> FakeSession:
    """A session that writes any byte, but no special token."""
    return FakeSession(**{"capacity": 1024, "vocab_size": 262, "first_id": len(SPECIALS), **changes})  # type: ignore[arg-type]


def fake_core(session: FakeSession | None = None, *, slots: int = 3) -> Engine:
    """An engine whose text is noise that depends on every token before it."""
    session = session or noise()
    tokenizer = byte_tokenizer()
    encoder = PromptEncoder(tokenizer, "codegeex4", session.capacity)
    worker = Worker(session, tokenizer, encoder, model="fake", num_slots=slots)
    return Engine(worker, EngineDescription(model="fake", num_slots=slots))
