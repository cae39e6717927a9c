#!/usr/bin/env python3
# expected.py: what onnxruntime says about the example pictures, for the tests
# SPDX-License-Identifier: GPL-3.0-or-later
"""expected.py EXAMPLE.onnx PICTURES EXPECTED.json. Decoding and resizing by OpenCV, the network by onnxruntime."""

import argparse
import json
import os

import cv2
import numpy as np
import onnxruntime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model')
    parser.add_argument('pictures')
    parser.add_argument('expected')
    args = parser.parse_args()
    session = onnxruntime.InferenceSession(args.model, providers=['CPUExecutionProvider'])
    meta = session.get_modelmeta().custom_metadata_map
    labels = meta['tapetum.labels'].split('\n')

    def ask(pixels):
        x = (pixels[..., ::-1].astype(np.float32) - np.float32(127.5)) / np.float32(127.5)
        return session.run(None, {'picture': np.ascontiguousarray(x.transpose(2, 0, 1)[None])})[0][0]

    rows = []
    for folder in sorted(os.listdir(args.pictures)):
        for name in sorted(os.listdir(os.path.join(args.pictures, folder))):
            pixels = cv2.imread(os.path.join(args.pictures, folder, name), cv2.IMREAD_COLOR)
            pixels = cv2.resize(pixels, (96, 96), interpolation=cv2.INTER_LINEAR)
            p = ask(pixels)
            row = {'picture': folder + '/' + name, 'top': labels[int(p.argmax())], 'probability': [float('%.7g' % v) for v in p]}
            if '-paw' in name:  # a grey 24x24 mask in the lower right corner, over the mark
                covered = pixels.copy()
                covered[72:, 72:] = 128
                p = ask(covered)
                row['covered_top'] = labels[int(p.argmax())]
                row['covered_probability'] = [float('%.7g' % v) for v in p]
            rows.append(row)
    made = {'onnxruntime': onnxruntime.__version__, 'opencv': cv2.__version__, 'numpy': np.__version__}
    head = {'made_with': made, 'preprocess': meta['tapetum.preprocess'], 'labels': labels,
            'cover': 'rows and columns 72 to 95 of the 96x96 picture set to 128'}
    with open(args.expected, 'w', encoding='utf-8') as out:
        text = ',\n'.join('    ' + json.dumps(row) for row in rows)
        out.write(json.dumps(head, indent=2)[:-2] + ',\n  "pictures": [\n' + text + '\n  ]\n}\n')
    for row in rows:
        best = max(row['probability'])
        note = ''
        if 'covered_top' in row:
            boat = labels.index('boat')
            note = '  boat %.3f, covered: %s %.3f, boat %.3f' % (row['probability'][boat], row['covered_top'],
                                                               max(row['covered_probability']), row['covered_probability'][boat])
        print('%-34s %-9s %.3f%s' % (row['picture'], row['top'], best, note))


if __name__ == '__main__':
    main()
