/* tap-session-forward.c - running a plan on one picture or a batch
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A network that has its batch built in (a Reshape to a fixed 1 × 512) is run piece by piece, each piece
 * as large as it wants them, and the tapped values are put together again. */

#include "config.h"

#include <string.h>
#include <time.h>

#include "core/tap-error.h"
#include "engine/tap-session-private.h"

typedef struct
{
  TapPlan *plan;
  gpointer *data;       /* per value */
  TapTensor **tensors;  /* per value that is a root with a tensor of its own */
  TapBlockMemory arena; /* of a run that is kept for patches */
  TapBlockMemory kept;  /* what is left for backward passes */
} Run;

static void
run_clear (Run *run)
{
  for (int v = 0; run->tensors != NULL && v < run->plan->n_values; v++)
    g_clear_pointer (&run->tensors[v], tap_tensor_unref);
  g_clear_pointer (&run->tensors, g_free);
  g_clear_pointer (&run->data, g_free);
  g_clear_pointer (&run->plan, tap_plan_unref);
  tap_block_memory_clear (&run->arena);
  tap_block_memory_clear (&run->kept);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static TapTensor *
input_tensor (const TapPlan *plan, TapTensor *const *inputs, int value)
{
  for (int i = 0; i < tap_graph_n_inputs (plan->graph); i++)
    if (tap_graph_get_input (plan->graph, i) == value)
      return inputs[i];
  return NULL;
}

/* Memory for everything, and a pointer for every value. */
static gboolean
run_prepare (TapSession *self, Run *run, TapTensor *const *inputs, GError **error)
{
  TapPlan *plan = run->plan;
  guint64 bytes = (guint64) plan->arena_bytes + plan->scratch_bytes + plan->tensor_bytes;
  TapBlockMemory *arena = plan->mode == TAP_PLAN_PATCH ? &run->arena : &self->arena;

  bytes += plan->kept_bytes;
  /* Patches will want it twice. */
  if (plan->mode == TAP_PLAN_PATCH)
    bytes += plan->arena_bytes;
  if (!tap_session_check_budget (self, bytes, error) ||
      !tap_block_memory_reserve (arena, plan->arena_bytes + 64, error) ||
      !tap_block_memory_reserve (&run->kept, plan->kept_bytes, error) ||
      !tap_block_memory_reserve (&self->scratch, plan->scratch_bytes + 64, error))
    return FALSE;
  run->data = g_new0 (gpointer, (gsize) plan->n_values + 1);
  run->tensors = g_new0 (TapTensor *, (gsize) plan->n_values + 1);

  for (int v = 0; v < plan->n_values; v++)
    {
      const TapPlanValue *value = &plan->values[v];
      TapTensor *input;

      if (value->root != v)
        continue;
      switch (value->place)
        {
        case TAP_PLACE_NONE:
          break;
        case TAP_PLACE_CONSTANT:
          run->data[v] = tap_graph_get_value (plan->graph, v)->constant->data;
          break;
        case TAP_PLACE_INPUT:
          input = input_tensor (plan, inputs, v);
          run->data[v] = input != NULL ? input->data : NULL;
          break;
        case TAP_PLACE_ARENA:
          run->data[v] = (char *) arena->data + value->offset;
          input = tap_graph_get_value (plan->graph, v)->producer < 0 ?
                    input_tensor (plan, inputs, v) :
                    NULL;
          if (input != NULL)
            memcpy (run->data[v], input->data, input->count * tap_dtype_size (input->dtype));
          break;
        case TAP_PLACE_KEPT:
          run->data[v] = (char *) run->kept.data + value->offset;
          break;
        case TAP_PLACE_TENSOR:
          run->tensors[v] = tap_tensor_new_uninit (value->dtype, &value->shape, error);
          if (run->tensors[v] == NULL)
            return FALSE;
          run->data[v] = run->tensors[v]->data;
          break;
        }
    }
  for (int v = 0; v < plan->n_values; v++)
    if (plan->values[v].place != TAP_PLACE_NONE)
      {
        char *root = run->data[plan->values[v].root];

        run->data[v] = root != NULL ? root + plan->values[v].at : NULL;
      }
  return TRUE;
}

/* Nanoseconds: steps may be over in less than a microsecond. */
static gint64
now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (gint64) t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Step @s, with its siblings or the chain that begins there; returns how many, or 0 after an error. */
static int
run_some (TapSession *self, Run *run, int s, TapCpuArray *arrays, GError **error)
{
  const TapPlan *plan = run->plan;
  const TapPlanStep *step = &plan->steps[s];
  TapCpuArray *outputs = arrays + plan->max_io;

  if (step->n_siblings > 0)
    return tap_session_run_siblings (self, plan, s, run->data, arrays, error) ?
             step->n_siblings + 1 :
             0;
  if (step->chain != NULL)
    return tap_session_run_chain (self, plan, s, run->data, error) ? step->chain->n_links : 0;
  tap_plan_bind (plan, step, run->data, arrays, outputs);
  return tap_session_run_step (
    self, plan, step, arrays, outputs, NULL,
    step->saved > 0 ? (char *) run->kept.data + step->saved_offset : NULL, error);
}

/* Steps that were run in one go share the time by what they cost. */
static void
note_times (TapSession *self, const TapPlan *plan, int s, int n, gint64 nanoseconds)
{
  double cost = 0;

  for (int i = 0; i < n; i++)
    cost += plan->steps[s + i].cost;
  for (int i = 0; i < n; i++)
    self->step_times[s + i] =
      (double) nanoseconds / 1e6 * (n > 1 ? plan->steps[s + i].cost / cost : 1);
}

/* Progress goes from @from to @to. */
static gboolean
run_steps (TapSession *self,
           Run *run,
           double from,
           double to,
           TapProgress *progress,
           GCancellable *cancellable,
           GError **error)
{
  const TapPlan *plan = run->plan;
  g_autofree TapCpuArray *arrays =
    g_new (TapCpuArray, 2 * TAP_CPU_TOGETHER * (gsize) plan->max_io + 1);
  double done = 0;

  for (int s = 0, n; s < plan->n_steps; s += n)
    {
      gint64 start = self->step_times != NULL ? now () : 0;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      n = run_some (self, run, s, arrays, error);
      if (n == 0)
        return FALSE;
      if (self->step_times != NULL)
        note_times (self, plan, s, n, now () - start);
      for (int i = 0; i < n; i++)
        done += plan->steps[s + i].cost;
      tap_progress_set (progress, from + (to - from) * MIN (done, 1.0));
    }
  return TRUE;
}

/* The tapped value as a tensor of its own shape. (transfer full) */
static TapTensor *
take_tensor (Run *run, TapTensor *const *inputs, int v, GError **error)
{
  const TapPlanValue *value = &run->plan->values[v];
  const TapPlanValue *root = &run->plan->values[value->root];
  TapTensor *tensor = NULL, *owned;

  switch (root->place)
    {
    case TAP_PLACE_CONSTANT:
      tensor = tap_graph_get_value (run->plan->graph, value->root)->constant;
      break;
    case TAP_PLACE_INPUT:
      tensor = input_tensor (run->plan, inputs, value->root);
      break;
    case TAP_PLACE_TENSOR:
      tensor = run->tensors[value->root];
      break;
    case TAP_PLACE_ARENA:
    case TAP_PLACE_KEPT:
      owned = tap_tensor_new_uninit (value->dtype, &value->shape, error);
      if (owned != NULL)
        memcpy (owned->data, run->data[v], owned->count * tap_dtype_size (owned->dtype));
      return owned;
    case TAP_PLACE_NONE:
      break;
    }
  if (tensor == NULL)
    return NULL;
  return tap_shape_equal (&tensor->shape, &value->shape) ?
           tap_tensor_ref (tensor) :
           tap_tensor_reshape (tensor, &value->shape, error);
}

gboolean
tap_session_check_inputs (TapSession *self, TapTensor *const *inputs, int n_inputs, GError **error)
{
  int expected = tap_graph_n_inputs (self->graph);

  if (n_inputs != expected)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "The network has %d inputs, %d were given.", expected, n_inputs);
      return FALSE;
    }
  for (int i = 0; i < n_inputs; i++)
    {
      const TapValue *value =
        tap_graph_get_value (self->graph, tap_graph_get_input (self->graph, i));
      gboolean fits = inputs[i] != NULL && inputs[i]->dtype == value->dtype &&
                      inputs[i]->shape.n_dims == value->shape.n_dims && inputs[i]->count > 0;

      if (value->constant != NULL)
        continue;
      if (!fits)
        {
          g_autofree char *wanted = tap_shape_to_string (&value->shape);
          g_autofree char *found =
            inputs[i] != NULL ? tap_shape_to_string (&inputs[i]->shape) : g_strdup ("nothing");

          g_set_error (
            error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
            "The input “%s” is expected to be %s of %s, found %s%s.", value->name,
            value->dtype == TAP_DTYPE_I64 ? "integers" : "numbers", wanted, found,
            inputs[i] != NULL && inputs[i]->dtype != value->dtype ? " of the other kind" : "");
          return FALSE;
        }
    }
  return TRUE;
}

