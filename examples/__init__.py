"""Programs to learn from and to begin with: a bank kit, a demonstration, and the snippets of the README."""
