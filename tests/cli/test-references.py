#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program against what other programs made of the same networks and pictures.

The references lie in the shared data: probabilities by OpenCV's and PyTorch's forward passes, activations and
occlusion maps by PyTorch. The preprocessing is the one that each network's SOURCE.md states.
"""
import json
import os

from tap_cli_test import Folder, case, document, good, largest, largest_difference, main, npy, npz, shared

IMAGENET = "order=rgb,mean=123.675/116.28/103.53,std=58.395/57.12/57.375,resize=stretch"
NETWORKS = {
    "squeezenet_v1.1_caffe": ("deploy.prototxt", "size=227,order=bgr,mean=104/117/123,std=1,resize=stretch"),
    "squeezenet1_1_torchvision_onnx": ("squeezenet1_1.onnx", "size=224," + IMAGENET),
    "resnet20_cifar10_onnx": ("resnet20_cifar10.onnx", "size=32," + IMAGENET),
}
DIGITS = {
    "lenet_mnist_caffe": ("lenet.prototxt", "size=28,order=grey,mean=0,std=256,resize=stretch"),
    "mnist_cntk_onnx": ("opt-mnist.onnx", "size=28,order=grey,mean=0,std=1,resize=stretch"),
}
SETS = {
    "squeezenet_v1.1_caffe": ("chelsea_227", "lastconv_activation", "occlusion_prob"),
    "squeezenet1_1_torchvision_onnx": ("parrot_224", "lastconv_activation", "occlusion_prob"),
}


def network(name):
    file, spec = (NETWORKS | DIGITS)[name]
    return shared("models", name, file), spec


def expected(name):
    with open(shared("models", name, "expected.json"), encoding="utf-8") as stream:
        return json.load(stream)


def shared_path(path):
    return shared(*path.split("/")[1:])


def info(name):
    with open(shared("refs", name, SETS[name][0], "info.json"), encoding="utf-8") as stream:
        return json.load(stream)


def check_probabilities(name):
    model, spec = network(name)
    folder = shared("refs", name)
    stems = sorted(file[: -len("_prob.npy")] for file in os.listdir(folder) if file.endswith("_prob.npy"))
    assert stems
    pictures = [shared("images", "exact", stem + ".png") for stem in stems]
    answers = document("predict", model, *pictures, "--preprocess", spec, "--top", "0")
    assert [answer["picture"] for answer in answers["predictions"]] == pictures
    for stem, answer in zip(stems, answers["predictions"]):
        want = npy(os.path.join(folder, stem + "_prob.npy")).values
        got = [0.0] * len(want)
        for entry in answer["classes"]:
            got[entry["index"]] = entry["probability"]
        difference = largest_difference(got, want)
        assert difference <= 1e-4, (stem, difference)
        assert abs(sum(got) - 1) < 1e-3, sum(got)


@case("SqueezeNet (Caffe) gives OpenCV's probabilities within 1e-4")
def _():
    check_probabilities("squeezenet_v1.1_caffe")


@case("SqueezeNet (ONNX) gives OpenCV's probabilities within 1e-4")
def _():
    check_probabilities("squeezenet1_1_torchvision_onnx")


@case("ResNet-20 gives PyTorch's probabilities within 1e-4")
def _():
    check_probabilities("resnet20_cifar10_onnx")


def check_photographs(name):
    model, spec = network(name)
    listed = expected(name)["photos"]
    pictures = [shared_path(path) for path in listed]
    answers = document("predict", model, *pictures, "--preprocess", spec)["predictions"]
    for (path, want), answer in zip(listed.items(), answers):
        index, _, probability = want[0]
        best = answer["classes"][0]
        # Two classes that are as good as equal may change places when a decoder rounds differently.
        if probability - want[1][2] > 0.005:
            assert best["index"] == index, (path, want[0], best)
        assert abs(best["probability"] - probability) < 0.01, (path, want[0], best)


@case("SqueezeNet (Caffe) names the listed class of every photograph")
def _():
    check_photographs("squeezenet_v1.1_caffe")


@case("SqueezeNet (ONNX) names the listed class of every photograph")
def _():
    check_photographs("squeezenet1_1_torchvision_onnx")


@case("labels come from the file that is named")
def _():
    model, spec = network("squeezenet_v1.1_caffe")
    labels = shared("labels", "synset_words.txt")
    picture = shared("images", "exact", "chelsea_227.png")
    best = document("predict", model, picture, "--preprocess", spec, "--labels", labels)["predictions"][0]["classes"]
    assert best[0]["index"] == 285 and best[0]["label"] == "Egyptian cat", best[0]


def check_digits(name):
    model, spec = network(name)
    known = expected(name)
    examples = {shared_path(path): want for path, want in known["examples"].items()}
    answers = document("predict", model, *examples, "--preprocess", spec, "--top", "10")["predictions"]
    for (path, want), answer in zip(examples.items(), answers):
        got = [0.0] * 10
        for entry in answer["classes"]:
            got[entry["index"]] = entry["probability"]
        assert largest_difference(got, want) <= 1e-4, (path, got)

    folder = shared("images", "mnist_10x40")
    answers = document("predict", model, folder, "--preprocess", spec, "--top", "1")["predictions"]
    wrong = sorted(
        os.path.relpath(answer["picture"], folder)
        for answer in answers
        if os.path.basename(os.path.dirname(answer["picture"])) != str(answer["classes"][0]["index"])
    )
    listed = sorted(os.path.relpath(shared_path(path), folder) for path in known["misclassified_in_mnist_10x40"])
    assert len(answers) == 400 and wrong == listed, (wrong, listed)


@case("LeNet (Caffe) reads 400 digits as OpenCV does")
def _():
    check_digits("lenet_mnist_caffe")


@case("the ONNX zoo's MNIST net reads 400 digits as PyTorch does")
def _():
    check_digits("mnist_cntk_onnx")


def npz_of(*arguments):
    with Folder() as folder:
        file = folder.file("x.npz")
        good(*arguments, "-o", file)
        return npz(file)


def check_activations(name):
    model, spec = network(name)
    stem, activation, _ = SETS[name]
    picture = shared("images", "exact", stem + ".png")
    want = npy(shared("refs", name, stem, activation + ".npy"))
    layers = document("list", "layers", model)["layers"]
    named = info(name)["definitions"]["lastconv"]
    candidates = [entry["name"] for entry in layers if entry["name"] == named] or [
        # The exporter has other names: the last layer of this shape that joins two branches.
        entry["name"]
        for entry in layers
        if entry["operator"] == "Concat" and entry["shape"][1:] == list(want.shape[-3:])
    ][-1:]
    assert candidates
    with Folder() as folder:
        file = folder.file("x.npy")
        good("activations", model, picture, "--layer", candidates[0], "--preprocess", spec, "-o", file)
        got = npy(file)
        arrays = npz_of("activations", model, picture, "--layer", candidates[0], "--preprocess", spec)
    assert got.type == "<f4"
    assert got.shape == want.shape[-3:], (got.shape, want.shape)
    assert largest_difference(got.values, want.values) <= 1e-4 * largest(want.values)
    assert list(arrays) == ["activation"] and arrays["activation"].values == got.values


@case("activations of SqueezeNet (Caffe) are PyTorch's within 1e-4")
def _():
    check_activations("squeezenet_v1.1_caffe")


@case("activations of SqueezeNet (ONNX) are PyTorch's within 1e-4")
def _():
    check_activations("squeezenet1_1_torchvision_onnx")


def check_occlusion(name):
    model, spec = network(name)
    stem, _, occlusion = SETS[name]
    picture = shared("images", "exact", stem + ".png")
    want = npy(shared("refs", name, stem, occlusion + ".npy"))
    target = info(name)["class_index"]
    with Folder() as folder:
        file = folder.file("x.npz")
        told = document("occlusion", model, picture, "--mask", 32, "--stride", 16, "--fill", "mean",
                        "--class", target, "--preprocess", spec, "-o", file)
        got = npz(file)
    assert set(got) == {"probability", "strongest", "projection", "winner"}, set(got)
    assert got["winner"].type == "<i4"
    for name in ("probability", "strongest", "winner"):
        assert got[name].shape == want.shape, (name, got[name].shape, want.shape)
    assert len(got["projection"].shape) == 2
    difference = largest_difference(got["probability"].values, want.values)
    assert difference <= 1e-4, difference
    assert told["class"]["index"] == target
    # Where the class keeps more than half, it is the winner.
    for probability, winner in zip(want.values, got["winner"].values):
        assert probability <= 0.5001 or winner == target
    assert {array["name"] for array in told["arrays"]} == set(got)


@case("occlusion of SqueezeNet (Caffe) is PyTorch's within 1e-4")
def _():
    check_occlusion("squeezenet_v1.1_caffe")


@case("occlusion of SqueezeNet (ONNX) is PyTorch's within 1e-4")
def _():
    check_occlusion("squeezenet1_1_torchvision_onnx")


main()