/* Takes what backward passes need out of @run. (transfer full) */
static TapBackBase *
take_back_base (TapSession *self, Run *run, TapTensor *const *inputs)
{
  const TapPlan *plan = run->plan;
  TapBackBase *base = g_new0 (TapBackBase, 1);

  base->session = self;
  base->plan = tap_plan_ref (run->plan);
  base->kept = run->kept;
  run->kept = (TapBlockMemory){ 0 };
  base->data = g_steal_pointer (&run->data);
  base->tensors = g_steal_pointer (&run->tensors);
  for (int v = 0; v < plan->n_values; v++)
    if (plan->values[plan->values[v].root].place == TAP_PLACE_ARENA)
      base->data[v] = NULL;
  base->fed = g_new0 (TapTensor *, (gsize) tap_graph_n_inputs (plan->graph) + 1);
  for (int i = 0; i < tap_graph_n_inputs (plan->graph); i++)
    base->fed[i] = inputs[i] != NULL ? tap_tensor_ref (inputs[i]) : NULL;
  return base;
}

TapTrace *
tap_session_run_plan (TapSession *self,
                      TapPlan *plan,
                      TapTensor *const *inputs,
                      TapProgress *progress,
                      GCancellable *cancellable,
                      GError **error)
{
  g_auto (Run) run = { .plan = tap_plan_ref (plan) };
  g_autoptr (TapTrace) trace = tap_trace_new ();

  tap_session_pack_plan (self, plan);
  if (!run_prepare (self, &run, inputs, error) ||
      !run_steps (self, &run, 0, 1, progress, cancellable, error))
    return NULL;
  for (guint i = 0; i < plan->taps->values->len; i++)
    {
      int v = g_array_index (plan->taps->values, int, i);
      TapTensor *tensor = take_tensor (&run, inputs, v, error);

      if (tensor == NULL)
        return NULL;
      tap_trace_add (trace, v, tensor);
    }
  if (plan->mode == TAP_PLAN_PATCH)
    {
      trace->base = g_new0 (TapPatchBase, 1);
      trace->base->session = self;
      trace->base->plan = tap_plan_ref (plan);
      trace->base->clean = run.arena;
      run.arena = (TapBlockMemory){ 0 };
    }
  if (plan->mode >= TAP_PLAN_BACKWARD)
    trace->back = take_back_base (self, &run, inputs);
  return g_steal_pointer (&trace);
}

