/* product.c - matrix products for Gemm and MatMul
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/product.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/blas.h"

/* Rows from which OpenBLAS is faster. */
#define BLAS_ROWS_TRANSPOSED 64
#define BLAS_ROWS            8

/* The cut of a product into tasks is fixed, so that its numbers do not depend on the threads. */
#define COLUMNS   128 /* of OpenBLAS, and of single rows */
#define ROWS      256 /* of OpenBLAS */
#define DOTS      32  /* rows and columns of dot products for several rows */
#define WIDE_MIN  64  /* columns of sums of rows: the wider, the fewer jumps through memory */
#define WIDE_MAX  2048
#define WIDE_CUTS 16

typedef enum
{
  BY_DOTS,
  BY_MANY_DOTS,
  BY_ROWS_OF_B,
  BY_BLAS,
} Way;

typedef struct
{
  const TapCpuRun *run;
  const TapProduct *products;
  const TapBlas *blas;
  Way way;
  gsize columns, rows; /* of a task */
  gsize n_across, n_down;
  float *sums;              /* per worker, for many dots */
  const TapDotsPair *pairs; /* of dots that leave out zeros, or NULL */
  gsize n_pairs;
} Products;

static Way
choose_way (const TapProduct *p)
{
  gboolean fits = p->n < G_MAXINT && p->k < G_MAXINT && p->k > 0;

  if (fits && p->m >= (gsize) (p->b_transposed ? BLAS_ROWS_TRANSPOSED : BLAS_ROWS) &&
      tap_blas () != NULL)
    return BY_BLAS;
  if (!p->b_transposed)
    return BY_ROWS_OF_B;
  return p->m > 1 ? BY_MANY_DOTS : BY_DOTS;
}

/* One row or one column lies the same way either way round. */
static gsize
turned_floats (const TapProduct *p)
{
  return p->a_transposed && p->m > 1 && p->k > 1 ? (p->m * p->k + 15) & ~(gsize) 15 : 0;
}

static gsize
most_pairs (const TapCpuRun *run, const TapProduct *p)
{
  return p->k / (2 * (gsize) run->simd->lanes);
}

gsize
tap_product_scratch (const TapCpuRun *run, const TapProduct *product)
{
  gsize floats = turned_floats (product);

  switch (choose_way (product))
    {
    case BY_MANY_DOTS:
      return floats + (gsize) tap_pool_get_n_threads (run->pool) * TAP_DOTS_SUMS (DOTS, DOTS);
    case BY_DOTS:
      return floats + most_pairs (run, product) * (sizeof (TapDotsPair) / sizeof (float));
    default:
      return floats;
    }
}

static void
fill_bias (const TapProduct *p, gsize row, gsize first, gsize n)
{
  float *y = p->y + row * p->n + first;

  if (p->bias == NULL)
    memset (y, 0, n * sizeof (float));
  else if (p->bias != p->y || p->beta != 1)
    for (gsize i = 0; i < n; i++)
      y[i] = p->beta * p->bias[row * p->bias_row + (first + i) * p->bias_column];
}

/* Sums of scaled rows of B, in the order of k. */
static void
by_rows_of_b (const TapSimd *simd, const TapProduct *p, gsize row, gsize first, gsize n)
{
  const float *a = p->a + row * p->k, *rows[TAP_SCALED_ROWS];
  float *y = p->y + row * p->n + first, scales[TAP_SCALED_ROWS];
  int pending = 0;

  fill_bias (p, row, first, n);
  for (gsize i = 0; i < p->k; i++)
    {
      if (a[i] == 0 && p->skips_zeros)
        continue;
      rows[pending] = p->b + i * p->n + first;
      scales[pending++] = p->alpha * a[i];
      if (pending == TAP_SCALED_ROWS)
        {
          simd->add_scaled_rows_into (y, rows, scales, n);
          pending = 0;
        }
    }
  for (int i = 0; i < pending; i++)
    simd->add_scaled_into (y, rows[i], scales[i], n);
}

static void
add_dots (const TapProduct *p, gsize row, gsize first, gsize n, const float *dots)
{
  float *y = p->y + row * p->n + first;

  fill_bias (p, row, first, n);
  for (gsize i = 0; i < n; i++)
    y[i] += p->alpha * dots[i];
}

static void
by_many_dots (const Products *s,
              const TapProduct *p,
              gsize row,
              gsize m,
              gsize first,
              gsize n,
              int worker)
{
  float dots[DOTS * DOTS];
  TapDotsJob job = {
    .dots = dots,
    .dots_pitch = DOTS,
    .x = p->a + row * p->k,
    .rows = p->b + first * p->k,
    .x_pitch = p->k,
    .row_pitch = p->k,
    .n = p->k,
    .n_vectors = (int) m,
    .n_rows = (int) n,
    .sums = s->sums + (gsize) worker * TAP_DOTS_SUMS (DOTS, DOTS),
  };

  s->run->simd->dots_many (&job);
  for (gsize i = 0; i < m; i++)
    add_dots (p, row + i, first, n, dots + i * DOTS);
}

