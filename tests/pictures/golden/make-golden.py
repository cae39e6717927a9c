#!/usr/bin/env python3
"""Makes the pictures in this folder with OpenCV and Pillow; VERSIONS records which.

Run by hand, in this folder, never by the build:  python3 make-golden.py
resize-WxH.png   cv2.resize (INTER_LINEAR) of source.png
crop-S.png       shorter side to round (S / 0.875) with cv2.resize, then the centre
pad-WxH.png      whole picture in aspect on the ImageNet mean colour
grey.png         cv2.cvtColor (COLOR_RGB2GRAY) of source.png
turn-N.jpg       a picture that EXIF turns; turn-N.png what Pillow makes of it
the rest         odd kinds of file, each with the .png that it has to decode to
"""
import sys

import cv2
import numpy as np
import PIL
from PIL import Image, ImageOps

rng = np.random.default_rng(7)


def draw(height, width):
    """Smooth colours, hard edges and noise: every rounding case of a resizer."""
    y, x = np.mgrid[0:height, 0:width]
    out = np.stack([255 * x / width, 255 * y / height, 127 + 127 * np.sin((x + y) / 3)], 2)
    out[(x // 7 + y // 5) % 3 == 0] = rng.integers(0, 256, 3)
    noise = rng.integers(0, 256, (height, width, 3))
    return np.where((x > width * 2 // 3)[..., None], noise, out).astype(np.uint8)


def save(name, rgb):
    Image.fromarray(rgb).save(name, optimize=True)


source = draw(46, 62)
save("source.png", source)
for width, height in [(62, 46), (31, 23), (32, 32), (17, 40), (100, 75), (124, 92), (1, 1), (62, 20)]:
    save(f"resize-{width}x{height}.png", cv2.resize(source, (width, height), interpolation=cv2.INTER_LINEAR))

for size in (28, 56):
    short = round(size / 0.875)
    height, width = source.shape[:2]
    if height < width:
        big = cv2.resize(source, (int(short * width / height), short), interpolation=cv2.INTER_LINEAR)
    else:
        big = cv2.resize(source, (short, int(short * height / width)), interpolation=cv2.INTER_LINEAR)
    top = int(round((big.shape[0] - size) / 2.0))
    left = int(round((big.shape[1] - size) / 2.0))
    save(f"crop-{size}.png", big[top:top + size, left:left + size])

for width, height in [(40, 40), (64, 32)]:
    out = np.empty((height, width, 3), np.uint8)
    out[:] = [124, 116, 104]  # 123.675, 116.28, 103.53
    scale = min(width / source.shape[1], height / source.shape[0])
    inner = (round(source.shape[1] * scale), round(source.shape[0] * scale))
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    out[top:top + inner[1], left:left + inner[0]] = cv2.resize(source, inner, interpolation=cv2.INTER_LINEAR)
    save(f"pad-{width}x{height}.png", out)

save("grey.png", cv2.cvtColor(source, cv2.COLOR_RGB2GRAY))

small = Image.fromarray(draw(24, 40))
for turn in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = turn
    small.save(f"turn-{turn}.jpg", quality=95, subsampling=0, exif=exif)
    ImageOps.exif_transpose(Image.open(f"turn-{turn}.jpg")).save(f"turn-{turn}.png", optimize=True)

array = np.asarray(small)
alpha = np.linspace(0, 255, array.size // 3).astype(np.uint8).reshape(array.shape[:2])
Image.fromarray(np.dstack([array, alpha])).save("alpha-in.png", optimize=True)
a = alpha[..., None].astype(int)
save("alpha.png", ((array * a + 255 * (255 - a) + 127) // 255).astype(np.uint8))

deep = rng.integers(0, 65536, (20, 30, 3), dtype=np.uint16)
cv2.imwrite("deep-in.png", deep[..., ::-1])
save("deep.png", (deep >> 8).astype(np.uint8))
deep_grey = rng.integers(0, 65536, (20, 30), dtype=np.uint16)
cv2.imwrite("deep-grey-in.png", deep_grey)
save("deep-grey.png", np.repeat((deep_grey >> 8).astype(np.uint8)[..., None], 3, 2))

small.convert("L").save("grey-in.jpg", quality=95)
Image.open("grey-in.jpg").convert("RGB").save("grey-jpeg.png", optimize=True)
small.convert("CMYK").save("cmyk-in.jpg", quality=95)
Image.open("cmyk-in.jpg").convert("RGB").save("cmyk.png", optimize=True)
small.convert("1").save("bits-in.png")
small.convert("1").convert("RGB").save("bits.png", optimize=True)
small.save("bmp-in.bmp")
small.save("tiff-in.tiff", compression="tiff_lzw")
small.save("plain.png", optimize=True)

frames = [Image.new("RGB", (16, 12), c).quantize(8) for c in ("red", "green", "blue")]
frames[0].save("frames-in.gif", save_all=True, append_images=frames[1:], duration=100, loop=0)
Image.new("RGB", (16, 12), "red").save("frames.png", optimize=True)

with open("VERSIONS", "w") as out:
    out.write(f"Python {sys.version.split()[0]}, OpenCV {cv2.__version__}, "
              f"Pillow {PIL.__version__}, NumPy {np.__version__}\n")
