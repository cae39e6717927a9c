#!/usr/bin/env python3
"""Writes a small network and what PyTorch sends back through it, for tests of backward passes.

gradients.onnx   convolutions, ReLU, pooling with overlap, LRN, batch normalization, a sum, a Concat, a product
gradients.f32    little-endian float32, one after the other: the picture [1,3,20,20]; seed of the backward pass [1,6];
                 by the picture: gradient, guided, deconvnet, each [1,3,20,20]; gradient by the first weights [8,3,3,3]

Guided back-propagation and deconvnet replace ReLU and LRN by functions with a backward pass of their own.

Made with: PyTorch 1.13.1 (Debian 12), Python 3.11. Run in this folder; the result is committed.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, r):
        (x,) = ctx.saved_tensors
        return r.clamp(min=0) * (x > 0)


class DeconvReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, r):
        return r.clamp(min=0)


class DeconvLRN(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return F.local_response_norm(x, 5, alpha=0.5, beta=0.75, k=1.0)

    @staticmethod
    def backward(ctx, r):
        return r

    @staticmethod
    def symbolic(g, x):
        return g.op("LRN", x, size_i=5, alpha_f=0.5, beta_f=0.75, bias_f=1.0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu, self.lrn = torch.relu, DeconvLRN.apply
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.conv3 = nn.Conv2d(8, 4, 1)
        self.conv4 = nn.Conv2d(8, 6, 3, stride=2)
        self.fc = nn.Linear(10, 6)
        with torch.no_grad():
            for p in (self.norm.weight, self.norm.bias, self.norm.running_mean):
                p.copy_(torch.randn(8) * 0.5 + 0.7)
            self.norm.running_var.copy_(torch.rand(8) + 0.5)

    def forward(self, x):
        x = F.max_pool2d(self.lrn(self.relu(self.conv1(x))), 3, 2)
        x = self.norm(self.relu(self.conv2(x)) + x)
        a = F.max_pool2d(self.relu(self.conv3(x)), 2, 2)
        b = F.avg_pool2d(self.relu(self.conv4(x)), 1)
        x = torch.cat([a, b], 1)
        return self.fc(x.mean((2, 3)))


torch.manual_seed(11)
net = Net().eval()
picture = torch.randn(1, 3, 20, 20)
seed = torch.randn(1, 6)
arrays = [picture, seed]
torch.onnx.export(net, picture, "gradients.onnx", opset_version=13, input_names=["picture"], output_names=["scores"])
plain = lambda x: F.local_response_norm(x, 5, alpha=0.5, beta=0.75, k=1.0)
rules = [(torch.relu, plain), (GuidedReLU.apply, plain), (DeconvReLU.apply, DeconvLRN.apply)]
for rule, (net.relu, net.lrn) in enumerate(rules):
    net.zero_grad()
    x = picture.clone().requires_grad_(True)
    net(x).backward(seed)
    arrays.append(x.grad)
    if rule == 0:
        weights = net.conv1.weight.grad.clone()
arrays.append(weights)
with open("gradients.f32", "wb") as file:
    for array in arrays:
        file.write(array.detach().contiguous().numpy().astype("<f4").tobytes())
