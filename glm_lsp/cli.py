"""Every command of `glm-lsp`. Each imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from glm_lsp import __version__, cli_bench, cli_docstring, cli_eval, cli_model, terminal
from glm_lsp.cli_options import (
    DeviceOption,
    EngineUrlOption,
    JsonOption,
    ModelOption,
    ThreadsOption,
    new_app,
    settings_with,
)
from glm_lsp.errors import InputError

app = new_app("Inline code completion from GLM models, on your own machine.")
config_app = new_app("The settings.")
app.add_typer(cli_model.app, name="model")
app.add_typer(cli_bench.app, name="bench")
app.add_typer(cli_eval.app, name="eval")
app.add_typer(config_app, name="config")


# Typer brings its own copy of click from 0.20 on and uses the package before; this names either's class.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]


def main() -> None:
    """Runs the command of `sys.argv` and exits."""
    sys.exit(terminal.run(_run, sys.argv[1:]))


def _run(arguments: list[str]) -> object:
    """Typer's errors in our terms: a wrong option is an `InputError`, a declined question an interruption."""
    command = typer.main.get_command(app)
    try:
        return command.main(arguments, prog_name="glm-lsp", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except _USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            terminal.say(str(error))
            return 2
        raise _usage_error(error) from None


def _usage_error(error: Any) -> InputError:
    command = error.ctx.command_path if error.ctx else "glm-lsp"
    cause = error.format_message().rstrip(".")
    return InputError(cause[:1].lower() + cause[1:], f"Run `{command} --help` for the usage.")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"glm-lsp {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


@config_app.callback()
def _config() -> None:
    pass


@config_app.command("show")
def config_show(as_json: JsonOption = False) -> None:
    """Each setting, its value and where it came from."""
    from glm_lsp import config, paths

    configuration = config.load()
    if as_json:
        terminal.print_json(
            {
                "config_file": str(paths.config_file()),
                "settings": [
                    {"name": name, "value": value, "origin": origin}
                    for name, value, origin in configuration.rows()
                ],
                "warnings": configuration.warnings,
            }
        )
        return
    for name, value, origin in configuration.rows():
        shown = "" if value is None else ", ".join(value) if isinstance(value, tuple) else value
        print(f"{name:<18} {shown!s:<24} {origin}")
    terminal.say(f"\nconfig file: {paths.config_file()}")
    for warning in configuration.warnings:
        terminal.say(f"warning: {warning}")


@config_app.command("schema")
def config_schema() -> None:
    """The settings as a JSON schema."""
    from glm_lsp.config_schema import settings_schema

    terminal.print_json(settings_schema())


@app.command()
def serve(
    *,
    model: ModelOption = None,
    device: DeviceOption = None,
    threads: ThreadsOption = None,
    engine_url: EngineUrlOption = None,
    log_level: Annotated[str | None, typer.Option(help="error, warning, info or debug.")] = None,
    stdio: Annotated[bool, typer.Option("--stdio", hidden=True)] = False,  # some editors say so unasked
) -> None:
    """The language server on stdin and stdout; an editor starts it."""
    from glm_lsp.lsp.server import serve as serve_stdio

    options = {
        "model": model,
        "device": device,
        "threads": threads,
        "engineUrl": engine_url,
        "logLevel": log_level,
    }
    given = {key: value for key, value in options.items() if value is not None}
    if given:
        settings_with(**given)  # a wrong option is wrong use, not a warning in the editor
    raise typer.Exit(serve_stdio(given))


@app.command()
def complete(
    place: Annotated[
        str, typer.Argument(metavar="FILE:LINE[:COL]", help="Both from 1; without COL the line's end.")
    ],
    num_candidates: Annotated[int, typer.Option("-n", min=1, max=8, help="How many different ones.")] = 1,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """One completion, as an editor gets it when asked by hand."""
    import asyncio

    from glm_lsp import cli_complete
    from glm_lsp.source_file import SourcePosition

    snapshot = SourcePosition.parse(place).snapshot()
    settings = settings_with(model=model, engineUrl=engine_url)
    outcome, model_name = asyncio.run(cli_complete.complete(snapshot, settings, num_candidates))
    if as_json:
        terminal.print_json(cli_complete.as_json(outcome, model_name))
    else:
        cli_complete.print_texts(outcome)


app.command()(cli_docstring.docstring)


@app.command()
def why(
    place: Annotated[
        str, typer.Argument(metavar="FILE:LINE[:COL]", help="Both from 1; without COL the line's end.")
    ],
    invoked: Annotated[bool, typer.Option("--invoked", help="As if asked for by hand.")] = False,
    model: ModelOption = None,
    engine_url: EngineUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why there is a suggestion at a place, or none: one request step by step."""
    import asyncio

    import msgspec

    from glm_lsp import cli_why
    from glm_lsp.source_file import SourcePosition

    snapshot = SourcePosition.parse(place).snapshot()
    settings = settings_with(model=model, engineUrl=engine_url)
    told = asyncio.run(cli_why.tell(snapshot, settings, is_invoked=invoked))
    if as_json:
        terminal.print_json(msgspec.to_builtins(told))
    else:
        cli_why.print_story(told, snapshot.language_id)


@app.command()
def engine(
    *,
    listen: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="unix:PATH or HOST:PORT; a socket of its own if left out."),
    ] = None,
    model: ModelOption = None,
    device: DeviceOption = None,
    threads: ThreadsOption = None,
    memory_mib: Annotated[int | None, typer.Option(help="Limit of the KV cache.")] = None,
    linger: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Stay so long after the last client; 0 stays for ever."),
    ] = None,
    allow_remote: Annotated[
        bool,
        typer.Option("--allow-remote", help="Let other machines connect; GLM_LSP_ENGINE_TOKEN must be set."),
    ] = False,
    log_file: Annotated[Path | None, typer.Option(help="Write the log here instead of to stderr.")] = None,
) -> None:
    """The engine alone: one model behind OpenAI-style HTTP."""
    from glm_lsp.cli_complete import load_engine
    from glm_lsp.engine.address import parse_address
    from glm_lsp.engine.local_address import local_address
    from glm_lsp.engine.process.run import run_engine
    from glm_lsp.models.store import ModelStore

    settings = settings_with(
        model=model, device=device, threads=threads, memoryMib=memory_mib, lingerS=linger
    )
    if listen:
        address = parse_address(listen, allow_remote=allow_remote)
    else:
        address = local_address(settings, ModelStore().resolve(settings.model))
    status = run_engine(
        lambda: load_engine(settings),
        address,
        linger_s=settings.linger_s,
        allow_remote=allow_remote,
        token=os.environ.get("GLM_LSP_ENGINE_TOKEN"),
        log_file=log_file,
    )
    raise typer.Exit(status)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """What works, what does not, and what to type to mend it."""
    # `--json`: {verdict, summary, findings: [{check, verdict, finding, fix}]}, the findings in order. A verdict is ok,
    # warn or fail, and fix is empty when there is nothing to mend. Editors read this: keys are added, never renamed.
    from glm_lsp.doctor import diagnose, overall, summary

    findings = []
    for name, finding in diagnose():
        findings.append((name, finding))
        if not as_json:
            print(f"{finding.verdict:<5} {name:<20} {finding.finding}", flush=True)
            if finding.fix:
                print(f"{'':<26} fix: {finding.fix}")
    found = [finding for _, finding in findings]
    if as_json:
        checks = [{"check": name, **asdict(finding)} for name, finding in findings]
        terminal.print_json({"verdict": overall(found), "summary": summary(found), "findings": checks})
    else:
        print(f"\n{summary(found)}")
    raise typer.Exit(int(overall(found) == "fail"))
