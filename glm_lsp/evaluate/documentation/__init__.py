"""Documentation of held-out definitions, written anew, and judged by what shares no code with its writing."""
