"""A policy from pictures to a gripper's velocities, which imitates a planner."""
