"""From a model repository or a checkpoint folder to a model folder: what `glm-lsp model pull` and `import` do."""
