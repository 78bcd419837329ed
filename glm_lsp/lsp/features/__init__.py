"""One module per LSP method; each only translates."""
