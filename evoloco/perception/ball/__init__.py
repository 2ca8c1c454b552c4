"""Where a ball is: two networks, what they learn from, and their measured errors."""
