/* conv-pass.c - one direct pass of convolution: the same chains of products for each output cell
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pass is cut into tasks: some rows and columns of one image, some output channels of one group.
 * Each task copies what it sees into a block (padding, strides and phases end there; conv-block.c) and
 * hands it to an inner loop: vectors of output channels, vectors of pixels, or, for depthwise
 * convolution, whole maps without a block. All add bias, then channel by channel and tap by tap, in
 * the chains of simd.h, so neither the cut nor the loop leaves a trace in the result. */

#include "config.h"

#include "engine/cpu/conv-pass.h"

/* Floats of a block that stay in the second-level cache beside the weights. */
#define BLOCK_FLOATS  (96 * 1024)
/* Sums of up to so many products leave most of the time to the stores. */
#define SHORT_SUM     96
/* A shared block is made where it is at most this many floats; its tasks take so many channels. */
#define SHARED_FLOATS (1024 * 1024)
#define FILL_CHANNELS 16
/* Multiply-adds of a task: what keeps the weights in use, and what is just worth its start. */
#define TASK          4e6
#define SMALL_TASK    1.5e5
/* Pixels that make it worthwhile to fetch a weight. */
#define MANY_PIXELS   84
/* Time of a multiply-add of depthwise convolution, which moves a float for every few of them. */
#define DEPTH_COST    4

typedef struct
{
  const TapConvPass *pass;
  TapConvGeometry g;
  int n_taps, block_width;
  gsize group_weights; /* floats per group */
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
} Direct;

static gsize
whole_lines (gsize floats)
{
  return (floats + 15) & ~(gsize) 15;
}

/* Maps that conv_depth() takes. */
static gboolean
is_depth (const TapConvPass *p)
{
  const TapWindow *w = &p->window;

  return p->in_per_group == 1 && p->out_per_group == 1 && p->y_pixel == 1 &&
         (w->kernel_h == 3 || w->kernel_h == 5) && w->kernel_w == w->kernel_h &&
         (w->stride_h == 1 || w->stride_h == 2) && w->stride_w == w->stride_h &&
         w->dilation_h == 1 && w->dilation_w == 1;
}

/* Everything that follows from shapes. */
static void
prepare (Direct *c, const TapConvPass *pass)
{
  const TapWindow *w = &pass->window;
  int rows = MAX (w->out_h, 1), width = MAX (w->out_w, 1);

  *c = (Direct){ .pass = pass,
                 .n_taps = w->kernel_h * w->kernel_w,
                 .block_width = tap_conv_block_width (pass->out_per_group) };
  c->group_weights = tap_conv_group_floats (pass->out_per_group, pass->in_per_group, c->n_taps);
  tap_conv_geometry (w, pass->in_per_group, &c->g);
  if (pass->x_channel != 0)
    c->g.plane = pass->x_channel;
  if (c->g.direct)
    return;
  c->block_floats =
    whole_lines (MAX (MIN ((gsize) BLOCK_FLOATS, tap_conv_block_floats (&c->g, rows, width)),
                      tap_conv_block_floats (&c->g, 1, MIN (width, 28))));
  if (pass->out_per_group >= TAP_CONV_FEW)
    c->shared_floats =
      whole_lines ((gsize) pass->groups * tap_conv_block_floats (&c->g, rows, width));
  if (c->shared_floats > SHARED_FLOATS)
    c->shared_floats = 0;
}

static gsize
taps_bytes (const Direct *c)
{
  return ((gsize) MAX (c->n_taps, c->pass->in_per_group) * sizeof (ptrdiff_t) + 63) & ~(gsize) 63;
}

gsize
tap_conv_pass_scratch (const TapConvPass *pass)
{
  Direct c;

  prepare (&c, pass);
  return (gsize) tap_pool_get_n_threads (pass->pool) *
           (taps_bytes (&c) + c.block_floats * sizeof (float)) +
         c.shared_floats * sizeof (float);
}

static const float *
input_group (const Direct *c, int group)
{
  const TapConvPass *p = c->pass;

  return p->x + ((gsize) c->image * (gsize) p->groups + (gsize) group) * (gsize) p->in_per_group *
                  c->g.plane;
}

/* Where in y the first cell of a rectangle is. */
static gsize
output_at (const Direct *c, const TapConvPass *p, int group, int channel, const TapRect *rect)
{
  gsize map = ((gsize) c->image * (gsize) p->groups + (gsize) group) * (gsize) p->out_per_group +
              (gsize) channel;

  return map * p->y_channel + (gsize) rect->y * p->y_row + (gsize) rect->x * p->y_pixel;
}

