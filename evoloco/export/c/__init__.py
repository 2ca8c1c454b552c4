"""A controller as C: its two functions, translated by their syntax trees."""
