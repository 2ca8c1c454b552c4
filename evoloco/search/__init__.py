"""What searches are made of, where they start, and what they find besides their best."""
