"""Plain modules, usable without the language: they import torch and timm, and nothing of mtlc."""
