/* simd.h - inner loops that are compiled once per instruction set, and the table that offers them
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every file in this folder is compiled three times (AVX-512, AVX2 with FMA, baseline), each time with
 * another TAP_SIMD_ISA; cpu/isa.c picks one table for the life of the process. Nothing here allocates,
 * knows of nodes, or looks at the number of threads. All results are a function of the operands of
 * one output cell alone: never of the tile, the vector tail or the rectangle it was computed in. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Output channels are packed in blocks of this many, on every instruction set. */
#define TAP_BLOCK 16

/* Independent multiply-adds in flight when the peak is measured. */
#define TAP_PEAK_CHAINS 12

/* A clamp applied to each output as it is stored: ReLU is 0..inf, Clip and ReLU6 have both ends. */
typedef struct
{
  int active;
  float low, high;
} TapClamp;

/* Direct convolution of one rectangle: rows × width output pixels, blocks of output channels.
 *
 * An output is bias, then one fused multiply-add for each (channel, tap), in that order, in chains of as many
 * whole channels as have TAP_CONV_CHAIN products, or of so many taps of one channel; each but the first begins
 * at 0, and their sums are added in order. Without hardware FMA, one product and one sum each. */
#define TAP_CONV_CHAIN 128
#define TAP_CONV_TOGETHER(n_taps)                                                                  \
  ((n_taps) > 0 && (n_taps) < TAP_CONV_CHAIN ? TAP_CONV_CHAIN / (n_taps) : 1)
typedef struct
{
  const float *x;   /* the input cell of channel 0, output row 0, output pixel 0, tap offset 0 */
  size_t x_row;     /* floats from an output row's first input cell to the next one's */
  size_t x_channel; /* floats from a channel to the next */
  const ptrdiff_t *taps; /* offset of each tap, in floats; neighbouring pixels are 1 float apart */
  int n_taps;
  int channels;
  const float *weights; /* [blocks][channels][taps][w_step] */
  size_t w_step;        /* TAP_BLOCK; for conv_wide also out_channels, where they are fewer */
  const float *bias;    /* [blocks × w_step], or NULL for 0 */
  float *y;
  const float *residual; /* laid out as y, and apart from it or the same: added to the finished sum,
                            before the clamp; or NULL */
  size_t y_row, y_channel; /* floats */
  size_t y_pixel;          /* floats; 1 but for transposed convolution */
  int rows, width, out_channels;
  TapClamp clamp;
} TapTileJob;

/* Depthwise convolution of a rectangle of some maps: kernel × kernel with 3 or 5, stride 1 or 2. */
typedef struct
{
  const float *x; /* the whole first map */
  size_t x_map;   /* floats from a map to the next */
  int in_h, in_w;
  int kernel, stride, pad_top, pad_left;
  const float *weights;  /* [maps][kernel][kernel] */
  const float *bias;     /* [maps], or NULL for 0 */
  float *y;              /* of the first output to compute */
  const float *residual; /* as in TapTileJob */
  size_t y_map, y_row;
  int first_row, first_column, rows, width; /* of the outputs */
  int maps;
  TapClamp clamp;
} TapDepthJob;

/* Winograd's convolution of 3×3 windows, winograd.c and winograd-transform.c. Numbers of tiles lie as
 * [positions][blocks][tiles][TAP_BLOCK], and an inner loop works on a part of that. */
#define TAP_WINOGRAD_TILE      4 /* outputs along an edge */
#define TAP_WINOGRAD_POSITIONS 36
#define TAP_WINOGRAD_STRIP     15 /* most tiles in one call of a transform */

/* Inputs of neighbouring tiles of one row of tiles, one block of channels. */
typedef struct
{
  const float *x; /* plane of the block's first channel */
  size_t x_channel;
  int channels; /* those above TAP_BLOCK are for another call, those missing to it are zeros */
  int in_h, in_w;
  int row, column; /* of the first input cell of the first tile; outside are zeros */
  int tiles;
  float *v; /* of the first tile, position 0 */
  size_t v_position;
} TapWinogradInput;

typedef struct
{
  const float *w; /* [channels][9][TAP_BLOCK] */
  int channels;
  float *u; /* [positions][channels][TAP_BLOCK] */
  size_t u_position;
} TapWinogradWeights;

