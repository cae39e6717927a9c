#!/usr/bin/env python3
"""Writes the small Caffe networks of tests/formats, with what OpenCV computes from them.

NAME.prototxt, NAME.caffemodel   the network
NAME.input                       float32, the input
NAME.layers                      "layer d d d d" in the order of NAME.values
NAME.values                      float32, the output of each of these layers

Made with: OpenCV 4.6.0 (cv2.dnn, fusion off), NumPy 1.24.2, Python 3.11. Run in this folder; the result
is committed. The caffemodels are encoded here, field by field, in each of Caffe's three styles.
"""
import struct

import cv2
import numpy as np

rng = np.random.default_rng(5)


# --- protobuf ---

def varint(n):
    out = b""
    while True:
        out += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if n == 0:
            return out


def number(field, n):
    return varint(field << 3) + varint(n)


def data(field, payload):
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(field << 3 | 2) + varint(len(payload)) + payload


def blob(array, style):
    """v2: BlobShape, packed; v1: four legacy dimensions, packed; v0: the same, one field per number; double."""
    array = np.asarray(array, np.float32)
    if style in ("v2", "double"):
        head = data(7, data(1, b"".join(varint(d) for d in array.shape)))
    else:
        dims = (1,) * (4 - array.ndim) + array.shape
        head = b"".join(number(i + 1, d) for i, d in enumerate(dims))
    if style == "v0":
        return head + b"".join(varint(5 << 3 | 5) + struct.pack("<f", v) for v in array.reshape(-1))
    if style == "double":
        return head + data(8, array.astype("<f8").tobytes())
    return head + data(5, array.astype("<f4").tobytes())


V1 = {"Convolution": 4, "InnerProduct": 14}
V0 = {"Convolution": "conv", "InnerProduct": "innerproduct"}


def caffemodel(layers, style):
    net = data(1, "golden")
    for name, kind, blobs in layers:
        packed = [blob(b, style) for b in blobs]
        if style in ("v2", "double"):
            net += data(100, data(1, name) + data(2, kind) + b"".join(data(7, b) for b in packed))
        elif style == "v1":
            net += data(2, data(4, name) + number(5, V1[kind]) + b"".join(data(6, b) for b in packed))
        else:
            net += data(2, data(1, data(1, name) + data(2, V0[kind]) + b"".join(data(50, b) for b in packed)))
    return net


def save(name, text, weights, style, layers, shape, reference=None):
    with open(f"{name}.prototxt", "w") as file:
        file.write(text)
    with open(f"{name}.caffemodel", "wb") as file:
        file.write(caffemodel(weights, style))
    # OpenCV reads the first two styles of weights; the third has the same numbers.
    other = caffemodel(weights, "v2") if style in ("v0", "double") else caffemodel(weights, style)
    net = cv2.dnn.readNetFromCaffe((reference or text).encode(), other)
    net.enableFusion(False)
    x = rng.standard_normal(shape).astype(np.float32)
    net.setInput(x, "data")
    with open(f"{name}.layers", "w") as listing, open(f"{name}.values", "wb") as values:
        for layer in layers:
            y = net.forward(layer)
            listing.write(f"{layer} {' '.join(map(str, y.shape))}\n")
            values.write(y.astype("<f4").tobytes())
    x.tofile(f"{name}.input")


def normal(*shape):
    return rng.standard_normal(shape).astype(np.float32) * 0.5


# --- every layer that OpenCV and this program both know ---

def layer(name, kind, bottom, top=None, params="", extra=""):
    bottoms = "".join(f' bottom: "{b}"' for b in bottom.split())
    tops = "".join(f' top: "{t}"' for t in (top or name).split())
    return f'layer {{ name: "{name}" type: "{kind}"{bottoms}{tops} {params} {extra}}}\n'


