/* conv-direct.c - convolution by one chain of products per output cell
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pass is cut into tasks: some rows and columns of one image, some output channels of one group.
 * Each task copies what it sees into a block (padding, strides and phases end there; conv-block.c) and
 * hands it to one of two inner loops: vectors of output channels, or, for groups with few of them,
 * vectors of pixels. Both add bias, then channel by channel and tap by tap, in one chain, so the cut
 * leaves no trace in the result. */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine/cpu/conv-block.h"
#include "engine/cpu/conv.h"

/* Floats of a block that stay in the second-level cache beside the weights. */
#define BLOCK_FLOATS  (96 * 1024)
/* Groups with fewer output channels than this run along the row. */
#define FEW_CHANNELS  8
/* Sums of up to so many products leave most of the time to the stores. */
#define SHORT_SUM     96
/* A shared block is made where it is at most this many floats; its tasks take so many channels. */
#define SHARED_FLOATS (1024 * 1024)
#define FILL_CHANNELS 16

typedef struct
{
  const TapCpuRun *run;
  TapConvGeometry g;
  int images, groups, out_per_group, in_per_group, n_taps;
  gboolean by_rows;
  const float *weights, *bias; /* packed, unless by_rows */
  gsize group_weights;         /* floats per group */
  float *blocks;
  gsize block_floats;
  float *shared; /* one block for all tasks, when several of them see the same input */
  gsize shared_floats;
  /* the cut of one image's rectangle */
  TapRect rect;
  gboolean share;
  gsize share_group;                             /* floats per group in the shared block */
  int image, tile_rows, tile_width, tile_blocks; /* pixels; pixels; blocks of output channels */
  int n_down, n_across, n_channel_cuts, groups_per_task;
} Conv;

static int
n_blocks (int channels)
{
  return (channels + TAP_BLOCK - 1) / TAP_BLOCK;
}

/* Weights of all groups, then the bias, padded with zeros to whole blocks. */
static gsize
packed_floats (int groups, int out_per_group, int in_per_group, int n_taps)
{
  gsize out = (gsize) groups * (gsize) n_blocks (out_per_group) * TAP_BLOCK;

  return out * (gsize) in_per_group * (gsize) n_taps + out;
}

static void
pack_weights (float *packed,
              const float *w,
              const float *bias,
              int groups,
              int out_per_group,
              int in_per_group,
              int n_taps)
{
  gsize k = (gsize) in_per_group * (gsize) n_taps;
  gsize out = (gsize) groups * (gsize) n_blocks (out_per_group) * TAP_BLOCK;
  float *packed_bias = packed + out * k;

  for (int g = 0; g < groups; g++)
    for (int m0 = 0; m0 < n_blocks (out_per_group) * TAP_BLOCK; m0 += TAP_BLOCK)
      for (int i = 0; i < TAP_BLOCK; i++)
        {
          gsize m = (gsize) g * (gsize) out_per_group + (gsize) (m0 + i);
          gboolean there = m0 + i < out_per_group;

          for (gsize j = 0; j < k; j++)
            packed[j * TAP_BLOCK + (gsize) i] = there ? w[m * k + j] : 0;
          *packed_bias++ = there && bias != NULL ? bias[m] : 0;
          if (i == TAP_BLOCK - 1)
            packed += k * TAP_BLOCK;
        }
}

static void
weight_sizes (const TapNode *node, const TapShape *w, int *groups, int *out, int *in, int *taps)
{
  *groups = (int) MAX (tap_attrs_get_int (node->attrs, "group", 1), 1);
  *out = (int) w->dims[0] / *groups;
  *in = (int) w->dims[1];
  *taps = (int) tap_shape_product (w, 2, w->n_dims);
}

TapTensor *
tap_conv_direct_pack (const TapNode *node, TapTensor *const *constants, GError **error)
{
  TapTensor *w = constants[1], *b = node->n_inputs > 2 ? constants[2] : NULL, *packed;
  gboolean has_bias = node->n_inputs > 2 && node->inputs[2] >= 0;
  int groups, out, in, taps;
  TapShape shape;

  if (w == NULL || (has_bias && b == NULL))
    return NULL;
  weight_sizes (node, &w->shape, &groups, &out, &in, &taps);
  if (out < FEW_CHANNELS)
    return NULL;
  shape = tap_shape_new (1, (gint64) packed_floats (groups, out, in, taps));
  packed = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, error);
  if (packed != NULL)
    pack_weights (tap_tensor_f32 (packed), tap_tensor_f32 (w),
                  b != NULL ? tap_tensor_f32 (b) : NULL, groups, out, in, taps);
  return packed;
}

