"""Training examples: what is cut out can be put back, and the layout is the server's."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from tokenizers import Tokenizer

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.prompt import Kind, PromptParts, Reference, codegeex4
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.train.example import Document, Example, Mix
from glm_lsp.train.fim import ExampleMaker
from glm_lsp.train.spans import PythonTree, Span, line_span, lines_of, random_span
from glm_lsp.train.stream import IGNORE, Stream, make_row, pack
from glm_lsp.train.tokenizer import NUM_RESERVED, SPECIAL_TOKENS, train_tokenizer

SOURCE = '''"""A module with a little of everything, and an em dash \u2014 to move byte offsets."""

import math


class Circle:
    """A circle around the origin."""

    def __init__(self, radius: float) -> None:
        self.radius = radius

    def area(self) -> float:
        """Returns the area of the circle from its radius."""
        square = self.radius * self.radius
        return math.pi * square


def total(circles: list[Circle]) -> float:
    result = 0.0
    for circle in circles:
        result += circle.area()
    return result
'''
DOCUMENT = Document("demo", "demo/circle.py", "python", SOURCE * 3)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(iter([SOURCE] * 20), 420)


def text_of(tokenizer: Tokenizer, example: Example) -> str:
    text: str = tokenizer.decode(example.token_ids, skip_special_tokens=False)
    return text


def test_special_tokens_come_first_and_never_from_text(tokenizer: Tokenizer) -> None:
    assert [tokenizer.token_to_id(name) for name in SPECIAL_TOKENS] == list(range(len(SPECIAL_TOKENS)))
    tokenizer.encode_special_tokens = True
    ids = tokenizer.encode("x = '<|user|>'", add_special_tokens=False).ids
    assert min(ids) >= NUM_RESERVED
    assert tokenizer.decode(ids) == "x = '<|user|>'"


def test_a_newline_and_its_indent_are_one_token(tokenizer: Tokenizer) -> None:
    pieces = tokenizer.encode("a:\n        b", add_special_tokens=False).tokens
    assert "Ċ" + "Ġ" * 8 in pieces


@pytest.mark.parametrize("text", ["é = '\U0001f600'\r\n\tx", "\x00\ufeff\u2028", "   \n\n  \n", "a" * 300])
def test_any_text_survives_the_tokenizer(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text


def test_infilling_examples_put_together_are_the_document(tokenizer: Tokenizer) -> None:
    maker = ExampleMaker(tokenizer, 256, Mix(infill=1.0, drop_suffix=0.0))
    seen = 0
    for seed in range(60):
        for example in maker.examples(DOCUMENT, random.Random(seed)):
            text = text_of(tokenizer, example)
            if "<|code_middle|>" not in text:
                continue
            _, rest = text.split("<|code_suffix|>", 1)
            suffix, rest = rest.split("<|code_prefix|>", 1)
            prefix, middle = rest.split("<|code_middle|><|assistant|>\n", 1)
            middle = middle.removesuffix("<|endoftext|>")
            whole = DOCUMENT.text
            assert prefix + middle + suffix in whole or prefix + middle + "\n" + suffix in whole
            seen += 1
    assert seen > 100


def test_the_layout_is_the_profile_of_the_server(tokenizer: Tokenizer) -> None:
    maker = ExampleMaker(tokenizer, 256, Mix(infill=1.0, drop_path=0.0, drop_language=0.0))
    example = next(e for e in maker.examples(DOCUMENT, random.Random(4)) if 5 in e.token_ids)
    text = text_of(tokenizer, example)
    suffix = text.split("<|code_suffix|>")[1].split("<|code_prefix|>")[0]
    prefix = text.split("<|code_prefix|>")[1].split("<|code_middle|>")[0]
    mode = Mode.LINE if "###MODE:LINE" in text else Mode.BLOCK
    parts = PromptParts(prefix=prefix, suffix=suffix, path=DOCUMENT.path, language="Python", mode=mode)
    known = (segment for segment in codegeex4(parts) if segment.kind is not Kind.SPECIAL_IF_KNOWN)
    assert text.startswith("".join(segment.text for segment in known))


def test_the_header_is_not_learnt_and_the_middle_is(tokenizer: Tokenizer) -> None:
    maker = ExampleMaker(tokenizer, 256, Mix(infill=1.0))
    for example in maker.examples(DOCUMENT, random.Random(9)):
        assert len(example.token_ids) == len(example.weights) <= 256
        assert example.weights[0] == 0
        if 5 in example.token_ids:
            middle = example.token_ids.index(5)
            assert example.weights[middle : middle + 3] == [0, 0, 0]
            assert set(example.weights[middle + 3 :]) == {4.0}
            assert example.token_ids[-1] == 0


def test_the_same_seed_cuts_the_same(tokenizer: Tokenizer) -> None:
    maker = ExampleMaker(tokenizer, 128, Mix())
    stream = Stream([DOCUMENT, Document("demo", "b.py", "python", SOURCE)], maker, context=128, seed=7)
    first = stream.examples(2, decaying=False)
    assert first == stream.examples(2, decaying=False)
    assert first != stream.examples(3, decaying=False)


def test_packed_rows_hold_every_example_once_and_targets_never_cross(tokenizer: Tokenizer) -> None:
    maker = ExampleMaker(tokenizer, 128, Mix())
    made = Stream([DOCUMENT] * 5, maker, context=128, seed=1).examples(0, decaying=False)
    rows = list(pack(iter(made), 128))
    assert sum(int(row.segments.max()) for row in rows) == len(made)
    assert sum(int((row.segments > 0).sum()) for row in rows) == sum(len(e.token_ids) for e in made)
    for row in rows:
        learnt = row.targets[:-1] != IGNORE
        assert (row.segments[:-1][learnt] == row.segments[1:][learnt]).all()
        assert (row.targets[:-1][learnt] == row.token_ids[1:][learnt]).all()
        assert (row.positions[row.segments > 0] < 128).all()


def test_two_examples_in_a_row_both_start_at_position_zero() -> None:
    row = make_row([Example([7, 8, 9], [0, 1, 4]), Example([5, 6], [1, 1])], 8)
    assert row.positions.tolist() == [0, 1, 2, 0, 1, 0, 0, 0]
    assert row.segments.tolist() == [1, 1, 1, 2, 2, 0, 0, 0]
    assert row.weights.tolist() == [1, 4, 0, 1, 0, 0, 0, 0]
    assert row.targets.tolist() == [8, 9, IGNORE, 6, IGNORE, IGNORE, IGNORE, IGNORE]


def test_blocks_follow_the_syntax_tree() -> None:
    tree = PythonTree(SOURCE)
    blocks = {SOURCE[span.start : span.end] for span in tree.blocks}
    assert "return math.pi * square" in blocks
    assert "for circle in circles:\n        result += circle.area()" in blocks
    assert [SOURCE[s.start : s.end] for s in tree.docstrings] == [
        'A circle around the origin."""',
        'Returns the area of the circle from its radius."""',
    ]
    assert any(SOURCE[s.start : s.end].startswith("square =") for s in tree.bodies)


