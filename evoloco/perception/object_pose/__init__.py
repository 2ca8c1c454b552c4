"""The pose of a known object: a network, points, and what fits a model to rays."""
