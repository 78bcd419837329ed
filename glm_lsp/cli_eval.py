"""`glm-lsp eval`: what a model is worth, measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glm_lsp import terminal
from glm_lsp.cli_options import EngineUrlOption, JsonOption, ModelOption, new_app, settings_with
from glm_lsp.errors import InputError

if TYPE_CHECKING:
    from glm_lsp.evaluate.subject import Subject

app = new_app("What a model is worth, measured.")

MOST = 100_000
"""Tasks of one run: more would take days, and the memory they are drawn into."""

SeedOption = Annotated[int, typer.Option(min=0, help="Of all that is drawn at random.")]
PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[CORPUS|PATH...]", help="A .jsonl split; glm-lsp's own sources if left out."),
]
FilesOption = Annotated[bool, typer.Option("--files", help="The paths are source files and folders.")]


@app.command()
def infill(
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, max=MOST, help="So many of the 1,033 tasks, at random.")
    ] = None,
    seed: SeedOption = 1,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """HumanEval with one line missing, executed."""
    from glm_lsp.evaluate import humaneval, sandbox
    from glm_lsp.evaluate.infill import Cursor, floors, sample, score, write
    from glm_lsp.progress import progress_bar

    sandbox.check_system()
    all_tasks, sha256 = humaneval.read_tasks()
    tasks = sample(all_tasks, limit, seed)
    texts = {}
    with _subject(model, engine_url) as subject:
        identity = subject.identity()
        for cursor in Cursor:
            with progress_bar(f"writing, {cursor.value}") as bar:
                texts[cursor.value] = write(subject, tasks, cursor, bar)
    results = {}
    for name, written in (floors(tasks) | texts).items():
        with progress_bar(f"running, {name}") as bar:
            results[name] = score(tasks, written, sandbox.Sandbox(), seed, bar)
    data = {"description": humaneval.DESCRIPTION, "sha256": sha256, "tasks": len(all_tasks)}
    _print("infill", identity, data, seed, len(tasks), _with_floors(results, floors([])), as_json)


@app.command()
def lines(
    paths: PathsArgument = None,
    *,
    files: FilesOption = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Cursors.")] = 500,
    seed: SeedOption = 1,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """The rest of a line at random cursors."""
    from glm_lsp.evaluate.held_out import held_out
    from glm_lsp.evaluate.lines import draw_tasks, floors, grouped, judge, summarise, write
    from glm_lsp.evaluate.report import describe
    from glm_lsp.progress import progress_bar

    data = held_out(paths or [], are_files=files)
    tasks = draw_tasks(data.files, limit, seed)
    texts = {}
    with _subject(model, engine_url) as subject:
        identity = subject.identity()
        for name, with_suffix in (("left_only", False), ("with_suffix", True)):
            with progress_bar(f"writing, {name}") as bar:
                texts[name] = write(subject, tasks, with_suffix=with_suffix, progress=bar)
    answers = {name: judge(tasks, written) for name, written in (floors(tasks) | texts).items()}
    results = {name: summarise(found, seed) for name, found in answers.items()}
    best = answers["with_suffix"]
    found = _with_floors(results, floors([])) | {
        "by_cursor": grouped(best, lambda answer: answer.task.kind.value, seed),
        "by_language": grouped(best, lambda answer: answer.task.language_id, seed),
    }
    _print("lines", identity, describe(data), seed, len(tasks), found, as_json)


@app.command("bytes")
def bits(
    paths: PathsArgument = None,
    *,
    files: FilesOption = False,
    max_bytes: Annotated[int, typer.Option(min=1, help="About so much text, in whole files.")] = 300_000,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Missing ends of lines.")] = 500,
    seed: SeedOption = 1,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bits per UTF-8 byte of held-out text."""
    if engine_url:
        raise InputError(
            "bits per byte are counted from the model's logits, which no engine sends",
            "Leave --engine-url out and name the model with --model.",
        )
    from glm_lsp.evaluate.held_out import held_out
    from glm_lsp.evaluate.lines import draw_tasks
    from glm_lsp.evaluate.prediction import Predictor
    from glm_lsp.evaluate.report import describe
    from glm_lsp.evaluate.subject import identity
    from glm_lsp.models.store import ModelStore
    from glm_lsp.progress import progress_bar

    data = held_out(paths or [], are_files=files, max_bytes=max_bytes)
    tasks = draw_tasks(data.files, limit, seed)
    predictor = Predictor(ModelStore().resolve(settings_with(model=model).model))
    with progress_bar("reading bytes") as bar:
        whole, by_language = predictor.text(data, bar)
    with progress_bar("ends of lines") as bar:
        middles = predictor.middles(tasks, bar)
    found = {"left_to_right": whole, "ends_of_lines": middles, "by_language": by_language}
    _print("bytes", identity(predictor.describe()), describe(data), seed, data.num_bytes, found, as_json)


