/* test-winograd.c - Winograd's convolution against the definition, within a bound that is derived
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bound. A cell is a sum of terms Aᵀ·G·g·G·Bᵀ·d·B·A over channels and positions; let S be the sum of
 * their magnitudes, with the magnitudes of bias and residual. If no number goes through more than n
 * roundings of relative size u = 2⁻²⁴, the result is off by at most S n u / (1 - n u) (Higham, Accuracy and
 * Stability of Numerical Algorithms, 2002, lemma 3.1). The even and odd parts that the transforms work
 * with have one term for each entry of a matrix, so the entries' magnitudes are all that S needs. A fused
 * multiply-add counts two, as if it were none. On the way through
 *   - two lines of Bᵀ, at most 4 roundings each: product, sum, product with the point, sum;
 *   - two lines of G, at most 3: product, sum, sum; the points' factors stand in Aᵀ instead, which leaves
 *     the magnitudes as they are;
 *   - the products of one position: 1, and a sum over C channels: C;
 *   - two lines of Aᵀ, at most 7: sum, the constant itself three, product, two sums;
 *   - bias and residual: 2
 * there are n = C + 31. Clamping brings numbers no further apart. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine-test.h"
#include "engine/cpu/conv-winograd.h"
#include "engine/cpu/isa.h"
#include "winograd-pack.h"

#define TILE 4
#define EDGE 6

/* The magnitudes of the matrices, from the definition: Lagrange's polynomials through the points. */
static double bt[EDGE][EDGE], g[EDGE][3], at[TILE][EDGE];

static void
make_matrices (void)
{
  static const double points[EDGE - 1] = { 0, 0.625, -0.625, 1.5, -1.5 };

  for (int j = 0; j < EDGE; j++)
    {
      double product[EDGE + 1] = { 1 }, scale = 1;

      /* coefficients of Π (x - points[k]), without k = j; of all of them for the point at infinity */
      for (int k = 0, degree = 0; k < EDGE - 1; k++)
        if (k != j)
          {
            for (int i = ++degree; i > 0; i--)
              product[i] = product[i - 1] - points[k] * product[i];
            product[0] *= -points[k];
            if (j < EDGE - 1)
              scale *= points[j] - points[k];
          }
      for (int i = 0; i < EDGE; i++)
        bt[j][i] = fabs (product[i]);
      for (int i = 0; i < 3; i++)
        g[j][i] = j == EDGE - 1 ? i == 2 : fabs (pow (points[j], i) / scale);
      for (int i = 0; i < TILE; i++)
        at[i][j] = j == EDGE - 1 ? i == TILE - 1 : fabs (pow (points[j], i));
    }
}

typedef struct
{
  TapWinogradJob job;
  float *x, *w, *bias, *packed, *residual, *y;
  gsize n_x, n_w, n_y;
} Case;

static float *
random_floats (GRand *rand, gsize n, double most)
{
  float *numbers = g_aligned_alloc (n + 16, sizeof (float), 64);

  for (gsize i = 0; i < n; i++)
    numbers[i] = (float) g_rand_double_range (rand, -most, most);
  return numbers;
}

static void
case_init (Case *self, GRand *rand, const TapWinogradJob *job, gboolean with_residual)
{
  gsize out = (gsize) (job->groups * job->out), in = (gsize) (job->groups * job->in);

  self->job = *job;
  self->n_x = (gsize) job->images * in * (gsize) (job->in_h * job->in_w);
  self->n_y = (gsize) job->images * out * (gsize) (job->out_h * job->out_w);
  self->n_w = out * (gsize) job->in * 9;
  self->x = random_floats (rand, self->n_x, 1);
  self->w = random_floats (rand, self->n_w, 1 / sqrt (job->in * 3.0));
  self->bias = random_floats (rand, out, 1);
  self->residual = with_residual ? random_floats (rand, self->n_y, 1) : NULL;
  self->y = random_floats (rand, self->n_y, 1);
  self->packed = random_floats (rand, winograd_packed_floats (job->groups, job->out, job->in), 1);
  winograd_pack (self->packed, self->w, self->bias, job->groups, job->out, job->in, FALSE);
  self->job.x = self->x;
  self->job.y = self->y;
  self->job.packed = self->packed;
  self->job.residual = self->residual;
  self->job.simd = tap_cpu_simd ();
}

static void
case_clear (Case *self)
{
  float *blocks[] = { self->x, self->w, self->bias, self->packed, self->residual, self->y };

  for (gsize i = 0; i < G_N_ELEMENTS (blocks); i++)
    g_aligned_free (blocks[i]);
}

