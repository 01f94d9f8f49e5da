"""Which solid a ray meets first: vectorised over the rays of a screen window, one solid at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlc.data.rooms.materials import Floats, Ints
from mtlc.data.rooms.solids import BALL, BOX, CONE, Surfaces

_NEAR = np.float32(1e-4)  # hits closer than this, in units of the ray's direction, do not count
_TINY = np.float32(1e-30)  # keeps a ray that runs exactly along a face from dividing 0 by 0
_ROUND = 6  # face numbers: a box has 0 … 5 (axis · 2 + side), a frustum 4 and 5 at its ends, else this


@dataclass(frozen=True)
class View:
    """A grid of rays: ray (i, j) leaves `origin` along `forward + right · u[j] + down · v[i]`.

    As `forward` has coefficient 1, the ray's parameter is the depth along the optical axis in metres.
    """

    origin: Floats
    right: Floats
    down: Floats
    forward: Floats
    u: Floats  # (w,)
    v: Floats  # (h,)


@dataclass(frozen=True)
class Hits:
    """What each ray meets, rays flattened to N; points and normals are in the world.

    `unit` is the point in the solid's own frame, in which the solid fills [-1, 1]³.
    """

    row: Ints
    face: Ints
    depth: Floats  # (N,)
    point: Floats  # (3, N)
    normal: Floats  # (3, N), facing the camera
    unit: Floats  # (3, N)


def take(hits: Hits, which: Ints) -> Hits:
    """Some of the rays."""
    h = hits
    flat = (h.row[which], h.face[which], h.depth[which])
    return Hits(*flat, h.point[:, which], h.normal[:, which], h.unit[:, which])


# --- one solid and many rays, in the solid's own frame: the parameter of the entry, inf for a miss


def _into_box(o: Floats, d: Floats, ends: Floats) -> Floats:
    inverse = 1 / (d + _TINY)
    middle, reach = -o * inverse, np.abs(inverse)
    enter, leave = largest(middle - reach), smallest(middle + reach)
    return np.where((enter <= leave) & (enter > _NEAR), enter, np.float32(np.inf))


def _into_ball(o: Floats, d: Floats, ends: Floats) -> Floats:
    a, b, c = dot(d, d), dot(o, d), dot(o, o) - 1
    root = b * b - a * c
    enter = (-b - np.sqrt(np.maximum(root, 0))) / a
    return np.where((root > 0) & (enter > _NEAR), enter, np.float32(np.inf))


def _into_cone(o: Floats, d: Floats, ends: Floats) -> Floats:
    """The radius is `mean + slope · z`; the first of two side hits and two cap hits that lie on the solid."""
    mean, slope = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2
    radius, change = mean + slope * o[2], slope * d[2]
    a = d[0] * d[0] + d[1] * d[1] - change * change
    b = o[0] * d[0] + o[1] * d[1] - change * radius
    c = o[0] * o[0] + o[1] * o[1] - radius * radius
    inside = b * b - a * c
    root = np.sqrt(np.maximum(inside, 0))
    first = np.full(a.shape, np.inf, np.float32)
    for t in ((-b - root) / a, (-b + root) / a):
        on = (inside >= 0) & (np.abs(o[2] + t * d[2]) <= 1)
        np.minimum(first, t, out=first, where=on & (t > _NEAR))
    for side, end in ((-1, ends[0]), (1, ends[1])):
        t = (side - o[2]) / d[2]
        x, y = o[0] + t * d[0], o[1] + t * d[1]
        np.minimum(first, t, out=first, where=(x * x + y * y <= end * end) & (t > _NEAR))
    return first


INTO = {BOX: _into_box, CONE: _into_cone, BALL: _into_ball}


# --- the camera's rays


def cast(scene: Surfaces, view: View) -> Hits:
    """The first surface along each ray of a view from inside the room, and its geometry there."""
    with np.errstate(all="ignore"):
        row, depth = _nearest(scene, view)
    u, v = view.u[None, :], view.v[:, None]
    direction = np.stack([view.forward[k] + (view.right[k] * u + view.down[k] * v) for k in range(3)])
    direction = direction.reshape(3, -1)
    point = view.origin[:, None] + direction * depth
    unit = apply(scene.to_unit[:, :, row], point - scene.centre[:, row])
    face = _faces(scene, row, unit)
    row = np.where(row == scene.solids, row + face, row)
    normal = _normals(scene, row, face, unit)
    away = np.copysign(np.float32(1), dot(normal, direction))
    normal *= -away / np.sqrt(dot(normal, normal))
    return Hits(row, face, depth, point, normal, unit)


def _nearest(scene: Surfaces, view: View) -> tuple[Ints, Floats]:
    """Row and depth per ray; rays that meet no solid get the room, its first row standing for all six."""
    origin = apply(scene.to_unit, view.origin[:, None] - scene.centre)
    axes = (view.forward, view.right, view.down)
    forward, right, down = (apply(scene.to_unit, a[:, None]) for a in axes)

    def rays(s: int, rows: slice, columns: slice) -> Floats:
        tall = down[:, s, None] * view.v[rows] + forward[:, s, None]
        return tall[:, :, None] + (right[:, s, None] * view.u[columns])[:, None, :]

    room = scene.solids
    d = rays(room, slice(None), slice(None))
    depth = smallest((np.copysign(np.float32(1), d) - origin[:, room, None, None]) / d)
    row = np.full(depth.shape, room, np.intp)
    for s, (rows, columns) in _windows(scene, view):
        into = INTO[int(scene.shape[s])]
        t = into(origin[:, s, None, None], rays(s, rows, columns), scene.ends[:, s])
        best = depth[rows, columns]
        closer = t < best
        np.copyto(best, t, where=closer)
        np.copyto(row[rows, columns], s, where=closer)
    return row.ravel(), depth.ravel()


def _windows(scene: Surfaces, view: View) -> list[tuple[int, tuple[slice, slice]]]:
    """The part of the grid in which each visible solid can lie, from the corners of its box."""
    n = scene.solids
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)
    # corners of a rotated box: to_unit is diag(1/half) Rᵀ, so its rows times half² are the half axes
    half_axes = scene.to_unit[:, :, :n] * (scene.half[:, None, :n] ** 2)
    middle = scene.centre[:, :n] - view.origin[:, None]
    corners = np.einsum("ck,kxs->xcs", signs, half_axes) + middle[:, None]
    x, y, z = (np.einsum("xcs,x->cs", corners, a) for a in (view.right, view.down, view.forward))
    behind = z.min(axis=0) < 0.05
    z = np.maximum(z, np.float32(0.05))
    columns = _interval(x / z, behind, view.u)
    rows = _interval(y / z, behind, view.v)
    seen = (z.max(axis=0) > 0.05) & (columns[0] < columns[1]) & (rows[0] < rows[1])
    found = []
    for s in np.flatnonzero(seen).tolist():
        window = slice(int(rows[0, s]), int(rows[1, s])), slice(int(columns[0, s]), int(columns[1, s]))
        found.append((s, window))
    return found


def _interval(corners: Floats, everywhere: NDArray[np.bool_], grid: Floats) -> Ints:
    """(2, S): first and past-the-last index of the ascending `grid` inside the range of the corners."""
    low = np.searchsorted(grid, corners.min(axis=0) - np.float32(1e-4))
    high = np.searchsorted(grid, corners.max(axis=0) + np.float32(1e-4))
    return np.stack([np.where(everywhere, 0, low), np.where(everywhere, len(grid), high)])


def _faces(scene: Surfaces, row: Ints, unit: Floats) -> Ints:
    """The face of its solid on which each point lies."""
    x, y, z = np.abs(unit)
    axis = np.where(x >= np.maximum(y, z), 0, np.where(y >= z, 1, 2))
    shape = scene.shape[row]
    cone = np.flatnonzero(shape == CONE)
    axis[cone] = 2
    face = 2 * axis + (np.take_along_axis(unit, axis[None], axis=0)[0] > 0)
    face[shape == BALL] = _ROUND
    mean, slope = _profile(scene, row[cone])
    x, y, z = unit[:, cone]
    on_side = np.abs(np.hypot(x, y) - mean - slope * z) < 1 - np.abs(z)
    face[cone[on_side]] = _ROUND
    return face


def _normals(scene: Surfaces, row: Ints, face: Ints, unit: Floats) -> Floats:
    """Outward directions in the world, not yet of unit length: the gradient of what is 1 on the surface."""
    normal = np.ascontiguousarray(scene.to_unit[np.minimum(face // 2, 2), :, row].T)
    curved = np.flatnonzero(face == _ROUND)
    mean, slope = _profile(scene, row[curved])
    gradient = unit[:, curved]
    cone = scene.shape[row[curved]] == CONE
    gradient[2] = np.where(cone, -slope * (mean + slope * gradient[2]), gradient[2])
    normal[:, curved] = apply(scene.to_unit[:, :, row[curved]].transpose(1, 0, 2), gradient)
    return normal


def _profile(scene: Surfaces, row: Ints) -> tuple[Floats, Floats]:
    foot, top = scene.ends[:, row]
    return (foot + top) / 2, (top - foot) / 2


def dot(a: Floats, b: Floats) -> Floats:
    """Scalar products over the first axis, of size 3; several times faster than a sum along it."""
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], np.float32)


def largest(a: Floats) -> Floats:
    return np.maximum(np.maximum(a[0], a[1]), a[2])


def smallest(a: Floats) -> Floats:
    return np.minimum(np.minimum(a[0], a[1]), a[2])


def apply(matrices: Floats, vectors: Floats) -> Floats:
    """matrices (3, 3, N) times vectors (3, N) or (3, 1); no BLAS, whose bits may depend on the threads."""
    m, v = matrices, vectors
    out = np.empty(np.broadcast_shapes(m.shape[1:], v.shape), np.float32)
    for k in range(3):
        np.multiply(m[k, 0], v[0], out=out[k])
        out[k] += m[k, 1] * v[1]
        out[k] += m[k, 2] * v[2]
    return out
