#!/usr/bin/env python3
"""Writes what torchvision's SqueezeNet 1.1 sends back from a logit, with the weights of an ONNX file.

squeezenet.f32   little-endian float32: every 97th cell of the gradient, of guided back-propagation and of deconvnet of
                 logit 281 by the picture [1,3,224,224], 1552 each

The picture: x = (s >> 8) / 2^23 - 1 with s = 1664525 s + 1013904223 modulo 2^32, from s = 7, cell by cell.

Made with: PyTorch 1.13.1, torchvision 0.14.1, NumPy 1.24.2, Python 3.11, and the weights of
models/squeezenet1_1_torchvision_onnx/squeezenet1_1.onnx in the shared data, which onnx 1.23.2 had written as an .npz
under their names (numpy_helper.to_array of each initializer). Run in this folder with the path of the .npz; the
result is committed.
"""
import sys

import numpy as np
import torch
import torchvision

state = 7
cells = np.empty(3 * 224 * 224, "<f4")
for i in range(cells.size):
    state = (1664525 * state + 1013904223) % 2**32
    cells[i] = (state >> 8) / 2**23 - 1
picture = torch.from_numpy(cells.reshape(1, 3, 224, 224))


class Rule(torch.autograd.Function):
    forward_sign = True

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, r):
        (x,) = ctx.saved_tensors
        return r.clamp(min=0) * (x > 0) if Rule.forward_sign else r.clamp(min=0)


class RuleReLU(torch.nn.Module):
    def forward(self, x):
        return Rule.apply(x)


def replace(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.ReLU):
            setattr(module, name, RuleReLU())
        else:
            replace(child)


net = torchvision.models.squeezenet1_1(weights=None).eval()
net.load_state_dict({name: torch.from_numpy(array) for name, array in np.load(sys.argv[1]).items()})
with open("squeezenet.f32", "wb") as file:
    for rule in ("gradient", "guided", "deconvnet"):
        if rule == "guided":
            replace(net)
        Rule.forward_sign = rule != "deconvnet"
        x = picture.clone().requires_grad_(True)
        net(x)[0, 281].backward()
        file.write(x.grad.flatten()[::97].numpy().astype("<f4").tobytes())
