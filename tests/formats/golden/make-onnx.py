#!/usr/bin/env python3
"""Writes the small ONNX networks of tests/formats, with what a reader has to make of them.

NAME.onnx            the network
NAME.expected.txt    "shape VALUE d d d" by onnx.shape_inference, "constant VALUE f32|i64 n n n" by NumPy

Made with: onnx 1.23.2, NumPy 2.4.6, Python 3.11. Run in this folder; the result is committed.
"""
import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper

rng = np.random.default_rng(3)


def text(values):
    return " ".join(repr(float(v)) if isinstance(v, (float, np.floating)) else str(int(v)) for v in values)


def save(name, model, constants=(), infer=True):
    onnx.save(model, f"{name}.onnx")
    lines = []
    if infer:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        for v in list(inferred.graph.value_info) + list(inferred.graph.output):
            dims = [d.dim_value if d.HasField("dim_value") else 1 for d in v.type.tensor_type.shape.dim]
            lines.append(f"shape {v.name} {text(dims)}".rstrip())
    for value, array in constants:
        array = np.asarray(array)
        kind = "i64" if array.dtype.kind in "iub" else "f32"
        flat = array.astype(np.float32 if kind == "f32" else np.int64).reshape(-1)
        lines.append(f"constant {value} {kind} {text(flat)}")
    with open(f"{name}.expected.txt", "w") as file:
        file.write("\n".join(lines) + "\n")


def model(nodes, inputs, outputs, initializers=(), opset=13, ir=7, producer="", **kw):
    graph = h.make_graph(nodes, "golden", inputs, outputs, list(initializers))
    m = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)] + kw.pop("opsets", []), producer_name=producer, **kw)
    m.ir_version = ir
    return m


def picture(name="x", dims=("N", 3, 8, 8)):
    return h.make_tensor_value_info(name, T.FLOAT, list(dims))


def types():
    """Every element type, as raw bytes and as typed fields, and every kind of Constant."""
    init, constants = [], []
    numbers = {
        T.FLOAT: np.array([1.5, -2.25, 3e-30], np.float32),
        T.DOUBLE: np.array([1.5, -2.25, 1e-3], np.float64),
        T.FLOAT16: np.array([1.5, -2.25, 65504, 6e-8, np.inf, -0.0], np.float16),
        T.INT8: np.array([-128, 127, 3], np.int8),
        T.UINT8: np.array([0, 255, 3], np.uint8),
        T.INT16: np.array([-32768, 32767], np.int16),
        T.UINT16: np.array([0, 65535], np.uint16),
        T.INT32: np.array([-2147483648, 2147483647], np.int32),
        T.UINT32: np.array([0, 4294967295], np.uint32),
        T.INT64: np.array([-(2**62), 2**62], np.int64),
        T.UINT64: np.array([0, 2**62], np.uint64),
        T.BOOL: np.array([True, False, True], np.bool_),
    }
    for kind, array in numbers.items():
        name = T.DataType.Name(kind).lower()
        raw = numpy_helper.from_array(array, f"raw_{name}")
        assert raw.HasField("raw_data")
        init.append(raw)
        values = array.view(np.uint16) if kind == T.FLOAT16 else array.astype(np.int32) if kind == T.BOOL else array
        typed = T(data_type=kind, dims=array.shape, name=f"typed_{name}")
        field = {T.FLOAT: "float_data", T.DOUBLE: "double_data", T.INT64: "int64_data", T.UINT32: "uint64_data",
                 T.UINT64: "uint64_data"}.get(kind, "int32_data")
        getattr(typed, field).extend(values.tolist())
        init.append(typed)
        constants += [(raw.name, array), (typed.name, array)]
    brain = np.array([1.5, -2.25, 3e38], np.float32)
    bits = (brain.view(np.uint32) >> 16).astype(np.uint16)
    init.append(T(data_type=T.BFLOAT16, dims=[3], name="raw_bfloat16", raw_data=bits.tobytes()))
    constants.append(("raw_bfloat16", (bits.astype(np.uint32) << 16).view(np.float32)))
    nodes = [
        h.make_node("Constant", [], ["c_value"], value=numpy_helper.from_array(np.array([[7.5]], np.float32))),
        h.make_node("Constant", [], ["c_float"], value_float=2.5),
        h.make_node("Constant", [], ["c_floats"], value_floats=[1.0, 2.5]),
        h.make_node("Constant", [], ["c_int"], value_int=-3),
        h.make_node("Constant", [], ["c_ints"], value_ints=[4, -5]),
        h.make_node("Relu", ["x"], ["y"], name="relu"),
    ]
    constants += [("c_value", np.float32([7.5])), ("c_float", np.float32([2.5])), ("c_floats", np.float32([1, 2.5])),
                  ("c_int", np.array([-3])), ("c_ints", np.array([4, -5]))]
    save("types", model(nodes, [picture()], [picture("y")], init), constants)