/* Everything that follows from shapes and attributes. */
static gboolean
prepare (Conv *c, const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *w = &run->inputs[1].shape;
  TapWindow window;

  c->run = run;
  if (!tap_op_window (run->node, x, w, &window, error))
    return FALSE;
  weight_sizes (run->node, w, &c->groups, &c->out_per_group, &c->in_per_group, &c->n_taps);
  c->images = (int) x->dims[0];
  c->by_rows = c->out_per_group < FEW_CHANNELS;
  c->group_weights =
    (gsize) (c->by_rows ? c->out_per_group : n_blocks (c->out_per_group) * TAP_BLOCK) *
    (gsize) c->in_per_group * (gsize) c->n_taps;
  tap_conv_geometry (&window, c->in_per_group, &c->g);
  c->block_floats = 0;
  if (!c->g.direct)
    c->block_floats =
      MAX (MIN ((gsize) BLOCK_FLOATS,
                tap_conv_block_floats (&c->g, MAX (window.out_h, 1), MAX (window.out_w, 1))),
           tap_conv_block_floats (&c->g, 1, CLAMP (window.out_w, 1, 28)));
  c->block_floats = (c->block_floats + 15) & ~(gsize) 15;
  c->shared_floats = 0;
  if (!c->g.direct && !c->by_rows && window.out_h > 0 && window.out_w > 0)
    c->shared_floats =
      (gsize) c->groups * tap_conv_block_floats (&c->g, window.out_h, window.out_w);
  if (c->shared_floats > SHARED_FLOATS)
    c->shared_floats = 0;
  c->shared_floats = (c->shared_floats + 15) & ~(gsize) 15;
  return TRUE;
}

static gsize
repacked_floats (const Conv *c)
{
  if (c->by_rows || c->run->packed != NULL)
    return 0;
  return (packed_floats (c->groups, c->out_per_group, c->in_per_group, c->n_taps) + 15) &
         ~(gsize) 15;
}

static gsize
taps_bytes (const Conv *c)
{
  return ((gsize) MAX (c->n_taps, c->in_per_group) * sizeof (ptrdiff_t) + 63) & ~(gsize) 63;
}

gsize
tap_conv_direct_scratch (const TapCpuRun *run)
{
  Conv c;

  if (!prepare (&c, run, NULL))
    return 0;
  return (gsize) tap_pool_get_n_threads (run->pool) *
           (taps_bytes (&c) + c.block_floats * sizeof (float)) +
         (repacked_floats (&c) + c.shared_floats) * sizeof (float);
}

