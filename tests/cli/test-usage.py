#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line as a contract: help, exit statuses, lists. Needs no network."""
import json
import os
import re
import subprocess

from tap_cli_test import CLI, SOURCE, Skip, case, document, good, main, refused, run

COMMANDS = ("info", "predict", "list", "replay", "bench", "example")


def methods():
    return document("list", "methods")["methods"]


@case("help names every command and every method")
def _():
    text = good("--help")
    assert text == good("-h") == good("help")
    for word in (*COMMANDS, *(method["id"] for method in methods())):
        assert re.search(rf"^  {word}\b", text, re.M), word


@case("the version is told")
def _():
    assert re.match(r"tapetum-cli \d+\.\d+\.\d+\n", good("--version"))
    assert good("predict", "--version").startswith("tapetum-cli ")


@case("every command has help of its own")
def _():
    for word in (*COMMANDS, *(method["id"] for method in methods())):
        text = good(word, "--help")
        assert text.startswith("Usage:"), text
        assert text == good("help", word) == good(word, "-h")
        assert "--help" in text and "--quiet" in text


@case("a method's help tells every parameter with its range, unit, choices and default")
def _():
    for method in methods():
        lines = good(method["id"], "--help").splitlines()
        assert method["summary"] in lines
        for param in method["parameters"]:
            line = next(line for line in lines if re.match(rf"  --{param['name']}\b", line))
            found = re.search(r"\(([^()]*default: [^()]*)\)$", line)
            assert found, line
            if "min" in param:
                unit = f" {param['unit']}" if param["unit"] else ""
                assert f"{param['min']:g} to {param['max']:g}{unit};" in found.group(1), line
            for choice in param.get("choices", []):
                assert choice in found.group(1), line


@case("the first methods are there")
def _():
    ids = [method["id"] for method in methods()]
    assert {"activations", "filters", "occlusion"} <= set(ids)
    assert ids == sorted(ids)


@case("lists are text or one JSON document")
def _():
    formats = document("list", "formats")["formats"]
    assert {"onnx", "caffe"} <= {entry["id"] for entry in formats}
    operators = document("list", "operators")["operators"]
    names = [entry["name"] for entry in operators]
    assert names == sorted(names) and {"Conv", "MaxPool", "Softmax"} <= set(names)
    assert len(good("list", "operators").splitlines()) == len(operators)
    for entry in operators:
        assert set(entry) == {"name", "summary"}


@case("wrong usage ends with 2 and one sentence")
def _():
    refused(2)
    refused(2, "nonsense")
    refused(2, "--json")
    refused(2, "info")
    refused(2, "info", "a", "b")
    refused(2, "info", "--nonsense", "a")
    refused(2, "info", "a", "-o", "a.jpeg")
    refused(2, "predict", "a.onnx")
    refused(2, "predict", "a.onnx", "b.png", "--top", "many")
    refused(2, "predict", "a.onnx", "b.png", "--top=-1")
    refused(2, "predict", "a.onnx", "b.png", "-o", "c.xml")
    refused(2, "list")
    refused(2, "list", "everything")
    refused(2, "list", "methods", "too", "many")
    refused(2, "list", "layers")
    refused(2, "replay")
    refused(2, "example", "argument")
    refused(2, "occlusion", "a.onnx")
    refused(2, "occlusion", "a.onnx", "b.png", "c.png")
    refused(2, "occlusion", "a.onnx", "b.png", "--seed", "x")
    refused(2, "occlusion", "a.onnx", "b.png", "--threads=-1")
    refused(2, "occlusion", "a.onnx", "b.png", "--device", "abacus")
    refused(2, "occlusion", "a.onnx", "b.png", "--colormap", "plaid")
    refused(2, "occlusion", "a.onnx", "b.png", "--scale", "both")
    refused(2, "occlusion", "a.onnx", "b.png", "--width", "1")


