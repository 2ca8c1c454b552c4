"""Presets: parts of run files that stand beneath what the user writes."""
