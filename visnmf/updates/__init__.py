"""Steps that lower a model of the loss over one factor."""