@pytest.mark.parametrize("text", ["def broken(:\n", "x = 1\x0c\ny = 2\n", "\x00", ""])
def test_what_does_not_parse_has_no_blocks(text: str) -> None:
    assert PythonTree(text).blocks == []


def test_random_spans_stay_inside() -> None:
    rng = random.Random(0)
    lengths = Counter()
    for _ in range(500):
        span: Span = random_span(SOURCE, 100, 400, rng)
        assert 100 <= span.start <= span.end <= 400
        lengths[span.end - span.start > 30] += 1
    assert min(lengths.values()) > 50


def test_lines_leave_out_the_break() -> None:
    text = "a\r\nbc\n\nd"
    assert [text[s:e] for s, e in lines_of(text)] == ["a", "bc", "", "d"]


UTIL = Document("demo", "demo/util.py", "python", "def area_of_circle(radius):\n    return math.pi\n" * 30)


def test_references_are_laid_out_as_at_run_time_and_not_learnt(tokenizer: Tokenizer) -> None:
    maker = ExampleMaker(tokenizer, 512, Mix(infill=1.0, references=1.0, drop_path=0.0, short=0.0))
    seen = 0
    for seed in range(20):
        for example in maker.examples(DOCUMENT, random.Random(seed), siblings=lambda rng: UTIL):
            text = text_of(tokenizer, example)
            header = text.split("<|code_suffix|>")[0]
            assert header.startswith("<|user|>\n###REFERENCE:\n###PATH:demo/util.py\n")
            quoted = header.split("demo/util.py\n")[1].split("\n###PATH:")[0]
            assert quoted in UTIL.text
            assert len(tokenizer.encode(quoted, add_special_tokens=False).ids) <= 200
            suffix_at = example.token_ids.index(tokenizer.token_to_id("<|code_suffix|>"))
            assert set(example.weights[: suffix_at + 1]) == {0.0}
            seen += 1
    assert seen > 10


