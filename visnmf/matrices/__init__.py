"""V behind one protocol: whatever holds it, solvers ask it for two sums."""
