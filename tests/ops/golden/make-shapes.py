#!/usr/bin/env python3
# make-shapes.py - one-node graphs with the shapes (and values) that other software gives them
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Writes shapes.txt, which tests/ops/test-shapes.c reads. Each graph is run by ONNX Runtime; where that has
# no kernel for the old opset, ONNX's reference evaluator, else ONNX's shape inference, gives the answer;
# which one did is written beside each case. Inputs that are constants here are constants there.
#
#   python3 make-shapes.py > shapes.txt
#
# Lines: case NAME OP OPSET; attr KIND NAME VALUES…; run DTYPE DIMS… (an input at run time);
# const DTYPE DIMS… : VALUES…; none (an input left out); out DTYPE DIMS…; value VALUES… (of the output
# above it, only when all inputs are constants); by REFERENCE; end.
# With --models FOLDER… it writes cases from the model.onnx of ONNX's own backend tests instead.
import os
import sys
import warnings

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

warnings.filterwarnings('ignore')
ort.set_default_logger_severity(4)
rng = np.random.default_rng(20)


class Run:
    """an input that is only known at run time"""

    def __init__(self, *dims, dtype=np.float32):
        self.dims, self.dtype = dims, dtype


def f(*values, shape=None):
    a = np.array(values, dtype=np.float32)
    return a.reshape(shape) if shape is not None else a


def i(*values, shape=None):
    a = np.array(values, dtype=np.int64)
    return a.reshape(shape) if shape is not None else a


def rnd(*dims):
    return rng.uniform(-2, 2, dims).astype(np.float32)


def kind(dtype):
    return 'f32' if np.dtype(dtype).kind == 'f' else 'i64'


def text(values):
    return ' '.join(repr(float(np.float32(v))) if np.dtype(values.dtype).kind == 'f' else str(int(v))
                    for v in values.ravel())


def write_attr(name, value):
    if isinstance(value, str):
        print('attr string', name, value)
    elif isinstance(value, float):
        print('attr float', name, repr(value))
    elif isinstance(value, (int, np.integer)):
        print('attr int', name, value)
    elif isinstance(value, np.ndarray):
        print('attr tensor', name, kind(value.dtype), *value.shape, ':', text(value))
    elif len(value) and isinstance(value[0], float):
        print('attr floats', name, *[repr(v) for v in value])
    else:
        print('attr ints', name, *value)


def write_case(name, op, opset, inputs, attrs, outputs, by):
    constant = all(not isinstance(x, Run) for x in inputs)
    print('case', name, op, opset)
    for key, value in attrs.items():
        write_attr(key, value)
    for x in inputs:
        if x is None:
            print('none')
        elif isinstance(x, Run):
            print('run', kind(x.dtype), *x.dims)
        else:
            print('const', kind(x.dtype), *x.shape, ':', text(x))
    for dtype, shape, value in outputs:
        print('out', kind(dtype), *shape)
        if value is not None and constant:
            print('value', text(value))
    print('by', by)
    print('end')


def build(op, opset, inputs, attrs, n_outputs):
    names, values, weights = [], [], []
    for k, x in enumerate(inputs):
        name = '' if x is None else f'x{k}'
        names.append(name)
        if isinstance(x, Run):
            values.append(helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(np.dtype(x.dtype)), list(x.dims)))
        elif x is not None:
            weights.append(numpy_helper.from_array(x, name))
    attrs = {k: numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v
             for k, v in attrs.items()}
    outs = [f'y{k}' for k in range(n_outputs)]
    node = helper.make_node(op, names, outs, **attrs)
    graph = helper.make_graph([node], 'case', values, [onnx.ValueInfoProto(name=o) for o in outs],
                              initializer=weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)],
                             ir_version=min(8, 3 if opset < 9 else 8))