/* Runs on scratch memory that is as large as it was said to have to be, and holds rubbish. */
static void
case_run (Case *self, int n_threads)
{
  g_autoptr (TapPool) pool = tap_pool_new (n_threads);
  gsize bytes;

  self->job.pool = pool;
  bytes = tap_winograd_scratch (&self->job);
  self->job.scratch = g_aligned_alloc (bytes + 64, 1, 64);
  memset (self->job.scratch, 0xff, bytes + 64);
  memset (self->y, 0xff, self->n_y * sizeof (float));
  tap_winograd_run (&self->job);
  for (gsize i = 0; i < 64; i++)
    g_assert_cmpint (((guint8 *) self->job.scratch)[bytes + i], ==, 0xff);
  g_aligned_free (self->job.scratch);
}

static double
input_at (const Case *self, int image, int channel, int y, int x)
{
  const TapWinogradJob *job = &self->job;

  if (y < 0 || x < 0 || y >= job->in_h || x >= job->in_w)
    return 0;
  return (double) self
    ->x[(((gsize) image * (gsize) (job->groups * job->in) + (gsize) channel) * (gsize) job->in_h +
         (gsize) y) *
          (gsize) job->in_w +
        (gsize) x];
}

/* Magnitudes of what one channel adds at each position, before Aᵀ … A. */
static void
add_magnitudes (const Case *self,
                int image,
                int channel,
                const float *w,
                int row,
                int column,
                double (*sum)[EDGE])
{
  double d[EDGE][EDGE], lines[EDGE][EDGE] = { 0 }, weights[EDGE][3] = { 0 };

  for (int i = 0; i < EDGE; i++)
    for (int j = 0; j < EDGE; j++)
      d[i][j] = fabs (input_at (self, image, channel, row + i, column + j));
  for (int i = 0; i < EDGE; i++)
    for (int k = 0; k < EDGE; k++)
      for (int j = 0; j < EDGE; j++)
        lines[i][j] += bt[i][k] * d[k][j];
  for (int i = 0; i < EDGE; i++)
    for (int k = 0; k < 3; k++)
      for (int j = 0; j < 3; j++)
        weights[i][j] += g[i][k] * fabs ((double) w[3 * k + j]);
  for (int i = 0; i < EDGE; i++)
    for (int j = 0; j < EDGE; j++)
      {
        double v = 0, u = 0;

        for (int k = 0; k < EDGE; k++)
          v += lines[i][k] * bt[j][k];
        for (int k = 0; k < 3; k++)
          u += weights[i][k] * g[j][k];
        sum[i][j] += v * u;
      }
}

/* The cell by the definition, and how far off it may be. */
static double
expected (const Case *self, int image, int channel, int y, int x, double *bound)
{
  const TapWinogradJob *job = &self->job;
  int group = channel / job->out, n = job->in + 31;
  gsize at_y =
    (((gsize) image * (gsize) (job->groups * job->out) + (gsize) channel) * (gsize) job->out_h +
     (gsize) y) *
      (gsize) job->out_w +
    (gsize) x;
  double value = (double) self->bias[channel], magnitude = fabs (value), sum[EDGE][EDGE] = { 0 };
  double u = ldexp (1, -24);

  for (int c = 0; c < job->in; c++)
    {
      const float *w = self->w + ((gsize) channel * (gsize) job->in + (gsize) c) * 9;

      for (int r = 0; r < 3; r++)
        for (int s = 0; s < 3; s++)
          value += (double) w[3 * r + s] * input_at (self, image, group * job->in + c,
                                                     y + r - job->pad_top, x + s - job->pad_left);
      add_magnitudes (self, image, group * job->in + c, w, y / TILE * TILE - job->pad_top,
                      x / TILE * TILE - job->pad_left, sum);
    }
  for (int i = 0; i < EDGE; i++)
    for (int j = 0; j < EDGE; j++)
      magnitude += at[y % TILE][i] * sum[i][j] * at[x % TILE][j];
  if (self->residual != NULL)
    {
      value += (double) self->residual[at_y];
      magnitude += fabs ((double) self->residual[at_y]);
    }
  if (job->clamp.active)
    value = CLAMP (value, (double) job->clamp.low, (double) job->clamp.high);
  *bound = magnitude * n * u / (1 - n * u);
  g_assert_false (isnan (self->y[at_y]));
  return value;
}