/* Pictures @first .. of every batched input, @n of them, the last one repeated where they run out. */
static TapTensor *
cut_input (TapTensor *input, gint64 first, gint64 n, GError **error)
{
  TapShape shape = input->shape;
  gsize each = (gsize) tap_shape_product (&shape, 1, shape.n_dims) * tap_dtype_size (input->dtype);
  gint64 last = shape.dims[0] - 1;
  TapTensor *piece;

  shape.dims[0] = n;
  piece = tap_tensor_new_uninit (input->dtype, &shape, error);
  for (gint64 i = 0; piece != NULL && i < n; i++)
    memcpy ((char *) piece->data + (gsize) i * each,
            (const char *) input->data + (gsize) MIN (first + i, last) * each, each);
  return piece;
}

/* A tapped value of all pictures, from that of the first piece. NULL: it has no dimension for them. */
static TapTensor *
stack_for (TapSession *self,
           int v,
           const TapTensor *piece,
           gint64 per_piece,
           gint64 total,
           GError **error)
{
  TapShape shape = piece->shape;

  if (shape.n_dims < 1 || shape.dims[0] % per_piece != 0)
    {
      g_set_error (
        error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
        "“%s” does not keep pictures apart, and this network takes only %" G_GINT64_FORMAT
        " at a time.",
        tap_graph_get_value (self->graph, v)->name, per_piece);
      return NULL;
    }
  shape.dims[0] = shape.dims[0] / per_piece * total;
  return tap_tensor_new_uninit (piece->dtype, &shape, error);
}

