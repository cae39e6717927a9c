#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are not what they should be: status 3, one sentence that names the file, nothing on standard output."""
import os
import struct
import zlib

from tap_cli_test import Folder, case, document, example_network, example_picture, main, refused, run, shared

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a" * 16 + b"\nsize 4952222\n"
HTML = b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>\n"


def png(width=4, height=4):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(3 * width) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def content(path):
    with open(path, "rb") as stream:
        return stream.read()


@case("a file that is no network is named for what it is")
def _():
    files = {
        "empty.onnx": (b"", "empty"),
        "page.onnx": (HTML, "HTML"),
        "pointer.onnx": (LFS, "LFS"),
        "picture.onnx": (png(), "PNG"),
        "archive.onnx": (b"PK\x03\x04" + bytes(60), "zip"),
        "page.prototxt": (HTML, "HTML"),
        "pointer.prototxt": (LFS, "LFS"),
        "pointer.caffemodel": (LFS, "LFS"),
        "text.onnx": (b"once upon a time there was a network\n" * 4, ""),
        "zeros.onnx": (bytes(4096), ""),
    }
    with Folder() as folder:
        for name, (data, word) in files.items():
            sentence = refused(3, "info", folder.file(name, data))
            assert name in sentence, sentence
            assert word.lower() in sentence.lower(), (word, sentence)


@case("a folder, a device and a fifo are no networks")
def _():
    with Folder() as folder:
        os.mkfifo(folder.file("fifo.onnx"))
        refused(3, "info", folder.path)
        refused(3, "info", "/dev/null")
        refused(3, "info", folder.file("fifo.onnx"))


@case("a network cut short anywhere is refused with one sentence")
def _():
    whole = content(example_network())
    with Folder() as folder:
        for i in range(40):
            size = len(whole) * i // 40
            sentence = refused(3, "info", folder.file("cut.onnx", whole[:size]))
            assert "cut.onnx" in sentence, sentence


@case("a flipped bit never crashes the program")
def _():
    whole = content(example_network())
    picture = example_picture()
    with Folder() as folder:
        for i in range(60):
            data = bytearray(whole)
            # Most places are weights, which may be anything; the interesting ones come early and late.
            place = i * 3 if i < 30 else len(data) * i // 60
            data[place % len(data)] ^= 1 << (i % 8)
            status, _, err = run("predict", folder.file("bit.onnx", bytes(data)), picture, "--quiet")
            assert status in (0, 2, 3), (i, status, err)
            assert status == 0 or err.count("\n") == 1, err


@case("a broken prototxt and missing weights are refused")
def _():
    with Folder() as folder:
        text = b'name: "x"\ninput: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: 8\ninput_dim: 8\n' \
               b'layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }\n'
        alone = folder.file("alone.prototxt", text)
        picture = folder.file("p.png", png(8, 8))
        message = refused(3, "predict", alone, picture)
        assert "alone" in message and "“c” (Conv)" in message and "caffemodel" in message, message
        assert "“c”" in refused(3, "activations", alone, picture, "--layer", "c", "-o", os.path.join(folder.path, "a.npy"))
        assert "“c”" in refused(3, "filters", alone, "-o", os.path.join(folder.path, "f.npy"))
        refused(3, "info", folder.file("cut.prototxt", text[: len(text) - 20]))
        assert "nowhere" in refused(3, "info", alone, "--weights", folder.file("nowhere.caffemodel"))
        refused(3, "info", alone, "--weights", folder.file("w.caffemodel", b"\xff" * 100))


@case("a shared Caffe network cut short is refused")
def _():
    text = content(shared("models", "lenet_mnist_caffe", "lenet.prototxt"))
    weights = content(shared("models", "lenet_mnist_caffe", "lenet_iter_10000.caffemodel"))
    with Folder() as folder:
        model = folder.file("lenet.prototxt", text)
        for i in range(10):
            folder.file("lenet.caffemodel", weights[: len(weights) * i // 10])
            refused(3, "predict", model, folder.file("p.png", png(28, 28)))


@case("a file that is no picture is refused and named")
def _():
    model = example_network()
    whole = png(32, 32)
    with Folder() as folder:
        for name, data in {"empty.png": b"", "page.jpg": HTML, "pointer.png": LFS, "cut.png": whole[:60],
                           "text.png": b"hello\n", "huge.png": whole[:16] + struct.pack(">II", 65000, 65000) + whole[24:],
                           }.items():
            sentence = refused(3, "predict", model, folder.file(name, data))
            assert name in sentence, sentence
        assert "gone.png" in refused(3, "predict", model, folder.file("gone.png"))


@case("one broken picture among many is told, and the others are answered")
def _():
    with Folder() as folder:
        status, out, err = run("predict", example_network(), example_picture(), folder.file("bad.png", b"no"), "-q",
                               "--json")
        assert status == 3 and "bad.png" in err and err.count("\n") == 1, (status, err)
        assert out.count('"picture"') == 1


@case("a folder without pictures is told")
def _():
    with Folder() as folder:
        folder.file("readme.txt", b"hello\n")
        refused(3, "predict", example_network(), folder.path)


@case("labels and preprocessing that cannot be read are refused")
def _():
    model = example_network()
    picture = example_picture()
    assert "nowhere.txt" in refused(3, "predict", model, picture, "--labels", "/nonexistent/nowhere.txt")
    assert "order" in refused(2, "predict", model, picture, "--preprocess", "order=cmyk")
    refused(2, "predict", model, picture, "--preprocess", "nonsense=1")
    refused(2, "predict", model, picture, "--preprocess", "size=-3")
    refused(2, "predict", model, picture, "--preprocess", "mean=1/2/3/4/5")


@case("a layer, unit or class that is not there ends with 2")
def _():
    model = example_network()
    picture = example_picture()
    refused(2, "activations", model, picture, "--layer", "no such layer")
    refused(2, "occlusion", model, picture, "--class", "999999")
    refused(2, "occlusion", model, picture, "--class", "no such class")
    refused(2, "occlusion", model, picture, "--unit", "999999")


@case("a figure without a recipe cannot be replayed")
def _():
    with Folder() as folder:
        refused(3, "replay", folder.file("plain.png", png()))
        refused(3, "replay", folder.file("text.png", b"hello"))
        refused(3, "replay", folder.file("x.npy", b"\x93NUMPY"))


@case("an output that cannot be written ends with 1 and leaves nothing behind")
def _():
    model = example_network()
    picture = example_picture()
    for name in ("x.npy", "x.png", "x.npz", "x.json", "x.tsv", "x.svg", "x.pdf"):
        refused(1, "filters", model, picture, "-q", "-o", "/nonexistent/folder/" + name)
    refused(1, "predict", model, picture, "-q", "-o", "/nonexistent/folder/x.npy")
    refused(1, "predict", model, picture, "-q", "-o", "/nonexistent/folder/x.json")
    refused(1, "info", model, "-q", "-o", "/nonexistent/folder/x.svg")


@case("names with odd bytes are shown as one line")
def _():
    with Folder() as folder:
        path = os.path.join(folder.path.encode(), b"a\xff\nb\x1b[31m.onnx")
        with open(path, "wb") as stream:
            stream.write(HTML)
        sentence = refused(3, "info", os.fsdecode(path))
        assert "\x1b" not in sentence


@case("warnings are told beside the answer, not in it")
def _():
    document("info", example_network())


main()
