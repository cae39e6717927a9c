#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bench: what it tells of a network's speed hangs together. Times themselves are not judged."""
import os
import pty
import re
import subprocess

from tap_cli_test import CLI, case, document, example_network, good, main, refused


@case("bench's document hangs together")
def _():
    told = document("bench", example_network(), "--runs", "3", "--threads", "1")
    info = document("info", example_network())
    assert told["model"] == example_network()
    assert told["threads"] == 1 and told["runs"] == 3
    assert told["peak_gflop_per_second"] > 0
    for name in ("forward", "backward", "patch"):
        assert told[name]["problem"] is None, told[name]
        assert 0 <= told[name]["min_ms"] <= told[name]["median_ms"]
    assert told["forward"]["median_ms"] > 0
    assert abs(told["images_per_second"] * told["forward"]["median_ms"] - 1000) < 1e-3
    # one multiply-add is two operations
    assert abs(told["gflop"] * 1e9 - 2 * info["operations"]) <= 1e-6 * told["gflop"] * 1e9
    assert told["memory"]["weight_bytes"] >= 4 * info["parameters"]
    assert told["memory"]["activation_bytes"] > 0


@case("bench's layers are steps of the network, and their work adds up")
def _():
    told = document("bench", example_network(), "--runs", "3")
    layers = told["layers"]
    names = {layer["name"]: layer for layer in document("info", example_network())["layers"]}
    assert [layer["index"] for layer in layers] == list(range(len(layers)))
    assert {layer["name"] for layer in layers} <= set(names)
    assert abs(sum(layer["gflop"] for layer in layers) - told["gflop"]) < 1e-9
    for layer in layers:
        assert layer["milliseconds"] >= 0 and layer["shape"][0] == 1
        assert layer["operators"].split(" + ")[0] == names[layer["name"]]["operator"]


@case("the mask can be chosen, and one that does not fit is said to be too large")
def _():
    assert document("bench", example_network(), "--runs", "1", "--mask", "5")["patch"]["mask"] == 5
    told = document("bench", example_network(), "--runs", "1", "--mask", "5000")
    assert "5000" in told["patch"]["problem"] and told["forward"]["problem"] is None
    assert "5000" in good("bench", example_network(), "--runs", "1", "--mask", "5000")


@case("bench's text names the engine and every step")
def _():
    text = good("bench", example_network(), "--runs", "1")
    told = document("bench", example_network(), "--runs", "1")
    assert told["engine"] in text and "GFLOP/s" in text
    for layer in told["layers"]:
        assert re.search(rf"{re.escape(layer['operators'])}.* {re.escape(layer['name'])}$", text, re.M)


@case("on a terminal of eighty columns a line of the table is one line")
def _():
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "cols", "80"], stdin=theirs, check=True)
    with subprocess.Popen([CLI, "bench", example_network(), "--runs", "1", "--quiet"], stdout=theirs) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # how a terminal ends
                break
            if not part:
                break
            text += part
        assert process.wait() == 0
    lines = text.decode().replace("\r", "").splitlines()
    table = lines[next(i for i, line in enumerate(lines) if "of time" in line):]
    assert len(table) > 3 and max(map(len, table)) <= 80, max(table, key=len)


@case("bench refuses what makes no sense")
def _():
    refused(2, "bench")
    refused(2, "bench", "a.onnx", "b.onnx")
    refused(2, "bench", "a.onnx", "--runs", "0")
    refused(2, "bench", "a.onnx", "--runs", "many")
    refused(2, "bench", "a.onnx", "--mask", "wide")
    refused(2, "bench", "a.onnx", "--mask=-1")
    assert "a.onnx" in refused(3, "bench", "/nonexistent/a.onnx")


main()
