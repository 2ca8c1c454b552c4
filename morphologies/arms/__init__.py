"""Robot arms and hands on a fixed base. Most have no feet, so no run can name them.

`tactile_gripper` is a body for runs: `name = "arms/tactile_gripper"`.
"""
