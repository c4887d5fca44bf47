"""Outlines of the actors: polygons in a unit frame, in three shades.

A shape is a dict from shade to contours; shades are painted in the order ``dark`` (the silhouette,
which is what the ground-truth box encloses), ``main`` (its inside) and ``light`` (a texture that
tells one side from the other). Contours are (V, 2) arrays around (0, 0) within radius 1, y down;
several contours of one shade are filled by the even-odd rule, so an inner one is a hole.
"""

from collections.abc import Callable

import numpy as np

SHADES = ('dark', 'main', 'light')
Contours = list[np.ndarray]
Shape = dict[str, Contours]
RIM = 0.82  # part of the silhouette that the main shade covers


def polygon(corners: int, radius: float = 1.0, turn: float = -np.pi / 2) -> np.ndarray:
    """Return a regular polygon (corners, 2) whose first corner is at angle ``turn``."""
    angle = turn + 2 * np.pi * np.arange(corners) / corners
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def circle(radius: float = 1.0, centre: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Return a circle as a polygon of 28 corners."""
    return polygon(28, radius) + centre


def rectangle(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    """Return an axis-aligned rectangle (4, 2)."""
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


def spikes(points: int, inner: float) -> np.ndarray:
    """Return a star (2 * points, 2) with its inner corners at radius ``inner``."""
    star = polygon(2 * points)
    star[1::2] *= inner
    return star


def _within_rim(silhouette: np.ndarray) -> Shape:
    centre = silhouette.mean(axis=0)
    return {'dark': [silhouette], 'main': [centre + RIM * (silhouette - centre)]}


def ball() -> Shape:
    """Return a disc with a band and a spot."""
    marks = [rectangle(-0.78, 0.1, 0.78, 0.35), circle(0.2, (-0.25, -0.35))]
    return {**_within_rim(circle(0.95)), 'light': marks}


def box() -> Shape:
    """Return a square with two quarters of a chequerboard."""
    marks = [rectangle(-0.5, -0.5, 0, 0), rectangle(0, 0, 0.5, 0.5)]
    return {**_within_rim(rectangle(-0.85, -0.85, 0.85, 0.85)), 'light': marks}


def wedge() -> Shape:
    """Return a triangle with two bars."""
    marks = [rectangle(-0.5, 0.28, 0.5, 0.46), rectangle(-0.25, -0.15, 0.25, 0.03)]
    return {**_within_rim(polygon(3, 1.1)), 'light': marks}


def star() -> Shape:
    """Return a star of five points with a round middle."""
    return {**_within_rim(spikes(5, 0.5)), 'light': [circle(0.26)]}


def cross() -> Shape:
    """Return an upright cross with a bar across it."""
    a, b = 0.34, 0.98
    corners = [
        (-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a),
        (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a),
    ]  # fmt: skip
    inner, outer = a - 0.13, b - 0.13
    main = np.where(np.abs(corners) > a, outer, inner) * np.sign(corners)
    return {
        'dark': [np.array(corners)],
        'main': [main],
        'light': [rectangle(-0.8, -0.11, 0.8, 0.11)],
    }


def ring() -> Shape:
    """Return a ring with three beads."""
    beads = [circle(0.14, tuple(point)) for point in polygon(3, 0.72)]
    return {
        'dark': [circle(1.0), circle(0.42)],
        'main': [circle(0.87), circle(0.55)],
        'light': beads,
    }


def moon() -> Shape:
    """Return a crescent, open to the right, with two craters."""
    outer = np.linspace(np.pi * 0.28, np.pi * 1.72, 24)
    inner = np.linspace(np.pi * 1.62, np.pi * 0.38, 20)
    bulge = np.stack([np.cos(outer), np.sin(outer)], axis=1)
    bay = np.stack([0.5 + 0.78 * np.cos(inner), 0.82 * np.sin(inner)], axis=1)
    silhouette = np.concatenate([bulge, bay]) + np.array([0.15, 0.0])
    centre = np.array([-0.42, 0.0])
    marks = [circle(0.14, (-0.5, -0.3)), circle(0.14, (-0.5, 0.35))]
    return {'dark': [silhouette], 'main': [centre + RIM * (silhouette - centre)], 'light': marks}


def gem() -> Shape:
    """Return a hexagon with a smaller one turned inside it."""
    return {**_within_rim(polygon(6)), 'light': [polygon(3, 0.5)]}


SHAPES: dict[str, Callable[[], Shape]] = {
    shape.__name__: shape for shape in (ball, box, wedge, star, cross, ring, moon, gem)
}
