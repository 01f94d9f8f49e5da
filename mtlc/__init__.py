"""mtlc: a small language and compiler for multi-task models."""

__version__ = "0.1.0"
