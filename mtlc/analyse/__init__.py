"""What can be said of a plan before it is trained: who shares what, and what it costs."""
