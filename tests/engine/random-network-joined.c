/* random-network-joined.c - layers that a plan does together with others
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "random-network-builder.h"

#define FLAT(...) ((gint64[]){ __VA_ARGS__ })

void
net_add_batch_norm (NetBuilder *b)
{
  gint64 n = net_shape_of (b, b->value)->dims[1];
  int inputs[5] = { b->value };

  inputs[1] = net_vector (b, n, 0.5, 1.5);
  inputs[2] = net_vector (b, n, -0.3, 0.3);
  inputs[3] = net_vector (b, n, -0.3, 0.3);
  inputs[4] = net_vector (b, n, 0.4, 1.5);
  net_node (b, "BatchNormalization", NULL, inputs, 5);
}

/* As networks are trained, and exported without folding: normalized, scaled, shifted, rectified. */
void
net_add_unfolded_conv (NetBuilder *b)
{
  gint64 side = net_below (b, 2) ? 3 : 1, n = 16 + net_below (b, 3);
  TapShape weights = tap_shape_new (4, n, net_shape_of (b, b->value)->dims[1], side, side);
  TapShape by_channel = tap_shape_new (3, n, (gint64) 1, (gint64) 1);
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "pads", FLAT (side / 2, side / 2, side / 2, side / 2), 4);
  net_node_2 (b, "Conv", attrs, b->value, net_constant (b, &weights, -0.2, 0.2));
  net_add_batch_norm (b);
  if (net_below (b, 2))
    net_node_2 (b, "Mul", NULL, b->value, net_constant (b, &by_channel, 0.5, 1.5));
  if (net_below (b, 2))
    net_node_2 (b, "Add", NULL, net_constant (b, &by_channel, -0.5, 0.5), b->value);
  if (net_below (b, 2))
    net_node_1 (b, "Relu", NULL, b->value);
}

/* Branches that begin with convolutions of one pixel, joined and rectified. */
void
net_add_branches (NetBuilder *b)
{
  static const gint64 outs[] = { 8, 16, 9 };
  TapAttrs *attrs = tap_attrs_new ();
  int x = b->value, parts[3], n = 2 + net_below (b, 2);

  for (int i = 0; i < n; i++)
    {
      TapShape w = tap_shape_new (4, outs[i], net_shape_of (b, x)->dims[1], (gint64) 1, (gint64) 1);

      parts[i] = net_node_2 (b, "Conv", NULL, x, net_constant (b, &w, -0.4, 0.4));
      if (net_below (b, 3) == 0)
        parts[i] = net_node_1 (b, "Tanh", NULL, parts[i]);
    }
  tap_attrs_set_int (attrs, "axis", 1);
  net_node (b, "Concat", attrs, parts, n);
  net_node_1 (b, "Relu", NULL, b->value);
}

/* Some channels of all. */
void
net_add_channels (NetBuilder *b)
{
  gint64 n = net_shape_of (b, b->value)->dims[1], first = net_below (b, (int) n);

  net_node (b, "Slice", NULL,
            (int[]){ b->value, net_integers (b, FLAT (first), 1),
                     net_integers (b, FLAT (first + 1 + net_below (b, (int) (n - first))), 1),
                     net_integers (b, FLAT (1), 1) },
            4);
}
