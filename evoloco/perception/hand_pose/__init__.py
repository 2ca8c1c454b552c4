"""The pose of a block in a hand, from one picture."""
