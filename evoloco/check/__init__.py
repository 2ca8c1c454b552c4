"""Whether a gait survives outside its own simulation: other worlds, other numerics, and why."""
