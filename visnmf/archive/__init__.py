"""Many pictures that look alike in one file: a factorized archive, and what it is made of."""
