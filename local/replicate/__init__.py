"""A simulated Replicate: predictions, files and callbacks, for its documented HTTP API, on one machine.

What Replicate documents is followed (https://replicate.com/docs/reference/http); where it is silent, a comment says
"unverified".
"""
