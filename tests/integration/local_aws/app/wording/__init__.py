"""The layer's package."""
