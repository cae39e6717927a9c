/* test-operators.c - every kernel of the registry, forwards and backwards, against its twin
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The walk: a kernel without cases, without a twin, or without a derivative that it should have, fails by
 * name. Each case runs through a graph of one node and a session, and then call by call at the kernel,
 * where threads, rectangles, fences and what is asked for vary. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine-test.h"
#include "operator-gradient.h"
#include "operator-run.h"
#include "ops/registry.h"

static double
number_at (const TapCpuArray *array, gsize i)
{
  return array->dtype == TAP_DTYPE_I64 ? (double) tap_cpu_i64 (array)[i] :
                                         (double) tap_cpu_f32 (array)[i];
}

/* @found against the twin's output, each cell within its own bound. */
static gboolean
agrees (const OperatorBench *bench, const TapCpuArray *found, const TwinArray *expected, int output)
{
  if (!tap_shape_equal (&found->shape, &expected->shape) || found->dtype != expected->dtype)
    {
      g_autofree char *a = tap_shape_to_string (&found->shape);
      g_autofree char *b = tap_shape_to_string (&expected->shape);

      return operator_fail (bench, "output %d is %s of kind %u, expected %s of kind %u", output, a,
                            found->dtype, b, expected->dtype);
    }
  for (gsize i = 0; i < expected->count; i++)
    {
      double y = number_at (found, i), e = expected->cells[i];

      if (y == e || (isnan (y) && isnan (e)) || fabs (y - e) <= expected->errors[i])
        continue;
      /* beyond the largest float32 there is only infinity */
      if (expected->dtype == TAP_DTYPE_F32 && (double) (float) e == y)
        continue;
      return operator_fail (bench,
                            "output %d, cell %" G_GSIZE_FORMAT ": %.9g, expected %.9g ± %.2g",
                            output, i, y, e, expected->errors[i]);
    }
  return TRUE;
}

/* The node as a network of its own. */
static void
check_session (const OperatorBench *bench, const TwinArray *expected, int n_threads)
{
  g_autoptr (GPtrArray) fed = g_ptr_array_new ();
  g_autoptr (TapTaps) taps = tap_taps_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session =
    tap_session_new (bench->graph, &(TapSessionOptions){ .n_threads = n_threads }, &error);
  g_autoptr (TapTrace) trace = NULL;

  for (int i = 0; i < bench->n_inputs; i++)
    if (bench->inputs[i] != NULL && !bench->constant[i])
      g_ptr_array_add (fed, bench->inputs[i]);
  for (int o = 0; o < bench->n_outputs; o++)
    tap_taps_add (taps, bench->node->outputs[o]);
  trace = tap_session_forward (session, (TapTensor *const *) fed->pdata, (int) fed->len, taps,
                               TAP_RUN_DEFAULT, NULL, NULL, &error);
  if (trace == NULL)
    {
      operator_fail (bench, "%s", error->message);
      return;
    }
  for (int o = 0; o < bench->n_outputs; o++)
    {
      TapTensor *y = tap_trace_get (trace, bench->node->outputs[o]);

      if (!agrees (bench, &(TapCpuArray){ y->dtype, y->shape, y->data }, &expected[o], o))
        return;
    }
}

/* Other threads, once more, in place, one output alone: the same bits. */
static void
check_variants (const OperatorBench *bench, const OperatorRun *whole)
{
  const TapCpuKernel *kernel = tap_cpu_find (bench->node->op->name);
  gboolean alike =
    whole->blocks[0].bytes ==
    (bench->inputs[0] != NULL ? bench->inputs[0]->count * tap_dtype_size (bench->inputs[0]->dtype) :
                                0);

  for (int n_threads = 1; n_threads <= 3; n_threads++)
    {
      g_auto (OperatorRun) run = { 0 };
      gboolean in_place = n_threads == 2 && alike && (kernel->flags & TAP_CPU_IN_PLACE);

      if (!operator_run_forward (&run, bench,
                                 &(ForwardOptions){ .n_threads = n_threads, .in_place = in_place }))
        return;
      for (int o = 0; o < bench->n_outputs; o++)
        if (!operator_run_equal (&run, whole, o))
          operator_fail (bench, "output %d has other bits on %d threads%s", o, n_threads,
                         in_place ? ", in place" : "");
    }
  for (int o = 0; o < bench->n_outputs && bench->n_outputs > 1; o++)
    {
      g_auto (OperatorRun) run = { 0 };

      if (operator_run_forward (&run, bench,
                                &(ForwardOptions){ .n_threads = 2, .outputs = 1u << o }) &&
          !operator_run_equal (&run, whole, o))
        operator_fail (bench, "output %d has other bits when it is alone", o);
    }
}

