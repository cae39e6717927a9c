#!/usr/bin/env python3
"""Writes the .npy files that tests/figure/test-npy.c reads. (recorded run: NumPy 1.24.2, Python 3.11)

usage: make_npy.py FOLDER
"""
import sys
import numpy as np

SHAPE = (2, 3, 4)


def save(folder, name, array, version=None):
    with open("%s/%s.npy" % (folder, name), "wb") as f:
        np.lib.format.write_array(f, array, version=version)


def main(folder):
    i = np.arange(24)
    real = (i * 0.5 - 3).reshape(SHAPE)
    whole = (i * 7 - 20).reshape(SHAPE)
    save(folder, "f4", real.astype("<f4"))
    save(folder, "f4-big", real.astype(">f4"))
    save(folder, "f8", real.astype("<f8"))
    save(folder, "f8-big", real.astype(">f8"))
    save(folder, "f4-fortran", np.asfortranarray(real.astype("<f4")))
    save(folder, "i4", whole.astype("<i4"))
    save(folder, "i4-big", whole.astype(">i4"))
    save(folder, "i8", whole.astype("<i8"))
    save(folder, "i8-big", whole.astype(">i8"))
    save(folder, "u1", (i * 9 % 256).astype("u1").reshape(SHAPE))
    save(folder, "b1", (i % 3 == 0).reshape(SHAPE))
    save(folder, "version2", real.astype("<f4"), (2, 0))
    save(folder, "version3", real.astype("<f4"), (3, 0))
    save(folder, "scalar", np.array(2.5, "<f4"))
    save(folder, "vector", np.array([1, 2, 3], "<f4"))
    save(folder, "empty", np.zeros((0, 5), "<f4"))
    save(folder, "refused-complex", real.astype("c8"))
    save(folder, "refused-half", real.astype("f2"))
    save(folder, "refused-records", np.zeros(3, [("a", "f4"), ("b", "i4")]))
    save(folder, "refused-objects", np.array([None, "x"], dtype=object))
    save(folder, "refused-text", np.array(["ab", "c"]))


main(sys.argv[1])
