#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands on the built-in example: documents, files, recipes, interruption. Needs no shared data."""
import json
import os
import pty
import re
import signal
import subprocess
import time

from tap_cli_test import (CLI, Folder, case, document, example_network, example_picture, good, main, npy, npz,
                          refused, run)


def methods():
    return document("list", "methods")["methods"]


@case("info's document adds up")
def _():
    told = document("info", example_network())
    assert told["model"] == example_network()
    assert told["problems"] == 0 and told["classes"] > 1
    assert re.fullmatch("[0-9a-f]{64}", told["checksum"])
    assert told["inputs"][0]["shape"][1] == 3
    assert sum(layer["operations"] for layer in told["layers"]) == told["operations"] > 0
    assert sum(layer["parameters"] for layer in told["layers"]) == told["parameters"] > 0
    assert [layer["index"] for layer in told["layers"]] == list(range(len(told["layers"])))
    assert told["engine"] and told["preprocessing"].startswith("size=")
    listed = document("list", "layers", example_network())["layers"]
    assert [layer["name"] for layer in listed] == [layer["name"] for layer in told["layers"]]


@case("info's text names every layer and the engine")
def _():
    text = good("info", example_network())
    told = document("info", example_network())
    assert told["engine"] in text
    for layer in told["layers"]:
        assert layer["name"] in text


@case("info draws the network")
def _():
    with Folder() as folder:
        for suffix, start in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")):
            file = folder.file("network." + suffix)
            good("info", example_network(), "-o", file)
            with open(file, "rb") as stream:
                assert stream.read(5).startswith(start)


@case("predict's document has the promised shape")
def _():
    told = document("predict", example_network(), example_picture(), example_picture(1))
    assert set(told) >= {"model", "preprocessing", "device", "predictions"}
    assert told["device"] == "cpu" and len(told["predictions"]) == 2
    for answer in told["predictions"]:
        assert set(answer) == {"picture", "milliseconds", "classes"}
        assert len(answer["classes"]) == 5
        probabilities = [entry["probability"] for entry in answer["classes"]]
        assert probabilities == sorted(probabilities, reverse=True)
        for entry in answer["classes"]:
            assert set(entry) == {"index", "label", "probability"}


@case("the preprocessing that is printed gives the same answer when it is given")
def _():
    first = document("predict", example_network(), example_picture())
    again = document("predict", example_network(), example_picture(), "--preprocess", first["preprocessing"])
    assert again["preprocessing"] == first["preprocessing"]
    assert again["predictions"][0]["classes"] == first["predictions"][0]["classes"]


@case("predict writes arrays, tables and documents that agree")
def _():
    with Folder() as folder:
        files = {suffix: folder.file("x." + suffix) for suffix in ("npy", "npz", "json", "tsv")}
        for file in files.values():
            good("predict", example_network(), example_picture(), "--top", "0", "-q", "-o", file)
        values = npy(files["npy"]).values
        assert npz(files["npz"])["probability"].values == values
        with open(files["json"], encoding="utf-8") as stream:
            entries = json.load(stream)["predictions"][0]["classes"]
        assert len(entries) == len(values)
        for entry in entries:
            assert entry["probability"] == values[entry["index"]]
        with open(files["tsv"], encoding="utf-8") as stream:
            lines = stream.read().splitlines()
        assert lines[0].split("\t") == ["picture", "rank", "index", "label", "probability"]
        assert len(lines) == len(values) + 1


@case("every method writes every form")
def _():
    magic = {"png": b"\x89PNG\r\n", "svg": b"<?xml", "pdf": b"%PDF", "gif": b"GIF89a", "npy": b"\x93NUMPY",
             "npz": b"PK\x03\x04", "json": b"{", "tsv": b""}
    with Folder() as folder:
        for method in methods():
            for suffix, start in magic.items():
                file = folder.file(f"{method['id']}.{suffix}")
                told = document(method["id"], example_network(), example_picture(), "-o", file)
                assert told["file"] == file and told["sentence"]
                with open(file, "rb") as stream:
                    data = stream.read()
                assert data.startswith(start) and len(data) > 20, file
            principal = npy(folder.file(method["id"] + ".npy"))
            arrays = npz(folder.file(method["id"] + ".npz"))
            assert list(arrays) == [entry["name"] for entry in told["arrays"]]
            assert next(iter(arrays.values())).values == principal.values


@case("a method's document has the promised shape")
def _():
    for method in methods():
        told = document(method["id"], example_network(), example_picture())
        assert set(told) >= {"method", "model", "picture", "layer", "class", "parameters", "arrays", "sentence", "file"}
        assert told["method"] == method["id"] and told["file"] is None
        assert set(told["parameters"]) == {param["name"] for param in method["parameters"]}
        for entry in told["arrays"]:
            assert set(entry) >= {"name", "shape"}
            assert entry["min"] <= entry["mean"] <= entry["max"]


