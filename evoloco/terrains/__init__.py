"""Shapes of the ground, one per file.

A terrain is a module with a class `Shape(**options)`: `highest`, the largest height or depth [m],
and `heights(random, x, y)`, heights over a grid of places.
"""
