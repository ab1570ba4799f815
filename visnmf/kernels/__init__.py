"""Inner loops over one factor: compiled ones, and the NumPy ones that they must equal."""
