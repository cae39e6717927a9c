#!/usr/bin/env python3
# brush.py: colours, a wobbling pen and paper textures for the drawn example pictures
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawing tools. Everything random comes from the generator handed in, so a picture is a function of its seed."""

import colorsys
import math

import cairo
import cv2
import numpy as np

SIDE = 192

PALETTE = {
    'red': '#d8413a', 'coral': '#f0705a', 'orange': '#f08c2e', 'amber': '#f6b23c', 'yellow': '#f9d54a',
    'lime': '#a9c94a', 'green': '#5aa552', 'forest': '#2f7a4f', 'teal': '#2f9c95', 'cyan': '#4cbfd6',
    'sky': '#6fb3e8', 'blue': '#3a78c9', 'navy': '#2d4a86', 'indigo': '#5a52a8', 'violet': '#8c5fb8',
    'plum': '#a8467f', 'pink': '#ee8fb0', 'rose': '#e0567f', 'brown': '#8d5a3b', 'tan': '#c99a66',
    'cream': '#f7ecd2', 'white': '#fbfaf6', 'grey': '#9aa3ad', 'slate': '#55616f', 'ink': '#2c2f3a',
}
BRIGHT = ['red', 'coral', 'orange', 'amber', 'yellow', 'lime', 'green', 'teal', 'cyan', 'sky', 'blue',
          'indigo', 'violet', 'plum', 'pink', 'rose']
PASTEL = ['#fbe3d6', '#fdf0cf', '#e3f0d3', '#d3ece6', '#d6e8f7', '#e1dcf3', '#f6dcea', '#f4efe6', '#e9edf0',
          '#cfe3d4', '#f8d9c4', '#c9def2']


def rgb(colour):
    """A colour name, '#rrggbb' or tuple as a tuple of three floats."""
    if isinstance(colour, str):
        text = PALETTE.get(colour, colour).lstrip('#')
        return tuple(int(text[i:i + 2], 16) / 255 for i in (0, 2, 4))
    return tuple(colour)


def mix(a, b, t):
    a, b = rgb(a), rgb(b)
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def lighter(colour, t=0.3):
    return mix(colour, (1, 1, 1), t)


def darker(colour, t=0.3):
    return mix(colour, (0.08, 0.07, 0.16), t)


def jitter(rng, colour, hue=0.02, sat=0.12, val=0.08):
    h, s, v = colorsys.rgb_to_hsv(*rgb(colour))
    return colorsys.hsv_to_rgb((h + rng.uniform(-hue, hue)) % 1, min(1, max(0, s * (1 + rng.uniform(-sat, sat)))),
                               min(1, max(0, v * (1 + rng.uniform(-val, val)))))


def pick(rng, names):
    return jitter(rng, names[int(rng.integers(len(names)))])


def chance(rng, p):
    return bool(rng.random() < p)


def lab(colour):
    pixel = np.float32([[rgb(colour)]])
    return cv2.cvtColor(pixel, cv2.COLOR_RGB2Lab)[0, 0]


def noise(rng, side=SIDE, cells=6, octaves=3):
    """Smooth noise in [0, 1]."""
    total = np.zeros((side, side), np.float32)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        count = max(2, cells * 2 ** octave)
        grid = rng.random((count, count)).astype(np.float32)
        total += weight * cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
        norm += weight
        weight *= 0.5
    total /= norm
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


STYLES = ['flat', 'outline', 'shaded', 'crayon', 'sticker', 'watercolour', 'ink']
STYLE_ODDS = [0.19, 0.19, 0.19, 0.14, 0.12, 0.10, 0.07]


class Style:
    """How a picture is drawn; chosen once for each picture."""

    def __init__(self, rng, name=None):
        self.name = name or STYLES[int(rng.choice(len(STYLES), p=STYLE_ODDS))]
        self.wobble = {'crayon': 1.6, 'ink': 1.3, 'watercolour': 1.1}.get(self.name, 0.0)
        self.gradient = self.name in ('shaded', 'watercolour') or (self.name in ('outline', 'sticker') and chance(rng, 0.4))
        lined = {'outline': 1.0, 'ink': 1.0, 'sticker': 0.5, 'crayon': 0.65, 'watercolour': 0.5}
        self.lined = chance(rng, lined.get(self.name, 0.0))
        self.line_width = rng.uniform(2.2, 4.2) if self.name != 'ink' else rng.uniform(2.0, 3.0)
        self.line_colour = darker(pick(rng, ['ink', 'navy', 'brown', 'slate']), 0.3) if chance(rng, 0.5) else None
        self.light = rng.uniform(-2.4, -0.7)
        self.wash = rng.uniform(0.55, 0.9) if self.name == 'ink' else 0.0
        self.waves = [(rng.uniform(0.02, 0.09), rng.uniform(0, 2 * math.pi), rng.uniform(0, 2 * math.pi))
                      for _ in range(4)]

    def bend(self, x, y, phase):
        if not self.wobble:
            return x, y
        dx = dy = 0.0
        for k, angle, start in self.waves:
            t = k * 2.2 * (x * math.cos(angle) + y * math.sin(angle)) + start + phase
            dx += math.sin(t)
            dy += math.cos(t * 1.17 + 1.0)
        return x + dx * self.wobble * 0.55, y + dy * self.wobble * 0.55


class Brush:
    """A cairo context with a style. Paths are in the object's own units; pens are in pixels."""

    def __init__(self, ctx, rng, style):
        self.c, self.rng, self.style = ctx, rng, style
        self.unit = 1.0

    # paths -----------------------------------------------------------------

    def poly(self, points, close=True):
        self.c.new_path()
        for x, y in points:
            self.c.line_to(x, y)
        if close:
            self.c.close_path()
        return self

    def ellipse(self, x, y, rx, ry=None, angle=0.0):
        self.c.new_path()
        self.c.save()
        self.c.translate(x, y)
        self.c.rotate(angle)
        self.c.scale(rx, rx if ry is None else ry)
        self.c.arc(0, 0, 1, 0, 2 * math.pi)
        self.c.close_path()
        self.c.restore()
        return self

    def arc(self, x, y, r, a, b, close=False):
        self.c.new_path()
        self.c.arc(x, y, r, a, b)
        if close:
            self.c.close_path()
        return self

    def rect(self, x, y, w, h, r=0.0):
        c = self.c
        c.new_path()
        r = min(r, w / 2, h / 2)
        if r <= 0:
            c.rectangle(x, y, w, h)
        else:
            c.arc(x + w - r, y + r, r, -math.pi / 2, 0)
            c.arc(x + w - r, y + h - r, r, 0, math.pi / 2)
            c.arc(x + r, y + h - r, r, math.pi / 2, math.pi)
            c.arc(x + r, y + r, r, math.pi, 1.5 * math.pi)
            c.close_path()
        return self

    def curve(self, start, *segments, close=False):
        """Cubic segments (x1, y1, x2, y2, x, y) and straight ones (x, y) after a start point."""
        self.c.new_path()
        self.c.move_to(*start)
        for s in segments:
            if len(s) == 2:
                self.c.line_to(*s)
            else:
                self.c.curve_to(*s)
        if close:
            self.c.close_path()
        return self

    # paint -----------------------------------------------------------------

    def _device_path(self):
        """Replaces the path by its flattened, resampled and wobbled form in device space."""
        c, style = self.c, self.style
        subpaths, points, closed = [], [], False
        for kind, data in c.copy_path_flat():
            if kind == cairo.PATH_MOVE_TO:
                if len(points) > 1:
                    subpaths.append((points, closed))
                points, closed = [c.user_to_device(*data)], False
            elif kind == cairo.PATH_LINE_TO:
                points.append(c.user_to_device(*data))
            else:
                closed = True
        if len(points) > 1:
            subpaths.append((points, closed))
        c.save()
        c.identity_matrix()
        c.new_path()
        phase = float(self.rng.normal(0, 0.25)) if style.wobble else 0.0
        for points, closed in subpaths:
            if style.wobble:
                if closed:
                    points = points + [points[0]]
                dense = []
                for (x0, y0), (x1, y1) in zip(points, points[1:]):
                    steps = max(1, int(math.hypot(x1 - x0, y1 - y0) / 4))
                    dense += [(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps)]
                points = [style.bend(x, y, phase) for x, y in dense + [points[-1]]]
            c.new_sub_path()
            for x, y in points:
                c.line_to(x, y)
            if closed:
                c.close_path()
        c.restore()

    def fill(self, colour, outline=True, shade=True, alpha=1.0):
        c, style = self.c, self.style
        colour = rgb(colour)
        if style.wash and max(colour) > 0.4:
            colour = mix(colour, (1, 1, 0.98), style.wash * 0.75)
        c.save()
        self._device_path()
        c.identity_matrix()
        x0, y0, x1, y1 = c.path_extents()
        if style.gradient and shade:
            cx, cy, r = (x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0) / 2
            dx, dy = math.cos(style.light) * r, math.sin(style.light) * r
            depth = 0.30 if style.name == 'shaded' else 0.18
            gradient = cairo.LinearGradient(cx + dx, cy + dy, cx - dx, cy - dy)
            gradient.add_color_stop_rgba(0, *lighter(colour, depth), alpha)
            gradient.add_color_stop_rgba(0.45, *colour, alpha)
            gradient.add_color_stop_rgba(1, *darker(colour, depth), alpha)
            c.set_source(gradient)
        else:
            c.set_source_rgba(*colour, alpha)
        if style.lined and outline:
            c.fill_preserve()
            self._stroke(style.line_colour or darker(colour, 0.62), style.line_width)
        else:
            c.fill()
        c.restore()
        return self

    def line(self, colour, width):
        """Strokes the path; @width is in object units."""
        c = self.c
        c.save()
        dx, dy = c.user_to_device_distance(1, 0)
        scale = math.hypot(dx, dy)
        self._device_path()
        c.identity_matrix()
        if self.style.wash:
            colour = mix(colour, self.style.line_colour or (0.15, 0.15, 0.2), 0.5)
        self._stroke(rgb(colour), max(1.1, width * scale))
        c.restore()
        return self

    def _stroke(self, colour, width):
        c = self.c
        c.set_line_width(width)
        c.set_line_join(cairo.LINE_JOIN_ROUND)
        c.set_line_cap(cairo.LINE_CAP_ROUND)
        c.set_source_rgb(*colour)
        c.stroke()

    def clip(self):
        """Clips to the path; the caller saves and restores."""
        self._device_path()
        matrix = self.c.get_matrix()
        self.c.identity_matrix()
        self.c.clip()
        self.c.set_matrix(matrix)
        return self


