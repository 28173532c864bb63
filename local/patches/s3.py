"""To come."""


def apply(parts) -> None:
    """Nothing yet."""
