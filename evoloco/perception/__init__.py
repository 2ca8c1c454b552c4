"""What learned sensors share: random pictures, learning, weights."""
