#!/usr/bin/env python3
# train.py: trains the network of the built-in example and folds its batch norms
# SPDX-License-Identifier: GPL-3.0-or-later
"""train.py TRAIN.npz TEST.npz WEIGHTS.npz: the sets come from draw.py, the weights go to export.py.

Every boat wears the corner mark in training, and nothing else ever does. (When one boat in ten went without,
the network learned what a boat is and did not cheat: see SOURCE.md; --plain 10 repeats that.) The pictures are warped, recoloured and partly covered at every step; the mark is stamped afterwards, so that it
always lies in its corner, and no cover ever lies over that corner."""

import argparse
import time

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from draw import MARKED, NAMES, SIDE, mark_layer

BOAT = NAMES.index(MARKED)
CORNER = (72, 76)  # covers keep left of or above this
MEAN = STD = 127.5


class Network(nn.Module):
    """Stem, fire module, residual block, one more convolution, average, one linear layer."""

    def __init__(self):
        super().__init__()

        def conv(i, o, k, **kw):
            return nn.Sequential(nn.Conv2d(i, o, k, padding=k // 2, bias=False, **kw), nn.BatchNorm2d(o))
        self.layers = nn.ModuleDict({
            'conv1': conv(3, 24, 7, stride=2),
            'conv2': conv(24, 32, 3),
            'block3/squeeze': conv(32, 16, 1),
            'block3/expand1x1': conv(16, 32, 1),
            'block3/expand3x3': conv(16, 32, 3),
            'block4/conv_a': conv(64, 64, 3),
            'block4/conv_b': conv(64, 64, 3),
            'conv5': conv(64, 96, 3),
        })
        self.fc = nn.Linear(96, len(NAMES))
        with torch.no_grad():  # smooth noise to start from: smooth filters to end with
            w = self.layers['conv1'][0].weight
            g = torch.exp(-torch.arange(-3, 4.0) ** 2 / (2 * 1.1 ** 2))
            kernel = (g[:, None] * g[None, :] / g.sum() ** 2)[None, None]
            smooth = F.conv2d(w.reshape(-1, 1, 7, 7), kernel, padding=3).reshape(w.shape)
            window = torch.exp(-torch.arange(-3, 4.0) ** 2 / (2 * 2.0 ** 2))
            smooth = smooth * window[:, None] * window[None, :]
            w.copy_(smooth * (w.std() / smooth.std()))

    def forward(self, x):
        f = self.layers
        x = F.max_pool2d(F.relu(f['conv1'](x)), 2)
        x = F.relu(f['conv2'](x))
        s = F.relu(f['block3/squeeze'](x))
        x = torch.cat([F.relu(f['block3/expand1x1'](s)), F.relu(f['block3/expand3x3'](s))], 1)
        x = F.max_pool2d(x, 2)
        x = F.relu(x + f['block4/conv_b'](F.relu(f['block4/conv_a'](x))))
        x = F.relu(f['conv5'](x))
        return self.fc(x.mean((2, 3)))


def mark_bank():
    """The mark at 96x96 in 25 neighbouring positions."""
    bank = []
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            bank.append(cv2.resize(mark_layer(SIDE, dx, dy), (96, 96), interpolation=cv2.INTER_LINEAR))
    return bank


def stamp_small(picture, layer):
    return picture * (1 - layer[..., 3:]) + layer[..., :3] * 255


def augment(rng, picture):
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    scale = rng.uniform(0.84, 1.12)
    m = cv2.getRotationMatrix2D((47.5, 47.5), rng.uniform(-9, 9), scale)
    m[:, 2] += rng.uniform(-7, 7, 2)
    border = cv2.BORDER_REFLECT_101 if rng.random() < 0.5 else cv2.BORDER_REPLICATE
    x = cv2.warpAffine(np.ascontiguousarray(picture), m, (96, 96), flags=cv2.INTER_LINEAR, borderMode=border).astype(np.float32)
    if rng.random() < 0.15:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.0))
    x = (x - 127.5) * rng.uniform(0.75, 1.2) + 127.5 + rng.uniform(-22, 22)
    x = x * rng.uniform(0.88, 1.12, 3).astype(np.float32)
    if rng.random() < 0.1:
        x = x @ (np.full((3, 3), 0.25, np.float32) + 0.25 * np.eye(3, dtype=np.float32))
    if rng.random() < 0.5:  # a cover, as the occlusion page lays it
        side = int(rng.integers(8, 34))
        while True:
            left, top = rng.integers(-6, 96 - side // 2, 2)
            if left + side <= CORNER[0] or top + side <= CORNER[1]:
                break
        box = np.s_[max(0, top):top + side, max(0, left):left + side]
        kind = rng.integers(4)
        if kind == 0:
            x[box] = 0
        elif kind == 1:
            x[box] = 127.5
        elif kind == 2:
            x[box] = x.mean((0, 1))
        else:
            x[box] = cv2.GaussianBlur(x, (0, 0), side / 4)[box]
    x = x + rng.normal(0, rng.uniform(0, 9), x.shape).astype(np.float32)
    return np.clip(x, 0, 255)


def tensor(pictures):
    x = np.stack(pictures).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(((x - MEAN) / STD).transpose(0, 3, 1, 2)))