static gboolean
inside (const TapRect *rects, const TapShape *shape, gsize cell)
{
  TapCpuPlanes p = tap_cpu_planes (shape);
  gsize x = cell % p.width, y = cell / p.width % p.height;
  const TapRect *rect = &rects[cell / p.width / p.height / p.channels];

  return x >= (gsize) rect->x && x < (gsize) (rect->x + rect->width) && y >= (gsize) rect->y &&
         y < (gsize) (rect->y + rect->height);
}

/* Whether the kernel can be asked for rectangles at these shapes: because of its operator's rule, or where it says
 * what it reads and keeps images apart. */
static gboolean
has_rectangles (const OperatorBench *bench, const TapCpuKernel *kernel)
{
  const TapShape *y = &tap_graph_get_value (bench->graph, bench->node->outputs[0])->shape;

  if (!(kernel->flags & TAP_CPU_REGIONS) || (kernel->flags & TAP_CPU_VIEW))
    return FALSE;
  if (tap_op_region (bench->graph, bench->node) != TAP_REGION_FULL)
    return TRUE;
  for (int i = 0; i < bench->node->n_inputs; i++)
    {
      const TapShape *x = bench->node->inputs[i] >= 0 ?
                            &tap_graph_get_value (bench->graph, bench->node->inputs[i])->shape :
                            NULL;

      if (i == 0 && (x == NULL || x->n_dims != 4))
        return FALSE;
      if (x != NULL && x->n_dims == 4 && (y->n_dims != 4 || x->dims[0] != y->dims[0]))
        return FALSE;
    }
  if (g_str_equal (kernel->op, "Transpose"))
    {
      gsize n;
      const gint64 *perm = tap_attrs_get_ints (bench->node->attrs, "perm", &n);

      /* rectangles are looked at in maps of four dimensions here */
      return y->n_dims == 4 && perm != NULL && perm[0] == 0 && perm[2] == 2 && perm[3] == 3;
    }
  return kernel->reads != NULL;
}

/* Rectangles of by_cell runs: the bits of the whole inside, nothing written outside. */
static void
check_rectangles (const OperatorBench *bench, GRand *rand)
{
  g_auto (OperatorRun) whole = { 0 };
  gsize images;

  if (!operator_run_forward (&whole, bench, &(ForwardOptions){ .by_cell = TRUE }))
    return;
  images = (gsize) whole.arrays[0].shape.dims[0];
  for (int trial = 0; trial < 12; trial++)
    {
      g_autofree TapRect *rects = g_new0 (TapRect, images + 1);
      g_auto (OperatorRun) part = { 0 };

      for (gsize n = 0; n < images; n++)
        {
          TapCpuPlanes p = tap_cpu_planes (&whole.arrays[0].shape);

          rects[n].x = g_rand_int_range (rand, 0, (gint32) p.width);
          rects[n].y = g_rand_int_range (rand, 0, (gint32) p.height);
          rects[n].width = g_rand_int_range (rand, 1, (gint32) p.width - rects[n].x + 1);
          rects[n].height = g_rand_int_range (rand, 1, (gint32) p.height - rects[n].y + 1);
        }
      if (!operator_run_forward (
            &part, bench,
            &(ForwardOptions){ .n_threads = 1 + trial % 3, .by_cell = TRUE, .rects = rects }))
        return;
      for (int o = 0; o < bench->n_outputs; o++)
        {
          gsize size = tap_dtype_size (whole.arrays[o].dtype);
          FencedBlock untouched;
          gsize n_cells = whole.blocks[o].bytes / size, i = 0;

          fenced_block_init (&untouched, whole.blocks[o].bytes);
          for (; i < n_cells; i++)
            if (isnan (number_at (&whole.arrays[o], i)) && isnan (number_at (&part.arrays[o], i)) &&
                inside (rects, &whole.arrays[o].shape, i))
              continue; /* one NaN is as good as another */
            else if (memcmp ((char *) part.blocks[o].data + i * size,
                             (char *) (inside (rects, &whole.arrays[o].shape, i) ?
                                         whole.blocks[o].data :
                                         untouched.data) +
                               i * size,
                             size) != 0)
              break;
          fenced_block_clear (&untouched);
          if (i == n_cells)
            continue;
          operator_fail (bench,
                         "output %d, cell %" G_GSIZE_FORMAT
                         ": %.9g (%08x) in a rectangle, %.9g (%08x) in the whole",
                         o, i, number_at (&part.arrays[o], i), ((guint32 *) part.blocks[o].data)[i],
                         number_at (&whole.arrays[o], i), ((guint32 *) whole.blocks[o].data)[i]);
          return;
        }
    }
}

