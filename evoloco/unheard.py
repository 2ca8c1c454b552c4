"""A listener for messages that nobody wants."""


def unheard(message: object) -> None:
    """Takes a message and does nothing."""
