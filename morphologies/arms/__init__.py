"""Robot arms and hands on a fixed base. They have no feet, so no run can name them."""