/* How many pictures the graph has built in, and how many were given; FALSE when inputs differ in that. */
static gboolean
count_pictures (TapSession *self, TapTensor *const *inputs, gint64 *per_piece, gint64 *total)
{
  *per_piece = *total = 0;
  for (int i = 0; i < tap_graph_n_inputs (self->graph); i++)
    {
      const TapValue *value =
        tap_graph_get_value (self->graph, tap_graph_get_input (self->graph, i));

      if (value->constant != NULL)
        continue;
      if (value->shape.n_dims < 1 || (*total != 0 && *total != inputs[i]->shape.dims[0]) ||
          (*per_piece != 0 && *per_piece != value->shape.dims[0]))
        return FALSE;
      *per_piece = value->shape.dims[0];
      *total = inputs[i]->shape.dims[0];
    }
  return *per_piece > 0 && *total > 0;
}

static gboolean
add_piece (TapSession *self,
           TapTrace *whole,
           TapTrace *piece,
           const TapTaps *taps,
           gint64 first,
           gint64 per_piece,
           gint64 total,
           GError **error)
{
  for (guint i = 0; i < taps->values->len; i++)
    {
      int v = g_array_index (taps->values, int, i);
      TapTensor *part = tap_trace_get (piece, v), *all = tap_trace_get (whole, v);
      gsize each;

      /* The same for every picture. */
      if (tap_graph_get_value (self->graph, v)->constant != NULL)
        {
          tap_trace_add (whole, v, tap_tensor_ref (part));
          continue;
        }
      if (all == NULL)
        {
          all = stack_for (self, v, part, per_piece, total, error);
          if (all == NULL)
            return FALSE;
          tap_trace_add (whole, v, all);
        }
      each = part->count / (gsize) per_piece * tap_dtype_size (part->dtype);
      memcpy ((char *) all->data + (gsize) first * each, part->data,
              (gsize) MIN (per_piece, total - first) * each);
    }
  return TRUE;
}

