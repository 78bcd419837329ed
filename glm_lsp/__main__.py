"""`python -m glm_lsp` is `glm-lsp`."""

from glm_lsp.cli import main

if __name__ == "__main__":
    main()
