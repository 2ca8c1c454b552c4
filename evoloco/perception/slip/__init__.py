"""Whether a held object slips: bristles, taxels, and the network that tells."""