/* What @rect of the outputs sees of a group: in place, in the shared block or in the task's own. */
static TapConvBlock
see (const Direct *c, int group, const TapRect *rect, float *block)
{
  const TapWindow *w = &c->g.window;
  const float *x = input_group (c, group);

  if (c->g.direct)
    {
      ptrdiff_t row = (ptrdiff_t) rect->y * w->stride_h - w->pad_top;

      return (TapConvBlock){ .x = x + row * w->in_w + rect->x - w->pad_left,
                             .x_row = (gsize) w->stride_h * (gsize) w->in_w,
                             .x_channel = c->g.plane };
    }
  if (c->share)
    return tap_conv_block_part (&c->g, &c->rect, rect, c->shared + (gsize) group * c->share_group);
  tap_conv_block_fill (&c->g, c->pass->simd, rect, x, 0, c->pass->in_per_group, block);
  return tap_conv_block_part (&c->g, rect, rect, block);
}

/* @n_blocks blocks of output channels of @p from @first_block on, at one place. */
static void
conv_part (const Direct *c,
           const TapConvPass *p,
           int group,
           int place,
           int first_block,
           int n_blocks,
           int worker)
{
  float *block = c->blocks + (gsize) worker * (c->block_floats + taps_bytes (c) / sizeof (float));
  ptrdiff_t *taps = (ptrdiff_t *) (void *) (block + c->block_floats);
  int across = place % c->n_across, down = place / c->n_across;
  int first = first_block * c->block_width;
  gsize group_bias = tap_conv_group_floats (p->out_per_group, 1, 1);
  TapRect rect = { c->rect.x + across * c->tile_width, c->rect.y + down * c->tile_rows };
  TapConvBlock in;
  TapTileJob job;
  gsize at;

  rect.width = MIN (c->tile_width, c->rect.x + c->rect.width - rect.x);
  rect.height = MIN (c->tile_rows, c->rect.y + c->rect.height - rect.y);
  in = see (c, group, &rect, block);
  at = output_at (c, p, group, first, &rect);
  job = (TapTileJob){
    .x = in.x,
    .x_row = in.x_row,
    .x_channel = in.x_channel,
    .taps = taps,
    .n_taps = c->n_taps,
    .channels = p->in_per_group,
    .weights = p->weights + (gsize) group * c->group_weights +
               (gsize) first * (gsize) p->in_per_group * (gsize) c->n_taps,
    .w_step = (gsize) c->block_width,
    .bias = p->bias != NULL ? p->bias + (gsize) group * group_bias + first : NULL,
    .y = p->y + at,
    .residual = p->residual != NULL ? p->residual + at : NULL,
    .y_row = p->y_row,
    .y_channel = p->y_channel,
    .y_pixel = p->y_pixel,
    .rows = rect.height,
    .width = rect.width,
    .out_channels = MIN (n_blocks * c->block_width, p->out_per_group - first),
    .clamp = p->clamp,
  };

  if (c->n_taps == 1)
    {
      /* One long list of taps instead of many lists of one. */
      for (int i = 0; i < p->in_per_group; i++)
        taps[i] = (ptrdiff_t) ((gsize) i * in.x_channel);
      job.n_taps = p->in_per_group;
      job.channels = 1;
    }
  else
    tap_conv_taps (&c->g, c->share ? c->rect.width : rect.width, taps);
  /* The same bits either way: what counts is whether the stores or the sums are most of the work. */
  if (c->block_width < TAP_BLOCK ||
      (job.channels * job.n_taps <= SHORT_SUM && job.width >= 3 * p->simd->lanes))
    p->simd->conv_wide (&job);
  else
    p->simd->conv_tiles (&job);
}

/* Some maps of some rows. */
static void
depth_task (gpointer user_data, int task, int worker)
{
  const Direct *c = user_data;
  const TapConvPass *p = c->pass;
  const TapWindow *w = &p->window;
  int down = task % c->n_down, group = task / c->n_down * c->groups_per_task;
  int last = MIN (group + c->groups_per_task, p->groups);
  TapRect rect = { c->rect.x, c->rect.y + down * c->tile_rows, c->rect.width, 0 };
  gsize at;
  TapDepthJob job;

  rect.height = MIN (c->tile_rows, c->rect.y + c->rect.height - rect.y);
  at = output_at (c, p, group, 0, &rect);
  job = (TapDepthJob){
    .x = input_group (c, group),
    .x_map = c->g.plane,
    .in_h = w->in_h,
    .in_w = w->in_w,
    .kernel = w->kernel_h,
    .stride = w->stride_h,
    .pad_top = w->pad_top,
    .pad_left = w->pad_left,
    .weights = p->weights + (gsize) group * c->group_weights,
    .bias = p->bias != NULL ? p->bias + group : NULL,
    .y = p->y + at,
    .residual = p->residual != NULL ? p->residual + at : NULL,
    .y_map = p->y_channel,
    .y_row = p->y_row,
    .first_row = rect.y,
    .first_column = rect.x,
    .rows = rect.height,
    .width = rect.width,
    .maps = last - group,
    .clamp = p->clamp,
  };
  p->simd->conv_depth (&job);
}

