"""Brings real editors into a cache outside the tree; `make test-editors` calls it.

Pinned: Neovim 0.11, Node.js, code-server, playwright-core and what the extension is built with. Neovim 0.12 is what
Debian has of that series, and Chromium is the host's. The host is not changed unasked; where it lacks packages, setting
up stops with the line to type.
"""
