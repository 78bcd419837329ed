"""The language server: LSP types in, domain types out. pygls and lsprotocol are imported here only."""
