"""Outlines: the curves and polygons that pictures are drawn from."""

import math
from collections.abc import Sequence
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Outline: TypeAlias = list[Point]


def ellipse(x: float, y: float, rx: float, ry: float, *, start: float = 0.0, end: float = 360.0) -> Outline:
    """Give an ellipse, or the arc of it between two angles (degrees, clockwise from the right)."""
    count = max(12, round(abs(end - start) / 6))
    angles = [math.radians(start + (end - start) * step / count) for step in range(count + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    """Give a rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def rounded_box(left: float, top: float, right: float, bottom: float, radius: float) -> Outline:
    """Give a rectangle with round corners."""
    corners = (
        (right - radius, top + radius, -90.0),
        (right - radius, bottom - radius, 0.0),
        (left + radius, bottom - radius, 90.0),
        (left + radius, top + radius, 180.0),
    )
    return [point for x, y, angle in corners for point in ellipse(x, y, radius, radius, start=angle, end=angle + 90)]


def smooth(points: Sequence[Point], *, closed: bool = True, steps: int = 10) -> Outline:
    """
    Lead a curve through all points (uniform Catmull-Rom spline).

    A point given twice in a row makes a corner.
    """
    count = len(points)
    outline: Outline = []
    for index in range(count if closed else count - 1):
        if closed:
            a, b, c, d = (points[(index + shift) % count] for shift in (-1, 0, 1, 2))
        else:
            a, b, c, d = (points[min(max(index + shift, 0), count - 1)] for shift in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            outline.append((_spline(a[0], b[0], c[0], d[0], t), _spline(a[1], b[1], c[1], d[1], t)))
    return outline if closed else [*outline, points[-1]]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)


def flipped(points: Sequence[Point]) -> Outline:
    """Mirror points left to right."""
    return [(-x, y) for x, y in points]


def symmetric(right_half: Sequence[Point]) -> Outline:
    """Close the right half of a shape, given from top to bottom, with its mirror image."""
    return [*right_half, *reversed(flipped([point for point in right_half if point[0] != 0]))]


def moved(points: Sequence[Point], x: float, y: float, *, scale: float = 1.0) -> Outline:
    """Scale points about the origin, then move them."""
    return [(px * scale + x, py * scale + y) for px, py in points]


def brush(points: Sequence[Point], width: float, *, taper: tuple[float, float] = (0.0, 0.0)) -> Outline:
    """
    Give the outline of a brush stroke along a smooth line.

    `width` is the greatest width; `taper` is the share of it at the two ends, so that (1, 1) is a plain line.
    """
    line = smooth(points, closed=False)
    last = len(line) - 1
    left: Outline = []
    right: Outline = []
    for index, (x, y) in enumerate(line):
        before, after = line[max(index - 1, 0)], line[min(index + 1, last)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1.0
        t = index / last
        ends = taper[0] * (1 - t) + taper[1] * t
        half = width / 2 * (ends + (1 - ends) * math.sin(math.pi * t) ** 0.7)
        left.append((x - dy / length * half, y + dx / length * half))
        right.append((x + dy / length * half, y - dx / length * half))
    return left + right[::-1]