static void
conv_part (const Conv *c, int group, int place, int cut, int worker)
{
  const TapWindow *window = &c->g.window;
  const float *input = tap_cpu_f32 (&c->run->inputs[0]);
  float *output = tap_cpu_f32 (&c->run->outputs[0]);
  float *block = c->blocks + (gsize) worker * (c->block_floats + taps_bytes (c) / sizeof (float));
  ptrdiff_t *taps = (ptrdiff_t *) (void *) (block + c->block_floats);
  gsize in_plane = (gsize) window->in_h * (gsize) window->in_w;
  gsize out_plane = (gsize) window->out_h * (gsize) window->out_w;
  int across = place % c->n_across, down = place / c->n_across;
  int first = cut * c->tile_blocks * (c->by_rows ? 1 : TAP_BLOCK);
  int channels = MIN (c->tile_blocks * (c->by_rows ? 1 : TAP_BLOCK), c->out_per_group - first);
  TapRect rect = { c->rect.x + across * c->tile_width, c->rect.y + down * c->tile_rows };
  TapConvBlock in;
  const float *x, *residual = NULL;
  float *y;
  int n_taps = c->n_taps, n_channels = c->in_per_group;
  gsize y_row = (gsize) window->out_w;

  rect.width = MIN (c->tile_width, c->rect.x + c->rect.width - rect.x);
  rect.height = MIN (c->tile_rows, c->rect.y + c->rect.height - rect.y);
  x = input +
      ((gsize) c->image * (gsize) c->groups + (gsize) group) * (gsize) c->in_per_group * in_plane;
  y = output +
      (((gsize) c->image * (gsize) c->groups + (gsize) group) * (gsize) c->out_per_group +
       (gsize) first) *
        out_plane +
      (gsize) rect.y * y_row + (gsize) rect.x;
  if (c->run->residual != NULL)
    residual = c->run->residual + (y - output);

  if (c->g.direct)
    {
      in.x = x + (gsize) rect.y * (gsize) window->stride_h * (gsize) window->in_w + (gsize) rect.x;
      in.x_row = (gsize) window->stride_h * (gsize) window->in_w;
      in.x_channel = in_plane;
    }
  else if (c->share)
    in = tap_conv_block_part (&c->g, &c->rect, &rect, c->shared + (gsize) group * c->share_group);
  else
    {
      tap_conv_block_fill (&c->g, &rect, x, 0, c->in_per_group, block);
      in = tap_conv_block_part (&c->g, &rect, &rect, block);
    }

  if (c->n_taps == 1)
    {
      /* One long list of taps instead of many lists of one. */
      for (int i = 0; i < n_channels; i++)
        taps[i] = (ptrdiff_t) ((gsize) i * in.x_channel);
      n_taps = n_channels;
      n_channels = 1;
    }
  else
    tap_conv_taps (&c->g, c->share ? c->rect.width : rect.width, taps);
  if (c->g.flat && rect.width == window->out_w)
    {
      rect.width *= rect.height;
      rect.height = 1;
    }

  if (c->by_rows)
    {
      TapRowJob job = {
        .x = in.x,
        .x_row = in.x_row,
        .x_channel = in.x_channel,
        .taps = taps,
        .n_taps = n_taps,
        .channels = n_channels,
        .weights = c->weights + (gsize) group * c->group_weights +
                   (gsize) first * (gsize) c->in_per_group * (gsize) c->n_taps,
        .bias = c->bias != NULL ? c->bias + group * c->out_per_group + first : NULL,
        .y = y,
        .residual = residual,
        .y_row = y_row,
        .y_channel = out_plane,
        .rows = rect.height,
        .width = rect.width,
        .out_channels = channels,
        .clamp = c->run->clamp,
      };

      c->run->simd->conv_rows (&job);
    }
  else
    {
      TapTileJob job = {
        .x = in.x,
        .x_row = in.x_row,
        .x_channel = in.x_channel,
        .taps = taps,
        .n_taps = n_taps,
        .channels = n_channels,
        .weights = c->weights + (gsize) group * c->group_weights +
                   (gsize) first * (gsize) c->in_per_group * (gsize) c->n_taps,
        .bias = c->bias + group * n_blocks (c->out_per_group) * TAP_BLOCK + first,
        .y = y,
        .residual = residual,
        .y_row = y_row,
        .y_channel = out_plane,
        .y_pixel = 1,
        .rows = rect.height,
        .width = rect.width,
        .out_channels = channels,
        .clamp = c->run->clamp,
      };

      /* The same bits either way: what counts is whether the stores or the sums are most of the work. */
      if (n_channels * n_taps <= SHORT_SUM && job.width >= 3 * c->run->simd->lanes)
        c->run->simd->conv_wide (&job);
      else
        c->run->simd->conv_tiles (&job);
    }
}

/* Some channels of the shared block. */
static void
fill_task (gpointer user_data, int task, int worker)
{
  const Conv *c = user_data;
  const TapWindow *window = &c->g.window;
  gsize plane = (gsize) window->in_h * (gsize) window->in_w;
  int n = (c->in_per_group + FILL_CHANNELS - 1) / FILL_CHANNELS, group = task / n;
  int first = task % n * FILL_CHANNELS, last = MIN (first + FILL_CHANNELS, c->in_per_group);
  const float *x =
    tap_cpu_f32 (&c->run->inputs[0]) +
    ((gsize) c->image * (gsize) c->groups + (gsize) group) * (gsize) c->in_per_group * plane;

  tap_conv_block_fill (&c->g, &c->rect, x, first, last, c->shared + (gsize) group * c->share_group);
}

