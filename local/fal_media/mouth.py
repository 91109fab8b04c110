"""The mouth: drawn closed in portraits, opened by the voice in talking clips."""

from local.fal_media.canvas import Canvas
from local.fal_media.colours import RGB, darker, lighter
from local.fal_media.shapes import brush, ellipse, smooth

TEETH: RGB = (244, 240, 232)
TONGUE: RGB = (178, 82, 84)
INSIDE: RGB = (64, 22, 32)


def draw_mouth(canvas: Canvas, lips: RGB, *, openness: float = 0.0, smile: float = 0.5) -> None:
    """
    Draw a mouth about the origin; a unit is half the closed mouth's width.

    Parameters
    ----------
    canvas
        Where to draw.
    lips
        The lips' colour.
    openness
        0 (closed) to 1 (wide open).
    smile
        How far the corners go up: 0 to 1.
    """
    corner = -0.27 * smile * (1 - 0.5 * openness)
    width = 1.0 - 0.10 * openness
    drop = 0.98 * openness
    lift = 0.14 * openness
    upper = [(-width, corner), (-0.5, -0.19 - lift + corner * 0.25), (-0.17, -0.31 - lift), (0, -0.24 - lift),
             (0.17, -0.31 - lift),
             (0.5, -0.19 - lift + corner * 0.25), (width, corner)]  # fmt: skip
    middle = [(width * 0.5, 0.05), (0, 0.1), (-width * 0.5, 0.05)]
    lower = [
        (width * 0.62, 0.26 + drop * 0.78),
        (0.25, 0.4 + drop),
        (-0.25, 0.4 + drop),
        (-width * 0.62, 0.26 + drop * 0.78),
    ]
    canvas.fill(smooth([*upper, *lower]), lighter(lips, 0.08))
    canvas.fill(smooth([*upper, *(middle if openness == 0 else ((0, 0.1),))]), darker(lips, 0.16))
    if openness > 0:
        inside = smooth(
            [(-width * 0.86, corner * 0.6), (-0.35, -0.07 - lift * 0.6), (0, -0.05 - lift * 0.6),
             (0.35, -0.07 - lift * 0.6),
             (width * 0.86, corner * 0.6), (width * 0.56, 0.1 + drop * 0.68), (0, 0.14 + drop * 0.88),
             (-width * 0.56, 0.1 + drop * 0.68)]
        )  # fmt: skip
        canvas.fill(inside, INSIDE)
        canvas.fill(ellipse(0, 0.3 + drop * 0.95, 0.52, 0.22 + drop * 0.26), TONGUE, within=inside)
        canvas.fill(ellipse(0, -0.18 - lift, 0.72, 0.22 + drop * 0.17), TEETH, within=inside)
    else:
        line = [(-1.02, corner - 0.02), (-0.5, 0.04), (0, 0.09), (0.5, 0.04), (1.02, corner - 0.02)]
        canvas.fill(brush(line, 0.09, taper=(0.5, 0.5)), darker(lips, 0.55))
    canvas.fill(ellipse(0.05, 0.25 + drop, 0.3, 0.06), lighter(lips, 0.5), opacity=0.4, blur=0.05)
