"""Asks for backgrounds, each of them once: of fal, or of who stands in for it."""

from shared.runtime.buying import buying_handler

handler = buying_handler()
