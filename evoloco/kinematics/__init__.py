"""Joint angles that put feet where they shall be and close chains, by least squares."""