@app.command("typing")
def kept_characters(
    paths: PathsArgument = None,
    *,
    files: FilesOption = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Regions of 300 to 600 characters.")] = 20,
    seed: SeedOption = 1,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Characters saved while typing held-out code."""
    from glm_lsp.evaluate.held_out import held_out
    from glm_lsp.evaluate.report import describe
    from glm_lsp.evaluate.typing_simulation import (
        BALANCED,
        CURVE,
        best,
        by_language,
        draw_regions,
        simulate_all,
        summarise,
    )
    from glm_lsp.progress import progress_bar

    data = held_out(paths or [], are_files=files)
    regions = draw_regions(data.files, limit, seed)
    with _subject(model, engine_url) as subject, progress_bar("typing") as bar:
        identity = subject.identity()
        tallies = subject.run(simulate_all(subject.client, regions, progress=bar))
    curve = {name: summarise(CURVE[name], found, seed) for name, found in tallies.items()}
    languages = by_language(CURVE[BALANCED], regions, tallies[BALANCED], seed)
    found = {"best": best(curve.values()), "curve": curve, "by_language": languages}
    _print("typing", identity, describe(data), seed, len(regions), found, as_json)


@app.command()
def docstring(
    paths: PathsArgument = None,
    *,
    files: FilesOption = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Functions, of all languages alike.")] = 500,
    seed: SeedOption = 1,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Documentation of held-out functions, written anew."""
    from glm_lsp.evaluate.documentation.measure import measure
    from glm_lsp.evaluate.documentation.tasks import draw_tasks
    from glm_lsp.evaluate.documentation.text_scores import check_extra
    from glm_lsp.evaluate.held_out import held_out
    from glm_lsp.evaluate.report import describe
    from glm_lsp.progress import progress_bar

    check_extra()
    data = held_out(paths or [], are_files=files)
    tasks = draw_tasks(data.files, limit, seed)
    with _subject(model, engine_url) as subject:
        identity = subject.identity()
        found = measure(subject, data.files, tasks, seed, progress_bar)
    _print("docstring", identity, describe(data), seed, len(tasks), found, as_json)


@app.command()
def context(
    paths: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="The top folders of projects.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Cursors.")] = 400,
    only: Annotated[
        str | None, typer.Option(metavar="WAY", help="in_the_prompt or looked_up; both if left out.")
    ] = None,
    seed: SeedOption = 1,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """The rest of a line with and without pieces of the project's other files."""
    from glm_lsp.evaluate import context as measured
    from glm_lsp.evaluate import context_projects
    from glm_lsp.evaluate.report import describe
    from glm_lsp.progress import progress_bar
    from glm_lsp.references.plan import Way

    if only not in (None, *Way):
        raise InputError(f"{only!r} is no way to use references", f"Known: {', '.join(Way)}.")
    projects = context_projects.read_projects(paths)
    tasks = measured.draw(projects, limit, seed)
    ways = [way for way in Way if only in (None, way)]
    with _subject(model, engine_url) as subject, progress_bar("writing") as bar:
        identity = subject.identity()
        found = measured.measure(subject, tasks, ways, measured.SETS, seed, progress=bar)
    data = describe(context_projects.describe(projects))
    _print("context", identity, data, seed, len(tasks), found, as_json)


@contextmanager
def _subject(model: str | None, engine_url: str | None) -> Iterator[Subject]:
    """What the options name. A configured `engineUrl` does not count: what is measured must be plain to see."""
    from dataclasses import replace

    from glm_lsp.cli_complete import engine_client
    from glm_lsp.evaluate.subject import open_subject

    if model and engine_url:
        raise InputError("--model and --engine-url name two models", "Give one of them.")
    settings = settings_with(model=model, engineUrl=engine_url)
    url = settings.engine_url if engine_url else None
    with open_subject(engine_client(replace(settings, engine_url=url)), url) as subject:
        yield subject


def _with_floors(results: Mapping[str, Any], floors: Mapping[str, Any]) -> dict[str, Any]:
    """The results, those that need no model apart."""
    apart = {name: results[name] for name in floors}
    return {"without_a_model": apart} | {name: found for name, found in results.items() if name not in apart}


def _print(  # noqa: PLR0917
    measure: str,
    identity: Mapping[str, Any],
    data: Mapping[str, Any],
    seed: int,
    count: int,
    results: Mapping[str, Any],
    as_json: bool,
) -> None:
    from glm_lsp.evaluate.report import lines as shown
    from glm_lsp.evaluate.report import report

    found = report(measure, identity, data, seed=seed, count=count, results=results)
    if as_json:
        terminal.print_json(found)
    else:
        print("\n".join(shown(found)))
