"""A fingertip that feels: a model of its skin, and the network that learns it."""
