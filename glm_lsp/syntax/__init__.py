"""What the syntax of an open document says: its tree, where comments and strings are, what breaks it."""
