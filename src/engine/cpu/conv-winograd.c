/* conv-winograd.c - convolution of 3×3 windows with fewer products
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The output is cut into tiles of 4 × 4; simd/winograd-transform.c says what is computed of each. All
 * tiles of all images are one list. With few weights (FUSED), all of them are transformed once; then each
 * task takes some tiles through all three steps in its own cache. With many (SHARED), the inputs of many
 * tiles are transformed first; then each task takes some output channels of all of them, transforming
 * weights as it meets them. How the list is cut leaves no trace in the result. */

#include "config.h"

#include "engine/cpu/conv-winograd.h"

/* Floats that a task keeps in the second-level cache. */
#define TASK_FLOATS   (160 * 1024)
/* Transformed weights up to here are shared by all tasks, if there are tiles for some tasks. */
#define FUSED_FLOATS  (640 * 1024)
/* Transformed inputs of one round of tasks. */
#define ROUND_FLOATS  (2 * 1024 * 1024)
/* Tiles of a task: two, or four, full tiles of the inner loop. */
#define FUSED_TILES   28
#define SHARED_TILES  56
/* Input channels whose weights are transformed at a time, and whose products are one chain, and blocks of output
 * channels. */
#define STEP_CHANNELS 64
#define STEP_BLOCKS   2
/* Weights of a channel of a block; lines of memory with those of TAP_BLOCK channels. */
#define PIECE         (9 * TAP_BLOCK)
#define PIECE_LINES   (9 * TAP_BLOCK)

/* Costs in multiply-adds: of a cell, directly; of fetching and transforming the weights of a channel, and the
 * inputs and outputs of a tile, all per block; of a group. Within a network weights come from memory, which
 * tips the scales for four tiles: 7 × 7 cells are better off directly, 8 × 8 are not. */
#define PIXEL_COST   9.9
#define WEIGHTS_COST 400
#define INPUT_COST   600
#define OUTPUT_COST  350
#define START_COST   20000
/* For parts of a picture: few tiles do not hide how long the weights take to come. */
#define PARTS_COST   600

typedef struct
{
  const TapWinogradJob *job;
  int in_blocks, out_blocks;
  int tiles;
  gboolean fused;
  int round;  /* SHARED: tiles of a round; FUSED: of a task */
  int part;   /* SHARED: tiles of a task, of the round */
  int blocks; /* of output channels of a task, or of a step of it */
  int step;   /* SHARED: input channels at a time */
  int pieces; /* of tiles, SHARED inputs */
  gsize v_block, v_position, v_floats;
  gsize u_block, u_position, u_floats;
  gsize sums_block, sums_position, sums_floats;
  gsize worker_floats;
  float *v, *u, *workers; /* shared; one per worker */
  int group, first, n;    /* what this round is about: tiles first .. first + n - 1 */
} Winograd;

static gsize
whole_lines (gsize floats)
{
  return (floats + 15) & ~(gsize) 15;
}

/* Distances between positions keep off powers of two, which would fall on the same lines of the cache. */
static gsize
odd_lines (gsize floats)
{
  return (whole_lines (floats) / 16 | 1) * 16;
}

static int
divide_up (int a, int b)
{
  return (a + b - 1) / b;
}

static int
tiles_of (int height, int width)
{
  return divide_up (height, TAP_WINOGRAD_TILE) * divide_up (width, TAP_WINOGRAD_TILE);
}

static int
tiles_of_parts (const TapWinogradJob *job)
{
  int n = 0;

  for (int i = 0; i < job->n_parts; i++)
    n += tiles_of (job->parts[i].height, job->parts[i].width);
  return n;
}

