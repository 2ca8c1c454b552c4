"""Evaluators: genomes in, fitness and measures out."""
