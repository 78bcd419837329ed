"""Fitting how far a model may be believed: known weights are found again, and what they say makes sense."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.completion.confidence import features, probability
from glm_lsp.completion.outcome import Written
from glm_lsp.completion.placement import refuse_cursor, refuse_document
from glm_lsp.errors import InputError
from glm_lsp.models.manifest import ConfidenceWeights
from glm_lsp.models.store import ModelStore
from glm_lsp.train.confidence_weights import (
    FEWEST_ANSWERS,
    NUM_BINS,
    ObservedAnswer,
    ObservedPart,
    calibrate,
    fit,
    observe,
    observed_parts,
)
from glm_lsp.train.example import Document
from glm_lsp.train.typing_places import draw_places

TRUE = ConfidenceWeights(bias=1.2, total=0.15, lowest=1.4, length=-0.6, product=1.1)
OWN_SOURCES = Path(__file__).parents[2] / "glm_lsp"


def drawn_logprobs(rng: random.Random) -> list[float]:
    return [math.log(rng.uniform(0.01, 1) ** rng.choice((0.1, 0.5, 1))) for _ in range(rng.randint(1, 12))]


def drawn_answer(rng: random.Random, weights: ConfidenceWeights | None) -> ObservedAnswer:
    """Parts that are right as often as the weights say."""
    logprobs = drawn_logprobs(rng)
    ends = sorted(rng.sample(range(1, len(logprobs) + 1), rng.randint(1, min(3, len(logprobs)))))
    return [
        ObservedPart(features(logprobs[:end]), rng.random() < probability(logprobs[:end], weights))
        for end in ends
    ]


def values(weights: ConfidenceWeights) -> list[float]:
    return [getattr(weights, name) for name in weights.__struct_fields__]


def is_monotone(weights: ConfidenceWeights, logprobs: list[float]) -> bool:
    """Surer of each token means surer of all; a longer part is never likelier than its beginning."""
    surer = [value / 2 for value in logprobs]
    along = [probability(logprobs[:end], weights) for end in range(1, len(logprobs) + 1)]
    return probability(surer, weights) >= along[-1] and all(a >= b for a, b in pairwise(along))


@pytest.fixture(scope="module")
def fitted() -> ConfidenceWeights:
    rng = random.Random(3)
    return fit([drawn_answer(rng, TRUE) for _ in range(12_000)])


def test_known_weights_are_found_again(fitted: ConfidenceWeights) -> None:
    rng = random.Random(4)
    for _ in range(500):
        logprobs = drawn_logprobs(rng)
        assert probability(logprobs, fitted) == pytest.approx(probability(logprobs, TRUE), abs=0.04)
    assert values(fitted) == pytest.approx(values(TRUE), abs=0.6)
    assert values(fitted) == [round(value, 4) for value in values(fitted)]


def test_the_order_of_the_answers_does_not_count() -> None:
    rng = random.Random(5)
    answers = [drawn_answer(rng, TRUE) for _ in range(500)]
    assert values(fit(answers[::-1])) == pytest.approx(values(fit(answers)), abs=2e-4)


def test_probabilities_are_calibrated_where_the_model_is_not(fitted: ConfidenceWeights) -> None:
    rng = random.Random(6)
    found = calibrate(fitted, [drawn_answer(rng, TRUE) for _ in range(6000)])
    assert found.loss_fitted < found.loss_model - 0.02
    assert len(found.bins) == NUM_BINS
    assert sum(one.num_parts for one in found.bins if one) == found.num_parts
    for number, one in enumerate(found.bins):
        if one and one.num_parts >= 300:
            assert number / NUM_BINS <= one.predicted < (number + 1) / NUM_BINS
            assert one.right == pytest.approx(one.predicted, abs=0.08)
    honest = calibrate(fitted, [drawn_answer(rng, None) for _ in range(6000)])
    assert honest.loss_model < honest.loss_fitted


@given(st.lists(st.floats(-12, 0), min_size=1, max_size=24))
def test_what_is_surer_is_likelier(fitted: ConfidenceWeights, logprobs: list[float]) -> None:
    assert is_monotone(fitted, logprobs)


@given(st.lists(st.floats(-12, 0), min_size=1, max_size=24))
def test_a_weight_of_the_wrong_sign_is_left_out(contrary: ConfidenceWeights, logprobs: list[float]) -> None:
    assert is_monotone(contrary, logprobs)


@pytest.fixture(scope="module")
def contrary() -> ConfidenceWeights:
    """Of a model that is right just where it is least sure, and more often the more it says."""
    rng = random.Random(7)
    odd = ConfidenceWeights(bias=-2, total=-0.3, lowest=-0.5, length=1.0, product=-2.0)
    return fit([drawn_answer(rng, odd) for _ in range(2000)])


def test_no_weight_remains_where_all_are_wrong(contrary: ConfidenceWeights) -> None:
    assert values(contrary)[1:] == [0, 0, 0, 0]
    assert contrary.bias != 0


@pytest.mark.parametrize("is_right", [True, False])
def test_a_model_that_is_always_or_never_right(*, is_right: bool) -> None:
    rng = random.Random(8)
    answers = [[ObservedPart(features(drawn_logprobs(rng)), is_right)] for _ in range(400)]
    weights = fit(answers)
    assert all(abs(value) < 100 for value in values(weights))
    assert all(abs(probability(drawn_logprobs(rng), weights) - is_right) < 0.05 for _ in range(100))
    assert calibrate(weights, answers).loss_fitted < 0.05


def written(*tokens: tuple[str, float]) -> Written:
    starts = [sum(len(text) for text, _ in tokens[:number]) for number in range(len(tokens))]
    return Written(
        "".join(text for text, _ in tokens), "stop", tuple(starts), tuple(math.log(p) for _, p in tokens)
    )


SUM = written(("width", 0.5), (" = height", 0.25), (" + 1", 0.5))


@pytest.mark.parametrize(
    ("rest", "num_right"),
    [
        ("width = height + 1\nnext", 5),
        ("width = height + 10\n", 4),
        ("width = height\n", 3),
        # A word that goes on is another word.
        ("width = heights\n", 2),
        ("widths\n", 0),
        ("", 0),
    ],
)
def test_a_part_is_right_if_the_author_went_on_with_it(rest: str, num_right: int) -> None:
    observed = observed_parts(SUM.text, SUM, rest)
    assert [part.is_right for part in observed] == [number < num_right for number in range(5)]
    # The product of the probabilities of all tokens that a part has a share in.
    assert [part.features[-1] for part in observed] == pytest.approx([0.5, 0.125, 0.125, 0.0625, 0.0625])


def test_what_was_cut_or_changed_is_judged_as_it_would_be_shown() -> None:
    assert [part.is_right for part in observed_parts("width =", SUM, "width + 1")] == [True, False]
    (changed,) = observed_parts("width\t= height", SUM, "width\t= height")
    assert changed.is_right
    assert changed.features[-1] == pytest.approx(0.0625)
    assert observed_parts("", SUM, "width") == []
    assert observed_parts("width", Written("width"), "width") == []


def test_too_few_answers_are_told() -> None:
    rng = random.Random(9)
    answers = [drawn_answer(rng, TRUE) for _ in range(FEWEST_ANSWERS)]
    assert fit(answers).bias
    with pytest.raises(InputError, match=f"only {FEWEST_ANSWERS - 1} answers could be shown") as caught:
        fit(answers[:-1])
    assert caught.value.code == "GLM-100"
    with pytest.raises(InputError, match="no answer could be shown"):
        calibrate(TRUE, [])


def document(path: str, text: str, package: str = "one", language: str = "python") -> Document:
    return Document(package=package, path=path, language=language, text=text)


def test_places_are_those_of_somebody_typing() -> None:
    text = "import os\n\n\ndef read(path):\n    with open(path) as file:\n        return file.read()\n\n\nread(1)\n"
    missing = Counter[int]()
    for place in islice(draw_places([document("a.py", text)], 1), 500):
        before, below = (
            place.snapshot.text[: place.snapshot.offset],
            place.snapshot.text[place.snapshot.offset :],
        )
        line = before[before.rfind("\n") + 1 :]
        assert text == before + place.rest
        assert place.rest.endswith(below)
        assert below == "" or below.startswith("\n")
        # Nobody asks in the indent, which the editor writes, nor behind the line's end.
        assert not place.rest.startswith((" " * 2, "\n"))
        assert line.strip() or not place.rest.startswith(" ")
        missing[place.rest[: len(place.rest) - len(below)].count("\n")] += 1
        assert (refuse_document(place.snapshot), refuse_cursor(place.snapshot)) == (None, None)
    assert missing[0] > missing[1] > 0
    assert set(missing) - {0, 1}


def test_places_repeat_with_their_seed() -> None:
    documents = [document(f"{name}.py", f"{name} = {name} + 1\n" * 20) for name in "abc"]
    first, again, other = (list(islice(draw_places(documents, seed), 60)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_neither_large_projects_nor_small_ones_rule() -> None:
    large = [document(f"large/{n}.py", "value = compute(value)\n" * 9, "large") for n in range(90)]
    small = [document(f"small/{n}.go", "value = compute(value)\n" * 9, "small", "go") for n in range(10)]
    found = Counter(place.snapshot.language_id for place in islice(draw_places(large + small, 3), 9000))
    # Half by file (10 %), half by project (50 %).
    assert found["go"] / found.total() == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("texts", [[], [""], ["\n\n  \n"], ["x" * 5000]])
def test_without_lines_there_are_no_places(texts: list[str]) -> None:
    documents = [document(f"{number}.py", text) for number, text in enumerate(texts)]
    with pytest.raises(InputError, match="no line to complete"):
        next(draw_places(documents, 1))


def test_where_nobody_would_ask_nothing_is_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    places = draw_places([document(".env", "TOKEN = secret\n" * 20)], 1)
    with pytest.raises(InputError, match="too few places"):
        observe(ModelStore().resolve("starter"), places, 5, threads=1)


def test_the_starter_is_believed_as_far_as_it_is_right() -> None:
    """End to end: 200 requests, on which the weights beat the model's own word."""
    files = sorted((OWN_SOURCES / "completion").glob("*.py")) + sorted((OWN_SOURCES / "lsp").glob("*.py"))
    documents = [document(path.name, path.read_text(encoding="utf-8"), path.parent.name) for path in files]
    places = draw_places(documents, 1)
    starter = ModelStore().resolve("starter")
    answers = observe(starter, places, 200, threads=1)
    assert 100 < len(answers) <= 200
    right = [[part.is_right for part in answer] for answer in answers]
    # Once an answer has gone wrong, nothing longer is right.
    assert all(answer == sorted(answer, reverse=True) for answer in right)
    num_right, num_parts = sum(map(sum, right)), sum(map(len, right))
    assert 50 < num_right < num_parts - 50
    weights = fit(answers)
    found = calibrate(weights, answers)
    assert found.num_parts == num_parts
    assert found.loss_fitted < found.loss_model
    # As many are right as were promised.
    promised = sum(one.num_parts * one.predicted for one in found.bins if one)
    assert promised == pytest.approx(num_right, rel=0.02)
    rng = random.Random(1)
    assert all(is_monotone(weights, drawn_logprobs(rng)) for _ in range(200))