/* Everything that follows from sizes and the number of threads. */
static void
prepare (Winograd *self, const TapWinogradJob *job)
{
  int threads = tap_pool_get_n_threads (job->pool);
  gsize per_tile;

  self->job = job;
  self->in_blocks = divide_up (job->in, TAP_BLOCK);
  self->out_blocks = divide_up (job->out, TAP_BLOCK);
  self->tiles =
    job->parts != NULL ? tiles_of_parts (job) : tiles_of (job->out_h, job->out_w) * job->images;
  per_tile = (gsize) TAP_WINOGRAD_POSITIONS * (gsize) self->in_blocks * TAP_BLOCK;
  self->fused = per_tile * (gsize) self->out_blocks * TAP_BLOCK <= FUSED_FLOATS &&
                self->tiles >= 2 * threads * FUSED_TILES;
  self->blocks = MIN (self->out_blocks, STEP_BLOCKS);
  if (self->fused)
    {
      gsize sums = (gsize) (TAP_WINOGRAD_POSITIONS * self->blocks * TAP_BLOCK);

      self->round = (int) CLAMP (TASK_FLOATS / (per_tile + sums), 7, FUSED_TILES);
      self->round = MIN (self->round, self->tiles);
      self->part = self->round;
      self->step = job->in;
      self->u_block = odd_lines ((gsize) job->in * TAP_BLOCK);
      self->u_position = (gsize) self->out_blocks * self->u_block;
    }
  else
    {
      self->round = (int) CLAMP (ROUND_FLOATS / per_tile, 28, (gsize) self->tiles);
      self->round = MIN (self->round, self->tiles);
      self->part = divide_up (self->round, divide_up (self->round, SHARED_TILES));
      self->step = MIN (self->in_blocks * TAP_BLOCK, STEP_CHANNELS);
      self->u_block = odd_lines ((gsize) self->step * TAP_BLOCK);
      self->u_position = (gsize) self->blocks * self->u_block;
    }
  self->v_block = (gsize) self->round * TAP_BLOCK;
  self->v_position = odd_lines ((gsize) self->in_blocks * self->v_block);
  self->v_floats = (gsize) TAP_WINOGRAD_POSITIONS * self->v_position;
  self->u_floats = (gsize) TAP_WINOGRAD_POSITIONS * self->u_position;
  self->sums_block = (gsize) self->part * TAP_BLOCK;
  self->sums_position = odd_lines ((gsize) self->blocks * self->sums_block);
  self->sums_floats = (gsize) TAP_WINOGRAD_POSITIONS * self->sums_position;
  self->worker_floats = self->sums_floats + (self->fused ? self->v_floats : self->u_floats);
}

static gsize
shared_floats (const Winograd *self)
{
  return self->fused ? self->u_floats : self->v_floats;
}

/* Neighbouring tiles of one row of tiles. */
typedef struct
{
  int image, row, column; /* of the first cell */
  int rows, width;        /* cells that there are: the last tiles may stick out */
  int tiles, at;          /* of a list of tiles */
} TileRun;

typedef void (*RunFunc) (const Winograd *self, const TileRun *run, gpointer data);

/* The rectangle that a tile belongs to, and which tile of the rectangle it is. */
static TapRect
rect_of_tile (const Winograd *self, int tile, int *image, int *place)
{
  const TapWinogradJob *job = self->job;
  int n = tiles_of (job->out_h, job->out_w);

  *image = 0;
  *place = tile;
  for (int i = 0; i < job->n_parts; i++)
    {
      n = tiles_of (job->parts[i].height, job->parts[i].width);
      if (*place < n)
        return job->parts[i];
      *place -= n;
    }
  *image = *place / n;
  *place %= n;
  return (TapRect){ .width = job->out_w, .height = job->out_h };
}

/* Calls for the runs in tiles first .. first + n - 1 of the list; run->at counts from @first. */
static void
each_run (const Winograd *self, int first, int n, RunFunc func, gpointer data)
{
  TileRun run = { 0 };

  for (int t = first; t < first + n; t += run.tiles)
    {
      int place;
      TapRect rect = rect_of_tile (self, t, &run.image, &place);
      int across = divide_up (rect.width, TAP_WINOGRAD_TILE), column = place % across;

      run.tiles = MIN (MIN (first + n - t, across - column), TAP_WINOGRAD_STRIP);
      run.row = rect.y + place / across * TAP_WINOGRAD_TILE;
      run.column = rect.x + column * TAP_WINOGRAD_TILE;
      run.rows = MIN (TAP_WINOGRAD_TILE, rect.y + rect.height - run.row);
      run.width = MIN (run.tiles * TAP_WINOGRAD_TILE, rect.x + rect.width - run.column);
      run.at = t - first;
      func (self, &run, data);
    }
}

typedef struct
{
  int block;
  float *v;          /* inputs: of the first tile, position 0 */
  const float *sums; /* outputs: the same */
} Place;