def many():
    text = 'name: "many"\nlayer { name: "data" type: "Input" top: "data" input_param { shape: { dim: 7 dim: 4 dim: 9 dim: 8 } } }\n'
    text += layer("conv1", "Convolution", "data", params="convolution_param { num_output: 6 kernel_h: 3 kernel_w: 2 pad_h: 1 pad_w: 0 stride: 1 group: 2 }")
    text += layer("bn1", "BatchNorm", "conv1", "conv1", "batch_norm_param { use_global_stats: true eps: 0.001 }")
    text += layer("scale1", "Scale", "conv1", "conv1", "scale_param { bias_term: true }")
    text += layer("relu1", "ReLU", "conv1", "conv1")
    text += layer("pool_max", "Pooling", "conv1", params="pooling_param { pool: MAX kernel_size: 3 stride: 2 }")
    text += layer("pool_ave", "Pooling", "conv1", params="pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }")
    text += layer("pool_floor", "Pooling", "conv1", params="pooling_param { pool: MAX kernel_size: 2 stride: 2 round_mode: FLOOR }")
    text += layer("lrn", "LRN", "pool_max", params="lrn_param { local_size: 3 alpha: 0.5 beta: 0.6 }")
    text += layer("lrn_within", "LRN", "pool_max", params="lrn_param { local_size: 3 alpha: 0.5 beta: 0.6 norm_region: WITHIN_CHANNEL }")
    text += layer("dilated", "Convolution", "pool_max", params="convolution_param { num_output: 4 kernel_size: 2 dilation: 2 pad: 1 bias_term: false }")
    text += layer("leaky", "ReLU", "dilated", params="relu_param { negative_slope: 0.1 }")
    text += layer("prelu", "PReLU", "dilated")
    text += layer("elu", "ELU", "dilated", params="elu_param { alpha: 0.7 }")
    text += layer("sigmoid", "Sigmoid", "dilated")
    text += layer("tanh", "TanH", "dilated")
    text += layer("abs", "AbsVal", "dilated")
    text += layer("bnll", "BNLL", "dilated")
    text += layer("power", "Power", "sigmoid", params="power_param { power: 2.5 scale: 1.5 shift: 0.25 }")
    text += layer("exp", "Exp", "dilated", params="exp_param { base: 2 scale: 0.5 shift: 0.1 }")
    text += layer("sum", "Eltwise", "leaky prelu", params="eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }")
    text += layer("prod", "Eltwise", "elu tanh abs", params="eltwise_param { operation: PROD }")
    text += layer("max", "Eltwise", "elu tanh", params="eltwise_param { operation: MAX }")
    text += layer("plus", "Eltwise", "elu tanh")
    text += layer("slice", "Slice", "dilated", "left right", "slice_param { axis: 1 slice_point: 1 }")
    text += layer("concat", "Concat", "right left sum", params="concat_param { axis: 1 }")
    text += layer("deconv", "Deconvolution", "concat", params="convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1 group: 2 }")
    text += layer("crop", "Crop", "deconv dilated", params="crop_param { axis: 2 offset: 1 offset: 0 }")
    text += layer("permute", "Permute", "sum", params="permute_param { order: 0 order: 2 order: 3 order: 1 }")
    text += layer("reshape", "Reshape", "sum", params="reshape_param { shape { dim: 0 dim: 2 dim: -1 } }")
    text += layer("flatten", "Flatten", "sum")
    text += layer("drop", "Dropout", "flatten", "flatten", "dropout_param { dropout_ratio: 0.5 }")
    text += layer("ip", "InnerProduct", "sum", params="inner_product_param { num_output: 5 }")
    text += layer("ip2", "InnerProduct", "ip", params="inner_product_param { num_output: 3 bias_term: false }")
    text += layer("prob", "Softmax", "ip2")
    text += layer("ave_all", "Pooling", "conv1", params="pooling_param { pool: AVE global_pooling: true }")
    text += layer("max_all", "Pooling", "conv1", params="pooling_param { pool: MAX global_pooling: true }")
    weights = [("conv1", "Convolution", [normal(6, 2, 3, 2), normal(6)]),
               ("bn1", "BatchNorm", [normal(6) * 3, np.abs(normal(6)) * 3 + 1, np.float32([2.5])]),
               ("scale1", "Scale", [normal(6), normal(6)]),
               ("dilated", "Convolution", [normal(4, 6, 2, 2)]),
               ("prelu", "PReLU", [normal(4)]),
               ("deconv", "Deconvolution", [normal(8, 2, 3, 3), normal(4)]),
               ("ip", "InnerProduct", [normal(5, 48), normal(5)]),
               ("ip2", "InnerProduct", [normal(3, 5)])]
    layers = ["conv1", "bn1", "scale1", "relu1", "pool_max", "pool_ave", "pool_floor", "lrn", "lrn_within", "dilated", "leaky", "prelu",
              "elu", "sigmoid", "tanh", "abs", "bnll", "power", "exp", "sum", "prod", "max", "plus", "concat", "deconv", "crop",
              "permute", "reshape", "flatten", "ip", "ip2", "prob", "ave_all", "max_all"]
    save("many", text, weights, "v2", layers, (1, 4, 9, 8), text.replace("round_mode: FLOOR", "ceil_mode: false"))


