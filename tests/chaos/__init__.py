"""Random episodes on the real functions while everything goes wrong that can, checked against fal's own invoice."""
