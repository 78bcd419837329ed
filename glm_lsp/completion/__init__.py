"""From a frozen document to the text shown as ghost text: pure functions, no LSP, no I/O."""