static TapTrace *
run_pieces (TapSession *self,
            TapTensor *const *inputs,
            const TapTaps *taps,
            gint64 per_piece,
            gint64 total,
            TapProgress *progress,
            GCancellable *cancellable,
            GError **error)
{
  int n_inputs = tap_graph_n_inputs (self->graph);
  g_autoptr (TapTrace) trace = tap_trace_new ();
  g_autofree TapShape *shapes = g_new0 (TapShape, (gsize) n_inputs + 1);

  for (gint64 first = 0; first < total; first += per_piece)
    {
      g_autoptr (GPtrArray) pieces =
        g_ptr_array_new_with_free_func ((GDestroyNotify) tap_tensor_unref);
      g_autoptr (TapPlan) plan = NULL;
      g_autoptr (TapTrace) piece = NULL;

      for (int i = 0; i < n_inputs; i++)
        {
          TapTensor *input =
            tap_graph_get_value (self->graph, tap_graph_get_input (self->graph, i))->constant;

          input =
            input != NULL ? tap_tensor_ref (input) : cut_input (inputs[i], first, per_piece, error);
          if (input == NULL)
            return NULL;
          g_ptr_array_add (pieces, input);
          shapes[i] = input->shape;
        }
      plan = tap_session_plan (self, shapes, taps, TAP_PLAN_FORWARD, error);
      if (plan == NULL)
        return NULL;
      piece = tap_session_run_plan (self, plan, (TapTensor *const *) pieces->pdata, NULL,
                                    cancellable, error);
      if (piece == NULL || !add_piece (self, trace, piece, taps, first, per_piece, total, error))
        return NULL;
      tap_progress_set (progress, (double) MIN (first + per_piece, total) / (double) total);
    }
  return g_steal_pointer (&trace);
}

static TapTrace *
forward (TapSession *self,
         TapTensor *const *inputs,
         const TapTaps *taps,
         TapRunFlags flags,
         TapProgress *progress,
         GCancellable *cancellable,
         GError **error)
{
  int n_inputs = tap_graph_n_inputs (self->graph);
  g_autofree TapShape *shapes = g_new0 (TapShape, (gsize) n_inputs + 1);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (TapPlan) plan = NULL;
  gint64 per_piece, total;
  gboolean several;

  for (int i = 0; i < n_inputs; i++)
    shapes[i] = inputs[i] != NULL ?
                  inputs[i]->shape :
                  tap_graph_get_value (self->graph, tap_graph_get_input (self->graph, i))->shape;
  several = count_pictures (self, inputs, &per_piece, &total) && per_piece != total &&
            flags == TAP_RUN_DEFAULT;

  plan = tap_session_plan (self, shapes, taps,
                           (flags & TAP_RUN_FOR_PATCH)    ? TAP_PLAN_PATCH :
                           (flags & TAP_RUN_FOR_WEIGHTS)  ? TAP_PLAN_WEIGHTS :
                           (flags & TAP_RUN_FOR_BACKWARD) ? TAP_PLAN_BACKWARD :
                                                            TAP_PLAN_FORWARD,
                           &local_error);
  if (plan != NULL &&
      (!several ||
       tap_session_check_budget (
         self, (guint64) plan->arena_bytes + plan->scratch_bytes + plan->tensor_bytes, NULL)))
    return tap_session_run_plan (self, plan, inputs, progress, cancellable, error);
  if (several &&
      (plan != NULL || g_error_matches (local_error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT)))
    {
      TapTrace *trace =
        run_pieces (self, inputs, taps, per_piece, total, progress, cancellable, error);

      return trace;
    }
  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

TapTrace *
tap_session_forward (TapSession *self,
                     TapTensor *const *inputs,
                     int n_inputs,
                     const TapTaps *taps,
                     TapRunFlags flags,
                     TapProgress *progress,
                     GCancellable *cancellable,
                     GError **error)
{
  gint64 start = g_get_monotonic_time ();
  TapTrace *trace;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (taps != NULL, NULL);

  if (!tap_session_check_inputs (self, inputs, n_inputs, error))
    return NULL;
  tap_session_enter (self);
  trace = forward (self, inputs, taps, flags, progress, cancellable, error);
  tap_session_leave (self);
  if (trace != NULL)
    trace->milliseconds = (double) (g_get_monotonic_time () - start) / 1000.0;
  return trace;
}