# --- the three styles ---

V1_TEXT = """name: "old"
input: "data"
input_dim: 10
input_dim: 3
input_dim: 8
input_dim: 8
layers { name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1" blobs_lr: 1 blobs_lr: 2
  convolution_param { num_output: 4 kernel_size: 3 stride: 1 pad: 1 } }
layers { name: "relu1" type: RELU bottom: "conv1" top: "conv1" }
layers { name: "pool1" type: POOLING bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layers { name: "norm1" type: LRN bottom: "pool1" top: "norm1" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layers { name: "fc6" type: INNER_PRODUCT bottom: "norm1" top: "fc6" inner_product_param { num_output: 5 } }
layers { name: "drop6" type: DROPOUT bottom: "fc6" top: "fc6" dropout_param { dropout_ratio: 0.5 } }
layers { name: "prob" type: SOFTMAX bottom: "fc6" top: "prob" }
"""

V0_TEXT = """name: "older"
input: "data"
input_dim: 10
input_dim: 3
input_dim: 8
input_dim: 8
layers { layer { name: "conv1" type: "conv" num_output: 4 kernelsize: 3 stride: 1 pad: 1 blobs_lr: 1. } bottom: "data" top: "conv1" }
layers { layer { name: "relu1" type: "relu" } bottom: "conv1" top: "conv1" }
layers { layer { name: "pool1" type: "pool" pool: MAX kernelsize: 3 stride: 2 } bottom: "conv1" top: "pool1" }
layers { layer { name: "norm1" type: "lrn" local_size: 5 alpha: 0.0001 beta: 0.75 } bottom: "pool1" top: "norm1" }
layers { layer { name: "fc6" type: "innerproduct" num_output: 5 } bottom: "norm1" top: "fc6" }
layers { layer { name: "drop6" type: "dropout" dropout_ratio: 0.5 } bottom: "fc6" top: "fc6" }
layers { layer { name: "prob" type: "softmax" } bottom: "fc6" top: "prob" }
"""

# Everything the text format allows, and a network as it is trained.
TRAIN_TEXT = """# a network as it is trained
name: 'trained' ; debug_info: false,
layer { name: "data" type: "Data" top: "data" top: "label" include: { phase: TRAIN }
  transform_param { mirror: true crop_size: 8 mean_value: 1 } data_param: < source: "train" batch_size: 64 > }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { crop_size: 8 mean_value: 104 mean_value: 117 mean_value: 123 scale: 0.5 } data_param { source: "te" 'st' batch_size: 10 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 1 } convolution_param <
  num_output: 4 kernel_size: [3] pad: 0x1 stride: 1 weight_filler { type: "gaussian" std: 1e-2f } > }
layer { name: "relu1" type: "ReLU" bottom: ["conv1"] top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "norm1" type: "LRN" bottom: "pool1" top: "norm1" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "fc6" type: "InnerProduct" bottom: "norm1" top: "fc6" inner_product_param { num_output: 5 } }
layer { name: "drop6" type: "Dropout" bottom: "fc6" top: "fc6" }
layer { name: "accuracy" type: "Accuracy" bottom: "fc6" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc6" bottom: "label" top: "loss" }
"""


def styles():
    weights = [("conv1", "Convolution", [normal(4, 3, 3, 3), normal(4)]), ("fc6", "InnerProduct", [normal(5, 64), normal(5)])]
    layers = ["conv1", "relu1", "pool1", "norm1", "fc6", "prob"]
    save("old", V1_TEXT, weights, "v1", layers, (1, 3, 8, 8))
    save("older", V0_TEXT, weights, "v0", layers, (1, 3, 8, 8), V1_TEXT)
    save("trained", TRAIN_TEXT, weights, "double", layers[:-1], (1, 3, 8, 8), V1_TEXT)


many()
styles()