/* What is done as an output is stored: adding, then clamping. */
static void
check_epilogue (const OperatorBench *bench, const TwinArray *expected, GRand *rand)
{
  const TapCpuKernel *kernel = tap_cpu_find (bench->node->op->name);
  gboolean adds = (kernel->flags & TAP_CPU_ADDS) != 0;
  TapClamp clamp = { (kernel->flags & TAP_CPU_CLAMPS) != 0, -0.1f, 0.4f };

  for (int by_cell = 0; by_cell < 2; by_cell++)
    {
      g_autofree float *residual = g_new (float, expected[0].count + 1);
      g_auto (OperatorRun) run = { 0 };
      TwinArray sum = twin_array_copy (&expected[0]);

      sum.errors = g_memdup2 (expected[0].errors, (sum.count + 1) * sizeof (double));
      for (gsize i = 0; i < sum.count; i++)
        {
          residual[i] = (float) g_rand_double_range (rand, -1, 1);
          if (adds)
            sum.cells[i] += (double) residual[i];
          /* n terms more make n roundings more, of all the terms there are */
          if (adds)
            sum.errors[i] += 2 * TWIN_UNIT * (fabs (sum.cells[i]) + 1) + sum.errors[i] / 2;
          if (clamp.active)
            sum.cells[i] = CLAMP (sum.cells[i], (double) clamp.low, (double) clamp.high);
        }
      if (operator_run_forward (&run, bench,
                                &(ForwardOptions){
                                  .n_threads = 2,
                                  .by_cell = by_cell,
                                  .residual = adds ? residual : NULL,
                                  .clamp = clamp,
                                }))
        agrees (bench, &run.arrays[0], &sum, 0);
      twin_array_clear (&sum);
    }
}

/* With constants all over, folding has to give the same. */
static void
check_folding (const OperatorCase *item, const TwinArray *expected)
{
  g_auto (OperatorBench) bench = { 0 };

  if (!operator_bench_init (&bench, item, TRUE))
    return;
  for (int o = 0; bench.node->folded && o < bench.n_outputs; o++)
    {
      TapTensor *y = tap_graph_get_value (bench.graph, bench.node->outputs[o])->constant;

      if (!agrees (&bench, &(TapCpuArray){ y->dtype, y->shape, y->data }, &expected[o], o))
        {
          operator_fail (&bench, "when it is folded");
          return;
        }
    }
}

static void
check_kernel (const OperatorBench *bench, const TwinArray *expected)
{
  const TapCpuKernel *kernel = tap_cpu_find (bench->node->op->name);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  g_auto (OperatorRun) whole = { 0 };

  if (!operator_run_forward (&whole, bench, &(ForwardOptions){ .n_threads = 1 }))
    return;
  for (int o = 0; o < bench->n_outputs; o++)
    if (!agrees (bench, &whole.arrays[o], &expected[o], o))
      return;
  check_variants (bench, &whole);
  if (has_rectangles (bench, kernel))
    check_rectangles (bench, rand);
  if (kernel->flags & (TAP_CPU_ADDS | TAP_CPU_CLAMPS) && expected[0].dtype == TAP_DTYPE_F32)
    check_epilogue (bench, expected, rand);
}

static void
check_case (const OperatorCase *item, const TapCpuKernel *kernel, TwinFunc twin)
{
  g_auto (OperatorBench) bench = { 0 };
  TwinArray inputs[16], outputs[16];
  guint before = operator_failures ();

  if (!operator_bench_init (&bench, item, FALSE))
    return;
  for (int i = 0; i < bench.n_inputs; i++)
    inputs[i] = twin_array_new (bench.inputs[i]);
  twin_run (twin, bench.node, inputs, bench.n_inputs, outputs, bench.n_outputs);
  if (!bench.node->folded)
    check_session (&bench, outputs, 2);
  check_folding (item, outputs);
  if (operator_failures () == before)
    check_kernel (&bench, outputs);
  if (operator_failures () == before && kernel->backward != NULL &&
      !(item->flags & CASE_FORWARD_ONLY))
    operator_check_gradient (&bench, twin);
  for (int i = 0; i < bench.n_inputs; i++)
    twin_array_clear (&inputs[i]);
  for (int o = 0; o < bench.n_outputs; o++)
    twin_array_clear (&outputs[o]);
}