/* Some channels of the shared block. */
static void
fill_task (gpointer user_data, int task, int worker)
{
  const Direct *c = user_data;
  int channels = c->pass->in_per_group, n = (channels + FILL_CHANNELS - 1) / FILL_CHANNELS;
  int group = task / n, first = task % n * FILL_CHANNELS;

  tap_conv_block_fill (&c->g, c->pass->simd, &c->rect, input_group (c, group), first,
                       MIN (first + FILL_CHANNELS, channels),
                       c->shared + (gsize) group * c->share_group);
}

static void
conv_task (gpointer user_data, int task, int worker)
{
  const Direct *c = user_data;
  int cut = task % c->n_channel_cuts, rest = task / c->n_channel_cuts;
  int place = rest % (c->n_down * c->n_across);
  int group = rest / (c->n_down * c->n_across) * c->groups_per_task;
  int last = MIN (group + c->groups_per_task, c->pass->groups);

  for (; group < last; group++)
    conv_part (c, c->pass, group, place, cut * c->tile_blocks, c->tile_blocks, worker);
}

/* Extents of @n equal parts, at least @least each. */
static int
share_out (int whole, double n, int least)
{
  int parts = (int) CLAMP (n, 1, MAX (whole / least, 1));

  return (whole + parts - 1) / parts;
}

/* How many tasks there should be of so many multiply-adds: enough to go round evenly, each worth its
 * start. The bits do not depend on it, so it may know the number of threads. */
static double
tasks_for (const Direct *c, double macs)
{
  double threads = tap_pool_get_n_threads (c->pass->pool);

  if (threads == 1)
    return MAX (macs / TASK, 1);
  if (macs < 2 * SMALL_TASK)
    return 1;
  return threads * (int) CLAMP (macs / threads / SMALL_TASK, 1, MAX (8, macs / threads / TASK));
}

/* Cuts the rectangle so that a block fits its memory, each weight that is fetched serves a hundred pixels
 * or so, and there are enough tasks to go round. */
static void
cut (Direct *c)
{
  const TapConvPass *p = c->pass;
  const TapRect *rect = &c->rect;
  gboolean narrow = c->block_width < TAP_BLOCK;
  int blocks = narrow ? 1 : (p->out_per_group + TAP_BLOCK - 1) / TAP_BLOCK;
  double per_pixel = MAX ((double) p->in_per_group, 1) * c->n_taps * p->out_per_group;
  double map = per_pixel * rect->width * rect->height;
  double n = tasks_for (c, map * p->groups) / p->groups, places;
  int rows = rect->height, width = rect->width, together;

  while (!c->g.direct && width > 28 && tap_conv_block_floats (&c->g, 1, width) > c->block_floats)
    width = MAX (28, (width / 2 + 13) / 14 * 14);
  c->n_across = (rect->width + width - 1) / width;
  if (rows == 1 && c->g.direct)
    {
      width = share_out (width, n, MANY_PIXELS);
      width = width > 4 * TAP_BLOCK ? (width + TAP_BLOCK - 1) / TAP_BLOCK * TAP_BLOCK : width;
      c->n_across = (rect->width + width - 1) / width;
    }
  else
    rows = share_out (rows, n / c->n_across, narrow ? 1 : MAX (MANY_PIXELS / width, 1));
  while (!c->g.direct && rows > 1 && tap_conv_block_floats (&c->g, rows, width) > c->block_floats)
    rows = (rows + 1) / 2;
  c->tile_width = width;
  c->tile_rows = rows;
  c->n_down = (rect->height + rows - 1) / rows;
  places = (double) c->n_across * c->n_down;
  c->tile_blocks = share_out (blocks, n / places, 1);
  /* Pairs of blocks share each pixel that is fetched, where tiles are narrow four. */
  together = width % 14 != 0 && (width % 14 <= 7 || width <= 7) && width * rows < 14 * 14 ? 4 : 2;
  if (c->tile_blocks < blocks)
    c->tile_blocks = MIN ((c->tile_blocks + together - 1) / together * together, blocks);
  c->n_channel_cuts = (blocks + c->tile_blocks - 1) / c->tile_blocks;
  c->share_group = tap_conv_block_floats (&c->g, rect->height, rect->width);
  c->share =
    !c->g.direct && c->n_channel_cuts > 1 && c->share_group * (gsize) p->groups <= c->shared_floats;
  c->groups_per_task = n < 1 ? (int) CLAMP (1 / n, 1, p->groups) : 1;
}

