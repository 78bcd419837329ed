"""The program: `glm-lsp`, or `python -m glm_lsp`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Runs the command of `sys.argv` and exits."""
    arguments = sys.argv[1:]
    if arguments in (["serve"], ["serve", "--stdio"]):
        # What every editor window starts need not wait for the parser of options: a tenth of a second.
        # Nor for the collector, which would look through LSP's types while they are being made: 30 ms.
        gc.disable()
        from glm_lsp import terminal
        from glm_lsp.lsp.server import serve

        gc.freeze()
        gc.enable()
        sys.exit(terminal.run(lambda _: serve({}), arguments))
    from glm_lsp.cli import main as run_command

    run_command()


if __name__ == "__main__":
    main()