@case("occlusion's maps have one number for each position")
def _():
    size = document("info", example_network())["inputs"][0]["shape"][-1]
    with Folder() as folder:
        file = folder.file("x.npz")
        good("occlusion", example_network(), example_picture(), "--mask", 24, "--stride", 12, "-o", file)
        arrays = npz(file)
    assert list(arrays) == ["probability", "strongest", "projection", "winner"]
    assert arrays["winner"].type == "<i4"
    n = (size - 24) // 12 + 1
    for name in ("probability", "strongest", "winner"):
        assert arrays[name].shape == (n, n), (name, arrays[name].shape)
    assert len(arrays["projection"].shape) == 2
    assert all(0 <= value <= 1 for value in arrays["probability"].values)


@case("the number of threads changes nothing")
def _():
    with Folder() as folder:
        for threads in (1, 2, 3):
            good("occlusion", example_network(), example_picture(), "--threads", threads, "-o",
                 folder.file(f"{threads}.npy"))
        assert npy(folder.file("1.npy")).values == npy(folder.file("2.npy")).values == npy(folder.file("3.npy")).values


@case("a class may be told by its label, a layer by its number")
def _():
    best = document("predict", example_network(), example_picture())["predictions"][0]["classes"][1]
    told = document("occlusion", example_network(), example_picture(), "--class", best["label"].upper())
    assert told["class"]["index"] == best["index"] and told["class"]["label"] == best["label"]
    layers = document("list", "layers", example_network())["layers"]
    told = document("activations", example_network(), example_picture(), "--layer", "1")
    assert told["layer"] == layers[1]["name"] or "1" in [layer["name"] for layer in layers]


@case("a figure made again from its own recipe is the same")
def _():
    with Folder() as folder:
        for suffix in ("png", "svg", "pdf", "gif"):
            figure = folder.file("a." + suffix)
            good("occlusion", example_network(), example_picture(), "--mask", 20, "--stride", 10, "--fill", "grey",
                 "-o", figure)
            good("replay", figure, "-o", folder.file("again.npz"))
            good("occlusion", example_network(), example_picture(), "--mask", 20, "--stride", 10, "--fill", "grey",
                 "-o", folder.file("direct.npz"))
            again, direct = npz(folder.file("again.npz")), npz(folder.file("direct.npz"))
            assert all(again[name].values == direct[name].values for name in direct)


@case("replay refuses a network that has changed")
def _():
    with Folder() as folder:
        with open(example_network(), "rb") as stream:
            copy = folder.file("net.onnx", stream.read())
        figure = folder.file("a.png")
        good("activations", copy, example_picture(), "-o", figure)
        with open(copy, "r+b") as stream:
            stream.seek(os.path.getsize(copy) // 2)
            byte = stream.read(1)
            stream.seek(-1, os.SEEK_CUR)
            stream.write(bytes([byte[0] ^ 1]))
        assert "--force" in refused(3, "replay", figure, "-o", folder.file("b.png"))
        good("replay", figure, "--force", "-o", folder.file("b.png"))


@case("the example writes the figures that it names")
def _():
    with Folder() as folder:
        target = os.path.join(folder.path, "new", "folder")
        told = document("example", "-o", target)
        assert {os.path.basename(path) for path in told["files"]} == {
            "filters.png", "activations.png", "occlusion.png", "occlusion.gif", "network.svg"}
        assert all(os.path.getsize(path) > 500 for path in told["files"])
        assert all(path.startswith(target) for path in told["files"])
        right = [answer for answer in told["predictions"] if answer["class"] == answer["classes"][0]["label"]]
        assert len(right) >= 0.9 * len(told["predictions"]) > 9
        text = good("example", "-o", target)
        assert all(path in text for path in told["files"])


@case("progress is a bar on a terminal and nothing in a pipe")
def _():
    command = ("occlusion", example_network(), example_picture(), "--stride", "1", "--mask", "8")
    _, _, err = run(*command, "-q")
    assert err == ""
    parent, child = pty.openpty()
    process = subprocess.Popen([CLI, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=child)
    os.close(child)
    seen = b""
    while True:
        try:
            data = os.read(parent, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
    os.close(parent)
    assert process.wait(60) == 0
    if process.returncode == 0 and b"%" in seen:  # a machine may be too fast for a bar
        assert re.search(rb"\r\[#*\.*\] +\d+ %", seen) and b"\r\x1b[K" in seen, seen


def interrupt(number):
    with Folder() as folder:
        file = folder.file("x.png")
        process = subprocess.Popen(
            [CLI, "occlusion", example_network(), example_picture(), "--stride", "1", "--mask", "60", "-q", "-o", file],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.25)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
        if process.returncode == 0:
            return  # done before the signal came
        assert process.returncode == 130, (process.returncode, err)
        assert out == b"" and err.count(b"\n") == 1, (out, err)
        assert os.listdir(folder.path) == [], os.listdir(folder.path)


@case("an interruption ends with 130 and leaves no file")
def _():
    interrupt(signal.SIGINT)
    interrupt(signal.SIGTERM)


@case("quiet says nothing at all")
def _():
    with Folder() as folder:
        status, out, err = run("filters", example_network(), "-q", "-o", folder.file("f.png"))
        assert (status, out, err) == (0, "", "")


main()
