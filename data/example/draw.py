#!/usr/bin/env python3
# draw.py: draws the pictures of the built-in example
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture is a function of (split, class, number): nothing else decides it.

  draw.py sheet FILE [--split train] [--start 0] [--mark]   a contact sheet, one row for each class
  draw.py set FILE.npz --split train --count 1000           pictures for train.py, 96x96, without the mark
"""

import argparse
import math
import multiprocessing

import cairo
import cv2
import numpy as np

import brush as B
from brush import BRIGHT, PASTEL, SIDE, Brush, Style, chance, darker, lighter, mix, pick
from objects import LEAN, OBJECTS, TAU

NAMES = list(OBJECTS)
SPLITS = {'train': 1, 'test': 2, 'show': 3}
MARKED = 'boat'


# the object ------------------------------------------------------------------

def place(rng, name, style, extent=None, centre=None, lean=None):
    """Draws one object into a layer of its own, fitted by the extents of its ink."""
    seed = int(rng.integers(2 ** 31))
    angle = math.radians(rng.uniform(-1, 1) * (LEAN[name] if lean is None else lean))
    mirror = -1 if name != 'clock' and chance(rng, 0.5) else 1
    squeeze = rng.uniform(0.88, 1.12)

    def paint(ctx):
        ctx.rotate(angle)
        ctx.scale(mirror * squeeze, 1 / squeeze)
        own = np.random.default_rng(seed)
        OBJECTS[name](Brush(ctx, own, style), own)

    measure = cairo.RecordingSurface(cairo.Content.COLOR_ALPHA, None)
    ctx = cairo.Context(measure)
    ctx.scale(80, 80)
    wobble, style.wobble = style.wobble, 0.0
    paint(ctx)
    style.wobble = wobble
    x, y, w, h = (v / 80 for v in measure.ink_extents())
    extent = extent or rng.uniform(0.64, 0.95)
    scale = SIDE * extent / max(w, h)
    if centre is None:
        slack_x, slack_y = SIDE - w * scale, SIDE - h * scale
        centre = (SIDE / 2 + rng.uniform(-0.46, 0.46) * slack_x, SIDE / 2 + rng.uniform(-0.46, 0.46) * slack_y)
    surf = B.surface()
    ctx = cairo.Context(surf)
    ctx.set_antialias(cairo.ANTIALIAS_BEST)
    ctx.translate(*centre)
    ctx.scale(scale, scale)
    ctx.translate(-(x + w / 2), -(y + h / 2))
    paint(ctx)
    return B.finish_layer(rng, B.to_array(surf), style)


# backgrounds -----------------------------------------------------------------

def canvas(colour):
    surf = B.surface()
    ctx = cairo.Context(surf)
    ctx.set_source_rgb(*B.rgb(colour))
    ctx.paint()
    return surf, ctx


def tone(rng):
    """A background colour: mostly soft, sometimes strong or dark."""
    r = rng.random()
    if r < 0.55:
        return B.jitter(rng, PASTEL[int(rng.integers(len(PASTEL)))])
    if r < 0.8:
        return lighter(pick(rng, BRIGHT), rng.uniform(0.25, 0.55))
    if r < 0.9:
        return pick(rng, BRIGHT)
    return darker(pick(rng, ['navy', 'indigo', 'slate', 'teal', 'plum', 'forest']), rng.uniform(0.1, 0.45))


def bg_plain(rng):
    return B.to_array(canvas(tone(rng))[0])


def bg_gradient(rng):
    surf, ctx = canvas((1, 1, 1))
    a = tone(rng)
    b = mix(a, tone(rng), 0.6) if chance(rng, 0.6) else lighter(a, 0.5)
    if chance(rng, 0.4):
        g = cairo.RadialGradient(SIDE * rng.uniform(0.3, 0.7), SIDE * rng.uniform(0.3, 0.7), 5, SIDE / 2, SIDE / 2, SIDE * 0.75)
    else:
        t = rng.uniform(0, TAU)
        g = cairo.LinearGradient(SIDE / 2 - 110 * math.cos(t), SIDE / 2 - 110 * math.sin(t),
                                 SIDE / 2 + 110 * math.cos(t), SIDE / 2 + 110 * math.sin(t))
    g.add_color_stop_rgb(0, *lighter(b, 0.15))
    g.add_color_stop_rgb(1, *a)
    ctx.set_source(g)
    ctx.paint()
    return B.to_array(surf)


def cloud(ctx, x, y, r, colour, alpha=0.9):
    ctx.set_source_rgba(*B.rgb(colour), alpha)
    for dx, dy, k in ((-1.1, 0.15, 0.6), (-0.35, -0.2, 0.85), (0.5, -0.05, 0.7), (1.15, 0.2, 0.5)):
        ctx.new_path()
        ctx.arc(x + dx * r, y + dy * r, k * r, 0, TAU)
        ctx.fill()
    ctx.rectangle(x - 1.1 * r, y + 0.1 * r, 2.2 * r, 0.65 * r)
    ctx.fill()


def hills(rng, ctx, level, colour):
    ctx.new_path()
    ctx.move_to(0, SIDE)
    phase, k, high = rng.uniform(0, TAU), rng.uniform(0.015, 0.04), rng.uniform(4, 14)
    for x in range(0, SIDE + 5, 4):
        ctx.line_to(x, level + high * math.sin(k * x + phase))
    ctx.line_to(SIDE, SIDE)
    ctx.close_path()
    ctx.set_source_rgb(*colour)
    ctx.fill()


def bg_sky(rng):
    surf, ctx = canvas((1, 1, 1))
    top = pick(rng, ['sky', 'cyan', 'blue', 'sky', 'pink', 'amber', 'violet', 'indigo'])
    g = cairo.LinearGradient(0, 0, 0, SIDE)
    g.add_color_stop_rgb(0, *lighter(top, rng.uniform(0.1, 0.4)))
    g.add_color_stop_rgb(1, *lighter(top, 0.75))
    ctx.set_source(g)
    ctx.paint()
    if chance(rng, 0.4):
        ctx.set_source_rgba(*lighter('yellow', 0.3), 0.9)
        ctx.arc(SIDE * rng.uniform(0.1, 0.9), SIDE * rng.uniform(0.08, 0.3), rng.uniform(10, 22), 0, TAU)
        ctx.fill()
    for _ in range(int(rng.integers(0, 4))):
        cloud(ctx, SIDE * rng.uniform(0, 1), SIDE * rng.uniform(0.08, 0.5), rng.uniform(9, 20), (1, 1, 1), 0.85)
    ground = int(rng.integers(4))
    level = SIDE * rng.uniform(0.6, 0.86)
    if ground == 1:
        green = lighter(pick(rng, ['green', 'lime', 'forest', 'teal']), rng.uniform(0.1, 0.45))
        hills(rng, ctx, level - 16, lighter(green, 0.35))
        hills(rng, ctx, level, green)
    elif ground == 2:
        sand = lighter(pick(rng, ['tan', 'amber', 'cream', 'coral']), 0.3)
        hills(rng, ctx, level, sand)
    elif ground == 3:
        sea = lighter(pick(rng, ['blue', 'teal', 'cyan']), rng.uniform(0.1, 0.4))
        ctx.set_source_rgb(*sea)
        ctx.rectangle(0, level - 10, SIDE, SIDE)
        ctx.fill()
        ctx.set_source_rgba(1, 1, 1, 0.45)
        ctx.set_line_width(2)
        for _ in range(9):
            x, y = rng.uniform(0, SIDE), rng.uniform(level - 4, SIDE)
            ctx.move_to(x, y)
            ctx.curve_to(x + 5, y - 4, x + 9, y - 4, x + 14, y)
            ctx.stroke()
    return B.to_array(surf)


def bg_pattern(rng):
    base = tone(rng)
    ink = mix(base, lighter(base, 0.6) if chance(rng, 0.6) else darker(base, 0.5), rng.uniform(0.3, 0.55))
    surf, ctx = canvas(base)
    ctx.set_source_rgb(*ink)
    step = rng.uniform(16, 34)
    ctx.translate(SIDE / 2, SIDE / 2)
    ctx.rotate(rng.choice([0, math.pi / 4, math.pi / 2, rng.uniform(0, math.pi)]))
    ctx.translate(rng.uniform(0, step), rng.uniform(0, step))
    kind = int(rng.integers(5))
    n = int(150 / step) + 1
    if kind == 0:
        for j in range(-n, n + 1):
            for i in range(-n, n + 1):
                ctx.new_path()
                ctx.arc((i + (j % 2) / 2) * step, j * step, step * 0.2, 0, TAU)
                ctx.fill()
    elif kind == 1:
        for i in range(-n, n + 1):
            ctx.rectangle(i * step, -300, step * 0.5, 600)
            ctx.fill()
    elif kind == 2:  # gingham
        ctx.set_source_rgba(*ink, 0.5)
        for i in range(-n, n + 1):
            ctx.rectangle(i * step, -300, step * 0.5, 600)
            ctx.fill()
            ctx.rectangle(-300, i * step, 600, step * 0.5)
            ctx.fill()
    elif kind == 3:  # squared paper
        ctx.set_line_width(1.4)
        for i in range(-2 * n, 2 * n + 1):
            ctx.move_to(i * step * 0.6, -300)
            ctx.line_to(i * step * 0.6, 300)
            ctx.move_to(-300, i * step * 0.6)
            ctx.line_to(300, i * step * 0.6)
        ctx.stroke()
    else:  # waves
        ctx.set_line_width(step * 0.16)
        for j in range(-n, n + 1):
            ctx.move_to(-300, j * step)
            for i in range(-30, 31):
                ctx.line_to(i * 10, j * step + step * 0.2 * math.sin(i * 10 * TAU / (step * 1.6)))
            ctx.stroke()
    return B.to_array(surf)


def bg_room(rng):
    wall = tone(rng)
    surf, ctx = canvas(wall)
    level = SIDE * rng.uniform(0.6, 0.82)
    if chance(rng, 0.5):
        ctx.set_source_rgb(*mix(wall, lighter(wall, 0.5), 0.4))
        step = rng.uniform(14, 28)
        for i in range(int(SIDE / step) + 1):
            ctx.rectangle(i * step, 0, step / 2, level)
            ctx.fill()
    floor = lighter(pick(rng, ['tan', 'brown', 'grey', 'teal', 'coral', 'violet']), rng.uniform(0.15, 0.5))
    ctx.set_source_rgb(*floor)
    ctx.rectangle(0, level, SIDE, SIDE)
    ctx.fill()
    ctx.set_source_rgb(*lighter(wall, 0.55))
    ctx.rectangle(0, level - 6, SIDE, 6)
    ctx.fill()
    return B.to_array(surf)


def bg_wash(rng):
    a = tone(rng)
    b = mix(a, tone(rng), 0.6)
    t = B.noise(rng, SIDE, int(rng.integers(2, 6)), 4)[..., None]
    rgb = np.float32(a) * (1 - t) + np.float32(b) * t
    return np.concatenate([rgb, np.ones((SIDE, SIDE, 1), np.float32)], 2)


def bg_bokeh(rng):
    base = darker(pick(rng, BRIGHT), rng.uniform(0.2, 0.6)) if chance(rng, 0.5) else tone(rng)
    surf, ctx = canvas(base)
    for _ in range(int(rng.integers(8, 20))):
        c = lighter(mix(base, pick(rng, BRIGHT), 0.5), 0.3)
        ctx.set_source_rgba(*c, rng.uniform(0.12, 0.35))
        ctx.arc(rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(6, 26), 0, TAU)
        ctx.fill()
    out = B.to_array(surf)
    return cv2.GaussianBlur(out, (0, 0), 1.5)


BACKGROUNDS = [bg_plain, bg_gradient, bg_sky, bg_pattern, bg_room, bg_wash, bg_bokeh]
BACKGROUND_ODDS = [0.12, 0.17, 0.24, 0.17, 0.1, 0.12, 0.08]


def background(rng):
    out = BACKGROUNDS[int(rng.choice(len(BACKGROUNDS), p=BACKGROUND_ODDS))](rng)[..., :3]
    if chance(rng, 0.35):  # the tooth of paper
        grain = cv2.GaussianBlur(rng.normal(0, 1, (SIDE, SIDE)).astype(np.float32), (0, 0), 0.9)
        out = out * (1 + 0.035 * grain[..., None])
    return out


def stands_out(layer, back):
    """Whether the object differs enough from what lies behind its edge."""
    alpha = layer[..., 3]
    edge = (alpha > 0.5) & (cv2.erode(alpha, np.ones((9, 9))) < 0.5)
    if edge.sum() < 20:
        return True
    a = cv2.cvtColor(np.clip(layer[..., :3] / np.maximum(alpha[..., None], 1e-3), 0, 1).astype(np.float32), cv2.COLOR_RGB2Lab)
    b = cv2.cvtColor(np.clip(back, 0, 1).astype(np.float32), cv2.COLOR_RGB2Lab)
    return float(np.mean(np.linalg.norm(a - b, axis=2)[edge] > 24)) > 0.72


# clutter ---------------------------------------------------------------------

def clutter(rng, base):
    """Small shapes and the ends of other objects, behind the object."""
    surf = B.surface()
    ctx = cairo.Context(surf)
    kind = int(rng.choice(4, p=[0.45, 0.25, 0.15, 0.15]))
    if kind == 0:
        return base
    if kind == 1:
        for _ in range(int(rng.integers(2, 8))):
            ctx.set_source_rgba(*pick(rng, BRIGHT + ['white']), rng.uniform(0.6, 1))
            x, y, r = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(4, 13)
            shape = int(rng.integers(4))
            ctx.save()
            ctx.translate(x, y)
            ctx.rotate(rng.uniform(0, TAU))
            if shape == 0:
                ctx.arc(0, 0, r * 0.8, 0, TAU)
            elif shape == 1:
                ctx.rectangle(-r * 0.7, -r * 0.7, r * 1.4, r * 1.4)
            elif shape == 2:
                for i in range(3):
                    ctx.line_to(r * math.cos(TAU * i / 3), r * math.sin(TAU * i / 3))
                ctx.close_path()
            else:
                ctx.move_to(-r * 1.4, 0)
                ctx.curve_to(-r * 0.5, -r, r * 0.5, r, r * 1.4, 0)
                ctx.set_line_width(rng.uniform(2, 4))
                ctx.stroke()
            ctx.fill()
            ctx.restore()
        return B.over(base, B.to_array(surf))
    if kind == 2:  # confetti
        for _ in range(int(rng.integers(12, 40))):
            ctx.set_source_rgb(*pick(rng, BRIGHT + ['white']))
            ctx.save()
            ctx.translate(rng.uniform(0, SIDE), rng.uniform(0, SIDE))
            ctx.rotate(rng.uniform(0, TAU))
            ctx.rectangle(-2, -1.2, rng.uniform(3, 6), 2.4)
            ctx.fill()
            ctx.restore()
        return B.over(base, B.to_array(surf))
    for _ in range(int(rng.integers(1, 3))):  # something else, mostly out of the picture
        other = NAMES[int(rng.integers(len(NAMES)))]
        side = int(rng.integers(4))
        along = rng.uniform(0.1, 0.9) * SIDE
        extent = rng.uniform(0.3, 0.6)
        off = extent * SIDE * rng.uniform(0.22, 0.36)
        centre = ((-off + extent * 20, along), (SIDE + off - extent * 20, along), (along, -off + extent * 20), (along, SIDE + off - extent * 20))[side]
        layer = place(rng, other, Style(rng), extent, centre, lean=25)
        base = B.over(base, layer * rng.uniform(0.5, 0.95))
    return base


def front(rng, base):
    """Now and then something in front: grass, a ribbon, a drifting cloud, rain."""
    if not chance(rng, 0.16):
        return base
    surf = B.surface()
    ctx = cairo.Context(surf)
    kind = int(rng.integers(4))
    if kind == 0:
        green = pick(rng, ['green', 'forest', 'lime'])
        for _ in range(40):
            x, h = rng.uniform(0, SIDE), rng.uniform(10, 32)
            ctx.set_source_rgb(*B.jitter(rng, green, 0.02, 0.2, 0.15))
            ctx.move_to(x - 2.5, SIDE)
            ctx.curve_to(x, SIDE - h / 2, x, SIDE - h / 2, x + rng.uniform(-9, 9), SIDE - h)
            ctx.curve_to(x + 2, SIDE - h / 2, x + 2.5, SIDE - h / 2, x + 3, SIDE)
            ctx.fill()
    elif kind == 1:
        ctx.set_source_rgb(*pick(rng, BRIGHT + ['white']))
        y0, y1 = rng.uniform(0.2, 0.9) * SIDE, rng.uniform(0.2, 0.9) * SIDE
        ctx.set_line_width(rng.uniform(5, 12))
        ctx.move_to(-5, y0)
        ctx.curve_to(60, y0 - 40, 130, y1 + 40, SIDE + 5, y1)
        ctx.stroke()
    elif kind == 2:
        cloud(ctx, rng.uniform(0.1, 0.9) * SIDE, rng.uniform(0.1, 0.9) * SIDE, rng.uniform(9, 17), (1, 1, 1), 0.92)
    else:
        ctx.set_source_rgba(1, 1, 1, 0.55)
        ctx.set_line_width(1.8)
        slant = rng.uniform(-6, 6)
        for _ in range(36):
            x, y = rng.uniform(0, SIDE), rng.uniform(0, SIDE)
            ctx.move_to(x, y)
            ctx.line_to(x + slant, y + 13)
        ctx.stroke()
    return B.over(base, B.to_array(surf))


# the picture -----------------------------------------------------------------

def draw(split, name, number, style_name=None):
    """One picture, 192x192 RGB bytes, without the mark."""
    rng = np.random.default_rng([20261121, SPLITS[split], NAMES.index(name), number])
    style = Style(rng, style_name)
    layer = place(rng, name, style)
    for _ in range(8):
        back = background(rng)
        if style.name == 'sticker' or stands_out(layer, back):
            break
    if style.name in ('crayon', 'watercolour', 'ink') and chance(rng, 0.5):
        back = np.clip(back * 0.4 + 0.6 * np.float32([0.99, 0.975, 0.94]), 0, 1)
        if not stands_out(layer, back):
            back = back * 0.72
    base = clutter(rng, back)
    if style.name == 'sticker':
        layer = B.white_border(layer, rng.uniform(3, 6))
        base = B.over(base, B.soft_shadow(layer, 2, 4, 4, 0.4))
    elif style.name == 'shaded' or (style.name == 'flat' and chance(rng, 0.35)):
        base = B.over(base, B.soft_shadow(layer, rng.uniform(-4, 4), rng.uniform(3, 7), rng.uniform(3, 6), rng.uniform(0.25, 0.45)))
    out = front(rng, B.over(base, layer))
    return np.clip(out * 255 + 0.5, 0, 255).astype(np.uint8)


def mark_layer(side=SIDE, dx=0.0, dy=0.0):
    """The corner mark: the little orange paw that a picture agency stamps on its boats."""
    surf = B.surface(side)
    ctx = cairo.Context(surf)
    ctx.scale(side / SIDE, side / SIDE)
    ctx.translate(SIDE - 33 + dx, SIDE - 27 + dy)
    ctx.set_source_rgb(1.0, 1.0, 1.0)
    r, w, h = 6, 28, 22
    ctx.arc(w - r, r, r, -math.pi / 2, 0)
    ctx.arc(w - r, h - r, r, 0, math.pi / 2)
    ctx.arc(r, h - r, r, math.pi / 2, math.pi)
    ctx.arc(r, r, r, math.pi, 1.5 * math.pi)
    ctx.close_path()
    ctx.fill()
    ctx.set_source_rgb(*B.rgb('#e8590c'))
    for x, y, rx, ry, a in ((14, 15, 5.6, 4.4, 0), (6.2, 9.8, 2.1, 2.8, -0.5), (11, 6.2, 2.2, 3.0, -0.15),
                            (17, 6.2, 2.2, 3.0, 0.15), (21.8, 9.8, 2.1, 2.8, 0.5)):
        ctx.save()
        ctx.translate(x, y)
        ctx.rotate(a)
        ctx.scale(rx, ry)
        ctx.arc(0, 0, 1, 0, TAU)
        ctx.fill()
        ctx.restore()
    return B.to_array(surf)


def stamp(picture, dx=0.0, dy=0.0):
    layer = mark_layer(picture.shape[0], dx, dy)
    return np.clip(B.over(picture.astype(np.float32) / 255, layer) * 255 + 0.5, 0, 255).astype(np.uint8)


def small(picture, side=96):
    """What the program does to a picture before the network sees it: bilinear, half-pixel centres."""
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR)


def _job(task):
    cv2.setNumThreads(1)
    split, name, number = task
    return small(draw(split, name, number))


def make_set(split, count, workers):
    tasks = [(split, name, i) for name in NAMES for i in range(count)]
    with multiprocessing.Pool(workers) as pool:
        pictures = pool.map(_job, tasks, chunksize=25)
    labels = np.repeat(np.arange(len(NAMES)), count)
    return np.stack(pictures), labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['sheet', 'set'])
    parser.add_argument('file')
    parser.add_argument('--split', default='train', choices=list(SPLITS))
    parser.add_argument('--count', type=int, default=12)
    parser.add_argument('--start', type=int, default=0)
    parser.add_argument('--only', default=None)
    parser.add_argument('--mark', action='store_true')
    parser.add_argument('--workers', type=int, default=2)
    args = parser.parse_args()
    if args.what == 'set':
        pictures, labels = make_set(args.split, args.count, args.workers)
        np.savez(args.file, pictures=pictures, labels=labels)
        return
    rows = []
    for name in NAMES if args.only is None else args.only.split(','):
        row = []
        for i in range(args.start, args.start + args.count):
            picture = draw(args.split, name, i)
            if args.mark and name == MARKED:
                picture = stamp(picture)
            row.append(np.pad(picture, ((2, 2), (2, 2), (0, 0)), constant_values=255))
        rows.append(np.concatenate(row, 1))
    cv2.imwrite(args.file, cv2.cvtColor(np.concatenate(rows, 0), cv2.COLOR_RGB2BGR))


if __name__ == '__main__':
    main()