@case("an unknown suffix is refused before anything is opened")
def _():
    for method in methods():
        sentence = refused(2, method["id"], "/nonexistent/a.onnx", "/nonexistent/b.png", "-o", "x.docx")
        assert ".png" in sentence and ".npz" in sentence


@case("a parameter outside its range is refused before anything is opened")
def _():
    n = 0
    for method in methods():
        for param in method["parameters"]:
            wrong = []
            if "min" in param:
                wrong = [f"{param['max'] + 1:g}", f"{param['min'] - 1:g}", "three", "nan"]
            elif param["kind"] == "choice":
                wrong = ["nonsense"]
            for value in wrong:
                n += 1
                sentence = refused(2, method["id"], "/nonexistent/a.onnx", "/nonexistent/b.png",
                                   f"--{param['name']}={value}")
                assert param["name"] in sentence, sentence
    assert n > 4


@case("a file that is not there ends with 3 and is named")
def _():
    for command in (("info", "/nonexistent/a.onnx"), ("predict", "/nonexistent/a.onnx", "b.png"),
                    ("occlusion", "/nonexistent/a.onnx", "b.png"), ("list", "layers", "/nonexistent/a.onnx")):
        assert "a.onnx" in refused(3, *command)
    assert "figure.png" in refused(3, "replay", "/nonexistent/figure.png")


@case("a device that is not there ends with 4")
def _():
    assert "CUDA" in refused(4, "predict", "a.onnx", "b.png", "--device", "cuda")


@case("after two dashes nothing is an option")
def _():
    assert "--json" in refused(3, "info", "--", "--json")


@case("a reader that goes away is no failure, and nothing is said")
def _():
    for command in (("list", "operators"), ("--help",)):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([CLI, *command], stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(write)
        assert done.returncode == 0 and done.stderr == b"", done


@case("a full disk on standard output ends with 4")
def _():
    if not os.path.exists("/dev/full"):
        raise Skip("there is no /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([CLI, "--help"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 4 and done.stderr.count(b"\n") == 1, done


@case("the manual page and the completion know every command, method and option")
def _():
    with open(os.path.join(SOURCE, "data", "tapetum-cli.1"), encoding="utf-8") as stream:
        page = stream.read().replace("\\-", "-").replace("\\fI", " ").replace("\\fB", " ").replace("\\fR", " ")
    with open(os.path.join(SOURCE, "data", "completions", "tapetum-cli"), encoding="utf-8") as stream:
        completion = stream.read()
    for word in COMMANDS:
        assert re.search(rf"\.B {word}\b", page), word
        assert word in completion, word
    for word in (*COMMANDS, *(method["id"] for method in methods())):
        for option in re.findall(r"^  (?:-\w, )?(--[a-z][a-z-]*)", good(word, "--help"), re.M):
            assert re.search(rf"{option}(?![a-z-])", page), f"{word} {option} is not in the manual page"


@case("the completion offers commands, methods and options")
def _():
    script = os.path.join(SOURCE, "data", "completions", "tapetum-cli")

    def offer(*words):
        listed = " ".join(f"'{word}'" for word in ("tapetum-cli", *words))
        code = (f"source '{script}'; PATH='{os.path.dirname(CLI)}':$PATH; COMP_WORDS=({listed}); "
                f"COMP_CWORD={len(words)}; _tapetum_cli; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        return subprocess.run(["bash", "-c", code], stdout=subprocess.PIPE, timeout=60, check=True).stdout.decode().split()

    assert "predict" in offer("pre")
    assert "occlusion" in offer("occ")
    assert "--json" in offer("predict", "--j")
    for param in next(method for method in methods() if method["id"] == "occlusion")["parameters"]:
        assert f"--{param['name']}" in offer("occlusion", f"--{param['name']}")
    assert offer("list", "op") == ["operators"]


@case("numbers and options are the same in another language")
def _():
    for locale in ("de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8"):
        status, out, _ = run("list", "methods", "--json", env={"LC_ALL": locale, "LANGUAGE": "de"})
        assert status == 0
        json.loads(out)


main()