def test_a_file_that_is_alone_quotes_nothing(tokenizer: Tokenizer) -> None:
    maker = ExampleMaker(tokenizer, 256, Mix(references=1.0))
    stream = Stream([DOCUMENT], maker, context=256, seed=1)
    assert not any("REFERENCE" in text_of(tokenizer, e) for e in stream.examples(0, decaying=False))


def test_a_fifth_of_the_examples_quote_files_of_their_package_only(tokenizer: Tokenizer) -> None:
    other = Document("other", "other/secret.py", "python", "password = 1\n" * 40)
    maker = ExampleMaker(tokenizer, 256, Mix(short=0.0))
    stream = Stream([DOCUMENT, UTIL, other] * 21, maker, context=256, seed=1)
    found = [text_of(tokenizer, e) for e in stream.examples(0, decaying=False)]
    quoting = [text for text in found if "###REFERENCE" in text]
    assert 0.1 < len(quoting) / len(found) < 0.3
    for text in quoting:
        assert len({line.split("/")[0] for line in text.split("\n") if line.startswith("###PATH:d")}) <= 1
        assert ("secret.py" in text) <= ("demo/" not in text)


def test_more_docstrings_in_the_decay(tokenizer: Tokenizer) -> None:
    mix = Mix()
    decayed = mix.decayed()
    shares = (decayed.line, decayed.block, decayed.docstring, decayed.body, decayed.random, decayed.empty)
    assert decayed.docstring == 0.25
    assert sum(shares) == pytest.approx(1)
    assert decayed.line / decayed.block == pytest.approx(mix.line / mix.block)
    maker = ExampleMaker(tokenizer, 256, Mix(infill=1.0))

    def docstrings(*, decaying: bool) -> int:
        stream = Stream([DOCUMENT] * 60, maker, context=256, seed=2)
        texts = [text_of(tokenizer, e) for e in stream.examples(0, decaying=decaying)]
        return sum('"""<|endoftext|>' in text for text in texts)

    assert docstrings(decaying=True) > 1.4 * docstrings(decaying=False)


def test_a_quarter_of_line_examples_keep_closing_brackets() -> None:
    rng = random.Random(3)
    line = "    result = call(first, second)"
    spans = [span for _ in range(400) if (span := line_span(line, 0, len(line), rng))]
    kept = [span for span in spans if span.suffix_start == span.end < len(line)]
    assert all(line[span.end :] == ")" for span in kept)
    assert 0.15 < len(kept) / len(spans) < 0.35


def test_the_token_ids_are_those_of_the_engine(tokenizer: Tokenizer) -> None:
    """Split again at its special tokens, an example's prompt is what the engine makes of the same parts."""
    engine = SourceTokenizer(tokenizer)
    maker = ExampleMaker(tokenizer, 256, Mix(infill=1.0, references=0.5))
    pattern = re.compile(
        r"<\|user\|>\n((?:###REFERENCE:.*)?)###PATH:([^\n]*)\n###LANGUAGE:(\w*)\n###MODE:(\w+)\n"
        r"<\|code_suffix\|>(.*)<\|code_prefix\|>(.*)<\|code_middle\|><\|assistant\|>\n",
        re.DOTALL,
    )
    seen = Counter()
    for seed in range(20):
        for example in maker.examples(DOCUMENT, random.Random(seed), siblings=lambda rng: UTIL):
            match = pattern.match(text_of(tokenizer, example))
            if match is None:
                continue
            quoted, path, language, mode, suffix, prefix = match.groups()
            references = [
                Reference(*piece.removesuffix("\n").split("\n", 1))
                for piece in quoted.split("###REFERENCE:\n###PATH:")[1:]
            ]
            parts = PromptParts(
                prefix=prefix,
                suffix=suffix,
                path=path,
                language=language,
                mode=Mode(mode),
                references=tuple(references),
            )
            wanted = [i for segment in codegeex4(parts) for i in engine.encode_segment(segment)]
            assert example.token_ids[: len(wanted)] == wanted
            seen[len(references)] += 1
    assert min(seen[0], seen[1]) > 3
