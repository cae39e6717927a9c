/* product.h - matrix products for Gemm and MatMul
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

/* y [m,n] = alpha · A [m,k] · B [k,n] + bias, row-major and dense but for the transpositions.
 *
 * Few rows: each number is a dot product of ours, or a sum of scaled rows of B. From TAP_PRODUCT_ROWS
 * on OpenBLAS does it, when there is one. Which of them it is depends on shapes alone. */
typedef struct
{
  const float *a, *b;
  gboolean a_transposed, b_transposed; /* [k,m], [n,k] in memory */
  float *y;
  gsize m, n, k;
  float alpha;
  const float *bias;           /* NULL for 0; added times beta */
  gsize bias_row, bias_column; /* steps: 0 where it repeats */
  float beta;
} TapProduct;

#define TAP_PRODUCT_ROWS 8

/* Floats of scratch: for A turned round, when it is stored transposed. */
gsize tap_product_scratch (const TapProduct *product);
void
tap_product (const TapCpuRun *run, const TapProduct *products, gsize n_products, float *scratch);

G_END_DECLS