/* Looks at some cells; gives the largest error. */
static double
case_check (const Case *self, GRand *rand, int n_cells)
{
  const TapWinogradJob *job = &self->job;
  double worst = 0;

  for (gsize i = 0; i < self->n_y; i++)
    g_assert_false (isnan (self->y[i]));
  for (int i = 0; i < n_cells; i++)
    {
      int image = g_rand_int_range (rand, 0, job->images);
      int channel = g_rand_int_range (rand, 0, job->groups * job->out);
      int y = g_rand_int_range (rand, 0, job->out_h), x = g_rand_int_range (rand, 0, job->out_w);
      double bound, value, error;

      if (i < 4) /* the corners */
        {
          y = i & 1 ? job->out_h - 1 : 0;
          x = i & 2 ? job->out_w - 1 : 0;
        }
      value = expected (self, image, channel, y, x, &bound);
      error = fabs (
        value -
        (double) self->y[(((gsize) image * (gsize) (job->groups * job->out) + (gsize) channel) *
                            (gsize) job->out_h +
                          (gsize) y) *
                           (gsize) job->out_w +
                         (gsize) x]);
      g_assert_cmpfloat (error, <=, bound);
      worst = MAX (worst, error);
    }
  return worst;
}

static TapWinogradJob
random_job (GRand *rand)
{
  TapWinogradJob job = {
    .images = g_rand_int_range (rand, 1, 4),
    .groups = g_rand_int_range (rand, 0, 3) > 0 ? 1 : g_rand_int_range (rand, 2, 4),
    .in = g_rand_int_range (rand, 1, 70),
    .out = g_rand_int_range (rand, 1, 90),
    .in_h = g_rand_int_range (rand, 3, 40),
    .in_w = g_rand_int_range (rand, 3, 40),
    .pad_top = g_rand_int_range (rand, 0, 3),
    .pad_left = g_rand_int_range (rand, 0, 3),
  };

  /* pads at the other ends are independent of these */
  job.out_h = job.in_h - 2 + job.pad_top + g_rand_int_range (rand, 0, 3);
  job.out_w = job.in_w - 2 + job.pad_left + g_rand_int_range (rand, 0, 3);
  if (g_rand_boolean (rand))
    job.clamp = (TapClamp){ TRUE, 0, g_rand_boolean (rand) ? INFINITY : 0.5f };
  return job;
}

static void
test_definition (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  g_test_summary ("Each cell is that of the definition, within the bound, on random shapes; and "
                  "threads make no difference");
  for (int i = 0; i < 120; i++)
    {
      TapWinogradJob job = random_job (rand);
      g_autofree float *first = NULL;
      Case c;

      case_init (&c, rand, &job, g_rand_boolean (rand));
      case_run (&c, 1);
      case_check (&c, rand, 24);
      first = g_memdup2 (c.y, c.n_y * sizeof (float));
      for (int threads = 2; threads <= 3; threads++)
        {
          case_run (&c, threads);
          g_assert_cmpmem (first, c.n_y * sizeof (float), c.y, c.n_y * sizeof (float));
        }
      case_clear (&c);
    }
}

/* Shapes of networks: few weights and many tiles, many weights in several rounds, one tile. */
static void
test_sizes (void)
{
  static const struct
  {
    int images, groups, in, out, height, width;
  } sizes[] = {
    { 1, 1, 64, 64, 112, 56 }, { 1, 1, 160, 128, 84, 80 }, { 5, 1, 144, 288, 14, 14 },
    { 1, 1, 512, 512, 7, 7 },  { 1, 2, 192, 192, 13, 13 }, { 1, 1, 16, 16, 3, 3 },
    { 1, 1, 48, 40, 1, 130 },
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (2);

  g_test_summary ("So it is on the shapes of networks, where the error stays far below 1e-5");
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      TapWinogradJob job = {
        .images = sizes[i].images,
        .groups = sizes[i].groups,
        .in = sizes[i].in,
        .out = sizes[i].out,
        .in_h = sizes[i].height,
        .in_w = sizes[i].width,
        .out_h = sizes[i].height,
        .out_w = sizes[i].width,
        .pad_top = 1,
        .pad_left = 1,
      };
      g_autofree float *first = NULL;
      double error;
      Case c;

      case_init (&c, rand, &job, i % 2 == 0);
      case_run (&c, 1);
      error = case_check (&c, rand, 200);
      g_test_message ("%d images of %d × %d, %d → %d: %g", job.images, job.in_h, job.in_w, job.in,
                      job.out, error);
      g_assert_cmpfloat (error, <, 1e-5);
      first = g_memdup2 (c.y, c.n_y * sizeof (float));
      for (int threads = 2; threads <= 3; threads++)
        {
          case_run (&c, threads);
          g_assert_cmpmem (first, c.n_y * sizeof (float), c.y, c.n_y * sizeof (float));
        }
      case_clear (&c);
    }
}

