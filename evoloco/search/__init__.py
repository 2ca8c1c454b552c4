"""What searches are made of, where they begin, and what they find besides their best."""
