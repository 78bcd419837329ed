"""What each grammar calls a definition, a parameter, a documentation."""
