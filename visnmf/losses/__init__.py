"""What is minimized, and what an update sees of it."""