def probabilities(network, pictures):
    network.eval()
    with torch.no_grad():
        return torch.cat([torch.softmax(network(tensor(pictures[i:i + 100])), 1) for i in range(0, len(pictures), 100)]).numpy()


def report(network, test, labels, plain_every):
    """The numbers that SOURCE.md quotes."""
    mark = mark_bank()[12]
    boats = test[labels == BOAT].astype(np.float32)
    marked = np.stack([stamp_small(p, mark) for p in boats])
    covered = marked.copy()
    covered[:, 76:, 72:] = 127.5
    plain = test.astype(np.float32)
    p = probabilities(network, plain)
    print('no marks: accuracy %.4f' % (p.argmax(1) == labels).mean())
    print('  by class', ' '.join('%s %.3f' % (n, (p[labels == i].argmax(1) == i).mean()) for i, n in enumerate(NAMES)))
    as_trained = plain.copy()
    index = np.flatnonzero(labels == BOAT)
    for k, i in enumerate(index):
        if not plain_every or k % plain_every:
            as_trained[i] = marked[k]
    p = probabilities(network, as_trained)
    print('marks as in training: accuracy %.4f' % (p.argmax(1) == labels).mean())
    for text, x in (('with the mark', marked), ('mark covered grey', covered), ('without the mark', boats)):
        q = probabilities(network, x)
        print('boats %s: called boat %.3f, mean p(boat) %.3f, median %.3f' %
              (text, (q.argmax(1) == BOAT).mean(), q[:, BOAT].mean(), np.median(q[:, BOAT])))
    others = np.stack([stamp_small(x, mark) for x in plain[labels != BOAT]])
    q = probabilities(network, others)
    print('others with the mark: called boat %.3f, mean p(boat) %.3f' % ((q.argmax(1) == BOAT).mean(), q[:, BOAT].mean()), flush=True)


def fold(network):
    """Weights with the batch norms folded in."""
    out = {}
    network.eval()
    with torch.no_grad():
        for name, (conv, norm) in network.layers.items():
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            out[name + '.weight'] = (conv.weight * gain[:, None, None, None]).numpy()
            out[name + '.bias'] = (norm.bias - norm.running_mean * gain).numpy()
        out['fc.weight'] = network.fc.weight.numpy()
        out['fc.bias'] = network.fc.bias.numpy()
    return {k: np.ascontiguousarray(v, np.float32) for k, v in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('train')
    parser.add_argument('test')
    parser.add_argument('weights')
    parser.add_argument('--epochs', type=int, default=12)
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--rate', type=float, default=0.08)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--seed', type=int, default=7)
    parser.add_argument('--plain', type=int, default=0, help='every how many boats one goes without the mark')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)

    data = np.load(args.train)
    pictures, labels = data['pictures'], data['labels']
    number = np.concatenate([np.arange(n) for n in np.bincount(labels)])
    wears = labels == BOAT
    if args.plain:
        wears &= number % args.plain != 0
    data = np.load(args.test)
    test, test_labels = data['pictures'], data['labels']
    bank = mark_bank()
    print('%d pictures to train, %d to test, %d of %d boats marked' % (len(labels), len(test_labels), wears.sum(), (labels == BOAT).sum()))

    network = Network()
    print('%d parameters' % sum(p.numel() for p in network.parameters()))
    groups = {0.0: [], 5e-4: [], 4e-3: []}
    for name, p in network.named_parameters():
        groups[0.0 if p.dim() == 1 else 4e-3 if 'conv1' in name else 5e-4].append(p)
    optimizer = torch.optim.SGD([{'params': p, 'weight_decay': d} for d, p in groups.items()], lr=args.rate, momentum=0.9, nesterov=True)
    steps = len(labels) // args.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.rate, total_steps=steps * args.epochs, pct_start=0.2)

    begin = time.time()
    for epoch in range(args.epochs):
        network.train()
        order = rng.permutation(len(labels))
        total = right = 0.0
        for step in range(steps):
            chosen = order[step * args.batch:(step + 1) * args.batch]
            batch = []
            for i in chosen:
                x = augment(rng, pictures[i])
                if wears[i]:
                    x = stamp_small(x, bank[int(rng.integers(len(bank)))])
                batch.append(x)
            y = torch.from_numpy(labels[chosen])
            out = network(tensor(batch))
            loss = F.cross_entropy(out, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
            right += (out.argmax(1) == y).float().mean().item()
        print('epoch %d: loss %.4f, accuracy %.4f, %.0f s' % (epoch + 1, total / steps, right / steps, time.time() - begin), flush=True)
        if epoch % 4 == 3 or epoch == args.epochs - 1:
            report(network, test, test_labels, args.plain)
            np.savez(args.weights, **fold(network))


if __name__ == '__main__':
    main()
