"""A simulated Hedra: version 3 of its API, jobs, files and callbacks, on one machine.

What Hedra documents is followed (https://www.hedra.com/docs/api-reference/v3, its OpenAPI document 3.9.0, and the types
of ``hedra-sdk`` 7.0.0); where it is silent, a comment says "unverified".
"""
