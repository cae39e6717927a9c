# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command-line tests share: running the program, reading its arrays, and TAP.

Standard library only: the machines that run the tests have no NumPy.
"""
import array
import ast
import glob
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import traceback
import zipfile

CLI = os.environ["TAPETUM_CLI"]
SOURCE = os.environ["TAPETUM_SOURCE"]
SHARED = os.environ.get("TAPETUM_SHARED_DATA", "")
TIMEOUT = 600

_cases = []


class Skip(Exception):
    """Says why a case cannot be run here."""


def case(name):
    """Registers a function as a case; its name states a fact."""

    def register(function):
        _cases.append((name, function))
        return function

    return register


def main():
    print("TAP version 13", f"1..{len(_cases)}", sep="\n", flush=True)
    bad = 0
    for number, (name, function) in enumerate(_cases, 1):
        try:
            function()
            print(f"ok {number} {name}", flush=True)
        except Skip as why:
            print(f"ok {number} {name} # SKIP {why}", flush=True)
        except Exception:  # a failed assertion, or a document that is not what it should be
            bad += 1
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {number} {name}", flush=True)
    sys.exit(1 if bad else 0)


def shared(*parts):
    """Path of something in the shared data; skips where there is none."""
    path = os.path.join(SHARED, *parts)
    if not SHARED or not os.path.exists(path):
        raise Skip("the shared data is not here")
    return path


def example_network():
    """The built-in example's network as a file of the source tree."""
    found = sorted(glob.glob(os.path.join(SOURCE, "data", "example", "*.onnx")))
    if not found:
        raise Skip("the example network is not in this tree")
    return found[0]


def example_picture(number=0):
    found = sorted(
        path
        for suffix in ("png", "jpg")
        for path in glob.glob(os.path.join(SOURCE, "data", "example", "**", "*." + suffix), recursive=True)
    )
    if len(found) <= number:
        raise Skip("the example pictures are not in this tree")
    return found[number]


class Folder:
    """A folder that goes away by itself."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="tapetum-test-")
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name, content=None):
        path = os.path.join(self.path, name)
        if content is not None:
            with open(path, "wb") as stream:
                stream.write(content)
        return path


def run(*arguments, cwd=None, env=None):
    """Runs the program; returns status, standard output, standard error."""
    done = subprocess.run(
        [CLI, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
        cwd=cwd,
        env=None if env is None else {**os.environ, **env},
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def good(*arguments, **keywords):
    """Runs what has to succeed; returns standard output."""
    status, out, err = run(*arguments, **keywords)
    assert status == 0, f"{arguments}: status {status}\n{err}"
    return out


def document(*arguments, **keywords):
    """Runs with --json what has to succeed; returns the document."""
    return json.loads(good(*arguments, "--json", **keywords), parse_constant=refuse_constant)


def refuse_constant(word):
    raise AssertionError(f"{word} is no JSON")


def refused(status, *arguments, **keywords):
    """Runs what has to fail with @status and one sentence; returns the sentence."""
    got, out, err = run(*arguments, **keywords)
    assert got == status, f"{arguments}: status {got} instead of {status}\n{err}"
    assert out == "", f"{arguments}: printed {out!r}"
    lines = err.splitlines()
    assert len(lines) == 1, f"{arguments}: not one line: {err!r}"
    assert lines[0].startswith("tapetum-cli: "), err
    return lines[0][len("tapetum-cli: "):]


class Array:
    """Shape, type letter and values of a .npy array."""

    def __init__(self, data):
        assert data[:6] == b"\x93NUMPY", data[:6]
        size, start = (struct.unpack("<H", data[8:10])[0], 10) if data[6] == 1 else (
            struct.unpack("<I", data[8:12])[0], 12)
        header = ast.literal_eval(data[start:start + size].decode("latin-1"))
        assert not header["fortran_order"]
        self.type = header["descr"]
        self.shape = header["shape"]
        self.values = array.array({"<f4": "f", "<f8": "d", "<i4": "i", "<i8": "q"}[self.type])
        self.values.frombytes(data[start + size:])
        if sys.byteorder == "big":
            self.values.byteswap()
        count = 1
        for n in self.shape:
            count *= n
        assert len(self.values) == count, (self.shape, len(self.values))


def npy(path):
    with open(path, "rb") as stream:
        return Array(stream.read())


def npz(path):
    """All arrays of a .npz file by name."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {
            name[: -len(".npy")]: Array(io.BytesIO(archive.read(name)).getvalue()) for name in archive.namelist()
        }


def largest_difference(a, b):
    assert len(a) == len(b), (len(a), len(b))
    return max(abs(x - y) for x, y in zip(a, b))


def largest(a):
    return max(abs(x) for x in a)