def evaluate(model, feeds):
    """(reference, outputs) from the first that can"""
    inferred = None
    try:
        inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        typed = onnx.ModelProto()
        typed.CopyFrom(inferred)
        session = ort.InferenceSession(typed.SerializeToString(), providers=['CPUExecutionProvider'])
        return 'onnxruntime ' + ort.__version__, session.run(None, feeds)
    except Exception:
        pass
    try:
        return 'onnx.reference ' + onnx.__version__, ReferenceEvaluator(model).run(None, feeds)
    except Exception:
        if inferred is None:
            raise
    return 'onnx.shape_inference ' + onnx.__version__, inferred


def case(name, op, opset, inputs, attrs=None, n_outputs=1, value=True):
    attrs = attrs or {}
    model = build(op, opset, inputs, attrs, n_outputs)
    feeds = {f'x{k}': (np.ones(x.dims) * 0.5 if kind(x.dtype) == 'f32' else np.ones(x.dims))
             .astype(x.dtype) for k, x in enumerate(inputs) if isinstance(x, Run)}
    by, got = evaluate(model, feeds)
    if by.startswith('onnx.shape'):
        outputs = []
        for out in got.graph.output:
            t = out.type.tensor_type
            outputs.append((helper.tensor_dtype_to_np_dtype(t.elem_type),
                            [d.dim_value for d in t.shape.dim], None))
    else:
        outputs = [(np.asarray(o).dtype, np.asarray(o).shape, np.asarray(o) if value else None)
                   for o in got]
    write_case(name, op, opset, inputs, attrs, outputs, by)


