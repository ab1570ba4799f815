"""Whether parts can be trusted: what other pictures or another model say of them."""
