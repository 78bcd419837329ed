"""Documentation taken out of held-out files, written anew and scored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from importlib.util import find_spec

import pytest

from glm_lsp.docstring.author import Gap
from glm_lsp.docstring.dialect import Dialect, Style
from glm_lsp.docstring.skeleton import SlotKind
from glm_lsp.errors import CodeTouchedError, InputError
from glm_lsp.evaluate.documentation import text_scores, writing
from glm_lsp.evaluate.documentation.scores import floors, parameters, parses, score, score_styles
from glm_lsp.evaluate.documentation.tasks import DocumentationTask, draw_tasks, find_tasks
from glm_lsp.evaluate.documentation.writing import WrittenDocumentation, bare_task, write, write_alone
from glm_lsp.evaluate.held_out import HeldOutFile
from tests.documentation_sources import SOURCES
from tests.unit.test_evaluate_lines import Writing

pytestmark = pytest.mark.skipif(
    any(
        find_spec(name) is None
        for name in ("sacrebleu", "rouge_score", "ruff", "docstring_parser", "pygments")
    ),
    reason="glm-lsp[eval] is not installed",
)

PYTHON = '''def area(radius, scale=1):
    """Area of a circle.

    Args:
        radius: half of it.
        scale: of the map.
    """
    return 3 * radius**2 * scale


def short():
    """Nothing else."""


def documented_behind(a):
    """Behind."""; return a
'''
GO = """package a

// Add adds
// two.
func Add(a, b int) int { return a + b }

// One.

// B is b.
func B() {}
"""
JAVA = """class A {
    /**
     * Adds.
     *
     * @param a one
     * @return sum
     */
    int add(int a, int b) { return a + b; }

    /** @return one */
    int one() { return 1; }
}
"""
FILES = [
    HeldOutFile("a.py", "python", PYTHON),
    HeldOutFile("a.go", "go", GO),
    HeldOutFile("A.java", "java", JAVA),
]


class Sure:
    """Says the same of everything."""

    async def write(self, gap: Gap) -> str | None:
        return "Does it well." if gap.slot.kind is SlotKind.SUMMARY else None


def tasks_by_name() -> dict[str, DocumentationTask]:
    return {task.name: task for file in FILES for task in find_tasks(file)}


def test_functions_that_can_spare_their_documentation_are_tasks() -> None:
    tasks = tasks_by_name()
    assert tasks.keys() == {"area", "Add", "B", "A.add"}
    area = tasks["area"]
    assert area.wanted.startswith('"""Area of a circle.')
    assert area.text.startswith("def area(radius, scale=1):\n    return 3 *")
    assert (area.text[area.start : area.header_end], area.indent) == ("def area(radius, scale=1):", "    ")
    add = tasks["Add"]
    assert add.wanted == "// Add adds\n// two."
    assert add.text == GO.replace(add.wanted + "\n", "")
    assert add.text[add.start :].startswith("func Add(")
    assert tasks["A.add"].text[tasks["A.add"].start :].startswith("int add(")


@pytest.mark.parametrize("language", SOURCES)
def test_every_language_has_tasks_that_lack_their_lines_only(language: str) -> None:
    text = SOURCES[language]
    found = list(find_tasks(HeldOutFile("a", language, text)))
    assert found
    for task in found:
        assert len(task.text) < len(text)
        lines = text.splitlines()
        for line in task.text.splitlines():
            lines.remove(line)
        assert "".join(lines).strip()[:2] == task.wanted.strip()[:2]


def test_tasks_are_spread_over_the_languages_by_seed() -> None:
    files = [HeldOutFile(f"{number}.go", "go", GO) for number in range(9)] + FILES
    drawn = draw_tasks(files, 6, seed=1)
    assert drawn == draw_tasks(files, 6, seed=1)
    assert sorted(task.language_id for task in drawn) == ["go", "go", "go", "go", "java", "python"]
    with pytest.raises(InputError, match="no documented function"):
        draw_tasks([HeldOutFile("a.rb", "ruby", "# A.\ndef a; end\n")], 6, seed=1)


def test_documentation_is_written_anew_in_the_style_of_the_rest() -> None:
    tasks = list(tasks_by_name().values())
    done = []
    written = asyncio.run(write(Sure(), tasks, lambda number, total: done.append((number, total))))
    assert done == [(number, 4) for number in range(1, 5)]
    by_name = {task.name: one for task, one in zip(tasks, written, strict=True)}
    assert by_name["area"].documentation.startswith('"""Do it well.\n\n    Args:\n        radius: ')
    assert by_name["Add"].documentation.startswith("// Add")
    assert "@param a " in by_name["A.add"].documentation
    for one in written:
        assert one.documentation in one.document
        assert one.ms
        assert [sentence.is_models for sentence in one.sentences].count(True) <= 1


def test_the_model_alone_goes_on_behind_the_authors_opening() -> None:
    tasks = tasks_by_name()
    writer = Writing("Does it.", " Does\n// it.\nfunc C() {}", "\n     * Does it.\n     ")
    area, add, java = write_alone(writer, [tasks["area"], tasks["Add"], tasks["A.add"]])
    assert area.document == tasks["area"].text.replace(
        ":\n    return 3", ':\n    """Does it."""\n    return 3'
    )
    assert add.documentation == "// Does\n// it."
    assert "\n// Does\n// it.\nfunc Add(" in add.document
    assert java.documentation == "/**\n     * Does it.\n     */"
    assert "    /**\n     * Does it.\n     */\n    int add(" in java.document
    assert [request.stop for request in writer.requests] == ['"""', None, "*/"]
    assert writer.requests[1].glm.language == "Go"
    assert bare_task(tasks["area"]).prefix.endswith('scale=1):\n    """')


