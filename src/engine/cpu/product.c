/* product.c - matrix products for Gemm and MatMul
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/blas.h"
#include "engine/cpu/product.h"

/* The cut of a product into tasks is fixed, so that its numbers do not depend on the threads. */
#define COLUMNS 128
#define ROWS    256

typedef struct
{
  const TapCpuRun *run;
  const TapProduct *products;
  const TapBlas *blas;
  gsize n_across, n_down;
} Products;

gsize
tap_product_scratch (const TapProduct *product)
{
  return product->a_transposed ? product->m * product->k : 0;
}

static void
fill_bias (const TapProduct *p, gsize row, gsize first, gsize n)
{
  float *y = p->y + row * p->n + first;

  for (gsize i = 0; i < n; i++)
    y[i] =
      p->bias != NULL ? p->beta * p->bias[row * p->bias_row + (first + i) * p->bias_column] : 0;
}

/* Sums of scaled rows of B, in the order of k. */
static void
by_rows_of_b (const TapSimd *simd, const TapProduct *p, gsize row, gsize first, gsize n)
{
  const float *a = p->a + row * p->k;
  float *y = p->y + row * p->n + first;

  fill_bias (p, row, first, n);
  for (gsize i = 0; i < p->k; i++)
    simd->add_scaled_into (y, p->b + i * p->n + first, p->alpha * a[i], n);
}

static void
by_dots (const TapSimd *simd, const TapProduct *p, gsize row, gsize first, gsize n)
{
  float *y = p->y + row * p->n + first;
  float dots[COLUMNS];

  simd->dots (dots, p->a + row * p->k, p->b + first * p->k, p->k, p->k, (int) n);
  fill_bias (p, row, first, n);
  for (gsize i = 0; i < n; i++)
    y[i] += p->alpha * dots[i];
}

static void
product_task (gpointer user_data, int task, int worker)
{
  const Products *s = user_data;
  gsize across = (gsize) task % s->n_across, rest = (gsize) task / s->n_across;
  const TapProduct *p = &s->products[rest / s->n_down];
  gsize column = across * COLUMNS, n = MIN (COLUMNS, p->n - column);
  gsize row = rest % s->n_down * ROWS, m = MIN (ROWS, p->m - row);

  if (s->blas != NULL && p->m >= TAP_PRODUCT_ROWS && p->n < G_MAXINT && p->k < G_MAXINT)
    {
      for (gsize i = 0; i < m; i++)
        fill_bias (p, row + i, column, n);
      s->blas->sgemm (
        TAP_BLAS_ROW_MAJOR, TAP_BLAS_PLAIN, p->b_transposed ? TAP_BLAS_TRANSPOSED : TAP_BLAS_PLAIN,
        (int) m, (int) n, (int) p->k, p->alpha, p->a + row * p->k, (int) p->k,
        p->b_transposed ? p->b + column * p->k : p->b + column,
        (int) (p->b_transposed ? p->k : p->n), 1, p->y + row * p->n + column, (int) p->n);
      return;
    }
  for (gsize i = 0; i < m; i++)
    if (p->b_transposed)
      by_dots (s->run->simd, p, row + i, column, n);
    else
      by_rows_of_b (s->run->simd, p, row + i, column, n);
}

/* All products of one call have the same m, n and k. */
void
tap_product (const TapCpuRun *run, const TapProduct *products, gsize n_products, float *scratch)
{
  TapProduct p = products[0];
  Products s = { .run = run, .products = products, .blas = tap_blas () };

  if (p.m == 0 || p.n == 0 || n_products == 0)
    return;
  if (p.a_transposed)
    {
      for (gsize row = 0; row < p.m; row++)
        for (gsize i = 0; i < p.k; i++)
          scratch[row * p.k + i] = p.a[i * p.m + row];
      p.a = scratch;
      s.products = &p;
    }
  if (p.k == 0)
    {
      for (gsize j = 0; j < n_products; j++)
        for (gsize row = 0; row < p.m; row++)
          fill_bias (&products[j], row, 0, p.n);
      return;
    }
  s.n_across = (p.n + COLUMNS - 1) / COLUMNS;
  s.n_down = (p.m + ROWS - 1) / ROWS;
  tap_pool_run (run->pool, (int) (s.n_across * s.n_down * n_products), product_task, &s);
}
