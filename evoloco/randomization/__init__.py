"""Domain randomization: what differs between the worlds of two episodes, drawn at an address."""
