"""What the muscles of a leg span, in people and in the bird."""

SPANS = {
    "hamstrings": {"hip": 1, "knee": -1},
    "glutei": {"hip": 1},
    "iliopsoas": {"hip": -1},
    "vasti": {"knee": 1},
    "gastrocnemius": {"knee": -1, "ankle": 1},
    "soleus": {"ankle": 1},
    "tibialis": {"ankle": -1},
}
"""Whether a muscle gets longer (1) or shorter with hip flexion, knee flexion and dorsiflexion."""