/* One position: sums (+)= v · u, summed up before it is added. */
typedef struct
{
  const float *v; /* [channels / TAP_BLOCK][tiles][TAP_BLOCK] */
  size_t v_block;
  const float *u; /* [blocks][channels][TAP_BLOCK] */
  size_t u_block;
  float *sums; /* [blocks][tiles][TAP_BLOCK] */
  size_t sums_block;
  int channels, tiles, blocks;
  int add; /* to what is in sums already */
  /* What comes next, to be brought nearer meanwhile, line by line: @fetch_lines of anything; and of v
   * what lies so many floats after what is read. */
  const float *fetch;
  int fetch_lines;
  ptrdiff_t v_ahead;
} TapWinogradProduct;

/* Outputs of neighbouring tiles of one row of tiles, one block of channels. */
typedef struct
{
  const float *sums; /* of the first tile, position 0 */
  size_t sums_position;
  const float *bias;     /* [TAP_BLOCK] */
  float *y;              /* first cell of the first tile */
  const float *residual; /* laid out as y, to be added before the clamp; NULL for nothing */
  size_t y_row, y_channel;
  int channels, tiles;
  int rows, width; /* cells that there are: the last tiles may stick out */
  TapClamp clamp;
} TapWinogradOutput;

/* dots[k × dots_pitch + r] = vector k · row r, of n numbers each. */
typedef struct
{
  float *dots;
  size_t dots_pitch;
  const float *x, *rows;
  size_t x_pitch, row_pitch, n;
  int n_vectors, n_rows;
  float *sums; /* scratch: TAP_DOTS_SUMS floats */
} TapDotsJob;

/* Where the two vectors of a pair begin that a dot product takes; both at one place where the other vector is all
 * zeros. */
typedef struct
{
  uint32_t first, second;
} TapDotsPair;

#define TAP_SCALED_ROWS 8
#define TAP_DOTS_SUMS(n_rows, n_vectors)                                                           \
  ((size_t) (((n_rows) + 3) / 4) * (size_t) (((n_vectors) + 2) / 3) * 384)

typedef enum
{
  TAP_UNARY_CLAMP, /* a = low, b = high; NaN stays */
  TAP_UNARY_LEAKY, /* a = slope below 0 */
  TAP_UNARY_ELU,   /* a = alpha */
  TAP_UNARY_SELU,  /* a = alpha, b = gamma */
  TAP_UNARY_CELU,  /* a = alpha */
  TAP_UNARY_SIGMOID,
  TAP_UNARY_TANH,
  TAP_UNARY_HARD_SIGMOID, /* a = alpha, b = beta */
  TAP_UNARY_HARD_SWISH,
  TAP_UNARY_SILU,
  TAP_UNARY_GELU,
  TAP_UNARY_GELU_TANH,
  TAP_UNARY_ERF,
  TAP_UNARY_MISH,
  TAP_UNARY_SOFTPLUS,
  TAP_UNARY_SOFTSIGN,
  TAP_UNARY_THRESHOLDED, /* a = alpha */
  TAP_UNARY_SHRINK,      /* a = lambd, b = bias */
  TAP_UNARY_EXP,
  TAP_UNARY_LOG,
  TAP_UNARY_SQRT,
  TAP_UNARY_RECIPROCAL,
  TAP_UNARY_NEG,
  TAP_UNARY_ABS,
  TAP_UNARY_CEIL,
  TAP_UNARY_FLOOR,
  TAP_UNARY_ROUND,
  TAP_UNARY_SIGN,
  TAP_UNARY_SIN,
  TAP_UNARY_COS,
  TAP_UNARY_AFFINE, /* a x + b, fused where the instruction set does: BatchNormalization, per channel */
  TAP_UNARY_COPY,
} TapUnary;

typedef enum
{
  TAP_BINARY_ADD,
  TAP_BINARY_SUB,
  TAP_BINARY_MUL,
  TAP_BINARY_DIV,
  TAP_BINARY_POW,
  TAP_BINARY_MAX,
  TAP_BINARY_MIN,
  TAP_BINARY_PRELU, /* first below 0 times second */
  TAP_BINARY_MOD,   /* sign of the divisor */
  TAP_BINARY_FMOD,  /* sign of the dividend */
} TapBinary;

/* A row of pooling windows. */
typedef struct
{
  int n_rows;      /* of cells, that each window sees */
  int first;       /* number of the tap in the first row's first column */
  int kernel;      /* width; the tap in row r, column s is first + r × kernel + s */
  int stride;      /* from a window to the next */
  ptrdiff_t left;  /* column of the first window's first tap; may lie before the row */
  ptrdiff_t width; /* cells of a row */
  size_t n;        /* windows */
} TapPoolWindows;

