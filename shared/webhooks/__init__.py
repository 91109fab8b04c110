"""Callbacks that providers sign: one module per scheme, and what schemes share. Nothing here imports anything heavy."""
