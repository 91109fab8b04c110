"""A module that only the layer brings."""


def greet(name: str) -> str:
    return f"Good evening, {name}."