static void
input_run (const Winograd *self, const TileRun *run, gpointer data)
{
  const TapWinogradJob *job = self->job;
  const Place *place = data;
  gsize plane = (gsize) job->in_h * (gsize) job->in_w;
  gsize channel = (gsize) (run->image * job->groups + self->group) * (gsize) job->in +
                  (gsize) (place->block * TAP_BLOCK);
  TapWinogradInput input = {
    .x = job->x + channel * plane,
    .x_channel = plane,
    .channels = MIN (job->in - place->block * TAP_BLOCK, TAP_BLOCK),
    .in_h = job->in_h,
    .in_w = job->in_w,
    .row = run->row - job->pad_top,
    .column = run->column - job->pad_left,
    .tiles = run->tiles,
    .v = place->v + (gsize) run->at * TAP_BLOCK,
    .v_position = self->v_position,
  };

  job->simd->winograd_input (&input);
}

static const float no_bias[TAP_BLOCK];

static void
output_run (const Winograd *self, const TileRun *run, gpointer data)
{
  const TapWinogradJob *job = self->job;
  const Place *place = data;
  gsize plane = (gsize) job->out_h * (gsize) job->out_w;
  gsize channel = (gsize) (run->image * job->groups + self->group) * (gsize) job->out +
                  (gsize) (place->block * TAP_BLOCK);
  gsize offset = channel * plane + (gsize) run->row * (gsize) job->out_w + (gsize) run->column;
  gsize weights = (gsize) (job->groups * self->out_blocks * TAP_BLOCK) * (gsize) job->in * 9;
  TapWinogradOutput output = {
    .sums = place->sums + (gsize) run->at * TAP_BLOCK,
    .sums_position = self->sums_position,
    .bias = job->turned ?
              no_bias :
              job->packed + weights + (self->group * self->out_blocks + place->block) * TAP_BLOCK,
    .y = job->y + offset,
    .residual = job->residual != NULL ? job->residual + offset : NULL,
    .y_row = (gsize) job->out_w,
    .y_channel = plane,
    .channels = MIN (job->out - place->block * TAP_BLOCK, TAP_BLOCK),
    .tiles = run->tiles,
    .rows = run->rows,
    .width = run->width,
    .clamp = job->clamp,
  };

  job->simd->winograd_output (&output);
}

/* TAP_BLOCK of the weights of one block of output channels, from input channel @first on, a whole block. */
static const float *
weights_at (const Winograd *self, int block, int first)
{
  const TapWinogradJob *job = self->job;
  gsize blocks = (gsize) (self->group * self->out_blocks + block);

  if (job->turned)
    return job->packed +
           ((gsize) (self->group * self->in_blocks + first / TAP_BLOCK) * (gsize) job->out +
            (gsize) (block * TAP_BLOCK)) *
             PIECE;
  return job->packed + (blocks * (gsize) job->in + (gsize) first) * 9 * TAP_BLOCK;
}

/* The same for a convolution to be transposed, in @t. */
static const float *
turn_weights (const Winograd *self, int block, int first, float *t)
{
  const float *w = weights_at (self, block, first);

  if (!self->job->turned)
    return w;
  self->job->simd->winograd_turn (t, w, MIN (TAP_BLOCK, self->job->out - block * TAP_BLOCK));
  return t;
}

/* Weights that are to be transformed next, to be fetched while others are multiplied. */
typedef struct
{
  int block, blocks;   /* of output channels */
  int channel, pieces; /* of TAP_BLOCK input channels */
} Next;

/* A share of them for each position. */
static void
choose_fetch (const Winograd *self, const Next *next, int position, TapWinogradProduct *product)
{
  int lines = next->blocks * next->pieces * PIECE_LINES;
  int first = lines * position / TAP_WINOGRAD_POSITIONS, piece = first / PIECE_LINES;

  if (lines == 0)
    return;
  product->fetch_lines = lines * (position + 1) / TAP_WINOGRAD_POSITIONS - first;
  product->fetch = weights_at (self, next->block + piece / next->pieces,
                               next->channel + piece % next->pieces * TAP_BLOCK) +
                   (gsize) (first % PIECE_LINES) * TAP_BLOCK;
}

