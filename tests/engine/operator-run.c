/* operator-run.c - one call of one kernel, with fences round everything it may write
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/cpu/isa.h"
#include "operator-run.h"

#define FENCE   256
#define PATTERN 0x7fedbeefu /* a NaN that no kernel makes */

void
fenced_block_init (FencedBlock *self, gsize bytes)
{
  gsize whole = (bytes + 63) / 64 * 64 + 2 * FENCE;

  self->bytes = bytes;
  self->block = aligned_alloc (64, whole);
  for (gsize i = 0; i < whole / 4; i++)
    ((guint32 *) (gpointer) self->block)[i] = PATTERN;
  self->data = self->block + FENCE;
}

gboolean
fenced_block_intact (const FencedBlock *self)
{
  const guint32 pattern = PATTERN;
  gsize whole = (self->bytes + 63) / 64 * 64 + 2 * FENCE;

  for (gsize i = 0; i < whole; i++)
    if ((i < FENCE || i >= FENCE + self->bytes) &&
        self->block[i] != ((const char *) &pattern)[i % 4])
      return FALSE;
  return TRUE;
}

void
fenced_block_clear (FencedBlock *self)
{
  g_clear_pointer (&self->block, free);
  self->data = NULL;
}

static guint failures;

guint
operator_failures (void)
{
  return failures;
}

gboolean
operator_fail (const OperatorBench *bench, const char *format, ...)
{
  g_autofree char *line = operator_case_describe (bench->item);
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_test_message ("WRONG: %s: %s", line, what);
  g_test_fail ();
  failures++;
  return FALSE;
}

/* What a kernel call needs besides its arrays. */
typedef struct
{
  TapCpuRun run;
  TapPool *pool;
  FencedBlock scratch;
  TapTensor *packed;
  TapTensor *constants[16];
} Call;