static void
test_batch (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);

  g_test_summary ("An image comes out the same alone and in a batch");
  for (int i = 0; i < 20; i++)
    {
      TapWinogradJob job = random_job (rand);
      gsize x, y;
      g_autofree float *all = NULL;
      Case c;

      job.images = 3;
      case_init (&c, rand, &job, FALSE);
      case_run (&c, 2);
      all = g_memdup2 (c.y, c.n_y * sizeof (float));
      x = c.n_x / 3;
      y = c.n_y / 3;
      c.job.images = 1;
      c.n_y = y;
      for (gsize n = 0; n < 3; n++)
        {
          c.job.x = c.x + n * x;
          case_run (&c, 1);
          g_assert_cmpmem (all + n * y, y * sizeof (float), c.y, y * sizeof (float));
        }
      case_clear (&c);
    }
}

/* @z as gradient of the output: the gradient of the input is the convolution with adjoint weights. */
static void
test_adjoint (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);

  g_test_summary ("Adjoint weights turn a convolution into its gradient with respect to the input");
  for (int i = 0; i < 20; i++)
    {
      TapWinogradJob job = random_job (rand);
      TapWinogradJob back;
      double left = 0, right = 0, magnitude = 0;
      float *packed;
      Case c, b;

      job.images = 1;
      job.clamp.active = FALSE;
      back = job;
      back.in = job.out;
      back.out = job.in;
      back.in_h = job.out_h;
      back.in_w = job.out_w;
      back.out_h = job.in_h;
      back.out_w = job.in_w;
      back.pad_top = 2 - job.pad_top;
      back.pad_left = 2 - job.pad_left;
      case_init (&c, rand, &job, FALSE);
      memset (c.bias, 0, (gsize) (job.groups * job.out) * sizeof (float));
      winograd_pack (c.packed, c.w, NULL, job.groups, job.out, job.in, FALSE);
      case_run (&c, 2);
      case_init (&b, rand, &back, FALSE);
      packed = b.packed;
      winograd_pack (packed, c.w, NULL, back.groups, back.out, back.in, TRUE);
      case_run (&b, 2);

      /* ⟨conv x, z⟩ = ⟨x, convᵀ z⟩ for random x and z */
      for (gsize k = 0; k < c.n_y; k++)
        {
          left += (double) c.y[k] * (double) b.x[k];
          magnitude += fabs ((double) c.y[k] * (double) b.x[k]);
        }
      for (gsize k = 0; k < b.n_y; k++)
        right += (double) b.y[k] * (double) c.x[k];
      g_assert_cmpfloat (fabs (left - right), <=, 1e-5 * magnitude);
      case_clear (&c);
      case_clear (&b);
    }
}

static void
test_suits (void)
{
  const TapWindow good = { .kernel_h = 3,
                           .kernel_w = 3,
                           .stride_h = 1,
                           .stride_w = 1,
                           .dilation_h = 1,
                           .dilation_w = 1,
                           .in_h = 28,
                           .in_w = 28,
                           .out_h = 28,
                           .out_w = 28 };
  TapWindow bad;

  g_test_summary (
    "It is offered for 3×3 windows that neither jump nor spread, and enough channels");
  g_assert_true (tap_winograd_suits (&good, 1, 64, 64, tap_cpu_simd ()));
  g_assert_false (tap_winograd_suits (&good, 32, 4, 4, tap_cpu_simd ()));
  g_assert_false (tap_winograd_suits (&good, 1, 3, 64, tap_cpu_simd ()));
  bad = good;
  bad.stride_w = 2;
  g_assert_false (tap_winograd_suits (&bad, 1, 64, 64, tap_cpu_simd ()));
  bad = good;
  bad.dilation_h = 2;
  g_assert_false (tap_winograd_suits (&bad, 1, 64, 64, tap_cpu_simd ()));
  bad = good;
  bad.kernel_h = 1;
  g_assert_false (tap_winograd_suits (&bad, 1, 64, 64, tap_cpu_simd ()));
  bad = good;
  bad.transposed = TRUE;
  g_assert_false (tap_winograd_suits (&bad, 1, 64, 64, tap_cpu_simd ()));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_matrices ();
  g_test_add_func ("/engine/winograd/suits", test_suits);
  g_test_add_func ("/engine/winograd/definition", test_definition);
  g_test_add_func ("/engine/winograd/sizes", test_sizes);
  g_test_add_func ("/engine/winograd/batch", test_batch);
  g_test_add_func ("/engine/winograd/adjoint", test_adjoint);
  return g_test_run ();
}