/* All positions of some tiles, input channels and blocks of output channels. */
static void
multiply (const Winograd *self, TapWinogradProduct product, const Next *next)
{
  product.v_block = self->v_block;
  product.u_block = self->u_block;
  product.sums_block = self->sums_block;
  for (int p = 0; p < TAP_WINOGRAD_POSITIONS; p++)
    {
      choose_fetch (self, next, p, &product);
      product.v_ahead = p + 1 < TAP_WINOGRAD_POSITIONS ? (ptrdiff_t) self->v_position : 0;
      self->job->simd->winograd_product (&product);
      product.v += self->v_position;
      product.u += self->u_position;
      product.sums += self->sums_position;
    }
}

static void
store (const Winograd *self, const float *sums, int block, int blocks, int first, int tiles)
{
  for (int b = 0; b < blocks; b++)
    {
      Place place = { .block = block + b, .sums = sums + (gsize) b * self->sums_block };

      each_run (self, first, tiles, output_run, &place);
    }
}

/* --- few weights --- */

static void
fused_weights_task (gpointer user_data, int task, int worker)
{
  const Winograd *self = user_data;
  int block = task / self->in_blocks, first = task % self->in_blocks * TAP_BLOCK;
  float t[PIECE * TAP_BLOCK] __attribute__ ((aligned (64)));
  TapWinogradWeights weights = {
    .w = turn_weights (self, block, first, t),
    .channels = MIN (TAP_BLOCK, self->job->in - first),
    .u = self->u + (gsize) block * self->u_block + (gsize) first * TAP_BLOCK,
    .u_position = self->u_position,
  };

  self->job->simd->winograd_weights (&weights);
}

static void
fused_task (gpointer user_data, int task, int worker)
{
  const Winograd *self = user_data;
  float *v = self->workers + (gsize) worker * self->worker_floats, *sums = v + self->v_floats;
  int n = divide_up (self->tiles, self->round);
  int first = (int) ((gint64) self->tiles * task / n);
  int tiles = (int) ((gint64) self->tiles * (task + 1) / n) - first;

  for (int b = 0; b < self->in_blocks; b++)
    {
      Place place = { .block = b, .v = v + (gsize) b * self->v_block };

      each_run (self, first, tiles, input_run, &place);
    }
  for (int b = 0; b < self->out_blocks; b += self->blocks)
    {
      int blocks = MIN (self->blocks, self->out_blocks - b);

      for (int c = 0; c < self->job->in; c += STEP_CHANNELS)
        multiply (
          self,
          (TapWinogradProduct){ .v = v + (gsize) (c / TAP_BLOCK) * self->v_block,
                                .u = self->u + (gsize) b * self->u_block + (gsize) (c * TAP_BLOCK),
                                .sums = sums,
                                .channels = MIN (STEP_CHANNELS, self->job->in - c),
                                .tiles = tiles,
                                .blocks = blocks,
                                .add = c > 0 },
          &(Next){ 0 });
      store (self, sums, b, blocks, first, tiles);
    }
}

static void
run_fused (Winograd *self)
{
  tap_pool_run (self->job->pool, self->out_blocks * self->in_blocks, fused_weights_task, self);
  tap_pool_run (self->job->pool, divide_up (self->tiles, self->round), fused_task, self);
}

/* --- many weights --- */

static void
shared_inputs_task (gpointer user_data, int task, int worker)
{
  const Winograd *self = user_data;
  int piece = task / self->in_blocks, block = task % self->in_blocks;
  int first = self->n * piece / self->pieces, last = self->n * (piece + 1) / self->pieces;
  Place place = { .block = block,
                  .v = self->v + (gsize) block * self->v_block + (gsize) first * TAP_BLOCK };

  each_run (self, self->first + first, last - first, input_run, &place);
}

