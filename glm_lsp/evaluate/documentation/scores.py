"""What written documentation is worth, counted by judges that share no code with its writing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glm_lsp.docstring.detection import NoSurroundings, dialect_of
from glm_lsp.docstring.dialect import STYLES, Dialect
from glm_lsp.docstring.finding import find_entities
from glm_lsp.docstring.source_tree import parse
from glm_lsp.evaluate import syntax
from glm_lsp.evaluate.documentation import reading, signature
from glm_lsp.evaluate.documentation.code_judge import is_same_code
from glm_lsp.evaluate.documentation.tasks import DocumentationTask
from glm_lsp.evaluate.documentation.text_scores import follow_pep_257, name_in_words, text_scores
from glm_lsp.evaluate.documentation.writing import WrittenDocumentation
from glm_lsp.evaluate.held_out import HeldOutFile
from glm_lsp.evaluate.scores import Estimate, estimate

_PATTERN = re.compile(r"^param(\d+)$")
"""What TSDoc calls a parameter that is taken apart; JSDoc says root0."""
_LEAST_DOCUMENTATIONS = 3
"""Fewer in a file tell no style."""


@dataclass(frozen=True, slots=True)
class TextScores:
    """How near summaries are to the authors'.

    Attributes:
        bleu_4: smoothed (add one), 0 to 100.
        rouge_l: F-measure, 0 to 1.
        non_empty: share that says anything; what was not written does not.
        pep_257: share of docstrings without a finding; None without Python.
    """

    bleu_4: Estimate
    rouge_l: Estimate
    non_empty: Estimate
    pep_257: Estimate | None
    num_tasks: int


@dataclass(frozen=True, slots=True)
class DocumentationScores:
    """How one way of writing did.

    Attributes:
        parses: share of files without a syntax error, of those that had none.
        code_unchanged: share of files whose code is as it was.
        parameters_exact: share whose listed parameters are the signature's, in order; none where the style lists
            none. Documentation that says nothing, or is not there, lists nothing exactly. Only definitions whose
            signature the judge can read.
        num_with_parameters: definitions of these that have parameters in a style that lists them.
        by_the_model: share of sentences that the model wrote, the others are told from names; None for the bare model.
        ms: milliseconds for each documentation that was written; None without any.
    """

    text: TextScores
    parses: Estimate | None
    code_unchanged: Estimate
    parameters_exact: Estimate | None
    num_with_parameters: int
    by_the_model: Estimate | None
    ms: Estimate | None


@dataclass(frozen=True, slots=True)
class StyleScores:
    """Whether the style that is found is the one that files have, over files that have enough documentation."""

    style_right: Estimate
    num_files: int


def score(
    tasks: Sequence[DocumentationTask],
    written: Sequence[WrittenDocumentation],
    dialects: Sequence[Dialect],
    seed: int,
) -> DocumentationScores:
    """Judges one way of writing.

    Args:
        dialects: what each documentation was to be written in.

    Raises:
        InputError: a package of the extra is not installed.
    """
    pairs = list(zip(tasks, written, strict=True))
    parse_verdicts = [parses(*pair) for pair in pairs]
    verdicts = [parameters(*pair, dialect) for pair, dialect in zip(pairs, dialects, strict=True)]
    sentences = [sentence.is_models for one in written for sentence in one.sentences]
    return DocumentationScores(
        text=score_texts(tasks, [one.documentation for one in written], seed),
        parses=_mean(parse_verdicts, seed),
        code_unchanged=estimate(
            [is_same_code(task.language_id, task.text, one.document) for task, one in pairs], seed
        ),
        parameters_exact=_mean([verdict.is_exact for verdict in verdicts], seed),
        num_with_parameters=sum(bool(verdict.wanted) for verdict in verdicts),
        by_the_model=_mean(sentences, seed),
        ms=_mean([one.ms for one in written], seed),
    )


def by_language(
    tasks: Sequence[DocumentationTask],
    written: Sequence[WrittenDocumentation],
    dialects: Sequence[Dialect],
    seed: int,
) -> Mapping[str, DocumentationScores]:
    """The same for each language by itself."""
    found = {}
    for language in sorted({task.language_id for task in tasks}):
        numbers = [number for number, task in enumerate(tasks) if task.language_id == language]
        mine = ([tasks[n] for n in numbers], [written[n] for n in numbers], [dialects[n] for n in numbers])
        found[language] = score(*mine, seed)
    return found


def floors(tasks: Sequence[DocumentationTask], seed: int) -> dict[str, TextScores]:
    """What needs no model: the names as sentences, and what the authors wrote, as a ceiling."""
    names = [_as_documentation(task.language_id, name_in_words(task.own_name)) for task in tasks]
    return {
        "name_in_words": score_texts(tasks, names, seed),
        "author": score_texts(tasks, [task.wanted for task in tasks], seed),
    }


def score_texts(tasks: Sequence[DocumentationTask], documentations: Sequence[str], seed: int) -> TextScores:
    """Compares each summary with the author's.

    Raises:
        InputError: a package of the extra is not installed.
    """
    pairs = list(zip(tasks, documentations, strict=True))
    summaries = [reading.summary(task.language_id, text) for task, text in pairs]
    authors = [reading.summary(task.language_id, task.wanted) for task in tasks]
    bleu_4, rouge_l = text_scores(summaries, authors)
    docstrings = [reading.content("python", text) for task, text in pairs if task.language_id == "python"]
    return TextScores(
        bleu_4=estimate(bleu_4, seed),
        rouge_l=estimate(rouge_l, seed),
        non_empty=estimate([bool(summary) for summary in summaries], seed),
        pep_257=estimate(follow_pep_257(docstrings), seed) if docstrings else None,
        num_tasks=len(tasks),
    )


def score_styles(files: Sequence[HeldOutFile], seed: int) -> StyleScores | None:
    """Whether the style is found that the judge sees; None without a file that shows one."""
    verdicts = [verdict for file in files if (verdict := style_is_right(file)) is not None]
    return StyleScores(estimate(verdicts, seed), len(verdicts)) if verdicts else None


def style_is_right(file: HeldOutFile) -> bool | None:
    """None for a file in which the judge sees no style."""
    tree = parse(file.language, file.text) if file.language in STYLES else None
    if tree is None:
        return None
    own = [entity.documentation.text for entity in find_entities(tree) if entity.documentation]
    if len(own) < _LEAST_DOCUMENTATIONS:
        return None
    wanted = reading.style_of(file.language, own)
    return None if wanted is None else dialect_of(file.language, own, NoSurroundings()).style is wanted


def parses(task: DocumentationTask, written: WrittenDocumentation) -> bool | None:
    """None for a file that had a syntax error before."""
    if not _is_sound(task.language_id, task.text):
        return None
    return _is_sound(task.language_id, written.document)


@dataclass(frozen=True, slots=True)
class ParametersVerdict:
    """Parameters that are to be listed, and whether they are; None where the judge cannot read the signature."""

    wanted: tuple[str, ...]
    listed: tuple[str, ...]
    is_exact: bool | None


def parameters(task: DocumentationTask, written: WrittenDocumentation, dialect: Dialect) -> ParametersVerdict:
    """Whether there is a documentation that lists its definition's parameters, where it is to list them."""
    listed = tuple(
        _PATTERN.sub(r"root\1", name) for name in reading.listed(task.language_id, written.documentation)
    )
    given = signature.parameters(task.language_id, task.text, task.own_name, task.start, task.header_end)
    if given is None:
        return ParametersVerdict((), listed, None)
    lists = reading.lists_parameters(dialect.style, has_sections=dialect.has_sections)
    wanted = given if lists else ()
    says_anything = bool(reading.content(task.language_id, written.documentation).strip())
    return ParametersVerdict(wanted, listed, says_anything and listed == wanted)


def _is_sound(language_id: str, text: str) -> bool:
    if language_id == "python":
        return syntax.parses(text)
    tree = parse(language_id, text)
    return tree is not None and not tree.root.has_error


def _as_documentation(language_id: str, sentence: str) -> str:
    return f'"""{sentence}"""' if language_id == "python" else f"// {sentence}"


def _mean(verdicts: Sequence[float | None], seed: int) -> Estimate | None:
    known: list[float] = [verdict for verdict in verdicts if verdict is not None]
    return estimate(known, seed) if known else None
