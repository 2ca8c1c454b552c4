"""What is ahead: a class, boxes and free distances, from one picture."""
