"""Providers that speak HTTP and JSON: one adapter, and what it has to know of each of them as data."""