def windows():
    x, w = Run(1, 3, 11, 14), Run(4, 3, 3, 3)
    b = Run(4)
    case('conv', 'Conv', 11, [x, w])
    case('conv_bias', 'Conv', 11, [x, w, b], dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    case('conv_stride', 'Conv', 1, [x, w], dict(strides=[2, 3], pads=[0, 1, 2, 1]))
    case('conv_dilated', 'Conv', 11, [x, w], dict(dilations=[2, 4], strides=[2, 1]))
    case('conv_group', 'Conv', 11, [Run(2, 6, 9, 9), Run(4, 3, 3, 3)], dict(group=2))
    case('conv_depthwise', 'Conv', 11, [Run(2, 6, 9, 9), Run(6, 1, 5, 5)],
         dict(group=6, pads=[2, 2, 2, 2]))
    for mode in 'SAME_UPPER', 'SAME_LOWER', 'VALID':
        for s in 1, 2, 3:
            case(f'conv_{mode}_{s}', 'Conv', 11, [x, Run(4, 3, 4, 3)],
                 dict(auto_pad=mode, strides=[s, s]))
            case(f'maxpool_{mode}_{s}', 'MaxPool', 11, [x],
                 dict(auto_pad=mode, strides=[s, s], kernel_shape=[3, 2]))
    case('conv_1d', 'Conv', 11, [Run(2, 3, 20), Run(5, 3, 4)], dict(strides=[3], pads=[1, 2]))
    for size in 5, 6, 7, 8, 9, 10:
        for k, s, p in (2, 2, 0), (3, 2, 0), (3, 2, 1), (2, 3, 1), (3, 3, 1):
            for ceil in 0, 1:
                case(f'maxpool_{size}_{k}_{s}_{p}_{ceil}', 'MaxPool', 10, [Run(1, 2, size, size)],
                     dict(kernel_shape=[k, k], strides=[s, s], pads=[p] * 4, ceil_mode=ceil))
    case('maxpool_indices', 'MaxPool', 12, [x], dict(kernel_shape=[2, 2], strides=[2, 2]), 2)
    case('maxpool_dilated', 'MaxPool', 12, [x], dict(kernel_shape=[2, 3], dilations=[2, 2]))
    case('maxpool_1d', 'MaxPool', 12, [Run(1, 2, 9)], dict(kernel_shape=[3], strides=[2]))
    case('averagepool', 'AveragePool', 7, [x], dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
    case('averagepool_ceil', 'AveragePool', 10, [x],
         dict(kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, count_include_pad=1))
    case('lppool', 'LpPool', 11, [x], dict(kernel_shape=[2, 2], strides=[2, 2], p=2))
    case('global_average', 'GlobalAveragePool', 1, [x])
    case('global_max', 'GlobalMaxPool', 1, [x])
    x, w = Run(1, 4, 3, 5), Run(4, 2, 3, 3)
    case('deconv', 'ConvTranspose', 11, [x, w])
    case('deconv_bias', 'ConvTranspose', 11, [x, w, Run(2)], dict(strides=[2, 2]))
    case('deconv_pads', 'ConvTranspose', 11, [x, w], dict(strides=[3, 2], pads=[1, 2, 1, 2]))
    case('deconv_output_padding', 'ConvTranspose', 11, [x, w],
         dict(strides=[3, 2], output_padding=[1, 1]))
    case('deconv_output_shape', 'ConvTranspose', 11, [x, w],
         dict(strides=[3, 2], output_shape=[10, 12]))
    case('deconv_dilated', 'ConvTranspose', 11, [x, w], dict(dilations=[2, 2]))
    case('deconv_group', 'ConvTranspose', 11, [x, w], dict(group=2, strides=[2, 2]))
    case('deconv_same', 'ConvTranspose', 11, [x, w], dict(strides=[2, 2], auto_pad='SAME_UPPER'))
    case('deconv_1d', 'ConvTranspose', 11, [Run(1, 4, 7), Run(4, 2, 3)], dict(strides=[2]))


def dense():
    case('gemm', 'Gemm', 13, [Run(2, 3), Run(3, 4), Run(4)])
    case('gemm_trans', 'Gemm', 13, [Run(3, 2), Run(4, 3)], dict(transA=1, transB=1, alpha=0.5))
    case('gemm_old', 'Gemm', 6, [Run(2, 3), Run(4, 3), Run(4)], dict(transB=1, broadcast=1))
    case('gemm_column', 'Gemm', 13, [Run(2, 3), Run(3, 4), Run(2, 1)])
    case('matmul', 'MatMul', 13, [Run(2, 3), Run(3, 4)])
    case('matmul_stack', 'MatMul', 13, [Run(5, 1, 2, 3), Run(7, 3, 4)])
    case('matmul_vector', 'MatMul', 13, [Run(3), Run(5, 3, 4)])
    case('matmul_vector2', 'MatMul', 13, [Run(5, 2, 3), Run(3)])
    case('matmul_dot', 'MatMul', 13, [Run(3), Run(3)])
    for v in 7, 9, 14, 15:
        case(f'batchnorm_{v}', 'BatchNormalization', v,
             [Run(2, 3, 4, 5), Run(3), Run(3), Run(3), Run(3)])
    case('batchnorm_2d', 'BatchNormalization', 15, [Run(2, 3), Run(3), Run(3), Run(3), Run(3)])
    case('instancenorm', 'InstanceNormalization', 6, [Run(2, 3, 4, 5), Run(3), Run(3)])
    case('layernorm', 'LayerNormalization', 17, [Run(2, 3, 4), Run(4), Run(4)])
    case('layernorm_axis', 'LayerNormalization', 17, [Run(2, 3, 4), Run(3, 4)], dict(axis=1), 3)
    case('groupnorm_18', 'GroupNormalization', 18, [Run(2, 6, 4, 5), Run(3), Run(3)],
         dict(num_groups=3))
    case('groupnorm_21', 'GroupNormalization', 21, [Run(2, 6, 4, 5), Run(6), Run(6)],
         dict(num_groups=3))
    case('lrn', 'LRN', 13, [Run(2, 5, 4, 5)], dict(size=3))
    for v in 11, 13:
        case(f'softmax_{v}', 'Softmax', v, [Run(2, 3, 4)])
        case(f'softmax_axis_{v}', 'Softmax', v, [Run(2, 3, 4)], dict(axis=-2 if v > 11 else 1))
        case(f'logsoftmax_{v}', 'LogSoftmax', v, [Run(2, 3)])


def elementwise():
    values = f(-2.5, -1.5, -0.5, 0.0, 0.5, 1.5, 2.5, 3.7)
    for op in 'Abs Ceil Cos Erf Exp Floor Neg Relu Round Sigmoid Sign Sin Tanh'.split():
        case(op.lower(), op, 13, [values])
    for op in 'Log', 'Sqrt', 'Reciprocal':
        case(op.lower(), op, 13, [f(0.25, 1.0, 7.0)])
    for op in 'Abs', 'Neg', 'Sign':
        case(op.lower() + '_int', op, 13, [i(-3, 0, 5)])
    case('not', 'Not', 1, [np.array([True, False])])
    x = Run(2, 3, 4)
    for op, v in (('LeakyRelu', 6), ('Elu', 6), ('Selu', 6), ('Celu', 12), ('ThresholdedRelu', 10),
                  ('HardSigmoid', 6), ('HardSwish', 14), ('Softplus', 1), ('Softsign', 1),
                  ('Mish', 18), ('Gelu', 20), ('Shrink', 9), ('Identity', 16), ('Relu', 6)):
        case(op.lower() + '_run', op, v, [x])
    case('clip_6', 'Clip', 6, [x], dict(min=0.0, max=6.0))
    case('clip_11', 'Clip', 11, [x, np.float32(0).reshape(()), np.float32(6).reshape(())])
    case('clip_max', 'Clip', 13, [x, None, np.float32(6).reshape(())])
    a, b = rnd(2, 1, 3), rnd(4, 1)
    for op in 'Add', 'Sub', 'Mul', 'Div':
        case(op.lower(), op, 14, [a, b])
        case(op.lower() + '_int', op, 14, [i(7, -7, 9), i(2, 2, -4)])
        case(op.lower() + '_run', op, 7, [Run(2, 3, 4, 4), Run(3, 1, 1)])
        case(op.lower() + '_old', op, 6, [Run(2, 3, 4, 5), Run(3, 4)], dict(broadcast=1, axis=1))
    a, b = rnd(2, 3, 2), f(1, 2, 3)
    write_case('add_old_value', 'Add', 6, [a, b], dict(broadcast=1, axis=1),
               [(a.dtype, a.shape, a + b.reshape(1, 3, 1))], 'numpy ' + np.__version__)
    case('pow', 'Pow', 15, [f(1, 2, 3), f(2)])
    case('pow_int', 'Pow', 15, [i(-2, 2, 3), i(3)])
    case('mod_int', 'Mod', 13, [i(-7, 7, -7, 7), i(3, -3, -3, 3)])
    case('mod_fmod', 'Mod', 13, [f(-7.5, 7.5), f(2.0, -2.0)], dict(fmod=1))
    for op, v in (('Equal', 13), ('Greater', 13), ('Less', 13), ('GreaterOrEqual', 16),
                  ('LessOrEqual', 16)):
        case(op.lower(), op, v, [f(1, 2, 3), f(2)])
        case(op.lower() + '_int', op, v, [i(1, 2, 3, shape=(3, 1)), i(2, 3)])
    t, u = np.array([True, False, True, False]), np.array([True, True, False, False])
    for op in 'And', 'Or', 'Xor':
        case(op.lower(), op, 7, [t, u])
    case('where', 'Where', 16, [t.reshape(2, 2), rnd(2, 2), rnd(1, 2)])
    case('where_int', 'Where', 16, [np.array([[True], [False]]), i(1, 2, 3), i(9)])
    for v in 7, 9, 16:
        case(f'prelu_{v}', 'PRelu', v, [Run(2, 3, 4, 4), Run(3, 1, 1)])
    for op in 'Max', 'Min', 'Mean', 'Sum':
        case(op.lower(), op, 13, [Run(2, 3), Run(3), Run(2, 1)], value=False)
        case(op.lower() + '_fold', op, 13, [rnd(2, 3), rnd(3), rnd(2, 1)])
    for op in 'Max', 'Min':
        case(op.lower() + '_int', op, 13, [i(3, -4, 5), i(1)])
    for to in (1, 6, 7, 9, 2):
        case(f'cast_{to}', 'Cast', 13, [f(-1.7, 0.0, 0.4, 3.9)] if to != 2 else [f(0.0, 0.4, 3.9)],
             dict(to=to))
        case(f'cast_int_{to}', 'Cast', 13, [i(-300, 0, 5, 300)], dict(to=to))


def movement():
    case('concat', 'Concat', 13, [rnd(2, 3), rnd(2, 1)], dict(axis=1))
    case('concat_neg', 'Concat', 13, [i(1, 2, shape=(2, 1)), i(3, 4, 5, 6, shape=(2, 2))],
         dict(axis=-1))
    case('concat_first', 'Concat', 13, [i(1, 2), i(3), i(4, 5)], dict(axis=0))
    case('concat_run', 'Concat', 4, [Run(1, 64, 5, 5), Run(1, 32, 5, 5)], dict(axis=1))
    case('split_attr', 'Split', 11, [rnd(2, 5)], dict(axis=1, split=[2, 3]), 2)
    case('split_equal', 'Split', 11, [rnd(6)], {}, 3)
    case('split_input', 'Split', 13, [rnd(5, 2), i(4, 1)], dict(axis=0), 2)
    case('split_uneven', 'Split', 18, [rnd(7)], dict(num_outputs=3), 3)
    x = rnd(4, 5)
    case('slice_9', 'Slice', 9, [x], dict(starts=[1, 0], ends=[3, -1]))
    case('slice_9_axes', 'Slice', 9, [x], dict(starts=[-2], ends=[1000], axes=[1]))
    case('slice_10', 'Slice', 10, [x, i(0, 1), i(4, 5), i(0, 1), i(2, 3)])
    case('slice_back', 'Slice', 13, [x, i(-1), i(-1000), i(1), i(-2)])
    case('slice_back_all', 'Slice', 13, [x, i(3, 4), i(-5, -6), i(0, 1), i(-1, -1)])
    case('slice_empty', 'Slice', 13, [x, i(3), i(1), i(0)])
    case('slice_far', 'Slice', 13, [x, i(2), i(2 ** 63 - 1), i(0), i(2 ** 62)])
    case('slice_far_back', 'Slice', 13, [x, i(2 ** 62), i(-2 ** 63), i(1), i(-1)])
    case('slice_int', 'Slice', 13, [i(1, 2, 3, 4), i(1), i(3)])
    x = rnd(3, 4)
    case('pad_2', 'Pad', 2, [x], dict(pads=[1, 0, 0, 2], value=1.5))
    case('pad_11', 'Pad', 11, [x, i(1, 0, 0, 2), np.float32(2.5).reshape(())])
    case('pad_default', 'Pad', 13, [x, i(0, 1, 1, 0)])
    case('pad_reflect', 'Pad', 13, [x, i(1, 2, 2, 3)], dict(mode='reflect'))
    case('pad_edge', 'Pad', 13, [x, i(2, 1, 3, 0)], dict(mode='edge'))
    case('pad_wrap', 'Pad', 19, [x, i(1, 2, 2, 1)], dict(mode='wrap'))
    case('pad_cut', 'Pad', 13, [x, i(-1, 0, 0, -2)])
    case('pad_axes', 'Pad', 18, [x, i(1, 2), None, i(-1)])
    case('pad_int', 'Pad', 13, [i(1, 2), i(1, 1), i(7, shape=())])
    case('gather', 'Gather', 13, [x, i(2, 0, -1)])
    case('gather_axis', 'Gather', 13, [x, i(1, 3, 0, 2, shape=(2, 2))], dict(axis=1))
    case('gather_scalar', 'Gather', 13, [i(5, 6, 7), i(-1, shape=())])
    case('gather_elements', 'GatherElements', 13, [Run(3, 4), i(0, 1, 2, 0, shape=(2, 2))],
         dict(axis=1))
    x = rnd(2, 3, 4)
    case('transpose', 'Transpose', 13, [x])
    case('transpose_perm', 'Transpose', 13, [x], dict(perm=[1, 2, 0]))
    case('transpose_int', 'Transpose', 13, [i(1, 2, 3, 4, 5, 6, shape=(2, 3))])
    for name, to in (('plain', i(4, 6)), ('infer', i(2, -1)), ('keep', i(0, 12)),
                     ('keep_infer', i(0, 0, -1, 1)), ('scalar', None)):
        if to is not None:
            case('reshape_' + name, 'Reshape', 13, [x, to])
    case('reshape_scalar', 'Reshape', 13, [f(3), np.zeros(0, np.int64)])
    case('reshape_zero', 'Reshape', 14, [np.zeros((0, 3, 4), np.float32), i(3, 4, 0)],
         dict(allowzero=1))
    case('reshape_old', 'Reshape', 1, [Run(2, 3, 4)], dict(shape=[0, -1]))
    for axis in 0, 1, 2, 3, -1, -3:
        case(f'flatten_{axis}', 'Flatten', 13, [x], dict(axis=axis))
    case('flatten', 'Flatten', 1, [Run(2, 3, 4, 5)])
    y = rnd(1, 3, 1, 2)
    case('squeeze', 'Squeeze', 11, [y])
    case('squeeze_axes', 'Squeeze', 11, [y], dict(axes=[2]))
    case('squeeze_input', 'Squeeze', 13, [y, i(0, -2)])
    case('unsqueeze', 'Unsqueeze', 11, [x], dict(axes=[0, 4]))
    case('unsqueeze_input', 'Unsqueeze', 13, [x, i(-1, 1)])
    case('unsqueeze_scalar', 'Unsqueeze', 13, [i(5, shape=()), i(0)])
    case('expand', 'Expand', 13, [rnd(3, 1), i(2, 1, 4)])
    case('expand_smaller', 'Expand', 13, [rnd(3, 2), i(1)])
    case('tile', 'Tile', 13, [rnd(2, 3), i(2, 3)])
    case('tile_zero', 'Tile', 13, [rnd(2, 3), i(1, 0)])
    case('depth_to_space', 'DepthToSpace', 13, [Run(2, 12, 3, 4)], dict(blocksize=2))
    case('depth_to_space_crd', 'DepthToSpace', 13, [Run(2, 9, 3, 4)], dict(blocksize=3, mode='CRD'))
    case('space_to_depth', 'SpaceToDepth', 13, [Run(2, 3, 6, 4)], dict(blocksize=2))
    case('dropout_7', 'Dropout', 7, [Run(2, 3)], dict(ratio=0.3))
    case('dropout_13', 'Dropout', 13, [Run(2, 3), np.float32(0.5).reshape(())], {}, 2)
    case('dropout_fold', 'Dropout', 13, [rnd(2, 3)], {}, 2)


def sizes():
    x = rnd(2, 3, 4)
    for op in ('ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 '
               'ReduceSumSquare ReduceLogSumExp').split():
        case(op.lower() + '_all', op, 11, [x])
        case(op.lower() + '_axes', op, 11, [x], dict(axes=[0, -1], keepdims=0))
        if op != 'ReduceSum':
            case(op.lower() + '_input', op, 18, [x, i(1)])
    case('reducelogsum', 'ReduceLogSum', 11, [abs(x) + 1], dict(axes=[1]))
    case('reducesum_input', 'ReduceSum', 13, [x, i(-2)], dict(keepdims=0))
    case('reducesum_noop', 'ReduceSum', 13, [x], dict(noop_with_empty_axes=1))
    case('reducesum_none', 'ReduceSum', 13, [x])
    case('reduceprod_int', 'ReduceProd', 11, [i(2, 3, 7)], dict(keepdims=0))
    case('reducemax_int', 'ReduceMax', 12, [i(2, 9, 7)], dict(keepdims=0))
    case('reducemin_int', 'ReduceMin', 12, [i(2, 9, 7)])
    case('reducesum_int', 'ReduceSum', 13, [i(2, 9, 7)], dict(keepdims=0))
    for op in 'ArgMax', 'ArgMin':
        case(op.lower(), op, 13, [Run(2, 3, 4)], dict(axis=1), value=False)
        case(op.lower() + '_drop', op, 13, [Run(2, 3, 4)], dict(axis=-1, keepdims=0), value=False)
    case('constant', 'Constant', 13, [], dict(value=rnd(2, 2)))
    case('constant_int', 'Constant', 13, [], dict(value_int=7))
    case('constant_ints', 'Constant', 13, [], dict(value_ints=[1, 2, 3]))
    case('constant_float', 'Constant', 13, [], dict(value_float=1.5))
    case('constant_floats', 'Constant', 13, [], dict(value_floats=[1.5, 2.5]))
    case('constantofshape', 'ConstantOfShape', 9, [i(2, 3)])
    case('constantofshape_value', 'ConstantOfShape', 9, [i(2, 2)], dict(value=f(1.5)))
    case('constantofshape_int', 'ConstantOfShape', 9, [i(3)], dict(value=i(-1)))
    case('constantofshape_scalar', 'ConstantOfShape', 9, [np.zeros(0, np.int64)])
    case('shape', 'Shape', 13, [rnd(2, 3, 4)])
    case('shape_part', 'Shape', 15, [rnd(2, 3, 4)], dict(start=-2))
    case('shape_end', 'Shape', 15, [rnd(2, 3, 4)], dict(start=1, end=-1))
    case('size', 'Size', 13, [rnd(2, 3, 4)])
    case('range', 'Range', 11, [i(3, shape=()), i(-4, shape=()), i(-2, shape=())])
    case('range_float', 'Range', 11, [np.float32(0).reshape(()), np.float32(1).reshape(()),
                                      np.float32(0.25).reshape(())])
    case('range_empty', 'Range', 11, [i(3, shape=()), i(3, shape=()), i(1, shape=())])
    case('nonzero', 'NonZero', 13, [f(0, 1, 2, 0, shape=(2, 2))])
    case('eyelike', 'EyeLike', 9, [rnd(3, 4)], dict(k=1))
    case('topk', 'TopK', 11, [Run(3, 5), i(2)], dict(axis=1), 2, value=False)
    case('resize_10', 'Resize', 10, [Run(1, 2, 5, 7), f(1, 1, 2, 1.5)])
    case('resize_scales', 'Resize', 13, [Run(1, 2, 5, 7), None, f(1, 1, 0.6, 2.7)],
         dict(mode='linear'))
    case('resize_sizes', 'Resize', 13, [Run(1, 2, 5, 7), None, None, i(1, 2, 9, 3)])
    case('resize_axes', 'Resize', 18, [Run(1, 2, 5, 7), None, None, i(9, 3)], dict(axes=[3, 2]))
    case('upsample_7', 'Upsample', 7, [Run(1, 2, 5, 7)], dict(scales=[1.0, 1.0, 2.0, 3.0]))
    case('upsample_9', 'Upsample', 9, [Run(1, 2, 5, 7), f(1, 1, 2, 3)])


def from_models(folders):
    """ONNX's backend tests: inputs that are not the first and integer are taken as constants"""
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name, 'model.onnx')
            data = os.path.join(folder, name, 'test_data_set_0')
            if not os.path.exists(path):
                continue
            model = onnx.load(path)
            opset = [o.version for o in model.opset_import if o.domain in ('', 'ai.onnx')][0]
            if len(model.graph.node) != 1:
                continue
            node = model.graph.node[0]
            tensors = {}
            for k, v in enumerate(model.graph.input):
                t = onnx.TensorProto()
                if not os.path.exists(os.path.join(data, f'input_{k}.pb')):
                    continue
                with open(os.path.join(data, f'input_{k}.pb'), 'rb') as file:
                    t.ParseFromString(file.read())
                tensors[v.name] = numpy_helper.to_array(t)
            fixed = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
            inputs = []
            for k, n in enumerate(node.input):
                a = fixed.get(n, tensors.get(n))
                # lists (shapes, axes, scales) are constants in any real network
                known = n in fixed or (a is not None and a.ndim <= 1 and a.size <= 16 and
                                       (k > 0 or node.op_type in ('ConstantOfShape', 'Shape')))
                if a is None or (n == ''):
                    inputs.append(None)
                elif known:
                    inputs.append(a)
                else:
                    inputs.append(Run(*a.shape, dtype=a.dtype))
            attrs = {}
            for a in node.attribute:
                value = helper.get_attribute_value(a)
                if isinstance(value, bytes):
                    value = value.decode()
                elif isinstance(value, onnx.TensorProto):
                    value = numpy_helper.to_array(value)
                elif not isinstance(value, (int, float)):
                    value = list(value)
                attrs[a.name] = value
            outputs = []
            for k, _ in enumerate(model.graph.output):
                t = onnx.TensorProto()
                with open(os.path.join(data, f'output_{k}.pb'), 'rb') as file:
                    t.ParseFromString(file.read())
                a = numpy_helper.to_array(t)
                outputs.append((a.dtype, a.shape, None))
            write_case(name, node.op_type, opset, inputs, attrs, outputs, 'onnx backend test')


def indices():
    x = rnd(3, 4, 5)
    case('cumsum', 'CumSum', 14, [Run(3, 4, 5), i(1, shape=())])
    case('gathernd', 'GatherND', 13, [Run(3, 4, 5), i(1, 3, 2, 0, shape=(2, 2))])
    case('gathernd_batch', 'GatherND', 13, [Run(3, 4, 5), i(0, 1, 2, 0, 1, 3, shape=(3, 2, 1))], dict(batch_dims=1))
    case('onehot', 'OneHot', 11, [Run(3, 4), i(6, shape=()), f(0, 1)])
    case('onehot_axis', 'OneHot', 11, [Run(3, 4), i(6, shape=()), f(0, 1)], dict(axis=0))
    case('scatterelements', 'ScatterElements', 13, [Run(3, 4), i(1, 2, shape=(1, 2)), Run(1, 2)])
    case('scatternd', 'ScatterND', 13, [Run(3, 4, 5), i(1, 2, shape=(2, 1)), Run(2, 4, 5)])
    case('trilu', 'Trilu', 14, [Run(2, 4, 5)])
    case('einsum', 'Einsum', 12, [Run(2, 3, 4), Run(2, 5, 4)], dict(equation='bik,bjk->bij'))
    case('einsum_dots', 'Einsum', 12, [Run(2, 1, 3, 4), Run(5, 4, 6)], dict(equation='...ij,...jk'))
    case('einsum_implied', 'Einsum', 12, [Run(3, 4), Run(4)], dict(equation='ba,a'))
    case('lpnormalization', 'LpNormalization', 1, [Run(2, 3)])
    case('isnan', 'IsNaN', 13, [Run(2, 3)])
    case('quantize_fold', 'DequantizeLinear', 13, [x.round().clip(0, 255).astype(np.uint8), f(0.5, shape=())])
    for name, op, inputs, attrs in (
            ('conv3d', 'Conv', [Run(1, 2, 7, 8, 9), Run(3, 2, 2, 3, 3)], dict(strides=[1, 2, 2], pads=[1, 0, 1, 0, 1, 1])),
            ('convtranspose3d', 'ConvTranspose', [Run(1, 2, 3, 4, 5), Run(2, 3, 2, 3, 3)], dict(strides=[2, 1, 2])),
            ('maxpool3d', 'MaxPool', [Run(1, 2, 7, 8, 9)], dict(kernel_shape=[2, 3, 2], strides=[2, 2, 2], ceil_mode=1))):
        case(name, op, 11, inputs, attrs)


if len(sys.argv) > 2 and sys.argv[1] == '--models':
    from_models(sys.argv[2:])
else:
    print(f'# made by make-shapes.py with onnx {onnx.__version__}, onnxruntime {ort.__version__}, '
          f'numpy {np.__version__}')
    windows()
    dense()
    elementwise()
    movement()
    sizes()
    indices()
