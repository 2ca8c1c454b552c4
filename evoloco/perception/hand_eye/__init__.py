"""Hand-eye coordination: a network foretells success, and a search follows it."""
