#!/usr/bin/env python3
"""Writes src/render/colormap-tables.h and tests/render/golden/colormaps.txt.

viridis and magma: Stéfan van der Walt and Nathaniel Smith, 2015, CC0.
cividis: Jamie Nuñez, Christopher Anderton and Ryan Renslow, 2018 (arXiv:1712.01662), CC0.
The 8-bit tables are read from OpenCV, which ships them (Apache-2.0).
usage: colormap_tables.py SOURCE_ROOT     (recorded run: OpenCV 4.6.0, NumPy 1.24.2)
"""
import sys
import cv2
import numpy as np

MAPS = {"viridis": cv2.COLORMAP_VIRIDIS, "cividis": cv2.COLORMAP_CIVIDIS, "magma": cv2.COLORMAP_MAGMA}

HEAD = """/* colormap-tables.h - viridis, cividis and magma at 256 steps, 0xRRGGBB
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The numbers are public domain (CC0): viridis and magma by Stéfan van der Walt and Nathaniel Smith
 * (2015), cividis by Jamie Nuñez, Christopher Anderton and Ryan Renslow (2018, arXiv:1712.01662).
 * Written by tests/render/golden/colormap_tables.py. */
#pragma once

#include <glib.h>
"""


def table(code):
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 256)
    bgr = cv2.applyColorMap(ramp, code)[0].astype(int)
    return [(int(r) << 16) | (int(g) << 8) | int(b) for b, g, r in bgr]


def main(root):
    out = [HEAD, "/* clang-format off */"]
    golden = ["# cv2 %s: name index rrggbb" % cv2.__version__]
    for name, code in MAPS.items():
        t = table(code)
        out.append("static const guint32 %s_table[256] = {" % name)
        for i in range(0, 256, 8):
            out.append("  " + " ".join("0x%06x," % v for v in t[i:i + 8]))
        out.append("};")
        golden += ["%s %d %06x" % (name, i, t[i]) for i in range(0, 256, 15)]
    out.append("/* clang-format on */")
    with open(root + "/src/render/colormap-tables.h", "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")
    with open(root + "/tests/render/golden/colormaps.txt", "w", encoding="utf-8") as f:
        f.write("\n".join(golden) + "\n")


main(sys.argv[1])
