"""A listener for messages that nobody wants."""


def unheard(message: str) -> None:
    """Takes a message and does nothing."""
