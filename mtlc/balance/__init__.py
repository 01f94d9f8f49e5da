"""Loss-level balancing: one file a method, each a module from the losses of a step to one number."""
