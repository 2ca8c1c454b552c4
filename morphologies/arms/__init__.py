"""Robot arms on a fixed base. They have a tool instead of feet, so no run can use them."""
