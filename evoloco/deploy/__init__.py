"""Gaits on real robots: the robot's file, its guards, and the loop that drives its servos."""
