"""What a gait is, told from its episodes."""