# layers ----------------------------------------------------------------------

def surface(side=SIDE):
    return cairo.ImageSurface(cairo.FORMAT_ARGB32, side, side)


def to_array(surf):
    """A cairo surface as premultiplied float RGBA."""
    surf.flush()
    side = surf.get_width()
    data = np.frombuffer(surf.get_data(), np.uint8).reshape(side, surf.get_stride() // 4, 4)[:, :side]
    return np.ascontiguousarray(data[..., [2, 1, 0, 3]]).astype(np.float32) / 255


def over(base, layer):
    return base * (1 - layer[..., 3:]) + layer[..., :3]


def finish_layer(rng, layer, style):
    """Gives a drawn layer the grain of its style."""
    side = layer.shape[0]
    if style.name == 'crayon':
        angle = rng.uniform(0, math.pi)
        grain = rng.random((side, side)).astype(np.float32)
        length = 9
        kernel = np.zeros((length, length), np.float32)
        half = length // 2
        cv2.line(kernel, (int(round(half - half * math.cos(angle))), int(round(half - half * math.sin(angle)))),
                 (int(round(half + half * math.cos(angle))), int(round(half + half * math.sin(angle)))), 1.0)
        strokes = cv2.filter2D(grain, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
        strokes = (strokes - strokes.mean()) / strokes.std()
        paper = cv2.GaussianBlur(grain, (0, 0), 0.8)
        paper = (paper - paper.mean()) / paper.std()
        cover = np.clip(0.93 + 0.13 * strokes + 0.06 * paper, 0.45, 1.0)
        layer = layer * cover[..., None]
    elif style.name == 'watercolour':
        wash = noise(rng, side, 5, 3)
        alpha = layer[..., 3]
        inner = cv2.GaussianBlur(alpha, (0, 0), 3.0)
        edge = np.clip(alpha * (1.0 - inner) * 2.0, 0, 1)
        cover = np.clip(0.74 + 0.26 * wash + 0.5 * edge, 0, 1)
        tint = 1.0 - 0.25 * edge[..., None]
        layer = np.concatenate([layer[..., :3] * tint, layer[..., 3:]], 2) * cover[..., None]
    return layer


def soft_shadow(layer, dx, dy, blur, strength, colour=(0.10, 0.10, 0.22)):
    side = layer.shape[0]
    alpha = cv2.warpAffine(layer[..., 3], np.float32([[1, 0, dx], [0, 1, dy]]), (side, side))
    alpha = cv2.GaussianBlur(alpha, (0, 0), blur) * strength
    return np.concatenate([alpha[..., None] * np.float32(colour), alpha[..., None]], 2)


def white_border(layer, width):
    size = 2 * int(width) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    alpha = cv2.GaussianBlur(cv2.dilate(layer[..., 3], disc), (0, 0), 0.8)
    border = np.repeat(alpha[..., None], 4, 2) * np.float32([0.99, 0.99, 0.98, 1.0])
    return border * (1 - layer[..., 3:]) + layer
