"""Gradient-level balancing: one file a method, each from the Gram matrix of the tasks' gradients to weights."""