static void
by_blas (const TapBlas *blas, const TapProduct *p, gsize row, gsize m, gsize first, gsize n)
{
  for (gsize i = 0; i < m; i++)
    fill_bias (p, row + i, first, n);
  blas->sgemm (TAP_BLAS_ROW_MAJOR, TAP_BLAS_PLAIN,
               p->b_transposed ? TAP_BLAS_TRANSPOSED : TAP_BLAS_PLAIN, (int) m, (int) n, (int) p->k,
               p->alpha, p->a + row * p->k, (int) p->k,
               p->b_transposed ? p->b + first * p->k : p->b + first,
               (int) (p->b_transposed ? p->k : p->n), 1, p->y + row * p->n + first, (int) p->n);
}

static void
by_dots (const Products *s, const TapProduct *p, gsize first, gsize n)
{
  const float *rows = p->b + first * p->k;
  float dots[COLUMNS];

  if (s->pairs != NULL)
    s->run->simd->dots_pairs (dots, p->a, s->pairs, s->n_pairs, rows, p->k, p->k, (int) n);
  else
    s->run->simd->dots (dots, p->a, rows, p->k, p->k, (int) n);
  add_dots (p, 0, first, n, dots);
}

static void
product_task (gpointer user_data, int task, int worker)
{
  const Products *s = user_data;
  gsize across = (gsize) task % s->n_across, rest = (gsize) task / s->n_across;
  const TapProduct *p = &s->products[rest / s->n_down];
  gsize column = across * s->columns, n = MIN (s->columns, p->n - column);
  gsize row = rest % s->n_down * s->rows, m = MIN (s->rows, p->m - row);

  switch (s->way)
    {
    case BY_BLAS:
      by_blas (s->blas, p, row, m, column, n);
      break;
    case BY_MANY_DOTS:
      by_many_dots (s, p, row, m, column, n, worker);
      break;
    case BY_DOTS:
      by_dots (s, p, column, n);
      break;
    case BY_ROWS_OF_B:
      for (gsize i = 0; i < m; i++)
        by_rows_of_b (s->run->simd, p, row + i, column, n);
      break;
    }
}

static void
cut (Products *s, const TapProduct *p)
{
  s->columns = COLUMNS;
  s->rows = ROWS;
  if (s->way == BY_MANY_DOTS)
    s->columns = s->rows = DOTS;
  if (s->way == BY_ROWS_OF_B)
    s->columns =
      CLAMP ((p->n / WIDE_CUTS + WIDE_MIN - 1) / WIDE_MIN * WIDE_MIN, WIDE_MIN, WIDE_MAX);
  s->n_across = (p->n + s->columns - 1) / s->columns;
  s->n_down = (p->m + s->rows - 1) / s->rows;
}

/* Where a good part of a row's numbers are zeros in groups, what they would meet is not read. Otherwise, memory is
 * faster when nothing is left out. */
static void
leave_out_zeros (Products *s, const TapProduct *p, gpointer scratch)
{
  gsize most = most_pairs (s->run, p);

  s->n_pairs = s->run->simd->find_pairs (scratch, p->a, p->k);
  if (s->n_pairs <= most / 4 * 3 && most > 0)
    s->pairs = scratch;
}

void
tap_product (const TapCpuRun *run, const TapProduct *products, gsize n_products, float *scratch)
{
  TapProduct p = products[0];
  Products s = { .run = run, .products = products, .blas = tap_blas (), .way = choose_way (&p) };

  if (p.m == 0 || p.n == 0 || n_products == 0)
    return;
  s.sums = scratch + turned_floats (&p);
  if (turned_floats (&p) > 0)
    {
      const gint64 dims[2] = { (gint64) p.m, (gint64) p.k };

      tap_cpu_strided_copy (run, sizeof (float), scratch, p.a, 2, dims,
                            (gint64[]){ 1, (gint64) p.m });
      p.a = scratch;
      s.products = &p;
    }
  if (s.way == BY_DOTS && p.skips_zeros && n_products == 1)
    leave_out_zeros (&s, &p, s.sums);
  cut (&s, &p);
  tap_pool_run (run->pool, (int) (s.n_across * s.n_down * n_products), product_task, &s);
}

TapTensor *
tap_product_pack_finite (const TapTensor *b, GError **error)
{
  const TapShape shape = { 1, { 1 } };
  const float *values = tap_tensor_f32 ((TapTensor *) b);
  float zero = 0;

  /* Only infinity and NaN times 0 are no 0, and they stay in the sum. */
  for (gsize i = 0; i < b->count; i += 65536)
    {
      gsize n = MIN (65536, b->count - i);
      float sums[16] = { 0 };

      for (gsize k = 0; k < n; k++)
        sums[k % 16] += values[i + k] * 0.0f;
      for (int k = 0; k < 16; k++)
        zero += sums[k];
    }
  zero = zero == 0 ? 1 : 0;
  return tap_tensor_new_f32 (&shape, &zero, error);
}