def weights(name, *dims):
    return numpy_helper.from_array(rng.standard_normal(dims).astype(np.float32), name)


def small():
    """A network as PyTorch writes one, with this program's own metadata."""
    nodes = [
        h.make_node("Conv", ["x", "w1", "b1"], ["c1"], "/conv1/Conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        h.make_node("Relu", ["c1"], ["r1"], "/relu1/Relu"),
        h.make_node("MaxPool", ["r1"], ["p1"], "/pool1/MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
        h.make_node("Flatten", ["p1"], ["f1"], "/flatten/Flatten"),
        h.make_node("Gemm", ["f1", "w2", "b2"], ["scores"], "/fc/Gemm", transB=1),
    ]
    m = model(nodes, [picture()], [h.make_tensor_value_info("scores", T.FLOAT, ["N", 5])],
              [weights("w1", 4, 3, 3, 3), weights("b1", 4), weights("w2", 5, 64), weights("b2", 5)], producer="pytorch")
    h.set_model_props(m, {"tapetum.preprocess": "size=8,order=bgr,mean=1/2/3,std=4,resize=crop",
                          "tapetum.labels": "house\ntree\nboat\nfish\nclock"})
    save("small", m)


def legacy():
    """Opset 6: weights listed as inputs, broadcasting by axis."""
    nodes = [
        h.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        h.make_node("Add", ["c", "b"], ["a"], broadcast=1, axis=1),
        h.make_node("BatchNormalization", ["a", "s", "o", "m", "v"], ["n"], is_test=1, epsilon=1e-5),
        h.make_node("Mul", ["n", "s"], ["k"], broadcast=1, axis=1),
        h.make_node("GlobalAveragePool", ["k"], ["g"]),
        h.make_node("Reshape", ["g", "shape"], ["f"]),
        h.make_node("Softmax", ["f"], ["y"]),
    ]
    init = [weights("w", 4, 3, 3, 3)] + [weights(n, 4) for n in "bsomv"]
    init.append(numpy_helper.from_array(np.array([1, -1], np.int64), "shape"))
    inputs = [h.make_tensor_value_info(i.name, i.data_type, list(i.dims)) for i in init] + [picture(dims=(1, 3, 8, 8))]
    m = model(nodes, inputs, [h.make_tensor_value_info("y", T.FLOAT, [1, 4])], init, opset=6, ir=3)
    save("legacy", m)
    shapes = ["c 1 4 8 8", "a 1 4 8 8", "n 1 4 8 8", "k 1 4 8 8", "g 1 4 1 1", "f 1 4", "y 1 4"]
    with open("legacy.expected.txt", "w") as file: # inference declines the axis form
        file.write("".join(f"shape {s}\n" for s in shapes))


def functions():
    """Operators that the file defines itself, with attributes handed through and a call inside a call."""
    alpha = onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    leaky = h.make_node("LeakyRelu", ["a"], ["t"])
    leaky.attribute.append(alpha)
    inner = h.make_function("mine", "Bent", ["a", "b"], ["out"], [leaky, h.make_node("Add", ["t", "b"], ["out"])],
                            [h.make_opsetid("", 13)], ["slope"])
    call = h.make_node("Bent", ["v", "v"], ["t"], "bend", domain="mine", slope=0.25)
    outer = h.make_function("mine", "Twice", ["v"], ["w"], [call, h.make_node("Relu", ["t"], ["w"], "relu")],
                            [h.make_opsetid("", 13), h.make_opsetid("mine", 1)])
    nodes = [h.make_node("Twice", ["x"], ["u"], "first", domain="mine"), h.make_node("Twice", ["u"], ["y"], "second", domain="mine")]
    m = model(nodes, [picture(dims=(1, 3, 8, 8))], [picture("y", (1, 3, 8, 8))], ir=8, opsets=[h.make_opsetid("mine", 1)],
              functions=[inner, outer])
    save("functions", m, infer=False)
    with open("functions.expected.txt", "w") as file:
        for name in ("first/t", "u", "second/t", "y", "first/bend/t"):
            file.write(f"shape {name} 1 3 8 8\n")


def branches():
    """If by what a shape says: a branch with weights, one within the other, names used twice."""
    def out(name):
        return h.make_tensor_value_info(name, T.FLOAT, None)

    def three(name, n):
        return [h.make_node("Shape", [n], [name + "s"]), h.make_node("Gather", [name + "s", "one"], [name + "g"]),
                h.make_node("Equal", [name + "g", "three"], [name])]

    deep_then = h.make_graph([h.make_node("Relu", ["a"], ["z"])], "deep then", [], [out("z")])
    deep_else = h.make_graph([h.make_node("Transpose", ["a"], ["z"], perm=[0, 2, 3, 1])], "deep else", [], [out("z")])
    then = h.make_graph([h.make_node("Mul", ["x", "k"], ["m"]),
                         h.make_node("AveragePool", ["m"], ["a"], kernel_shape=[2, 2], strides=[2, 2]),
                         h.make_node("Not", ["yes"], ["no"]),
                         h.make_node("If", ["no"], ["i"], "inner", then_branch=deep_then, else_branch=deep_else)],
                        "then", [], [out("i"), out("a")], [weights("k", 1)])
    other = h.make_graph([h.make_node("MaxPool", ["x"], ["a"], kernel_shape=[4, 4]),
                          h.make_node("Identity", ["a"], ["i"])], "else", [], [out("i"), out("a")])
    through = h.make_graph([h.make_node("Identity", ["v"], ["a"])], "through", [], [out("a")])
    nodes = [*three("yes", "x"), h.make_node("If", ["yes"], ["u", "v"], "outer", then_branch=then, else_branch=other),
             *three("again", "u"), h.make_node("If", ["again"], ["y"], "second", then_branch=other_pool(out), else_branch=through)]
    init = [numpy_helper.from_array(np.array(1, np.int64), "one"), numpy_helper.from_array(np.array(3, np.int64), "three")]
    m = model(nodes, [picture(dims=("N", 3, "H", "W"))], [picture("y", ("N", 3, "P", "Q"))], init)
    save("branches", m, infer=False)
    with open("branches.expected.txt", "w") as file:
        file.write("shape u 1 112 112 3\nshape v 1 3 112 112\nshape y 1 3 112 112\n")


def other_pool(out):
    return h.make_graph([h.make_node("MaxPool", ["v"], ["a"], kernel_shape=[2, 2])], "then", [], [out("a")])


def channels_last():
    """As tf2onnx writes: pictures come as N×H×W×C."""
    nodes = [
        h.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        h.make_node("Conv", ["t", "w"], ["c"], kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2]),
        h.make_node("GlobalAveragePool", ["c"], ["g"]),
        h.make_node("Squeeze", ["g", "axes"], ["y"]),
    ]
    init = [weights("w", 4, 3, 3, 3), numpy_helper.from_array(np.array([2, 3], np.int64), "axes")]
    m = model(nodes, [picture(dims=("N", 96, 128, 3))], [h.make_tensor_value_info("y", T.FLOAT, ["N", 4])], init,
              producer="tf2onnx")
    save("channels-last", m)


def open_size():
    """Nothing is said about height and width, and only 32×32 fits."""
    nodes = [h.make_node("Flatten", ["x"], ["f"]), h.make_node("MatMul", ["f", "w"], ["y"])]
    m = model(nodes, [picture(dims=("N", 1, "H", "W"))], [h.make_tensor_value_info("y", T.FLOAT, ["N", 2])],
              [weights("w", 1024, 2)])
    save("open-size", m, infer=False)
    with open("open-size.expected.txt", "w") as file:
        file.write("shape f 1 1024\nshape y 1 2\n")


for make in (types, small, legacy, functions, channels_last, open_size, branches):
    make()
