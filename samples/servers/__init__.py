"""Small servers that stand for the outside world: what a source would answer, the same each time."""