static void
shared_task (gpointer user_data, int task, int worker)
{
  const Winograd *self = user_data;
  const TapWinogradJob *job = self->job;
  int parts = divide_up (self->n, self->part), part = task % parts;
  int block = task / parts * self->blocks, blocks = MIN (self->blocks, self->out_blocks - block);
  int first = self->n * part / parts, tiles = self->n * (part + 1) / parts - first;
  float *u = self->workers + (gsize) worker * self->worker_floats, *sums = u + self->u_floats;
  float turned[PIECE * TAP_BLOCK] __attribute__ ((aligned (64)));

  for (int c = 0; c < job->in; c += self->step)
    {
      int channels = MIN (self->step, job->in - c);
      Next next = { block, blocks, c + self->step };
      TapWinogradWeights weights = { .u_position = self->u_position };

      if (next.channel >= job->in)
        {
          /* most probably the next task of this worker */
          next.channel = 0;
          next.block = (task + tap_pool_get_n_threads (job->pool)) / parts * self->blocks;
          next.blocks = CLAMP (self->out_blocks - next.block, 0, self->blocks);
        }
      next.pieces = divide_up (MIN (self->step, job->in - next.channel), TAP_BLOCK);
      for (int b = 0; b < blocks; b++)
        for (int k = 0; k < channels; k += TAP_BLOCK)
          {
            weights.w = turn_weights (self, block + b, c + k, turned);
            weights.channels = MIN (TAP_BLOCK, channels - k);
            weights.u = u + (gsize) b * self->u_block + (gsize) (k * TAP_BLOCK);
            job->simd->winograd_weights (&weights);
          }
      multiply (self,
                (TapWinogradProduct){ .v = self->v + (gsize) (c / TAP_BLOCK) * self->v_block +
                                           (gsize) first * TAP_BLOCK,
                                      .u = u,
                                      .sums = sums,
                                      .channels = channels,
                                      .tiles = tiles,
                                      .blocks = blocks,
                                      .add = c > 0 },
                &next);
    }
  store (self, sums, block, blocks, self->first + first, tiles);
}

static void
run_shared (Winograd *self)
{
  for (self->first = 0; self->first < self->tiles; self->first += self->n)
    {
      self->n = MIN (self->round, self->tiles - self->first);
      self->pieces = divide_up (self->n, 14);
      tap_pool_run (self->job->pool, self->pieces * self->in_blocks, shared_inputs_task, self);
      tap_pool_run (self->job->pool,
                    divide_up (self->n, self->part) * divide_up (self->out_blocks, self->blocks),
                    shared_task, self);
    }
}

gboolean
tap_winograd_can (const TapWindow *window, int out)
{
  return !window->transposed && window->kernel_h == 3 && window->kernel_w == 3 &&
         window->stride_h == 1 && window->stride_w == 1 && window->dilation_h == 1 &&
         window->dilation_w == 1 && out >= TAP_BLOCK;
}

/* What either way costs, in multiply-adds of a block; measured with AVX-512, and nearly the same multiples
 * with the others. */
static double
indirect_cost (int tiles, int in, int out, double weights)
{
  double in_blocks = divide_up (in, TAP_BLOCK), out_blocks = divide_up (out, TAP_BLOCK);

  return (TAP_WINOGRAD_POSITIONS * (double) tiles + weights) * in * out_blocks +
         tiles * (INPUT_COST * in_blocks + OUTPUT_COST * out_blocks) + START_COST;
}

static double
direct_cost (double cells, int in, int out)
{
  return PIXEL_COST * cells * in * divide_up (out, TAP_BLOCK);
}

gboolean
tap_winograd_suits (const TapWindow *window, int groups, int in, int out, const TapSimd *simd)
{
  return tap_winograd_can (window, out) &&
         indirect_cost (tiles_of (window->out_h, window->out_w), in, out, WEIGHTS_COST) <
           direct_cost ((double) window->out_h * window->out_w, in, out);
}

double
tap_winograd_cost (const TapWinogradJob *job)
{
  return job->groups * indirect_cost (tiles_of_parts (job), job->in, job->out, PARTS_COST);
}

double
tap_winograd_direct_cost (const TapWinogradJob *job)
{
  double cells = 0;

  for (int i = 0; i < job->n_parts; i++)
    cells += (double) job->parts[i].width * job->parts[i].height;
  return job->groups * direct_cost (cells, job->in, job->out);
}

gsize
tap_winograd_scratch (const TapWinogradJob *job)
{
  Winograd self = { 0 };

  if (job->images == 0 || job->out_h <= 0 || job->out_w <= 0)
    return 0;
  prepare (&self, job);
  return (shared_floats (&self) + (gsize) tap_pool_get_n_threads (job->pool) * self.worker_floats) *
         sizeof (float);
}

void
tap_winograd_run (const TapWinogradJob *job)
{
  Winograd self = { 0 };

  if (job->images == 0 || job->out_h <= 0 || job->out_w <= 0)
    return;
  prepare (&self, job);
  self.u = self.v = job->scratch;
  self.workers = self.u + shared_floats (&self);
  for (self.group = 0; self.group < job->groups; self.group++)
    if (self.fused)
      run_fused (&self);
    else
      run_shared (&self);
}