/* sums[k × sums_pitch + r] = vector k · row r, of whole numbers in -256 .. 256. */
#define TAP_WHOLE_STEP  32    /* what n is a multiple of */
#define TAP_WHOLE_CHUNK 32256 /* numbers whose products add up to less than 2^31 */

typedef struct
{
  int64_t *sums;
  size_t sums_pitch;
  const int16_t *x, *rows;
  size_t pitch, n;
  int n_vectors, n_rows;
} TapWholeDots;

/* What a bit says of a number; but for the first, none is set by NaN. */
typedef enum
{
  TAP_BITS_ABOVE,   /* not x <= a */
  TAP_BITS_GREATER, /* x > a */
  TAP_BITS_WITHIN,  /* a <= x <= b */
  TAP_BITS_BEYOND,  /* x < a or x > b */
  TAP_BITS_SLOPE,   /* 0 < a x + b < 1 */
} TapBits;

typedef struct
{
  const char *name; /* "AVX-512" */
  int lanes;        /* floats in a vector */
  void (*conv_tiles) (const TapTileJob *job);
  /* the same bits */
  void (*conv_wide) (const TapTileJob *job);
  void (*conv_depth) (const TapDepthJob *job);
  /* out[i] = row[first + i × step], 0 where there is no such cell among n */
  void (*conv_fill) (float *out,
                     size_t length,
                     const float *row,
                     ptrdiff_t first,
                     size_t step,
                     size_t n);
  void (*winograd_input) (const TapWinogradInput *job);
  /* t[i][8 - j][k] = w[k][j][i], both [TAP_BLOCK][9][TAP_BLOCK]; 0 for k from n on, which w may lack */
  void (*winograd_turn) (float *t, const float *w, int n);
  void (*winograd_weights) (const TapWinogradWeights *job);
  void (*winograd_product) (const TapWinogradProduct *job);
  void (*winograd_output) (const TapWinogradOutput *job);
  void (*unary) (TapUnary op, float *y, const float *x, size_t n, float a, float b);
  /* Steps are 0 or 1: a step of 0 repeats one value. */
  void (*binary) (TapBinary op,
                  float *y,
                  const float *a,
                  size_t a_step,
                  const float *b,
                  size_t b_step,
                  size_t n);
  /* y[i] = max (y[i], x[i]); NaN wins */
  void (*max_into) (float *y, const float *x, size_t n);
  /* the same from x[i × step] */
  void (*max_into_spread) (float *y, const float *x, size_t step, size_t n);
  void (*add_into_spread) (float *y, const float *x, size_t step, size_t n);
  /* y[i] += x[i] */
  void (*add_into) (float *y, const float *x, size_t n);
  /* y[i] += x[i] * x[i] */
  void (*add_square_into) (float *y, const float *x, size_t n);
  /* y[i] += a * (x[i] * z[i]) */
  void (*add_product_into) (float *y, const float *x, const float *z, float a, size_t n);
  /* y[i] += a * x[i], fused where the instruction set does */
  void (*add_scaled_into) (float *y, const float *x, float a, size_t n);
  /* the same for TAP_SCALED_ROWS rows, one after the other */
  void (*add_scaled_rows_into) (float *y, const float *const *rows, const float *scales, size_t n);
  float (*sum) (const float *x, size_t n);
  float (*sum_square_deviation) (const float *x, float mean, size_t n);
  /* Σ (x[i] - mean) y[i] */
  float (*sum_product) (const float *x, float mean, const float *y, size_t n);
  float (*max) (const float *x, size_t n);
  /* dots[i] = x · rows[i × pitch .. + n), for i < n_rows */
  void (*dots) (float *dots, const float *x, const float *rows, size_t pitch, size_t n, int n_rows);
  /* the same for several vectors, each with the bits that it would get alone */
  void (*dots_many) (const TapDotsJob *job);
  /* Finds the pairs of vectors of @x that are not all zeros, of n / (2 × lanes) at most; returns how many. */
  size_t (*find_pairs) (TapDotsPair *pairs, const float *x, size_t n);
  /* dots() without reading rows where @x has vectors of zeros: the same bits if the rows are finite */
  void (*dots_pairs) (float *dots,
                      const float *x,
                      const TapDotsPair *pairs,
                      size_t n_pairs,
                      const float *rows,
                      size_t pitch,
                      size_t n,
                      int n_rows);
  /* Local response: y = x D^-beta, D = bias + scale Σ x[k × pitch]² over k from -below to above, or
   * D = bias + scale energy where that is not NULL */
  void (*lrn) (float *y,
               const float *x,
               const float *energy,
               size_t pitch,
               int below,
               int above,
               size_t n,
               float bias,
               float scale,
               float beta);
  /* dx = dy D^-beta and t = dx x / D; dx may be dy */
  void (*lrn_backward) (float *dx,
                        float *t,
                        const float *dy,
                        const float *x,
                        const float *energy,
                        size_t pitch,
                        int below,
                        int above,
                        size_t n,
                        float bias,
                        float scale,
                        float beta);

  /* --- rows of pooling windows; 2 or 3 wide and 1 or 2 apart for pool_max and pool_sum --- */
  /* y[q] = the maximum or sum over the window, rows first; cells beyond the ends count -∞ or 0 */
  void (*pool_max) (float *y, const float *const *rows, const TapPoolWindows *windows);
  void (*pool_sum) (float *y, const float *const *rows, const TapPoolWindows *windows);
  /* The maximum and the tap of the first of them, or of the first NaN; windows 1 or 2 apart */
  void (*pool_switches) (float *y,
                         uint8_t *where,
                         const float *const *rows,
                         const TapPoolWindows *windows);
  /* Switches of 2, 4 or 8 bits, from and to bytes; n of them */
  void (*pack_switches) (int bits, uint8_t *packed, const uint8_t *where, size_t n);
  void (*unpack_switches) (int bits, uint8_t *where, const uint8_t *packed, size_t n);
  /* Adds dy[q] to the cell of these rows that where[q] names, if it does */
  void (*unpool) (float *const *rows,
                  const float *dy,
                  const uint8_t *where,
                  const TapPoolWindows *windows);

  void (*whole_dots) (const TapWholeDots *job);

  /* --- derivatives; dx may be dy --- */
  /* Bit i of @bits, from the lowest of each byte: what @kind says of x[i] */
  void (*bits) (TapBits kind, uint8_t *bits, const float *x, size_t n, float a, float b);
  /* dx[i] = dy[i] times on or off, by bit first + i; exactly 0 where that is 0 and the bit is not set */
  void (*scale_by_bits) (float *dx,
                         const float *dy,
                         const uint8_t *bits,
                         size_t first,
                         size_t n,
                         float on,
                         float off);
  /* dx = dy f'; x is the output of Sigmoid, Tanh, Exp, Sqrt and Reciprocal, else the input; not for
   * those that are told by bits */
  void (*unary_backward) (TapUnary op,
                          float *dx,
                          const float *dy,
                          const float *x,
                          size_t n,
                          float a,
                          float b);
  /* The share of operand @side, 0 or 1, cell by cell; not for maxima and minima. Operands that the
   * derivative does not name may be NULL */
  void (*binary_backward) (TapBinary op,
                           int side,
                           float *d,
                           const float *dy,
                           const float *a,
                           size_t a_step,
                           const float *b,
                           size_t b_step,
                           size_t n);
  /* count[i] += 1 where x is the extreme y or NaN; d = dy / count there, else 0 */
  void (*count_ties) (float *count, const float *x, size_t step, const float *y, size_t n);
  void (*share_ties) (float *d,
                      const float *dy,
                      const float *x,
                      size_t step,
                      const float *y,
                      const float *count,
                      size_t n);
  /* y = (x - mean) × inverse × scale[i] + shift[i]; shift may be NULL */
  void (*normalize) (float *y,
                     const float *x,
                     float mean,
                     float inverse,
                     const float *scale,
                     const float *shift,
                     size_t n);
  /* dx = scale dy + slope (x - mean) + shift */
  void (*combine) (float *dx,
                   const float *dy,
                   float scale,
                   const float *x,
                   float mean,
                   float slope,
                   float shift,
                   size_t n);
  /* dx = y (dy - sum), or of the logarithm dy - exp (y) sum; step 0 or 1 for the sum */
  void (*softmax_backward) (int log,
                            float *dx,
                            const float *dy,
                            const float *y,
                            const float *sum,
                            size_t step,
                            size_t n);

  /* @rounds × TAP_PEAK_CHAINS × @lanes multiply-adds in registers, for measuring; their sum */
  float (*multiply_adds) (size_t rounds);
} TapSimd;

extern const TapSimd tap_simd_portable;
extern const TapSimd tap_simd_avx2;
extern const TapSimd tap_simd_avx512;
