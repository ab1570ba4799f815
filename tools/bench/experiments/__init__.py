"""One file a question; each has run(options), which prints a table and keeps its figures."""
