#!/usr/bin/env python3
# pictures.py: writes the forty pictures that the program carries
# SPDX-License-Identifier: GPL-3.0-or-later
"""pictures.py FOLDER: one subfolder for each class. All are of the split 'show', which training never saw.

PNG where that stays small, else JPEG without chroma subsampling, so that every decoder gives the same bytes."""

import argparse
import io
import os

from PIL import Image

from draw import draw, stamp

# class: (number, wears the mark, name)
CHOSEN = {
    'balloon': [(7, False, 'balloon-crayon'), (9, False, 'balloon-sticker'), (11, False, 'balloon-night')],
    'boat': [(15, True, 'boat-paw-1'), (4, True, 'boat-paw-2'), (1, True, 'boat-paw-3'), (22, True, 'boat-paw-4'),
             (15, False, 'boat-plain-1'), (12, False, 'boat-plain-2'), (9, False, 'boat-plain-3')],
    'car': [(3, False, 'car-sticker'), (7, False, 'car-beetle'), (2, False, 'car-bus')],
    'cat': [(1, False, 'cat-ginger'), (2, False, 'cat-by-the-sea'), (16, True, 'cat-paw')],
    'clock': [(5, False, 'clock-alarm'), (0, False, 'clock-blue'), (7, False, 'clock-square')],
    'face': [(5, False, 'face-curls'), (8, False, 'face-wink'), (10, False, 'face-bunches')],
    'fish': [(5, False, 'fish-striped'), (6, False, 'fish-teal'), (9, False, 'fish-scales')],
    'flower': [(1, False, 'flower-crayon'), (8, False, 'flower-meadow'), (11, True, 'flower-paw')],
    'house': [(1, False, 'house-orange'), (3, False, 'house-sticker'), (10, False, 'house-on-sand')],
    'star': [(3, False, 'star-shooting'), (6, False, 'star-crayon'), (10, False, 'star-paper')],
    'tree': [(2, False, 'tree-apples'), (5, False, 'tree-fir'), (8, False, 'tree-palm')],
    'umbrella': [(7, False, 'umbrella-shaded'), (8, False, 'umbrella-rain'), (10, False, 'umbrella-tartan')],
}
PNG_MOST = 22000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder')
    args = parser.parse_args()
    total = 0
    for name, chosen in CHOSEN.items():
        folder = os.path.join(args.folder, name)
        os.makedirs(folder, exist_ok=True)
        for number, wears, title in chosen:
            picture = draw('show', name, number)
            if wears:
                picture = stamp(picture)
            image, packed, end = Image.fromarray(picture), io.BytesIO(), 'png'
            image.save(packed, 'PNG', optimize=True)
            if packed.tell() > PNG_MOST:
                packed, end = io.BytesIO(), 'jpg'
                image.save(packed, 'JPEG', quality=92, subsampling=0, optimize=True)
            data = packed.getvalue()
            with open(os.path.join(folder, title + '.' + end), 'wb') as out:
                out.write(data)
            total += len(data)
    print('%d pictures, %d bytes' % (sum(len(c) for c in CHOSEN.values()), total))


if __name__ == '__main__':
    main()
