"""Asks fal for portraits, each of them once."""

from shared.runtime.buying import buying_handler

handler = buying_handler()
