"""Compares contenders over seeds, such as evolved and learned controllers."""
