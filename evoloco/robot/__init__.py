"""A user's robot: a model file taken as its maker meant it, and told what was done with it."""