static void
cut_depth (Direct *c)
{
  const int groups = c->pass->groups;
  double map = (double) c->rect.width * c->rect.height * c->n_taps * DEPTH_COST;
  double n = tasks_for (c, map * groups);

  c->groups_per_task = share_out (groups, n, 1);
  c->tile_rows = share_out (c->rect.height, n / groups, 14);
  c->n_down = (c->rect.height + c->tile_rows - 1) / c->tile_rows;
}

/* What is to be computed of image c->image. FALSE: nothing. */
static gboolean
choose_rect (Direct *c)
{
  const TapConvPass *p = c->pass;

  c->rect =
    p->rects != NULL ? p->rects[c->image] : (TapRect){ 0, 0, p->window.out_w, p->window.out_h };
  if (tap_rect_is_empty (&c->rect))
    return FALSE;
  if (c->g.flat && c->rect.width == p->window.out_w &&
      p->y_row == p->y_pixel * (gsize) p->window.out_w)
    c->rect = (TapRect){ c->rect.y * c->rect.width, 0, c->rect.width * c->rect.height, 1 };
  return TRUE;
}

void
tap_conv_pass_run (const TapConvPass *p, void *scratch)
{
  Direct c;
  int n_fills = (p->in_per_group + FILL_CHANNELS - 1) / FILL_CHANNELS;

  if (p->window.out_h <= 0 || p->window.out_w <= 0)
    return;
  prepare (&c, p);
  c.shared = scratch;
  c.blocks = c.shared + c.shared_floats;
  for (c.image = 0; c.image < p->images; c.image++)
    {
      int n_groups;

      if (!choose_rect (&c))
        continue;
      if (is_depth (p))
        cut_depth (&c);
      else
        cut (&c);
      n_groups = (p->groups + c.groups_per_task - 1) / c.groups_per_task;
      if (c.share)
        tap_pool_run (p->pool, p->groups * n_fills, fill_task, &c);
      if (is_depth (p))
        tap_pool_run (p->pool, c.n_down * n_groups, depth_task, &c);
      else
        tap_pool_run (p->pool, c.n_down * c.n_across * c.n_channel_cuts * n_groups, conv_task, &c);
    }
}

typedef struct
{
  Direct all; /* cut as a pass with the channels of all */
  const TapConvPass *passes;
  int n;
} Together;

/* Some blocks of output channels, counted through all passes, at one place. */
static void
together_task (gpointer user_data, int task, int worker)
{
  const Together *t = user_data;
  const Direct *c = &t->all;
  int first = task % c->n_channel_cuts * c->tile_blocks, last = first + c->tile_blocks;

  for (int i = 0; i < t->n && last > 0; i++)
    {
      int blocks = (t->passes[i].out_per_group + c->block_width - 1) / c->block_width;

      if (first < blocks)
        conv_part (c, &t->passes[i], 0, task / c->n_channel_cuts, MAX (first, 0),
                   MIN (last, blocks) - MAX (first, 0), worker);
      first -= blocks;
      last -= blocks;
    }
}

void
tap_conv_pass_run_together (const TapConvPass *passes, int n, void *scratch)
{
  Together t = { .passes = passes, .n = n };
  TapConvPass all = passes[0];
  Direct *c = &t.all;

  if (all.window.out_h <= 0 || all.window.out_w <= 0)
    return;
  all.out_per_group = 0;
  for (int i = 0; i < n; i++)
    all.out_per_group += (passes[i].out_per_group + TAP_BLOCK - 1) / TAP_BLOCK * TAP_BLOCK;
  prepare (c, &all);
  g_assert (c->g.direct && all.groups == 1);
  c->blocks = scratch;
  for (c->image = 0; c->image < all.images; c->image++)
    if (choose_rect (c))
      {
        cut (c);
        tap_pool_run (all.pool, c->n_down * c->n_across * c->n_channel_cuts, together_task, &t);
      }
}
