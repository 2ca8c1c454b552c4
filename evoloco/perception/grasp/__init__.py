"""Where and how to grasp: rays, candidates, networks, and grasps that are executed."""
