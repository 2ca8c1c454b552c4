"""Learned policies: environments, native rollouts, training."""
