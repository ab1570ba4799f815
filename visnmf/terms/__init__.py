"""Penalties and constraints of one factor, each one small file; they add up."""
