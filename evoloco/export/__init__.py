"""A champion for use elsewhere: on a robot, in another program, as a table."""
