"""How many parts: the rank of a factorization, chosen by what can be measured."""
