#!/usr/bin/env python3
"""Writes two small quantised networks and what ONNX Runtime makes of them.

quantized.onnx   the operators that are exact: QuantizeLinear, QLinearConv, MaxPool, QLinearMatMul, DequantizeLinear,
                 DynamicQuantizeLinear, ConvInteger, MatMulInteger, with zero points of every kind
steps.onnx       Conv and Relu between QuantizeLinear and DequantizeLinear, and operators of com.microsoft, of which
                 a number between two steps may come out as either
*.f32            little-endian float32, one after the other: the picture [1,3,20,20], then every output of the graph

Optimisations are off, so that each operator is run as it stands.

Made with: ONNX Runtime 1.31.1, onnx 1.23.2, numpy 2.4.6, Python 3.11. Run in this folder; the result is committed.
"""
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(3)


class Builder:
    def __init__(self):
        self.nodes, self.weights, self.outputs = [], [], []

    def const(self, array):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def f(self, x):
        return self.const(np.asarray(x, np.float32))

    def u8(self, x):
        return self.const(np.asarray(x, np.uint8))

    def i8(self, x):
        return self.const(np.asarray(x, np.int8))

    def node(self, op, inputs, n=1, domain="", keep=True, **attrs):
        names = [f"{op}{len(self.nodes)}_{i}" for i in range(n)]
        self.nodes.append(helper.make_node(op, inputs, names, name=names[0], domain=domain, **attrs))
        if keep:
            self.outputs += names
        return names[0] if n == 1 else names

    def write(self, stem):
        graph = helper.make_graph(
            self.nodes, stem, [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 20, 20])],
            [helper.make_empty_tensor_value_info(o) for o in self.outputs], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)],
                                  ir_version=8, producer_name="")
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        x = rng.uniform(-1, 1, [1, 3, 20, 20]).astype(np.float32)
        found = session.run(None, {"x": x})
        kinds = {np.dtype(k): v for k, v in ((np.uint8, TensorProto.UINT8), (np.int8, TensorProto.INT8),
                 (np.int32, TensorProto.INT32), (np.float32, TensorProto.FLOAT))}
        del graph.output[:]
        graph.output.extend(helper.make_tensor_value_info(o, kinds[v.dtype], v.shape) for o, v in zip(self.outputs, found))
        model.graph.CopyFrom(graph)
        onnx.checker.check_model(model)
        onnx.save(model, stem + ".onnx")
        with open(stem + ".f32", "wb") as file:
            for v in [x, *found]:
                file.write(np.ascontiguousarray(v, np.float32).tobytes())


def weights(b, *shape, kind=np.int8):
    info = np.iinfo(kind)
    return b.const(rng.integers(info.min, info.max + 1, shape).astype(kind))