static void
conv_task (gpointer user_data, int task, int worker)
{
  const Conv *c = user_data;
  int cut = task % c->n_channel_cuts, rest = task / c->n_channel_cuts;
  int place = rest % (c->n_down * c->n_across);
  int group = rest / (c->n_down * c->n_across) * c->groups_per_task;
  int last = MIN (group + c->groups_per_task, c->groups);

  for (; group < last; group++)
    conv_part (c, group, place, cut, worker);
}

/* Cuts the rectangle so that a block fits its memory, a task is worth its start, each weight that is
 * fetched serves a hundred pixels or so, and there are enough tasks to go round. */
static void
cut (Conv *c)
{
  const TapRect *rect = &c->rect;
  int cuts_max = c->by_rows ? c->out_per_group : n_blocks (c->out_per_group);
  double per_pixel = (double) c->in_per_group * c->n_taps * c->out_per_group;
  double total = per_pixel * rect->width * rect->height * c->groups;
  double target = CLAMP (total / 16, 5e5, 4e6);
  int rows, width = rect->width;

  while (!c->g.direct && width > 28 && tap_conv_block_floats (&c->g, 1, width) > c->block_floats)
    width = MAX (28, (width / 2 + 13) / 14 * 14);
  rows = (int) CLAMP (target / (per_pixel * width), 1, rect->height);
  if (!c->by_rows)
    rows = MIN (MAX (rows, (111 + width) / width), rect->height);
  while (!c->g.direct && rows > 1 && tap_conv_block_floats (&c->g, rows, width) > c->block_floats)
    rows = (rows + 1) / 2;
  c->tile_width = width;
  c->tile_rows = rows;
  c->tile_blocks = (int) CLAMP (target / (per_pixel / cuts_max * width * rows) + 0.5, 1, cuts_max);
  /* Pairs of blocks share each pixel that is fetched. */
  if (c->tile_blocks < cuts_max && c->tile_blocks % 2 == 1)
    c->tile_blocks++;
  if (c->by_rows)
    c->tile_blocks = cuts_max;
  c->n_across = (rect->width + width - 1) / width;
  c->n_down = (rect->height + rows - 1) / rows;
  c->n_channel_cuts = (cuts_max + c->tile_blocks - 1) / c->tile_blocks;
  c->share_group = tap_conv_block_floats (&c->g, rect->height, rect->width);
  c->share =
    !c->g.direct && c->n_channel_cuts > 1 && c->share_group * (gsize) c->groups <= c->shared_floats;
  c->groups_per_task = (int) CLAMP (1e5 / (per_pixel * width * rows), 1, c->groups);
}

gboolean
tap_conv_direct_forward (const TapCpuRun *run, GError **error)
{
  Conv c;
  const float *w = tap_cpu_f32 (&run->inputs[1]);
  const float *bias = tap_cpu_has_input (run, 2) ? tap_cpu_f32 (&run->inputs[2]) : NULL;

  if (!prepare (&c, run, error))
    return FALSE;
  c.blocks = run->scratch;
  if (c.by_rows)
    {
      c.weights = w;
      c.bias = bias;
    }
  else
    {
      const float *packed = run->packed;

      if (packed == NULL)
        {
          float *fresh = run->scratch;

          pack_weights (fresh, w, bias, c.groups, c.out_per_group, c.in_per_group, c.n_taps);
          c.blocks = fresh + repacked_floats (&c);
          packed = fresh;
        }
      c.weights = packed;
      c.bias = packed + (gsize) c.groups * c.group_weights;
    }
  c.shared = c.blocks;
  c.blocks += c.shared_floats;
  for (c.image = 0; c.image < c.images; c.image++)
    {
      c.rect = tap_cpu_rect (run, (gsize) c.image);
      if (tap_rect_is_empty (&c.rect))
        continue;
      cut (&c);
      if (c.share)
        tap_pool_run (run->pool, c.groups * ((c.in_per_group + FILL_CHANNELS - 1) / FILL_CHANNELS),
                      fill_task, &c);
      tap_pool_run (run->pool,
                    c.n_down * c.n_across * c.n_channel_cuts *
                      ((c.groups + c.groups_per_task - 1) / c.groups_per_task),
                    conv_task, &c);
    }
  return TRUE;
}
