"""`glm-lsp bench`: what completing costs, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glm_lsp import cli_bench_page, terminal
from glm_lsp.cli_options import DeviceOption, JsonOption, ModelOption, ThreadsOption, new_app, settings_with
from glm_lsp.errors import InputError

app = new_app("What completing costs on this machine, measured.")

OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="DIR", help="Store the result in this folder, too.")
]
MOST_EDITORS = 256
"""Each is a connection and a file that is read; more are no longer editors of one machine or team."""

MOST_TOKENS = 4096
"""The engine writes no longer answer."""

PlotsOption = Annotated[bool, typer.Option("--plots", help="Draw the result into the --output folder.")]


@app.command()
def engine(
    *,
    seconds: Annotated[float, typer.Option(min=0, max=3600, help="For each of the measurements, about.")] = 5,
    starts: Annotated[int, typer.Option(min=1, max=1000, help="Engine processes started in turn.")] = 5,
    requests: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="So many to see whether memory grows.")
    ] = 0,
    model: ModelOption = None,
    device: DeviceOption = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    plots: PlotsOption = False,
) -> None:
    """Prefill, decode and start-up without server and editor, beside what memory allows."""
    from glm_lsp.bench.delivery import Delivery
    from glm_lsp.bench.engine import bench_engine
    from glm_lsp.bench.engine_table import engine_table
    from glm_lsp.models.store import ModelStore
    from glm_lsp.progress import progress_bar

    delivery = Delivery(as_json, output, plots)
    settings = settings_with(model=model, device=device, threads=threads)
    result = bench_engine(
        ModelStore().resolve(settings.model),
        device=settings.device,
        threads=settings.threads,
        seconds=seconds,
        num_starts=starts,
        num_requests=requests,
        warn=delivery.warn,
        bar=progress_bar,
    )
    delivery.deliver(result, engine_table(result))


@app.command()
def compare(
    peers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PEER...]", help="Peers or variants of them; all installed ones if left out."
        ),
    ] = None,
    *,
    keys: Annotated[int, typer.Option(min=1, help="So many keys of the trace.")] = 1500,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A stored trace; the program's own if left out.")
    ] = None,
    lengths: Annotated[
        str, typer.Option(metavar="N,N...", help="Prompt tokens of keys on long prompts; '' for none.")
    ] = "1000,2000,4000",
    environments: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where .venv-peer-NAME are; the checkout if left out.")
    ] = None,
    model: ModelOption = None,
    threads: Annotated[int, typer.Option(min=1, max=64, help="CPU threads of each.")] = 2,
    as_json: JsonOption = False,
    output: OutputOption = None,
    plots: PlotsOption = False,
) -> None:
    """The engine beside llama.cpp, transformers and others, on the same weights and requests."""
    from glm_lsp.bench.compare import bench_compare
    from glm_lsp.bench.compare_table import compare_table
    from glm_lsp.bench.delivery import Delivery
    from glm_lsp.bench.peer import CHECKOUT, chosen, find_peers
    from glm_lsp.bench.trace.trace import load_trace, own_trace
    from glm_lsp.models.store import ModelStore

    delivery = Delivery(as_json, output, plots)
    known = find_peers(environments=environments or CHECKOUT)
    taking_part = chosen(known, peers or [])
    for peer in known:
        if not peer.is_installed:
            terminal.say(f"not installed: {peer.file.title}; {peer.setup} ({peer.file.takes})")
    at_lengths = _numbers(lengths)
    typed = load_trace(trace) if trace else own_trace()
    result = bench_compare(
        ModelStore().resolve(settings_with(model=model).model),
        typed,
        taking_part,
        keys=keys,
        threads=threads,
        lengths=at_lengths,
        warn=delivery.warn,
    )
    delivery.deliver(result, compare_table(result))


@app.command("typing")
def keystrokes(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[TRACE|PATH...]", help="A stored trace; the program's own if left out."),
    ] = None,
    *,
    files: Annotated[
        bool, typer.Option("--files", help="The paths are source files and folders to type.")
    ] = False,
    package: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME==VERSION", help="Type modules of this package, fetched with pip."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of a trace that is not stored.")] = 1,
    speed: Annotated[
        str, typer.Option(metavar="FACTOR", help="Times as fast as a person; max waits for answers alone.")
    ] = "4",
    keys: Annotated[
        int | None, typer.Option(min=1, help="So many keys of the trace; all if left out.")
    ] = None,
    model: ModelOption = None,
    device: DeviceOption = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    plots: PlotsOption = False,
) -> None:
    """Keystrokes of a stored trace, typed in an editor that the real server serves."""
    from glm_lsp.bench.delivery import Delivery
    from glm_lsp.bench.trace.material import chosen_trace
    from glm_lsp.bench.typing import bench_typing, flat_json, parse_speed
    from glm_lsp.bench.typing_figures import typing_table
    from glm_lsp.progress import progress_bar

    delivery = Delivery(as_json, output, plots)
    factor = parse_speed(speed)
    settings = settings_with(model=model, device=device, threads=threads)
    trace = chosen_trace(paths or [], package or [], are_files=files, seed=seed)
    with progress_bar("typing") as bar:
        result = bench_typing(
            settings,
            trace,
            speed=factor,
            keys=keys,
            warn=delivery.warn,
            count_own=delivery.count_own,
            progress=bar,
        )
    delivery.deliver(result, typing_table(result), flat_json)


@app.command()
def load(
    *,
    editors: Annotated[
        str, typer.Option(metavar="N,N...", help="How many editors; they are measured in turn.")
    ] = "1,2,4,8,16",
    seconds: Annotated[float, typer.Option(min=0, max=3600, help="For each number, twice.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of what is typed, and when.")] = 1,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    memory_mib: Annotated[int | None, typer.Option(help="Limit of the KV cache.")] = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    plots: PlotsOption = False,
) -> None:
    """Several editors on one engine: latency, fairness, re-use and memory."""
    from glm_lsp.bench.delivery import Delivery
    from glm_lsp.bench.load import bench_load
    from glm_lsp.bench.load_table import load_table
    from glm_lsp.models.store import ModelStore
    from glm_lsp.progress import progress_bar

    delivery = Delivery(as_json, output, plots)
    numbers = _numbers(editors)
    if not numbers or max(numbers) > MOST_EDITORS:
        raise InputError(
            f"{editors!r} are not numbers of editors", f"Name at least one, each at most {MOST_EDITORS}."
        )
    settings = settings_with(model=model, threads=threads, memoryMib=memory_mib)
    with progress_bar("typing") as bar:
        result = bench_load(
            ModelStore().resolve(settings.model),
            editors=numbers,
            threads=settings.threads,
            memory_mib=settings.memory_mib,
            seconds=seconds,
            seed=seed,
            warn=delivery.warn,
            progress=bar,
        )
    delivery.deliver(result, load_table(result))


@app.command()
def overhead(
    *,
    keys: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Keys, and requests of each length.")
    ] = 1000,
    lines: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Of the file that is typed into.")
    ] = 10_000,
    starts: Annotated[int, typer.Option(min=0, max=1000, help="Of each language server.")] = 5,
    tokens: Annotated[
        str, typer.Option(metavar="N,N...", help="Lengths of the engine's answers.")
    ] = "1,4,10",
    model: ModelOption = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    plots: PlotsOption = False,
) -> None:
    """What language server and HTTP add to the work of the model."""
    from glm_lsp.bench.delivery import Delivery
    from glm_lsp.bench.overhead import bench_overhead
    from glm_lsp.bench.overhead_table import overhead_table
    from glm_lsp.models.store import ModelStore
    from glm_lsp.progress import progress_bar

    delivery = Delivery(as_json, output, plots)
    lengths = _numbers(tokens)
    if max(lengths, default=0) > MOST_TOKENS:
        raise InputError(
            f"{tokens!r} has more tokens than an answer", f"At most {MOST_TOKENS} can be asked for."
        )
    settings = settings_with(model=model, threads=threads)
    folder = ModelStore().resolve(settings.model)
    with progress_bar("typing") as bar:
        result = bench_overhead(
            folder,
            threads=settings.threads,
            num_lines=lines,
            num_keys=keys,
            num_starts=starts,
            lengths=lengths,
            warn=delivery.warn,
            progress=bar,
        )
    delivery.deliver(result, overhead_table(result))


@app.command()
def storm(
    *,
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400, help="Of all storms together.")] = 60,
    rate: Annotated[int, typer.Option(min=1, max=2000, help="Requests a second.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Of what is typed and cancelled.")] = 1,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    plots: PlotsOption = False,
) -> None:
    """Far more requests than can be answered; exit status 1 when one is lost or late."""
    from glm_lsp.bench.delivery import Delivery
    from glm_lsp.bench.storm import bench_storm
    from glm_lsp.bench.storm_figures import storm_table
    from glm_lsp.progress import progress_bar

    delivery = Delivery(as_json, output, plots)
    settings = settings_with(model=model, threads=threads)
    with progress_bar("storms") as bar:
        result = bench_storm(
            settings,
            seconds=seconds,
            rate=rate,
            seed=seed,
            warn=delivery.warn,
            count_own=delivery.count_own,
            progress=bar,
        )
    delivery.deliver(result, storm_table(result))
    if result.figures["broken"]:
        raise typer.Exit(1)


@app.command()
def speculation(
    *,
    prompts: Annotated[int, typer.Option(min=1, max=100_000, help="Of each kind, at most.")] = 400,
    keys: Annotated[
        int | None, typer.Option(min=1, help="So many keys of the trace; all if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn and changed.")] = 1,
    model: ModelOption = None,
    device: DeviceOption = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    plots: PlotsOption = False,
) -> None:
    """What guessing ahead brings; exit status 1 when it changes an answer."""
    from glm_lsp.bench.delivery import Delivery
    from glm_lsp.bench.speculation import bench_speculation
    from glm_lsp.bench.speculation_table import speculation_table
    from glm_lsp.models.store import ModelStore

    delivery = Delivery(as_json, output, plots)
    settings = settings_with(model=model, device=device, threads=threads)
    result = bench_speculation(
        ModelStore().resolve(settings.model),
        threads=settings.threads,
        num_prompts=prompts,
        device=settings.device,
        keys=keys,
        seed=seed,
        warn=delivery.warn,
    )
    delivery.deliver(result, speculation_table(result))
    if any(each["identical"] < each["requests"] for each in result.figures.values()):
        raise typer.Exit(1)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A result stored with --output.")],
    as_json: JsonOption = False,
) -> None:
    """The tables of a stored result."""
    from glm_lsp.bench import result
    from glm_lsp.bench.tables import tables_of

    stored = result.load(file)
    if as_json:
        terminal.print_json(result.as_json(stored))
    else:
        print(tables_of(stored))


@app.command()
def plot(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A result stored with --output.")],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="The result's own folder if left out.")
    ] = None,
) -> None:
    """The pictures of a stored result."""
    from glm_lsp.bench.plots import draw
    from glm_lsp.bench.result import load

    for path in draw(load(file), output or file.parent, file.stem):
        terminal.say(f"drawn: {path}")


app.command()(cli_bench_page.page)


def _numbers(text: str) -> list[int]:
    """The numbers of a list with commas.

    Raises:
        InputError: one of them is no positive number.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and 0 < int(part) <= 1_000_000 for part in parts):
        raise InputError(f"{text!r} is not a list of numbers", "Write them like 1000,2000,4000.")
    return [int(part) for part in parts]
