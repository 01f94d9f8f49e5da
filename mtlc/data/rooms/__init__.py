"""Procedural indoor scenes: from a seed to an image with exact labels of one geometry."""
