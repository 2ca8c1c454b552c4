"""A planar hand that turns a block to one goal after another."""
