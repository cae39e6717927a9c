#!/usr/bin/env python3
"""Runs a network in onnxruntime or torch, on command, so that it can be timed beside the engine.

peer.py onnxruntime|torch: says "ready NAME VERSION" or "absent REASON", then answers lines:
  load PATH THREADS BATCH   "ok" and the first scores of the first picture
  forward N                 milliseconds of N runs
  backward N                the same, with the gradient of a score in the picture (torch)
  masks N SIZE STEP         milliseconds of N batches of pictures with a grey square at N·BATCH places
  memory backward|forward   runs once and says the most memory the process has had, in MiB
  quit
The pictures are the ones of measure.c. torch is given the same file: read here, run operator by operator,
in place where torchvision's networks do so, weights frozen.
"""
import os
import sys
import time

import numpy as np


def picture(batch, step=0):
    i = np.arange(batch * 3 * 224 * 224, dtype=np.uint64)
    x = (i * 2654435761 & 0xffffffff) * (2.0 / 2 ** 32) - 1
    return x.astype(np.float32).reshape(batch, 3, 224, 224)


class Onnxruntime:
    def __init__(self):
        import onnxruntime
        self.ort = onnxruntime
        self.name, self.version = "onnxruntime", onnxruntime.__version__

    def load(self, path, threads, batch):
        options = self.ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = None
        self.session = self.ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        self.x = picture(batch)

    def forward(self):
        return self.session.run(None, {self.input: self.x})[0]


# --- a network for torch, from the same file ---

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """Number and content of each field of a protocol buffer message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            n, at = varint(data, at) if key & 7 == 2 else (4, at)
            value = data[at:at + n]
            at += n
        yield key >> 3, value


def read_network(path):
    """Nodes as (operator, inputs, outputs, attributes), and the constants."""
    nodes, constants = [], {}
    mapped = np.memmap(path, np.uint8, "r")
    data = memoryview(mapped)
    graph = next(v for k, v in fields(data) if k == 7)
    for field, content in fields(graph):
        if field == 1:
            inputs, outputs, op, attributes = [], [], None, {}
            for k, v in fields(content):
                if k == 1:
                    inputs.append(bytes(v).decode())
                elif k == 2:
                    outputs.append(bytes(v).decode())
                elif k == 4:
                    op = bytes(v).decode()
                elif k == 5:
                    parts = list(fields(v))
                    ints = [i for n, i in parts if n == 8]
                    one = [i for n, i in parts if n == 3]
                    attributes[bytes(next(i for n, i in parts if n == 1)).decode()] = ints or one[0]
            nodes.append((op, inputs, outputs, attributes))
        elif field == 5:
            parts = list(fields(content))
            name = bytes(next(v for k, v in parts if k == 8)).decode()
            raw = next(v for k, v in parts if k == 9)
            dims = [v for k, v in parts if k == 1]
            # read, not touched through the mapping, which would count as memory of the process
            where = np.frombuffer(raw, np.uint8).ctypes.data - mapped.ctypes.data
            constants[name] = np.fromfile(path, np.float32, len(raw) // 4, offset=where)
            constants[name] = constants[name].reshape(dims)
    return nodes, constants


class Torch:
    def __init__(self):
        import torch
        self.torch = torch
        self.name, self.version = "torch", torch.__version__

    def load(self, path, threads, batch):
        torch = self.torch
        torch.set_num_threads(threads)
        self.steps = self.constants = None
        self.steps, constants = read_network(path)
        self.constants = {k: torch.from_numpy(v) for k, v in constants.items()}
        last = {name: i for i, step in enumerate(self.steps) for name in step[1]}
        self.dead = [[n for n in set(step[1]) if last[n] == i and n not in self.constants]
                     for i, step in enumerate(self.steps)]
        self.x = torch.from_numpy(picture(batch))

    def run(self, x):
        F, torch = self.torch.nn.functional, self.torch
        values, y = {"picture": x}, None
        for (op, inputs, outputs, a), dead in zip(self.steps, self.dead):
            v = [values[n] if n in values else self.constants[n] for n in inputs]
            if op == "Conv":
                y = F.conv2d(v[0], v[1], v[2], a["strides"], a["pads"][:2], 1, a["group"])
            elif op == "Relu":
                y = F.relu_(v[0])
            elif op == "Clip":
                y = F.hardtanh_(v[0], 0.0, 6.0)
            elif op == "MaxPool":
                y = F.max_pool2d(v[0], a["kernel_shape"], a["strides"], a["pads"][:2],
                                 ceil_mode=bool(a["ceil_mode"]))
            elif op == "Concat":
                y = torch.cat(v, 1)
            elif op == "Add":
                y = v[0] + v[1]
            elif op == "GlobalAveragePool":
                y = F.adaptive_avg_pool2d(v[0], 1)
            elif op == "Flatten":
                y = torch.flatten(v[0], 1)
            elif op == "Gemm":
                y = F.linear(v[0], v[1], v[2])
            else:
                raise ValueError(op)
            values[outputs[0]] = y
            del v
            for name in dead:
                del values[name]
        return y

    def forward(self):
        with self.torch.no_grad():
            return self.run(self.x).numpy()

    def backward(self):
        x = self.x.clone().requires_grad_(True)
        self.run(x)[0, 0].backward()
        return x.grad.numpy()


def milliseconds(job, n):
    times = []
    for _ in range(n):
        start = time.perf_counter()
        job()
        times.append((time.perf_counter() - start) * 1e3)
    return " ".join("%.4f" % t for t in times)


def masks(peer, n, size, step):
    """Occlusion as one would write it: copies of the picture, a square in each, a batch at a time."""
    if peer.name == "torch":
        base, batch = peer.x.clone(), peer.x.shape[0]
    else:
        base, batch = peer.x.copy(), peer.x.shape[0]
    across = (224 - size) // step + 1
    at = [0]

    def one():
        x = base.clone() if peer.name == "torch" else base.copy()
        for i in range(batch):
            k = at[0] * 37 % (across * across)
            top, left = k // across * step, k % across * step
            x[i, :, top:top + size, left:left + size] = 0.0
            at[0] += 1
        peer.x = x
        peer.forward()

    times = milliseconds(one, n)
    peer.x = base
    return times


def peak_memory():
    with open("/proc/self/status") as status:
        return next(float(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def answer(peer, words):
    if words[0] == "load":
        peer.load(words[1], int(words[2]), int(words[3]))
        return "ok " + " ".join("%.9g" % v for v in np.asarray(peer.forward())[0, :8])
    if words[0] == "start":  # load without a run
        peer.load(words[1], int(words[2]), int(words[3]))
        return "ok"
    if words[0] == "forward":
        return milliseconds(peer.forward, int(words[1]))
    if words[0] == "backward":
        return milliseconds(peer.backward, int(words[1]))
    if words[0] == "masks":
        return masks(peer, int(words[1]), int(words[2]), int(words[3]))
    if words[0] == "memory":
        getattr(peer, words[1])()
        return "%.1f" % peak_memory()
    raise ValueError(words[0])


def main():
    try:
        peer = {"onnxruntime": Onnxruntime, "torch": Torch}[sys.argv[1]]()
    except ImportError as error:
        print("absent", error, flush=True)
        return
    print("ready", peer.name, peer.version, flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "quit":
            return
        try:
            print(answer(peer, words), flush=True)
        except Exception as error:
            print("failed", str(error).replace("\n", " "), flush=True)


main()