static void
test_kernel (gconstpointer data)
{
  const TapCpuKernel *kernel = data;
  TwinFunc twin = twin_find (kernel->op);

  g_test_summary ("The kernel agrees with its twin in every case, forwards and backwards");
  if (operator_cases_count (kernel->op) == 0)
    {
      g_test_message ("no cases for “%s”", kernel->op);
      g_test_fail ();
      return;
    }
  if (twin == NULL)
    {
      g_test_message ("no twin for “%s”", kernel->op);
      g_test_fail ();
      return;
    }
  for (const OperatorCase *const *family = operator_cases (); *family != NULL; family++)
    for (const OperatorCase *item = *family; item->op != NULL; item++)
      if (g_str_equal (item->op, kernel->op))
        check_case (item, kernel, twin);
}

static void
test_backward_there (void)
{
  g_autoptr (GString) missing = g_string_new (NULL);

  g_test_summary ("Every operator that has a derivative has a backward kernel");
  for (const TapCpuKernel *const *at = tap_cpu_kernels (); *at != NULL; at++)
    {
      const TapCpuKernel *kernel = *at;
      const char *why = operator_without_gradient (kernel->op);

      if ((kernel->flags & TAP_CPU_VIEW) || kernel->backward != NULL)
        {
          if (why != NULL && kernel->backward != NULL)
            g_test_message ("“%s” has a backward kernel for %s", kernel->op, why);
          continue;
        }
      if (why != NULL)
        g_test_message ("“%s” has none: %s", kernel->op, why);
      else
        g_string_append_printf (missing, " %s", kernel->op);
    }
  if (missing->len > 0)
    {
      g_test_message ("no backward kernel:%s", missing->str);
      g_test_fail ();
    }
}

/* Operators that exporters use for convolutional networks, most frequent first: with them go 483 of 483 networks
 * of the ONNX Model Zoo, and the older ones. */
static void
test_everything_asked_for (void)
{
  static const char *const asked[] = {
    "Conv",
    "Gemm",
    "MatMul",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Sqrt",
    "Relu",
    "LeakyRelu",
    "Clip",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Erf",
    "Softmax",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "ReduceMean",
    "ReduceSum",
    "Concat",
    "Split",
    "Slice",
    "Gather",
    "Transpose",
    "Reshape",
    "Flatten",
    "Pad",
    "Resize",
    "Constant",
    "Shape",
    "Unsqueeze",
    "Squeeze",
    "Cast",
    "Ceil",
    "ConstantOfShape",
    "Expand",
    "Equal",
    "Where",
    "Identity",
    "LRN",
    "Dropout",
    "Sum",
    "ImageScaler",
    "Gelu",
    "GlobalMaxPool",
    "Mish",
    "Tanh",
    "Elu",
    "PRelu",
    "Max",
    "Min",
    "ConvTranspose",
    "DepthToSpace",
    "BatchNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "GroupNormalization",
  };

  g_test_summary ("Every operator that convolutional networks ask for is there");
  for (gsize i = 0; i < G_N_ELEMENTS (asked); i++)
    if (tap_ops_find (asked[i], "") == NULL)
      {
        g_test_message ("there is no “%s”", asked[i]);
        g_test_fail ();
      }
}

/* A case for an operator that is gone would never run. */
static void
test_no_stray_cases (void)
{
  guint n = 0;

  g_test_summary ("Every case belongs to a kernel");
  for (const OperatorCase *const *family = operator_cases (); *family != NULL; family++)
    for (const OperatorCase *item = *family; item->op != NULL; item++, n++)
      if (tap_cpu_find (item->op) == NULL)
        {
          g_test_message ("there is no kernel for “%s”", item->op);
          g_test_fail ();
        }
  g_test_message ("%u cases", n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (const TapCpuKernel *const *kernel = tap_cpu_kernels (); *kernel != NULL; kernel++)
    {
      g_autofree char *path = g_strconcat ("/engine/operators/", (*kernel)->op, NULL);

      g_test_add_data_func (path, *kernel, test_kernel);
    }
  g_test_add_func ("/engine/operators-all/backward", test_backward_there);
  g_test_add_func ("/engine/operators-all/asked-for", test_everything_asked_for);
  g_test_add_func ("/engine/operators-all/no-stray-cases", test_no_stray_cases);
  return g_test_run ();
}
