"""Guessing a manifest from a folder of photos and labels."""
