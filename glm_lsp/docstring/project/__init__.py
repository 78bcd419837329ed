"""What the rest of a project shows of how documentation is written there."""
