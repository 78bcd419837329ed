"""The life of an engine process: lock, socket, state, log, and when it leaves."""