def exact():
    b = Builder()
    q = b.node("QuantizeLinear", ["x", b.f(0.008), b.u8(125)])
    c1 = b.node("QLinearConv", [q, b.f(0.008), b.u8(125), weights(b, 8, 3, 3, 3), b.f(rng.uniform(0.002, 0.01, 8)),
                b.i8(np.zeros(8)), b.f(0.02), b.u8(0), b.const(rng.integers(-3000, 3000, 8).astype(np.int32))],
                pads=[1, 1, 1, 1])
    p = b.node("MaxPool", [c1], kernel_shape=[3, 3], strides=[2, 2])
    c2 = b.node("QLinearConv", [p, b.f(0.02), b.u8(0), weights(b, 8, 1, 3, 3, kind=np.uint8), b.f(0.004), b.u8(120),
                b.f(0.05), b.u8(110)], group=8, strides=[2, 2], pads=[1, 1, 1, 1])
    d = b.node("DequantizeLinear", [c2, b.f(0.05), b.u8(110)])
    s = b.node("QuantizeLinear", [d, b.f(rng.uniform(0.02, 0.06, 8)), b.i8(rng.integers(-20, 20, 8))], axis=1)
    b.node("DequantizeLinear", [s, b.f(rng.uniform(0.02, 0.06, 8)), b.i8(rng.integers(-20, 20, 8))], axis=1)
    s8 = b.node("QuantizeLinear", [d, b.f(0.03), b.i8(-9)])
    c3 = b.node("QLinearConv", [s8, b.f(0.03), b.i8(-9), weights(b, 12, 8, 1, 1), b.f(0.01), b.i8(0), b.f(0.04), b.i8(7)])
    flat = b.node("Reshape", [c3, b.const(np.array([1, -1], np.int64))], keep=False)
    m = b.node("QLinearMatMul", [flat, b.f(0.04), b.i8(7), weights(b, 300, 10), b.f(0.01), b.i8(0), b.f(0.3), b.i8(3)])
    b.node("DequantizeLinear", [m, b.f(0.3), b.i8(3)])
    y, scale, zero = b.node("DynamicQuantizeLinear", ["x"], n=3)
    i = b.node("ConvInteger", [y, weights(b, 5, 3, 4, 4, kind=np.uint8), zero, b.u8(131)], strides=[2, 2])
    cast = b.node("Cast", [i], to=TensorProto.FLOAT, keep=False)
    b.node("Mul", [cast, b.f(0.01)])
    rows = b.node("Reshape", [y, b.const(np.array([3, -1], np.int64))], keep=False)
    b.node("MatMulInteger", [rows, weights(b, 400, 7), zero])
    b.write("quantized")


def steps():
    b = Builder()
    m = "com.microsoft"
    one = [b.node("QuantizeLinear", ["x", b.f(0.008), b.u8(125)]), b.f(0.008), b.u8(125)]
    two = [b.node("QuantizeLinear", ["x", b.f(0.011), b.u8(90)]), b.f(0.011), b.u8(90)]
    b.node("QLinearAdd", [*one, *two, b.f(0.017), b.u8(120)], domain=m)
    b.node("QLinearMul", [*one, *two, b.f(0.007), b.u8(130)], domain=m)
    b.node("QLinearConcat", [b.f(0.01), b.u8(128), *one, *two], domain=m, axis=1)
    b.node("QLinearGlobalAveragePool", [*one, b.f(0.001), b.u8(128)], domain=m)
    b.node("QLinearAveragePool", [*one, b.f(0.006), b.u8(128)], domain=m, kernel_shape=[3, 3], strides=[2, 2])
    b.node("QLinearLeakyRelu", [*one, b.f(0.006), b.u8(40)], domain=m, alpha=0.2)
    b.node("QLinearSigmoid", [*one, b.f(1 / 256), b.u8(0)], domain=m)
    d = b.node("DequantizeLinear", one, keep=False)
    w = b.node("DequantizeLinear", [weights(b, 8, 3, 3, 3), b.f(rng.uniform(0.002, 0.01, 8)), b.i8(np.zeros(8))],
               keep=False, axis=0)
    c = b.node("Conv", [d, w], keep=False, pads=[1, 1, 1, 1])
    r = b.node("Relu", [c], keep=False)
    b.node("QuantizeLinear", [r, b.f(0.02), b.u8(0)])
    flat = b.node("Reshape", [one[0], b.const(np.array([4, -1], np.int64))], keep=False)
    b.node("QGemm", [flat, b.f(0.008), b.u8(125), weights(b, 300, 9), b.f(rng.uniform(0.002, 0.01, 9)),
           b.i8(np.zeros(9)), b.const(rng.integers(-3000, 3000, 9).astype(np.int32)), b.f(0.1), b.u8(128)], domain=m)
    b.node("QGemm", [flat, b.f(0.008), b.u8(125), weights(b, 9, 300), b.f(0.01), b.i8(3), b.const(
           rng.integers(-3000, 3000, 9).astype(np.int32)), b.f(0.1), b.u8(128)], domain=m, transB=1)
    b.write("steps")


exact()
steps()
