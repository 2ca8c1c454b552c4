"""Where a search begins, and what it found besides its best."""
