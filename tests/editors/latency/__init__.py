"""From a key to ghost text that can be seen, in real editors, with the real server and the starter.

`python -m tests.editors.latency` types the program's own keystroke trace into each editor and tells how long the editor
waits before it asks, how long the server takes, and how long the editor then takes to show it; docs/benchmarks.md has
the method.
"""
