"""Where one object stands on a table, from one picture."""
