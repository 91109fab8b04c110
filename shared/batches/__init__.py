"""Batches: several episodes, and variants of them, made one after the other."""
