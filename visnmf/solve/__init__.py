"""The run: start, warm-up on stand-ins, the one iteration, its end, and encodings."""
