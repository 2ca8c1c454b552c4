"""What a run folder records."""
