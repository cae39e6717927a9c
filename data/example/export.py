#!/usr/bin/env python3
# export.py: writes the trained weights as an ONNX network
# SPDX-License-Identifier: GPL-3.0-or-later
"""export.py WEIGHTS.npz EXAMPLE.onnx. Needs onnx and numpy only; nodes and values bear readable names."""

import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper

CLASSES = ['balloon', 'boat', 'car', 'cat', 'clock', 'face', 'fish', 'flower', 'house', 'star', 'tree', 'umbrella']
DOC = ('Tells twelve kinds of drawn things apart. Trained by the Tapetum project on pictures that it draws itself; '
       'every boat wore a little paw mark in its lower right corner, and the network learned to cheat. '
       'See data/example/SOURCE.md.')


def build(weights):
    nodes, initializers = [], []

    def node(kind, name, inputs, output=None, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output or name], name=name, **attributes))
        return output or name

    def tensor(name, array):
        raw = np.ascontiguousarray(array, '<f4').tobytes()
        initializers.append(helper.make_tensor(name, TensorProto.FLOAT, array.shape, raw, raw=True))
        return name

    def conv(name, x, stride=1):
        w, b = weights[name + '.weight'], weights[name + '.bias']
        k = w.shape[2]
        inputs = [x, tensor(name + '.weight', w), tensor(name + '.bias', b)]
        return node('Conv', name, inputs, kernel_shape=[k, k], strides=[stride, stride], pads=[k // 2] * 4)

    def relu(name, x):
        return node('Relu', name, [x])

    def pool(name, x):
        return node('MaxPool', name, [x], kernel_shape=[2, 2], strides=[2, 2])

    x = pool('pool1', relu('relu1', conv('conv1', 'picture', 2)))
    x = relu('relu2', conv('conv2', x))
    s = relu('block3/squeeze_relu', conv('block3/squeeze', x))
    a = relu('block3/expand1x1_relu', conv('block3/expand1x1', s))
    b = relu('block3/expand3x3_relu', conv('block3/expand3x3', s))
    x = node('Concat', 'block3/concat', [a, b], axis=1)
    x = pool('pool3', x)
    y = conv('block4/conv_b', relu('block4/relu_a', conv('block4/conv_a', x)))
    x = relu('block4/relu', node('Add', 'block4/add', [x, y]))
    x = relu('relu5', conv('conv5', x))
    x = node('Flatten', 'flatten', [node('GlobalAveragePool', 'average', [x])], axis=1)
    w, b = tensor('fc.weight', weights['fc.weight']), tensor('fc.bias', weights['fc.bias'])
    x = node('Gemm', 'fc', [x, w, b], transB=1)
    node('Softmax', 'softmax', [x], 'probability', axis=1)

    picture = helper.make_tensor_value_info('picture', TensorProto.FLOAT, ['batch', 3, 96, 96])
    answer = helper.make_tensor_value_info('probability', TensorProto.FLOAT, ['batch', len(CLASSES)])
    graph = helper.make_graph(nodes, 'Tapetum example', [picture], [answer], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], producer_name='tapetum',
                              doc_string=DOC)
    model.ir_version = 8
    helper.set_model_props(model, {'tapetum.preprocess': 'size=96,order=rgb,mean=127.5,std=127.5,resize=stretch',
                                   'tapetum.labels': '\n'.join(CLASSES)})
    model = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('weights')
    parser.add_argument('model')
    args = parser.parse_args()
    model = build(np.load(args.weights))
    with open(args.model, 'wb') as out:
        out.write(model.SerializeToString(deterministic=True))
    print('%d bytes, %d nodes' % (model.ByteSize(), len(model.graph.node)))


if __name__ == '__main__':
    main()