static void
call_clear (Call *call)
{
  g_clear_pointer (&call->pool, tap_pool_free);
  g_clear_pointer (&call->packed, tap_tensor_unref);
  fenced_block_clear (&call->scratch);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

static void
call_init (Call *call, const OperatorBench *bench, int n_threads)
{
  *call = (Call){ .pool = tap_pool_new (MAX (n_threads, 1)) };
  call->run = (TapCpuRun){
    .node = bench->node,
    .n_inputs = bench->n_inputs,
    .simd = tap_cpu_simd (),
    .pool = call->pool,
  };
  for (int i = 0; i < bench->n_inputs; i++)
    call->constants[i] = bench->constant[i] ? bench->inputs[i] : NULL;
}

/* Weights in the algorithm's order, and scratch memory. Data pointers are not set yet, but those of the
 * gradients. */
static gboolean
call_prepare (Call *call, const OperatorBench *bench, const TapCpuKernel *kernel, gboolean backward)
{
  int (*choose) (const TapCpuRun *) =
    backward && kernel->choose_backward != NULL ? kernel->choose_backward : kernel->choose;
  gsize (*scratch) (const TapCpuRun *) = backward ? kernel->scratch_backward : kernel->scratch;
  g_autoptr (GError) error = NULL;

  call->run.algorithm = choose != NULL ? choose (&call->run) : 0;
  fenced_block_init (&call->scratch, scratch != NULL ? scratch (&call->run) : 0);
  call->run.scratch = call->scratch.data;
  if (kernel->pack != NULL)
    call->packed = kernel->pack (bench->node, call->run.algorithm, call->constants, &error);
  if (error != NULL)
    return operator_fail (bench, "packing: %s", error->message);
  call->run.packed = call->packed != NULL ? tap_tensor_f32 (call->packed) : NULL;
  return TRUE;
}

static void
set_arrays (TapCpuArray *arrays, const OperatorBench *bench, gboolean outputs)
{
  int n = outputs ? bench->n_outputs : bench->n_inputs;

  for (int i = 0; i < n; i++)
    {
      int at = outputs ? bench->node->outputs[i] : bench->node->inputs[i];
      const TapValue *value = at >= 0 ? tap_graph_get_value (bench->graph, at) : NULL;

      arrays[i] = value != NULL ? (TapCpuArray){ value->dtype, value->shape, NULL } :
                                  (TapCpuArray){ .shape = { .n_dims = -1 } };
    }
}

static gsize
bytes_of (const TapCpuArray *array)
{
  return array->shape.n_dims < 0 ? 0 :
                                   tap_cpu_count (&array->shape) * tap_dtype_size (array->dtype);
}

/* Inputs are read from copies behind fences, which afterwards must still be what they were. */
static void
copy_inputs (const OperatorBench *bench, TapCpuArray *arrays, FencedBlock *blocks)
{
  for (int i = 0; i < bench->n_inputs; i++)
    if (bench->inputs[i] != NULL)
      {
        fenced_block_init (&blocks[i], bytes_of (&arrays[i]));
        memcpy (blocks[i].data, bench->inputs[i]->data, blocks[i].bytes);
        arrays[i].data = blocks[i].data;
      }
}

static gboolean
check_inputs (const OperatorBench *bench, FencedBlock *blocks)
{
  gboolean fine = TRUE;

  for (int i = 0; i < bench->n_inputs; i++)
    if (blocks[i].block != NULL)
      fine &= memcmp (blocks[i].data, bench->inputs[i]->data, blocks[i].bytes) == 0 &&
              fenced_block_intact (&blocks[i]);
  return fine ? TRUE : operator_fail (bench, "an input was written to");
}

static void
make_outputs (OperatorRun *self,
              const OperatorBench *bench,
              const ForwardOptions *options,
              const TapCpuArray *inputs,
              gboolean over_input)
{
  self->n = bench->n_outputs;
  set_arrays (self->arrays, bench, TRUE);
  for (int i = 0; i < self->n; i++)
    {
      if (options->outputs != 0 && !(options->outputs & 1u << i))
        continue;
      fenced_block_init (&self->blocks[i], bytes_of (&self->arrays[i]));
      self->arrays[i].data = self->blocks[i].data;
      if (options->start != NULL)
        memcpy (self->blocks[i].data, options->start[i], self->blocks[i].bytes);
      if (i == 0 && over_input)
        memcpy (self->blocks[i].data, inputs[0].data, self->blocks[i].bytes);
    }
}

static gboolean
check_outputs (const OperatorRun *self, const OperatorBench *bench, const Call *call)
{
  gboolean fine = fenced_block_intact (&call->scratch);

  if (!fine)
    return operator_fail (bench, "more scratch memory was written to than was asked for");
  for (int i = 0; i < self->n; i++)
    fine &= self->blocks[i].block == NULL || fenced_block_intact (&self->blocks[i]);
  fine &= self->saved.block == NULL || fenced_block_intact (&self->saved);
  return fine ? TRUE : operator_fail (bench, "something was written outside of the outputs");
}

gboolean
operator_run_forward (OperatorRun *self, const OperatorBench *bench, const ForwardOptions *options)
{
  const TapCpuKernel *kernel = tap_cpu_find (bench->node->op->name);
  gboolean over_input = options->in_place || (kernel->flags & TAP_CPU_VIEW);
  TapCpuArray inputs[16];
  FencedBlock copies[16] = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (Call) call = { 0 };
  gboolean fine = TRUE;

  *self = (OperatorRun){ 0 };
  call_init (&call, bench, options->n_threads);
  set_arrays (inputs, bench, FALSE);
  self->n = bench->n_outputs;
  set_arrays (self->arrays, bench, TRUE);
  call.run.inputs = inputs;
  call.run.outputs = self->arrays;
  call.run.n_outputs = self->n;
  call.run.by_cell = options->by_cell;
  call.run.rects = options->rects;
  call.run.residual = options->residual;
  call.run.clamp = options->clamp;
  if (!call_prepare (&call, bench, kernel, FALSE))
    return FALSE;
  if (options->for_backward && kernel->saved != NULL)
    {
      fenced_block_init (&self->saved, kernel->saved (&call.run));
      call.run.saved = self->saved.data;
    }
  copy_inputs (bench, inputs, copies);
  make_outputs (self, bench, options, inputs, over_input);
  if (over_input)
    inputs[0].data = self->arrays[0].data;
  if (kernel->forward != NULL)
    fine = kernel->forward (&call.run, &error);
  if (!fine)
    operator_fail (bench, "forward: %s", error != NULL ? error->message : "no reason given");
  fine = fine && check_inputs (bench, copies) && check_outputs (self, bench, &call);
  for (int i = 0; i < bench->n_inputs; i++)
    fenced_block_clear (&copies[i]);
  return fine;
}

/* Hides from backward() what it did not ask for: a read of it would crash or give no numbers. */
static void
show_needed (const OperatorBench *bench,
             const OperatorRun *forward,
             guint needs,
             TapCpuArray *inputs,
             TapCpuArray *outputs,
             FencedBlock *copies)
{
  set_arrays (inputs, bench, FALSE);
  set_arrays (outputs, bench, TRUE);
  copy_inputs (bench, inputs, copies);
  for (int i = 0; i < bench->n_inputs; i++)
    if (!bench->constant[i] && !(needs & TAP_CPU_INPUT (i)))
      inputs[i].data = NULL;
  for (int i = 0; i < bench->n_outputs; i++)
    outputs[i].data = (needs & TAP_CPU_OUTPUT (i)) ? forward->arrays[i].data : NULL;
}

/* Gradients that are the output's own. Returns the inputs that are left for the kernel. */
static guint
pass_gradients (OperatorRun *self,
                const TapCpuKernel *kernel,
                const TapCpuArray *grads,
                guint wanted)
{
  for (int i = 0; i < self->n; i++)
    if ((kernel->flags & TAP_CPU_BACK_PASSES) && (wanted & 1u << i) &&
        tap_shape_equal (&self->arrays[i].shape, &grads[0].shape))
      {
        memcpy (self->arrays[i].data, grads[0].data, self->blocks[i].bytes);
        wanted &= ~(1u << i);
      }
  return wanted;
}

gboolean
operator_run_backward (OperatorRun *self,
                       const OperatorBench *bench,
                       const OperatorRun *forward,
                       const BackwardOptions *options)
{
  const TapCpuKernel *kernel = tap_cpu_find (bench->node->op->name);
  TapCpuArray inputs[16], outputs[16], grads[16];
  FencedBlock copies[16] = { 0 };
  TapCpuArray asked[16];
  guint needs, left;
  g_autoptr (GError) error = NULL;
  g_auto (Call) call = { 0 };
  gboolean fine;

  *self = (OperatorRun){ .n = bench->n_inputs };
  call_init (&call, bench, options->n_threads);
  set_arrays (grads, bench, TRUE);
  set_arrays (self->arrays, bench, FALSE);
  for (int i = 0; i < bench->n_outputs; i++)
    if (options->gradients[i] != NULL)
      grads[i].data = options->gradients[i]->data;
  for (int i = 0; i < bench->n_inputs; i++)
    if (options->wanted & 1u << i)
      {
        fenced_block_init (&self->blocks[i], bytes_of (&self->arrays[i]));
        self->arrays[i].data = self->blocks[i].data;
      }
  left = pass_gradients (self, kernel, grads, options->wanted);
  if (left == 0)
    return TRUE;
  for (int i = 0; i < bench->n_inputs; i++)
    {
      asked[i] = self->arrays[i];
      if (!(left & 1u << i))
        asked[i].data = NULL;
    }
  if (options->in_place)
    {
      memcpy (self->arrays[0].data, grads[0].data, self->blocks[0].bytes);
      grads[0].data = self->arrays[0].data;
    }
  needs = kernel->needs != NULL ? kernel->needs (bench->node, left) : 0;
  show_needed (bench, forward, needs, inputs, outputs, copies);
  call.run.inputs = inputs;
  call.run.outputs = outputs;
  call.run.n_outputs = bench->n_outputs;
  call.run.output_grads = grads;
  call.run.input_grads = asked;
  call.run.residual = options->residual;
  call.run.saved = forward->saved.data;
  fine = call_prepare (&call, bench, kernel, TRUE);
  fine = fine && kernel->backward (&call.run, &error);
  if (!fine)
    operator_fail (bench, "backward: %s", error != NULL ? error->message : "no reason given");
  fine = fine && check_inputs (bench, copies) && check_outputs (self, bench, &call);
  for (int i = 0; i < bench->n_inputs; i++)
    fenced_block_clear (&copies[i]);
  return fine;
}

void
operator_run_clear (OperatorRun *self)
{
  for (int i = 0; i < self->n; i++)
    fenced_block_clear (&self->blocks[i]);
  fenced_block_clear (&self->saved);
}

gboolean
operator_run_equal (const OperatorRun *a, const OperatorRun *b, int i)
{
  return a->blocks[i].block != NULL && b->blocks[i].block != NULL &&
         memcmp (a->blocks[i].data, b->blocks[i].data, a->blocks[i].bytes) == 0;
}
