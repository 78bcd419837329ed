"""glm-lsp: inline code completion from GLM models, on your own machine."""

__version__ = "0.1.0"