def test_scores_of_what_is_right_and_what_is_not() -> None:
    tasks = tasks_by_name()
    chosen = [tasks["area"], tasks["A.add"], tasks["Add"]]
    dialects = [Dialect(style=style, has_sections=True) for style in (Style.GOOGLE, Style.JAVADOC, Style.GO)]
    written = asyncio.run(write(Sure(), chosen))
    good = score(chosen, written, dialects, seed=1)
    assert good.parses is not None
    assert good.parameters_exact is not None
    assert good.by_the_model is not None
    assert (good.parses.value, good.code_unchanged.value, good.parameters_exact.value) == (1, 1, 1)
    assert good.num_with_parameters == 2
    assert 0 < good.by_the_model.value < 1
    bad = [
        WrittenDocumentation('"""A.\n\nArgs:\n    radius: x.\n"""', chosen[0].text + "x = (\n"),
        WrittenDocumentation("/** @param b c\n @param a d */", chosen[1].text.replace("int one", "long one")),
        WrittenDocumentation("// @param a b", chosen[2].text),
    ]
    found = score(chosen, bad, dialects, seed=1)
    assert found.parses is not None
    assert found.parameters_exact is not None
    assert found.parses.value == pytest.approx(2 / 3)
    assert found.code_unchanged.value == pytest.approx(1 / 3)
    assert found.parameters_exact.value == 0


def test_what_was_not_written_is_a_miss_and_took_no_time() -> None:
    tasks = tasks_by_name()
    chosen = [tasks["A.add"], tasks["Add"], tasks["B"], tasks["Add"]]
    dialects = [Dialect(style=Style.JAVADOC, has_sections=True), *[Dialect(style=Style.GO)] * 3]
    one = asyncio.run(write(Sure(), chosen[1:2]))[0]
    nothing = [WrittenDocumentation("", task.text) for task in chosen[:2]]
    found = score(chosen, [*nothing, WrittenDocumentation("//", chosen[2].text), one], dialects, seed=1)
    assert found.parameters_exact is not None
    assert found.ms is not None
    assert (found.parameters_exact.value, found.text.non_empty.value) == (0.25, 0.25)
    assert found.ms.value == one.ms
    assert score(chosen[:1], nothing[:1], dialects[:1], seed=1).ms is None


def test_a_definition_that_is_not_found_or_refused_has_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*arguments: object) -> None:
        raise CodeTouchedError("refused")

    task = tasks_by_name()["Add"]
    gone = replace(task, name="Gone")
    monkeypatch.setattr(writing, "propose", refuse)
    for one in asyncio.run(write(Sure(), [task, gone])):
        assert (one.documentation, one.document, one.ms) == ("", task.text, None)


def test_a_pattern_may_be_called_as_either_tool_does() -> None:
    text = "/**\n * Adds.\n */\nexport function add({ a }, b) {}\n"
    task = next(find_tasks(HeldOutFile("a.js", "javascript", text)))
    for name in ("root0", "param0"):
        one = WrittenDocumentation(
            f"/**\n * @param {name} - x\n * @param {name}.a - y\n * @param b - z\n */", ""
        )
        assert parameters(task, one, Dialect(style=Style.JSDOC, has_sections=True)).is_exact


def test_a_file_that_was_broken_before_is_not_judged() -> None:
    task = DocumentationTask("a.go", "go", "package a\nfunc (", "f", 0, 4, 0, "", "// F.")
    assert parses(task, WrittenDocumentation("", task.text)) is None


def test_floor_and_ceiling() -> None:
    found = floors(list(tasks_by_name().values()), seed=1)
    assert found["author"].bleu_4.value == pytest.approx(100)
    assert 0 < found["name_in_words"].rouge_l.value < 0.9


def test_styles_are_counted_over_files_with_enough_documentation() -> None:
    typed = "/** A.\n * @param {string} a - b\n */\nfunction f(a) {}\n"
    files = [HeldOutFile("a.js", "javascript", typed * 3), HeldOutFile("b.js", "javascript", typed), *FILES]
    found = score_styles(files, seed=1)
    assert found is not None
    assert (found.style_right.value, found.num_files) == (1, 2)
    assert score_styles(files[1:2], seed=1) is None


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("read_file", "Read file."),
        ("readHTTPHeader2", "Read http header 2."),
        ("__init__", "Init."),
        ("_", ""),
    ],
)
def test_a_name_as_a_sentence(name: str, sentence: str) -> None:
    assert text_scores.name_in_words(name) == sentence


def test_the_same_text_scores_full_and_another_little() -> None:
    bleu, rouge = text_scores.text_scores(
        ["Area of a circle.", "Opens the door", "", "The area of one circle."], ["Area of a circle."] * 4
    )
    assert bleu[0] == pytest.approx(100)
    assert rouge[0] == 1
    assert bleu[1] < 10
    assert (rouge[1], rouge[2], bleu[2]) == (0, 0, 0)
    assert 10 < bleu[3] < 90
    assert 0.4 < rouge[3] < 0.9


def test_pep_257() -> None:
    good = "Area of a circle.\n\n        Args:\n            radius: of it.\n        "
    texts = [
        good,
        "Area of a circle.",
        "Area of a circle",
        "Return the area.\n        And more.",
        " ",
        '""" x',
    ]
    assert text_scores.follow_pep_257(texts) == [True, True, False, False, False, False]


def test_without_the_extra_the_error_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_scores, "find_spec", lambda name: None if name == "sacrebleu" else object())
    with pytest.raises(InputError, match=r"sacrebleu.*pip install 'glm-lsp\[eval\]'"):
        text_scores.check_extra()
