#!/usr/bin/env python3
# objects.py: the twelve things of the example, each a function that draws one of endless variants
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each function draws into about -1..1, y downwards. draw.py measures the ink and fits it into the picture."""

import math

from brush import BRIGHT, chance, darker, jitter, lighter, mix, pick

TAU = 2 * math.pi


def balloon(b, rng):
    main, second = pick(rng, BRIGHT), pick(rng, BRIGHT + ['white', 'cream'])
    if chance(rng, 0.3):  # a toy balloon on a string
        b.curve((0, 0.55), (0.25, 0.8, -0.3, 1.0, 0.02 + rng.uniform(-0.1, 0.1), 1.35)).line(darker(main, 0.4), 0.035)
        b.poly([(-0.1, 0.62), (0.1, 0.62), (0, 0.48)]).fill(darker(main, 0.15))
        b.curve((0, 0.52), (-0.35, 0.4, -0.66, 0.05, -0.66, -0.3), (-0.66, -0.7, -0.36, -0.98, 0, -0.98),
                (0.36, -0.98, 0.66, -0.7, 0.66, -0.3), (0.66, 0.05, 0.35, 0.4, 0, 0.52), close=True).fill(main)
        b.ellipse(-0.3, -0.55, 0.1, 0.2, 0.5).fill(lighter(main, 0.65), outline=False, shade=False)
        return
    width = rng.uniform(0.72, 0.86)
    basket = pick(rng, ['brown', 'tan'])
    for x0, x1 in ((-0.3, -0.16), (0.3, 0.16), (-0.08, -0.06), (0.08, 0.06)):
        b.poly([(x0, 0.5), (x1, 1.0)], close=False).line(darker(basket, 0.3), 0.03)
    b.rect(-0.19, 0.94, 0.38, 0.28, 0.06).fill(basket)
    b.poly([(-0.2, 0.98), (0.2, 0.98)], close=False).line(darker(basket, 0.35), 0.05)

    def envelope(w):
        b.curve((-0.28 * w / width, 0.62), (-0.4 * w / width, 0.4, -w, 0.15, -w, -0.3), (-w, -0.75, -w * 0.55, -1, 0, -1),
                (w * 0.55, -1, w, -0.75, w, -0.3), (w, 0.15, 0.4 * w / width, 0.4, 0.28 * w / width, 0.62), close=True)
    envelope(width)
    b.fill(main)
    kind = int(rng.integers(4))
    if kind <= 1:  # gores
        for w, colour in ((width * 0.68, second), (width * 0.34, main if kind == 0 else mix(main, second, 0.5))):
            envelope(w)
            b.fill(colour, outline=kind == 0)
    elif kind == 2:  # bands
        b.c.save()
        envelope(width)
        b.clip()
        for y in (-0.62, -0.08):
            b.rect(-1, y, 2, 0.26).fill(second, outline=False)
        b.c.restore()
    else:
        b.c.save()
        envelope(width)
        b.clip()
        n = 6
        b.poly([(-1, -0.42)] + [(-1 + 2 * i / n, -0.42 if i % 2 == 0 else -0.1) for i in range(n + 1)]
               + [(1, 0.12)] + [(1 - 2 * i / n, 0.12 if i % 2 == 0 else -0.1 + 0.5) for i in range(n + 1)]).fill(second)
        b.c.restore()
    b.rect(-0.3, 0.55, 0.6, 0.1, 0.03).fill(darker(second, 0.15))


def boat(b, rng):
    hull = pick(rng, ['red', 'coral', 'orange', 'teal', 'blue', 'navy', 'brown', 'plum', 'green', 'white', 'yellow'])
    trim = pick(rng, ['white', 'cream', 'yellow', 'ink', 'sky'])
    kind = int(rng.choice(4, p=[0.45, 0.2, 0.2, 0.15]))

    def hull_path(top, left=-0.95, right=0.95):
        b.curve((left, top), (right, top), (right - 0.06, top + 0.32, right - 0.3, 0.82, right - 0.42, 0.82),
                (left + 0.4, 0.82), (left + 0.2, 0.82, left + 0.05, top + 0.25, left, top), close=True)
    if kind == 0:  # two sails
        sail, jib = pick(rng, ['white', 'cream', 'red', 'amber', 'sky', 'pink', 'orange']), pick(rng, ['white', 'cream', 'yellow'])
        b.poly([(0, 0.42), (0, -1.08)], close=False).line(pick(rng, ['brown', 'slate']), 0.07)
        b.curve((0.07, -0.98), (0.45, -0.55, 0.72, -0.1, 0.84, 0.22), (0.07, 0.22), close=True).fill(sail)
        b.curve((-0.08, -0.88), (-0.3, -0.4, -0.5, -0.05, -0.72, 0.22), (-0.08, 0.22), close=True).fill(jib)
        if chance(rng, 0.5):
            b.poly([(0, -1.2), (0, -1.02), (-0.26, -1.11)]).fill(pick(rng, BRIGHT))
        hull_path(0.36)
    elif kind == 1:  # one great square sail
        sail = pick(rng, ['white', 'cream', 'yellow', 'sky', 'coral'])
        b.poly([(0, 0.42), (0, -1.1)], close=False).line('brown', 0.08)
        b.curve((-0.55, -0.85), (-0.3, -0.78, 0.3, -0.78, 0.55, -0.85), (0.72, -0.5, 0.72, -0.1, 0.6, 0.16),
                (0.3, 0.06, -0.3, 0.06, -0.6, 0.16), (-0.48, -0.1, -0.48, -0.5, -0.55, -0.85), close=True).fill(sail)
        if chance(rng, 0.6):
            stripe = pick(rng, BRIGHT)
            for y in (-0.62, -0.3):
                b.poly([(-0.48, y), (0.64, y), (0.66, y + 0.14), (-0.48, y + 0.14)]).fill(stripe, outline=False)
        hull_path(0.34)
    elif kind == 2:  # a steamer
        cabin, funnel = pick(rng, ['white', 'cream']), pick(rng, ['red', 'orange', 'blue', 'ink', 'yellow'])
        for x in ((-0.15, 0.2) if chance(rng, 0.4) else (0.0,)):
            b.poly([(x - 0.13, -0.1), (x - 0.1, -0.75), (x + 0.16, -0.75), (x + 0.16, -0.1)]).fill(funnel)
            b.rect(x - 0.11, -0.62, 0.27, 0.12).fill('white', outline=False)
        if chance(rng, 0.5):
            for i in range(3):
                b.ellipse(-0.1 - 0.2 * i, -0.95 - 0.12 * i, 0.1 + 0.05 * i).fill(lighter('grey', 0.6), outline=False)
        b.rect(-0.6, -0.12, 1.1, 0.52, 0.05).fill(cabin)
        for x in (-0.45, -0.12, 0.2):
            b.rect(x, 0.02, 0.19, 0.18, 0.04).fill(pick(rng, ['sky', 'cyan']), outline=False)
        hull_path(0.36)
    else:  # folded from paper
        paper = pick(rng, ['white', 'cream', 'sky', 'pink', 'yellow', 'lime'])
        b.poly([(0, -0.72), (0.5, 0.24), (-0.5, 0.24)]).fill(darker(paper, 0.12))
        b.poly([(0, -0.72), (0.5, 0.24), (0, 0.24)]).fill(paper)
        b.poly([(-1.1, -0.02), (-0.5, 0.24), (0, 0.1), (0.5, 0.24), (1.1, -0.02), (0.62, 0.75), (-0.62, 0.75)]).fill(paper)
        b.poly([(1.1, -0.02), (0.62, 0.75), (0, 0.75), (0.5, 0.24)]).fill(darker(paper, 0.14))
        hull = paper
    if kind != 3:
        b.fill(hull)
        b.poly([(-0.88, 0.5), (0.88, 0.5)], close=False).line(trim, 0.09)
        if chance(rng, 0.5):
            for i in range(3):
                b.ellipse(-0.3 + 0.3 * i, 0.64, 0.065).fill(trim, outline=False)
    if chance(rng, 0.75):
        water = pick(rng, ['blue', 'sky', 'cyan', 'teal'])
        n, level = 5, rng.uniform(0.66, 0.74)
        span = 1.25 if chance(rng, 0.6) else 1.0
        segments = []
        for i in range(n):
            x0, x1 = -span + 2 * span * i / n, -span + 2 * span * (i + 1) / n
            segments.append((x0 + 0.1, level - 0.13, x1 - 0.1, level - 0.13, x1, level))
        b.curve((-span, level), *segments, (span * 0.92, 0.98), (-span * 0.92, 0.98), close=True).fill(water)


def car(b, rng):
    paint = pick(rng, BRIGHT + ['red', 'blue', 'yellow', 'white', 'slate'])
    glass = pick(rng, ['sky', 'cyan', 'white'])
    tyre = jitter(rng, 'ink')
    kind = int(rng.integers(4))
    if kind == 0:  # saloon
        b.curve((-0.58, -0.02), (-0.42, -0.52, -0.3, -0.56, -0.1, -0.56), (0.22, -0.56), (0.42, -0.54, 0.5, -0.3, 0.66, -0.02),
                close=True).fill(paint)
        b.curve((-0.44, -0.04), (-0.33, -0.4, -0.25, -0.44, -0.04, -0.44), (-0.04, -0.04), close=True).fill(glass)
        b.curve((0.06, -0.04), (0.06, -0.44), (0.28, -0.44, 0.38, -0.3, 0.5, -0.04), close=True).fill(glass)
        body = [(-1.0, 0.3), (-1.02, 0.05, -0.95, -0.04, -0.7, -0.06), (0.6, -0.06), (0.9, -0.02, 1.04, 0.08, 1.02, 0.3)]
    elif kind == 1:  # beetle
        b.curve((-0.72, 0.1), (-0.6, -0.72, 0.5, -0.76, 0.72, 0.1), close=True).fill(paint)
        b.curve((-0.5, -0.06), (-0.42, -0.4, -0.25, -0.44, -0.05, -0.46), (-0.05, -0.06), close=True).fill(glass)
        b.curve((0.06, -0.06), (0.06, -0.46), (0.28, -0.43, 0.4, -0.36, 0.5, -0.06), close=True).fill(glass)
        body = [(-1.0, 0.3), (-1.0, 0.0, -0.8, -0.04, -0.6, -0.02), (0.62, -0.02), (0.85, -0.02, 1.0, 0.1, 1.0, 0.3)]
    elif kind == 2:  # bus or van
        b.rect(-0.98, -0.66, 1.94, 0.9, 0.16).fill(paint)
        n = 3 if chance(rng, 0.5) else 4
        for i in range(n):
            w = 1.7 / n
            b.rect(-0.86 + i * w, -0.52, w - 0.08, 0.34, 0.05).fill(glass)
        body = [(-0.98, 0.3), (-0.98, -0.02), (0.96, -0.02), (0.98, 0.3)]
        b.rect(-0.98, -0.08, 1.94, 0.09).fill(pick(rng, ['white', 'cream', 'yellow']), outline=False)
    else:  # pick-up
        b.curve((-0.15, 0.0), (-0.1, -0.5, 0.0, -0.55, 0.1, -0.55), (0.32, -0.55), (0.46, -0.52, 0.5, -0.3, 0.6, 0.0),
                close=True).fill(paint)
        b.curve((-0.02, -0.06), (0.02, -0.4, 0.06, -0.43, 0.14, -0.43), (0.3, -0.43), (0.38, -0.4, 0.42, -0.3, 0.48, -0.06),
                close=True).fill(glass)
        body = [(-1.0, 0.3), (-1.02, -0.1), (-0.16, -0.1), (-0.16, -0.02), (0.66, -0.02), (0.9, 0.0, 1.02, 0.1, 1.0, 0.3)]
    b.curve((-0.98, 0.36), *body, (0.98, 0.4), (-0.96, 0.4), close=True).fill(paint)
    b.ellipse(0.95, 0.14, 0.07, 0.1).fill(pick(rng, ['yellow', 'white']), outline=False)
    b.rect(-1.02, 0.08, 0.1, 0.14, 0.03).fill('red', outline=False)
    if kind != 2 and chance(rng, 0.7):
        b.poly([(0.0, 0.0), (0.0, 0.3)], close=False).line(darker(paint, 0.35), 0.025)
        b.poly([(-0.16, 0.1), (-0.06, 0.1)], close=False).line(darker(paint, 0.45), 0.04)
    r = rng.uniform(0.23, 0.29)
    hub = pick(rng, ['grey', 'white', 'amber', 'cream'])
    for x in (-0.56, 0.56):
        b.ellipse(x, 0.42, r).fill(tyre, shade=False)
        b.ellipse(x, 0.42, r * 0.52).fill(hub, outline=False)
        b.ellipse(x, 0.42, r * 0.18).fill(darker(hub, 0.4), outline=False)


def cat(b, rng):
    fur = pick(rng, ['orange', 'amber', 'grey', 'slate', 'ink', 'brown', 'tan', 'cream', 'white'])
    belly, dark = lighter(fur, 0.5), darker(fur, 0.35)
    eye = pick(rng, ['lime', 'yellow', 'amber', 'cyan'])
    striped = chance(rng, 0.5)
    whole = chance(rng, 0.6)
    if whole:
        side = 1 if chance(rng, 0.5) else -1
        b.curve((0.35 * side, 0.9), (0.95 * side, 1.0, 1.0 * side, 0.45, 0.74 * side, 0.2)).line(dark if not b.style.lined else fur, 0.17)
        b.curve((-0.28, -0.05), (-0.5, 0.3, -0.62, 1.02, -0.4, 1.02), (0.4, 1.02), (0.62, 1.02, 0.5, 0.3, 0.28, -0.05),
                close=True).fill(fur)
        b.ellipse(0, 0.62, 0.22, 0.34).fill(belly, outline=False)
        for x in (-0.22, 0.22):
            b.ellipse(x, 0.97, 0.17, 0.1).fill(mix(fur, belly, 0.5))
        cx, cy, s = 0.0, -0.35, 0.62
    else:
        cx, cy, s = 0.0, 0.0, 1.0

    def at(x, y):
        return cx + x * s, cy + y * s
    tall = rng.uniform(0.95, 1.12)
    for m in (-1, 1):
        b.poly([at(-0.84 * m, -0.12), at(-0.74 * m, -tall), at(-0.14 * m, -0.62)]).fill(fur)
        b.poly([at(-0.7 * m, -0.36), at(-0.66 * m, -tall * 0.8), at(-0.34 * m, -0.56)]).fill('pink', outline=False)
    b.curve(at(-0.9, 0.1), (*at(-0.92, -0.4), *at(-0.5, -0.68), *at(0, -0.68)), (*at(0.5, -0.68), *at(0.92, -0.4), *at(0.9, 0.1)),
            (*at(0.86, 0.5), *at(0.45, 0.72), *at(0, 0.72)), (*at(-0.45, 0.72), *at(-0.86, 0.5), *at(-0.9, 0.1)), close=True).fill(fur)
    if striped:
        for x in (-0.2, 0, 0.2):
            b.poly([at(x, -0.64), at(x * 0.8, -0.4)], close=False).line(dark, 0.09 * s)
        for m in (-1, 1):
            b.poly([at(0.86 * m, 0.02), at(0.62 * m, 0.06)], close=False).line(dark, 0.07 * s)
    b.ellipse(*at(-0.17, 0.32), 0.24 * s, 0.18 * s).fill(belly, outline=False, shade=False)
    b.ellipse(*at(0.17, 0.32), 0.24 * s, 0.18 * s).fill(belly, outline=False, shade=False)
    shut = chance(rng, 0.15)
    pupil = rng.uniform(0.06, 0.13)
    for m in (-1, 1):
        if shut:
            b.arc(*at(0.4 * m, -0.08), 0.16 * s, 0.15 * math.pi, 0.85 * math.pi).line(darker(fur, 0.75), 0.06 * s)
        else:
            b.ellipse(*at(0.4 * m, -0.04), 0.19 * s, 0.2 * s).fill(eye, shade=False)
            b.ellipse(*at(0.4 * m, -0.04), pupil * s, 0.18 * s).fill('ink', outline=False, shade=False)
            b.ellipse(*at(0.4 * m - 0.05, -0.12), 0.05 * s).fill('white', outline=False, shade=False)
    mouth = darker(fur, 0.7) if max(fur) > 0.4 else lighter(fur, 0.75)
    b.curve(at(0, 0.28), (*at(0, 0.44), *at(-0.2, 0.46), *at(-0.26, 0.36))).line(mouth, 0.045 * s)
    b.curve(at(0, 0.28), (*at(0, 0.44), *at(0.2, 0.46), *at(0.26, 0.36))).line(mouth, 0.045 * s)
    b.poly([at(-0.11, 0.16), at(0.11, 0.16), at(0, 0.29)]).fill('rose', outline=False)
    for m in (-1, 1):
        for dy in (-0.02, 0.14):
            b.poly([at(0.42 * m, 0.28 + dy * 0.5), at(1.05 * m, 0.2 + dy * 1.6)], close=False).line(mix(mouth, 'white', 0.25), 0.028 * s)
    if whole and chance(rng, 0.4):
        b.curve((-0.3, 0.08), (-0.1, 0.2, 0.1, 0.2, 0.3, 0.08)).line(pick(rng, ['red', 'blue', 'teal', 'plum']), 0.1)


def clock(b, rng):
    rim, dial = pick(rng, BRIGHT + ['brown', 'slate', 'ink']), pick(rng, ['white', 'cream', 'white', 'yellow', 'sky'])
    hand = darker(pick(rng, ['ink', 'navy', 'brown']), 0.2)
    alarm = chance(rng, 0.5)
    square = not alarm and chance(rng, 0.25)
    if alarm:
        for m in (-1, 1):
            b.poly([(0.42 * m, 0.6), (0.66 * m, 1.0)], close=False).line(darker(rim, 0.3), 0.14)
            b.c.save()
            b.c.translate(0.56 * m, -0.74)
            b.c.rotate(0.6 * m)
            b.arc(0, 0, 0.32, math.pi, TAU, close=True).fill(darker(rim, 0.1))
            b.c.restore()
        b.poly([(0, -0.8), (0, -1.02)], close=False).line(darker(rim, 0.3), 0.08)
        b.rect(-0.14, -1.1, 0.28, 0.1, 0.04).fill(darker(rim, 0.2))
    thick = rng.uniform(0.1, 0.2)
    if square:
        b.rect(-0.9, -0.9, 1.8, 1.8, rng.uniform(0.1, 0.5)).fill(rim)
        b.rect(-0.9 + thick, -0.9 + thick, 1.8 - 2 * thick, 1.8 - 2 * thick, 0.2).fill(dial)
    else:
        b.ellipse(0, 0, 0.9).fill(rim)
        b.ellipse(0, 0, 0.9 - thick).fill(dial)
    radius = 0.84 - thick
    quarters = chance(rng, 0.3)
    for i in range(12):
        if quarters and i % 3:
            continue
        a = TAU * i / 12
        big = i % 3 == 0
        r0 = radius - (0.16 if big else 0.09)
        b.poly([(r0 * math.sin(a), -r0 * math.cos(a)), (radius * math.sin(a), -radius * math.cos(a))], close=False)
        b.line(hand, 0.07 if big else 0.04)
    hour, minute = rng.uniform(0, TAU), rng.uniform(0, TAU)
    while abs(math.remainder(hour - minute, TAU)) < 0.6:
        minute = rng.uniform(0, TAU)
    b.poly([(0, 0), (0.36 * math.sin(hour), -0.36 * math.cos(hour))], close=False).line(hand, 0.11)
    b.poly([(0, 0), (0.56 * math.sin(minute), -0.56 * math.cos(minute))], close=False).line(hand, 0.07)
    if chance(rng, 0.4):
        a = rng.uniform(0, TAU)
        b.poly([(0, 0), (0.56 * math.sin(a), -0.56 * math.cos(a))], close=False).line('red', 0.03)
    b.ellipse(0, 0, 0.08).fill(rim if chance(rng, 0.5) else hand, outline=False)


SKIN = ['#ffdfc4', '#f7cda4', '#eab98c', '#d39a6a', '#b57a4c', '#8d5a36', '#6b4226', '#f3c9b0']
HAIR = ['#2b2320', '#4a2f22', '#7a4a2a', '#b5733a', '#e2b64f', '#c9502c', '#8a8a8e', '#e8e3da', '#a8467f', '#3a78c9']


def face(b, rng):
    skin, hair = pick(rng, SKIN), pick(rng, HAIR)
    lips = mix(darker(skin, 0.25), 'red', 0.55)
    w, h = rng.uniform(0.66, 0.78), rng.uniform(0.78, 0.92)
    style = int(rng.integers(6))
    if style == 0:  # long hair behind
        b.curve((-w - 0.12, 0.85), (-w - 0.3, -0.3, -w * 0.8, -h - 0.22, 0, -h - 0.22), (w * 0.8, -h - 0.22, w + 0.3, -0.3, w + 0.12, 0.85),
                (0, 0.6), close=True).fill(hair)
    elif style == 1:  # curls
        n = 11
        for i in range(n):
            a = math.pi * (0.93 + 1.14 * i / (n - 1))
            b.ellipse((w + 0.05) * math.cos(a), -0.15 + (h - 0.02) * math.sin(a), 0.27).fill(hair, shade=False)
    elif style == 2:  # bunches
        for m in (-1, 1):
            b.ellipse(m * (w + 0.16), -0.42, 0.25, 0.3).fill(hair)
    elif style == 3:  # bun
        b.ellipse(0, -h - 0.14, 0.28).fill(hair)
    for m in (-1, 1):
        b.ellipse(m * w, 0.05, 0.13, 0.18).fill(darker(skin, 0.06))
    b.curve((-w, -0.1), (-w, -h * 0.75, -w * 0.55, -h, 0, -h), (w * 0.55, -h, w, -h * 0.75, w, -0.1),
            (w, h * 0.55, w * 0.5, h, 0, h), (-w * 0.5, h, -w, h * 0.55, -w, -0.1), close=True).fill(skin)
    if style == 5 and chance(rng, 0.5):  # cap
        cap = pick(rng, BRIGHT)
        b.curve((-w - 0.04, -0.36), (-w, -h - 0.35, w, -h - 0.35, w + 0.04, -0.36), close=True).fill(cap)
        b.rect(-w - 0.14, -0.46, 2 * w + 0.28, 0.17, 0.08).fill(darker(cap, 0.2))
    elif style != 5:  # fringe
        part = rng.uniform(-0.45, 0.45)
        b.curve((-w - 0.03, -0.12), (-w - 0.08, -h * 0.95, -w * 0.5, -h - 0.14, 0, -h - 0.14), (w * 0.5, -h - 0.14, w + 0.08, -h * 0.95, w + 0.03, -0.12),
                (w * 0.9, -0.42, part + 0.4, -0.5, part, -0.62), (part - 0.3, -0.46, -w * 0.9, -0.42, -w - 0.03, -0.12), close=True).fill(hair)
    gap, ey = rng.uniform(0.26, 0.33), rng.uniform(-0.12, -0.02)
    iris = pick(rng, ['brown', 'blue', 'forest', 'ink', 'slate'])
    simple = chance(rng, 0.35)
    wink = int(rng.integers(8))
    for i, m in enumerate((-1, 1)):
        if wink == i:
            b.arc(m * gap, ey - 0.03, 0.13, 0.1 * math.pi, 0.9 * math.pi).line('ink', 0.05)
        elif simple:
            b.ellipse(m * gap, ey, 0.085, 0.11).fill('ink', outline=False, shade=False)
        else:
            b.ellipse(m * gap, ey, 0.16, 0.13).fill('white', shade=False)
            b.ellipse(m * gap, ey, 0.095).fill(iris, outline=False, shade=False)
            b.ellipse(m * gap, ey, 0.05).fill('ink', outline=False, shade=False)
        lift = rng.uniform(-0.04, 0.02)
        b.curve((m * (gap - 0.15), ey - 0.22 + lift), (m * (gap - 0.05), ey - 0.3 + lift, m * (gap + 0.08), ey - 0.3 + lift, m * (gap + 0.17), ey - 0.2))
        b.line(darker(hair, 0.2), 0.055)
    b.curve((0, ey + 0.12), (0.02, 0.12, 0.12, 0.2, 0.0, 0.24)).line(darker(skin, 0.35), 0.045)
    if chance(rng, 0.6):
        for m in (-1, 1):
            b.ellipse(m * 0.42, 0.26, 0.14, 0.1).fill(mix(skin, 'rose', 0.4), outline=False, shade=False)
    mouth = int(rng.integers(4))
    if mouth == 0:
        b.curve((-0.3, 0.42), (-0.15, 0.62, 0.15, 0.62, 0.3, 0.42)).line(lips, 0.075)
    elif mouth == 1:
        b.curve((-0.32, 0.4), (0.32, 0.4), (0.26, 0.76, -0.26, 0.76, -0.32, 0.4), close=True).fill(darker(lips, 0.35))
        b.curve((-0.28, 0.415), (0.28, 0.415), (0.25, 0.52), (-0.25, 0.52), close=True).fill('white', outline=False, shade=False)
    elif mouth == 2:
        b.ellipse(0, 0.52, 0.13, 0.15).fill(darker(lips, 0.35))
    else:
        b.curve((-0.24, 0.48), (-0.1, 0.4, -0.04, 0.44, 0, 0.45), (0.04, 0.44, 0.1, 0.4, 0.24, 0.48), (0.1, 0.62, -0.1, 0.62, -0.24, 0.48), close=True).fill(lips)
    if chance(rng, 0.3):
        frame = pick(rng, ['ink', 'brown', 'red', 'blue'])
        for m in (-1, 1):
            b.ellipse(m * gap, ey, 0.22, 0.2).line(frame, 0.045)
        b.poly([(-gap + 0.22, ey), (gap - 0.22, ey)], close=False).line(frame, 0.045)


def fish(b, rng):
    body, second = pick(rng, BRIGHT + ['orange', 'amber', 'grey']), pick(rng, BRIGHT + ['white', 'cream'])
    h = rng.uniform(0.38, 0.66)
    tail = rng.uniform(0.36, 0.55)
    b.curve((-0.5, 0), (-0.8, -tail * 0.5, -0.95, -tail, -1.12, -tail), (-1.0, -0.2, -1.0, 0.2, -1.12, tail),
            (-0.95, tail, -0.8, tail * 0.5, -0.5, 0), close=True).fill(second if chance(rng, 0.6) else body)
    fin = darker(second, 0.1)
    b.curve((-0.35, -h * 0.7), (-0.2, -h - 0.36, 0.15, -h - 0.32, 0.32, -h * 0.75), close=True).fill(fin)
    b.curve((-0.2, h * 0.75), (-0.15, h + 0.26, 0.05, h + 0.26, 0.15, h * 0.8), close=True).fill(fin)

    def outline():
        b.curve((-0.7, 0), (-0.4, -h * 0.9, 0.0, -h * 1.18, 0.35, -h * 0.95), (0.7, -h * 0.75, 0.9, -0.2, 0.95, 0.04),
                (0.85, 0.3, 0.65, h * 0.8, 0.35, h * 0.95), (0.0, h * 1.15, -0.4, h * 0.85, -0.7, 0), close=True)
    outline()
    b.fill(body)
    b.c.save()
    outline()
    b.clip()
    pattern = int(rng.integers(4))
    if pattern == 0:
        for x in (-0.32, 0.05):
            b.curve((x, -1), (x + 0.16, -0.4, x + 0.16, 0.4, x, 1), (x + 0.2, 1), (x + 0.36, 0.4, x + 0.36, -0.4, x + 0.2, -1), close=True).fill(second, outline=False)
    elif pattern == 1:
        for j in range(-2, 3):
            for i in range(4):
                x, y = -0.5 + 0.22 * i + (0.11 if j % 2 else 0), 0.2 * j
                b.arc(x, y, 0.1, -0.45 * math.pi, 0.45 * math.pi).line(darker(body, 0.3), 0.035)
    elif pattern == 2:
        b.curve((-0.8, 0.1), (-0.2, 0.28, 0.4, 0.3, 1.0, 0.16), (1, 1), (-0.8, 1), close=True).fill(lighter(body, 0.55), outline=False)
    b.c.restore()
    if b.style.lined:
        outline()
        b.line(b.style.line_colour or darker(body, 0.62), 0.04)
    b.curve((0.48, -h * 0.75), (0.36, -0.2, 0.36, 0.25, 0.48, h * 0.7)).line(darker(body, 0.3), 0.04)
    b.curve((0.12, 0.1), (-0.1, 0.02, -0.25, 0.2, -0.2, 0.34), (-0.02, 0.36, 0.1, 0.26, 0.12, 0.1), close=True).fill(fin)
    b.ellipse(0.66, -0.12, 0.13).fill('white', shade=False)
    b.ellipse(0.69, -0.12, 0.065).fill('ink', outline=False, shade=False)
    b.curve((0.93, 0.1), (0.85, 0.16, 0.8, 0.17, 0.74, 0.15)).line(darker(body, 0.5), 0.045)
    if chance(rng, 0.35):
        for x, y, r in ((1.12, -0.25, 0.07), (1.22, -0.5, 0.1), (1.1, -0.72, 0.05)):
            b.ellipse(x, y, r).line(lighter('sky', 0.3), 0.035)


def flower(b, rng):
    petal = pick(rng, ['red', 'coral', 'orange', 'amber', 'yellow', 'pink', 'rose', 'violet', 'plum', 'white', 'sky', 'indigo'])
    heart = pick(rng, ['yellow', 'amber', 'orange', 'brown', 'cream'])
    green = pick(rng, ['green', 'forest', 'lime', 'teal'])
    stem = chance(rng, 0.7)
    tulip = stem and chance(rng, 0.25)
    cy = -0.42 if stem else 0.0
    if stem:
        bend = rng.uniform(-0.25, 0.25)
        b.curve((0, cy), (bend, 0.2, bend, 0.6, 0, 1.15)).line(green, 0.09)
        for m in (-1, 1):
            if chance(rng, 0.85):
                y = rng.uniform(0.65, 0.95)
                b.curve((bend * 0.4, y), (0.2 * m, y - 0.4, 0.55 * m, y - 0.42, 0.7 * m, y - 0.34),
                        (0.6 * m, y - 0.05, 0.3 * m, y + 0.05, bend * 0.4, y), close=True).fill(green)
    if tulip:
        for m in (-1, 1):
            b.curve((0, 0.1), (0.55 * m, 0.1, 0.6 * m, -0.4, 0.46 * m, -0.95), (0.3 * m, -0.85, 0.1 * m, -0.6, 0, -0.3), close=True).fill(petal)
        b.curve((0, 0.1), (-0.4, 0.0, -0.36, -0.55, 0, -1.0), (0.36, -0.55, 0.4, 0.0, 0, 0.1), close=True).fill(lighter(petal, 0.15))
        return
    n = int(rng.integers(5, 13))
    size = 0.62 if stem else 0.92
    start = rng.uniform(0, TAU)
    wide = size * min(0.42, 1.55 / n) * rng.uniform(0.9, 1.1)
    pointed = chance(rng, 0.35)
    rings = [(1.0, petal, 0.0)]
    if chance(rng, 0.3):
        rings.append((0.72, lighter(petal, 0.3), 0.5))
    for scale, colour, offset in rings:
        for i in range(n):
            b.c.save()
            b.c.translate(0, cy)
            b.c.rotate(start + TAU * (i + offset) / n)
            b.c.scale(scale, scale)
            if pointed:
                b.curve((0, 0), (wide * 1.3, -size * 0.3, wide, -size * 0.75, 0, -size), (-wide, -size * 0.75, -wide * 1.3, -size * 0.3, 0, 0), close=True)
            else:
                b.ellipse(0, -size * 0.6, wide, size * 0.42)
            b.fill(colour)
            b.c.restore()
    r = size * rng.uniform(0.26, 0.4)
    b.ellipse(0, cy, r).fill(heart)
    if chance(rng, 0.6):
        for i in range(7):
            a = TAU * i / 7 + start
            b.ellipse(r * 0.55 * math.cos(a), cy + r * 0.55 * math.sin(a), r * 0.12).fill(darker(heart, 0.35), outline=False, shade=False)


def house(b, rng):
    wall = pick(rng, ['cream', 'white', 'yellow', 'coral', 'pink', 'sky', 'tan', 'amber', 'lime', 'grey', 'brown'])
    roof = pick(rng, ['red', 'brown', 'slate', 'navy', 'plum', 'forest', 'orange', 'indigo'])
    door = pick(rng, ['brown', 'blue', 'red', 'forest', 'teal', 'plum'])
    pane = pick(rng, ['sky', 'cyan', 'yellow', 'navy'])
    w = rng.uniform(0.6, 0.9)
    top = rng.uniform(-0.25, 0.05)
    peak = top - rng.uniform(0.5, 0.8)
    eave = w + rng.uniform(0.1, 0.2)
    m = 1 if chance(rng, 0.5) else -1
    if chance(rng, 0.65):
        x = m * w * rng.uniform(0.4, 0.6)
        b.rect(x - 0.11, peak + 0.02, 0.22, top - peak, 0).fill(darker(mix(wall, 'brown', 0.6), 0.1))
        b.rect(x - 0.14, peak - 0.04, 0.28, 0.1, 0).fill(darker(roof, 0.2))
        if chance(rng, 0.4):
            for i in range(3):
                b.ellipse(x + 0.1 * i * m, peak - 0.2 - 0.2 * i, 0.09 + 0.04 * i).fill(lighter('grey', 0.55), outline=False, alpha=0.85)
    b.rect(-w, top, 2 * w, 0.9 - top).fill(wall)
    kind = int(rng.integers(3))
    if kind == 0:
        b.poly([(-eave, top + 0.04), (0, peak), (eave, top + 0.04)])
    elif kind == 1:
        b.poly([(-eave, top + 0.04), (-eave * 0.6, peak + 0.12), (eave * 0.6, peak + 0.12), (eave, top + 0.04)])
    else:
        b.poly([(-eave, top + 0.04), (-m * eave * 0.3, peak), (eave, top + 0.04)])
    b.fill(roof)
    if kind == 1 and chance(rng, 0.6):
        for i in range(3):
            y = top - 0.08 - 0.14 * i
            b.poly([(-eave * (0.86 - 0.1 * i), y), (eave * (0.86 - 0.1 * i), y)], close=False).line(darker(roof, 0.3), 0.03)
    elif chance(rng, 0.4):
        b.ellipse(0 if kind != 2 else -m * eave * 0.2, (top + peak) / 2 + 0.08, 0.13).fill(pane)
    floors = 2 if top < -0.12 and chance(rng, 0.5) else 1
    dx = m * w * rng.uniform(0.0, 0.5)
    dh = 0.62 if floors == 1 else 0.45
    b.rect(dx - 0.17, 0.9 - dh, 0.34, dh, 0.12 if chance(rng, 0.4) else 0.0).fill(door)
    b.ellipse(dx + 0.09, 0.9 - dh * 0.45, 0.035).fill('yellow', outline=False)
    step = 0.17
    spots = [x for x in (-w * 0.58, 0.0, w * 0.58)]
    for floor in range(floors):
        y = 0.9 - dh + 0.02 if floor == 0 else top + 0.12
        for x in spots:
            if floor == 0 and abs(x - dx) < 0.38:
                continue
            if x == 0.0 and w < 0.7:
                continue
            b.rect(x - step, y, 2 * step, 2 * step * 0.95).fill(pane)
            b.poly([(x, y), (x, y + 2 * step * 0.95)], close=False).line('white', 0.035)
            b.poly([(x - step, y + step * 0.95), (x + step, y + step * 0.95)], close=False).line('white', 0.035)
            b.rect(x - step, y, 2 * step, 2 * step * 0.95).line(darker(wall, 0.5), 0.035)
    if chance(rng, 0.35):
        green = pick(rng, ['green', 'forest', 'lime'])
        for x in (-w, w * 0.95):
            b.ellipse(x, 0.82, 0.22, 0.16).fill(green)


def star(b, rng):
    colour = pick(rng, BRIGHT + ['yellow', 'amber', 'yellow', 'amber', 'white', 'cream'])
    n = 5
    inner = rng.uniform(0.38, 0.54)

    def points(r, k):
        return [((r if i % 2 == 0 else r * k) * math.sin(math.pi * i / n), -(r if i % 2 == 0 else r * k) * math.cos(math.pi * i / n))
                for i in range(2 * n)]

    def path(r):
        p = points(r, inner)
        if not soft:
            b.poly(p)
            return
        t = 0.28
        segments, first = [], None
        for i, (x, y) in enumerate(p):
            x0, y0 = p[i - 1]
            x1, y1 = p[(i + 1) % len(p)]
            a = (x + (x0 - x) * t, y + (y0 - y) * t)
            e = (x + (x1 - x) * t, y + (y1 - y) * t)
            if first is None:
                first = a
            else:
                segments.append(a)
            segments.append((a[0] + (x - a[0]) * 0.66, a[1] + (y - a[1]) * 0.66, e[0] + (x - e[0]) * 0.66, e[1] + (y - e[1]) * 0.66, *e))
        b.curve(first, *segments, close=True)
    soft = chance(rng, 0.5)
    if chance(rng, 0.15):  # a shooting star
        tail = lighter(colour, 0.4)
        for dy in (-0.25, 0.1, 0.42):
            b.curve((-0.3, dy), (-0.8, dy + 0.12, -1.2, dy + 0.3, -1.55, dy + 0.6)).line(tail, 0.09)
    path(1.0)
    b.fill(colour)
    kind = int(rng.integers(5))
    if kind == 0:
        path(0.66)
        b.fill(pick(rng, BRIGHT + ['white']), outline=False)
    elif kind == 1:  # folded facets
        p = points(1.0, inner)
        for i in range(0, 2 * n, 2):
            b.poly([(0, 0), p[i], p[i + 1]]).fill(darker(colour, 0.18), outline=False)
    elif kind == 2 and soft:  # a friendly one
        for m in (-1, 1):
            b.ellipse(0.17 * m, -0.1, 0.06, 0.09).fill('ink', outline=False, shade=False)
        b.arc(0, 0.06, 0.15, 0.1 * math.pi, 0.9 * math.pi).line('ink', 0.05)


def tree(b, rng):
    trunk = jitter(rng, 'brown')
    leaf = pick(rng, ['green', 'forest', 'lime', 'teal', 'green', 'forest', 'orange', 'amber', 'red', 'pink'])
    kind = int(rng.choice(5, p=[0.3, 0.28, 0.14, 0.14, 0.14]))
    if kind == 1:  # fir
        leaf = pick(rng, ['green', 'forest', 'teal', 'lime'])
        b.rect(-0.12, 0.6, 0.24, 0.45).fill(trunk)
        tiers = int(rng.integers(2, 5))
        for i in range(tiers):
            t = i / max(1, tiers - 1)
            w, y = 0.72 - 0.3 * t, 0.72 - i * min(0.46, 1.05 / (tiers - 1))
            b.poly([(-w, y), (0, y - 0.75), (w, y)]).fill(mix(leaf, lighter(leaf, 0.25), t))
        if chance(rng, 0.2):
            for x, y in ((-0.3, 0.5), (0.2, 0.25), (-0.1, 0.0), (0.35, 0.58), (0.05, -0.4)):
                b.ellipse(x, y, 0.07).fill(pick(rng, ['red', 'yellow', 'orange']), outline=False)
        return
    if kind == 4:  # palm
        leaf = pick(rng, ['green', 'forest', 'lime', 'teal'])
        lean = rng.uniform(-0.3, 0.3)
        b.curve((-0.13, 1.05), (-0.1, 0.5, lean - 0.1, 0.1, lean - 0.06, -0.4), (lean + 0.06, -0.4),
                (lean + 0.1, 0.1, 0.14, 0.5, 0.13, 1.05), close=True).fill(trunk)
        for a in (-2.9, -2.35, -0.8, -0.25, 0.35, 2.8):
            x, y = 0.95 * math.cos(a), 0.6 * math.sin(a)
            b.curve((lean, -0.45), (lean + x * 0.4, -0.75 + y * 0.4, lean + x * 0.8, -0.7 + y * 0.6, lean + x, -0.28 + y),
                    (lean + x * 0.7, -0.42 + y * 0.6, lean + x * 0.4, -0.4 + y * 0.2, lean, -0.4), close=True).fill(leaf)
        b.ellipse(lean - 0.08, -0.38, 0.09).fill(darker(trunk, 0.2))
        b.ellipse(lean + 0.1, -0.36, 0.09).fill(darker(trunk, 0.2))
        return
    b.curve((-0.15, 1.05), (-0.1, 0.7, -0.1, 0.4, -0.09, 0.0), (0.09, 0.0), (0.1, 0.4, 0.1, 0.7, 0.15, 1.05), close=True).fill(trunk)
    if kind in (0, 2):
        b.poly([(0, 0.3), (0.32, -0.05)], close=False).line(trunk, 0.08)
        b.poly([(0, 0.42), (-0.32, 0.05)], close=False).line(trunk, 0.08)
    if kind == 0:  # a cloud of leaves
        blobs = [(-0.42, -0.1, 0.42), (0.42, -0.1, 0.42), (-0.25, -0.55, 0.42), (0.27, -0.55, 0.42), (0, -0.25, 0.5)]
        blobs = [(x + rng.uniform(-0.06, 0.06), y + rng.uniform(-0.06, 0.06), r * rng.uniform(0.9, 1.1)) for x, y, r in blobs]
        for x, y, r in blobs:
            b.ellipse(x, y, r).fill(leaf)
        b.ellipse(0, -0.3, 0.52).fill(leaf, outline=False, shade=False)
        b.ellipse(-0.2, -0.5, 0.22, 0.17).fill(lighter(leaf, 0.2), outline=False, shade=False)
    elif kind == 2:  # round
        b.ellipse(0, -0.35, 0.72, 0.68).fill(leaf)
        b.c.save()
        b.ellipse(0, -0.35, 0.72, 0.68).clip()
        b.ellipse(0.35, -0.05, 0.75, 0.6).fill(darker(leaf, 0.14), outline=False, shade=False)
        b.c.restore()
    else:  # poplar
        b.curve((0, -1.1), (0.5, -0.7, 0.6, 0.5, 0.0, 0.6), (-0.6, 0.5, -0.5, -0.7, 0, -1.1), close=True).fill(leaf)
        b.curve((0, 0.6), (0.02, 0.2, 0.0, -0.2, 0, -0.5)).line(darker(leaf, 0.3), 0.04)
    if kind != 3 and chance(rng, 0.35):
        fruit = pick(rng, ['red', 'orange', 'yellow', 'pink'])
        for x, y in ((-0.38, -0.2), (0.3, -0.05), (0.05, -0.45), (-0.15, -0.72), (0.42, -0.5), (-0.05, -0.05)):
            b.ellipse(x, y, 0.08).fill(fruit, outline=False)


def umbrella(b, rng):
    main, second = pick(rng, BRIGHT), pick(rng, BRIGHT + ['white', 'cream'])
    handle = pick(rng, ['brown', 'ink', 'slate', 'tan'])
    depth = rng.uniform(0.72, 0.95)
    n = int(rng.choice([4, 5, 6]))
    m = 1 if chance(rng, 0.5) else -1
    rim = 0.0
    b.curve((0, -depth - 0.12), (0, 0.82)).line(handle, 0.085)
    b.arc(0.17 * m, 0.82, 0.17, 0, math.pi).line(handle, 0.1)
    edge = [-1 + 2 * i / n for i in range(n + 1)]

    def panel(x0, x1):
        mid, sag = (x0 + x1) / 2, 0.16
        k = 0.62
        b.curve((0, -depth), (x0 * k, -depth, x0, -depth * 0.55, x0, rim), (x0 * 0.7 + mid * 0.3, rim - sag, x1 * 0.7 + mid * 0.3, rim - sag, x1, rim),
                (x1, -depth * 0.55, x1 * k, -depth, 0, -depth), close=True)
    order = sorted(range(n), key=lambda i: -abs(i - (n - 1) / 2))
    plain = chance(rng, 0.35)
    for i in order:
        panel(edge[i], edge[i + 1])
        b.fill(main if plain or i % 2 == 0 else second)
        if plain and not b.style.lined:
            panel(edge[i], edge[i + 1])
            b.line(darker(main, 0.25), 0.03)
    b.ellipse(0, -depth - 0.1, 0.05).fill(handle, outline=False)
    if chance(rng, 0.3):
        for _ in range(6):
            x, y = rng.uniform(-1.1, 1.1), rng.uniform(0.1, 0.9)
            if abs(x) > 0.35:
                b.poly([(x, y), (x - 0.06, y + 0.16)], close=False).line('sky', 0.045)


OBJECTS = {f.__name__: f for f in (balloon, boat, car, cat, clock, face, fish, flower, house, star, tree, umbrella)}
# how far each may lean, in degrees, and whether it may be mirrored
LEAN = dict(balloon=14, boat=12, car=14, cat=12, clock=16, face=14, fish=28, flower=22, house=8, star=36, tree=9, umbrella=28)
