/* plan-backward.c - what a backward pass does, in which order, in which memory
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pass is played through once without numbers: steps in reverse, with a note of where the gradient of
 * each value is by then. */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine/plan-backward.h"
#include "engine/tap-trace-private.h"

static const TapBackPlace nowhere = { -1, 0 };

typedef struct
{
  TapBackPlace place;
  gsize bytes;
} Held;

typedef struct
{
  TapBackPlan *self;
  const TapPlan *plan;
  const TapSimd *simd;
  TapPool *pool;
  gboolean *leads;  /* per value: to a tap */
  TapBackPlace *at; /* per value: its gradient so far */
  GArray *live;     /* int: values whose at is somewhere */
  GArray *held;     /* Held: what nobody may write to any more, because it is tapped */
  gboolean *complete;
} Builder;

static TapBackJob *
add_job (Builder *b, TapBackJob job)
{
  g_array_append_val (b->self->jobs, job);
  return &g_array_index (b->self->jobs, TapBackJob, b->self->jobs->len - 1);
}

static TapBackPlace
add_buffer (Builder *b, gsize count)
{
  TapBackBuffer buffer = { .bytes = count * sizeof (float), .first = -1, .last = -1, .value = -1 };

  g_array_append_val (b->self->buffers, buffer);
  return (TapBackPlace){ (int) b->self->buffers->len - 1, 0 };
}

static gsize
count_of (const Builder *b, int value)
{
  return tap_cpu_count (&b->plan->values[value].shape);
}

static gboolean
is_float (const Builder *b, int value)
{
  return value >= 0 && b->plan->values[value].dtype == TAP_DTYPE_F32 &&
         b->plan->values[value].place != TAP_PLACE_NONE;
}

static gboolean
same_shape (const Builder *b, int u, int v)
{
  return tap_shape_equal (&b->plan->values[u].shape, &b->plan->values[v].shape);
}

static void
set_place (Builder *b, int value, TapBackPlace place)
{
  if (b->at[value].buffer < 0)
    g_array_append_val (b->live, value);
  b->at[value] = place;
}

static void
forget (Builder *b, int value)
{
  for (guint i = 0; i < b->live->len; i++)
    if (g_array_index (b->live, int, i) == value)
      {
        g_array_remove_index_fast (b->live, i);
        break;
      }
  b->at[value] = nowhere;
}

static gboolean
overlap (TapBackPlace a, gsize a_bytes, TapBackPlace b, gsize b_bytes)
{
  return a.buffer == b.buffer && a.offset < b.offset + b_bytes && b.offset < a.offset + a_bytes;
}

/* Whether another value than @value has its gradient where that of @value is. */
static gboolean
is_shared (const Builder *b, int value)
{
  TapBackPlace place = b->at[value];
  gsize bytes = count_of (b, value) * sizeof (float);

  for (guint i = 0; i < b->held->len; i++)
    {
      const Held *held = &g_array_index (b->held, Held, i);

      if (overlap (held->place, held->bytes, place, bytes))
        return TRUE;
    }
  for (guint i = 0; i < b->live->len; i++)
    {
      int other = g_array_index (b->live, int, i);

      if (other != value &&
          overlap (b->at[other], count_of (b, other) * sizeof (float), place, bytes))
        return TRUE;
    }
  return FALSE;
}

/* Where the gradient of @value may be written anew. */
static TapBackPlace
place_to_write (Builder *b, int value)
{
  if (b->at[value].buffer >= 0 && !is_shared (b, value))
    return b->at[value];
  return add_buffer (b, count_of (b, value));
}

static void
add_into (Builder *b, int step, int value, TapBackPlace from)
{
  TapBackPlace to = place_to_write (b, value);

  add_job (b, (TapBackJob){
                .kind = TAP_BACK_JOB_ADD,
                .step = step,
                .to = to,
                .from = b->at[value],
                .other = from,
                .count = count_of (b, value),
              });
  set_place (b, value, to);
}

/* One more contribution to @value, which is already at @from. */
static void
hand_on (Builder *b, int step, int value, TapBackPlace from)
{
  if (b->at[value].buffer < 0)
    set_place (b, value, from);
  else
    add_into (b, step, value, from);
}

/* No more will come for @value: the seeds are added, and a tap gets its tensor. */
static void
complete (Builder *b, int step, int value)
{
  gsize bytes = count_of (b, value) * sizeof (float);
  TapBackBuffer *buffer;

  b->complete[value] = TRUE;
  if (tap_taps_contains (b->self->seeds, value) && b->leads[value])
    {
      TapBackPlace to = place_to_write (b, value);

      add_job (b, (TapBackJob){
                    .kind = TAP_BACK_JOB_SEED,
                    .step = step,
                    .value = value,
                    .to = to,
                    .from = b->at[value],
                    .count = count_of (b, value),
                  });
      set_place (b, value, to);
    }
  if (!tap_taps_contains (b->self->taps, value) || b->at[value].buffer < 0)
    return;
  buffer = &g_array_index (b->self->buffers, TapBackBuffer, b->at[value].buffer);
  if (b->at[value].offset > 0 || buffer->bytes != bytes)
    {
      TapBackPlace to = add_buffer (b, count_of (b, value));

      add_job (b, (TapBackJob){
                    .kind = TAP_BACK_JOB_COPY,
                    .step = step,
                    .to = to,
                    .from = b->at[value],
                    .count = count_of (b, value),
                  });
      set_place (b, value, to);
      buffer = &g_array_index (b->self->buffers, TapBackBuffer, to.buffer);
    }
  buffer->value = value;
  g_array_append_vals (b->held, &(Held){ b->at[value], bytes }, 1);
  for (guint i = 0; i < b->self->taps->values->len; i++)
    if (g_array_index (b->self->taps->values, int, i) == value)
      b->self->tapped[i] = b->at[value].buffer;
}

/* The pieces of a Concat lie in the whole, one after the other, when nothing stands before the axis. */
static gboolean
has_pieces (const Builder *b, const TapPlanStep *step)
{
  const TapShape *whole;
  int axis;

  if (!g_str_equal (step->kernel->op, "Concat"))
    return FALSE;
  whole = &b->plan->values[step->outputs[0]].shape;
  axis = tap_cpu_axis (tap_attrs_get_int (step->node->attrs, "axis", 1), whole->n_dims);
  return tap_shape_product (whole, 0, axis) == 1;
}

/* Hands the gradient of output 0 on to the inputs that take it as it is. */
static void
pass_on (Builder *b, int s, gboolean first_only, gboolean *done)
{
  const TapPlanStep *step = &b->plan->steps[s];
  TapBackPlace from = b->at[step->outputs[0]];
  gboolean pieces = has_pieces (b, step);
  gboolean passes = (step->kernel->flags & TAP_CPU_BACK_PASSES) != 0;

  for (int i = 0; i < step->n_inputs; i++)
    {
      int v = step->inputs[i];

      if (v >= 0 && b->leads[v] &&
          (pieces || (i == 0 && first_only) ||
           (passes && !first_only && same_shape (b, v, step->outputs[0]))))
        {
          hand_on (b, s, v, from);
          done[i] = TRUE;
        }
      if (pieces && v >= 0)
        from.offset += count_of (b, v) * sizeof (float);
    }
}

static void
measure_kernel (Builder *b, TapBackJob *job)
{
  const TapPlanStep *step = &b->plan->steps[job->step];
  gsize n_in = (gsize) step->n_inputs, n_out = (gsize) step->n_outputs;
  g_autofree TapCpuArray *arrays = g_new0 (TapCpuArray, 2 * (n_in + n_out) + 1);
  g_autofree gpointer *nothing = g_new0 (gpointer, (gsize) b->plan->n_values + 1);
  g_autofree char **somewhere = g_new0 (char *, b->self->buffers->len + 1);
  TapCpuRun run = {
    .node = step->node,
    .inputs = arrays,
    .n_inputs = step->n_inputs,
    .outputs = arrays + n_in,
    .n_outputs = step->n_outputs,
    .output_grads = arrays + n_in + n_out,
    .input_grads = arrays + n_in + 2 * n_out,
    .simd = b->simd,
    .pool = b->pool,
  };

  /* only to tell what is wanted */
  for (guint i = 0; i < b->self->buffers->len; i++)
    somewhere[i] = (char *) step;
  tap_plan_bind (b->plan, step, nothing, arrays, arrays + n_in);
  tap_back_plan_bind (b->self, job, somewhere, arrays + n_in + n_out, arrays + n_in + 2 * n_out);
  run.algorithm = job->algorithm = step->algorithm;
  if (step->kernel->choose_backward != NULL)
    run.algorithm = job->algorithm = step->kernel->choose_backward (&run);
  if (step->kernel->scratch_backward != NULL)
    b->self->scratch_bytes = MAX (b->self->scratch_bytes, step->kernel->scratch_backward (&run));
}

/* Where the kernel is to write the gradient of input @i. @pending: whether it will have to be added to what
 * is there. */
static TapBackPlace
place_for_input (Builder *b, const TapPlanStep *step, int i, TapBackJob *job, gboolean *pending)
{
  int v = step->inputs[i], out = step->outputs[0];
  gboolean first_time = TRUE;

  for (int k = 0; k < i; k++)
    if (step->inputs[k] == v && job->grads[step->n_outputs + k].buffer >= 0)
      first_time = FALSE;
  *pending = !first_time || b->at[v].buffer >= 0;
  if (i == 0 && b->at[v].buffer >= 0 && (step->kernel->flags & TAP_CPU_BACK_ADDS))
    {
      *pending = FALSE;
      job->residual = b->at[v];
      return place_to_write (b, v);
    }
  if (i == 0 && !*pending && (step->kernel->flags & TAP_CPU_BACK_IN_PLACE) && out >= 0 &&
      job->grads[0].buffer >= 0 && same_shape (b, v, out) && !is_shared (b, out))
    return job->grads[0];
  return add_buffer (b, count_of (b, v));
}

/* Gradients of all inputs that are not @done, by the kernel; that of output 0 is at @first. */
static void
run_kernel (Builder *b, int s, TapBackPlace first, const gboolean *done)
{
  const TapPlanStep *step = &b->plan->steps[s];
  g_autofree gboolean *pending = g_new0 (gboolean, (gsize) step->n_inputs + 1);
  TapBackJob job = { .kind = TAP_BACK_JOB_KERNEL, .step = s, .residual = nowhere };
  gboolean any = FALSE;

  job.grads = g_new (TapBackPlace, (gsize) (step->n_inputs + step->n_outputs) + 1);
  for (int i = 0; i < step->n_outputs; i++)
    job.grads[i] = step->outputs[i] < 0 ? nowhere : i == 0 ? first : b->at[step->outputs[i]];
  for (int i = 0; i < step->n_inputs; i++)
    {
      TapBackPlace *place = &job.grads[step->n_outputs + i];
      int v = step->inputs[i];

      *place = nowhere;
      if (v < 0 || done[i] || !b->leads[v])
        continue;
      *place = place_for_input (b, step, i, &job, &pending[i]);
      any = TRUE;
    }
  if (!any)
    {
      g_free (job.grads);
      return;
    }
  measure_kernel (b, add_job (b, job));
  for (int i = 0; i < step->n_inputs; i++)
    {
      TapBackPlace place = job.grads[step->n_outputs + i];

      if (place.buffer < 0)
        continue;
      if (pending[i])
        add_into (b, s, step->inputs[i], place);
      else
        set_place (b, step->inputs[i], place);
    }
}

static gboolean
can_pass (const Builder *b, const TapPlanStep *step)
{
  int in = step->n_inputs > 0 ? step->inputs[0] : -1, out = step->outputs[0];

  if (in < 0 || out < 0)
    return FALSE;
  if (step->view)
    return TRUE;
  return tap_rule_find (b->self->rule, b->plan->graph, step->node).back == TAP_BACK_PASS &&
         same_shape (b, in, out);
}

static void
play_step (Builder *b, int s)
{
  const TapPlanStep *step = &b->plan->steps[s];
  TapRuleEntry entry = tap_rule_find (b->self->rule, b->plan->graph, step->node);
  g_autofree gboolean *done = g_new0 (gboolean, (gsize) step->n_inputs + 1);
  int out = step->outputs[0];
  gboolean flows = FALSE;

  for (int i = 0; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0)
      {
        complete (b, s, step->outputs[i]);
        flows = flows || b->at[step->outputs[i]].buffer >= 0;
      }
  if (!flows)
    return;
  if (out >= 0 && b->at[out].buffer >= 0)
    {
      if (entry.rectify)
        {
          TapBackPlace to = place_to_write (b, out);

          add_job (b, (TapBackJob){
                        .kind = TAP_BACK_JOB_RECTIFY,
                        .step = s,
                        .to = to,
                        .from = b->at[out],
                        .count = count_of (b, out),
                      });
          set_place (b, out, to);
        }
      pass_on (b, s, can_pass (b, step), done);
    }
  if (!can_pass (b, step) && step->kernel->backward != NULL)
    run_kernel (b, s, out >= 0 ? b->at[out] : nowhere, done);
  for (int i = 0; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0)
      forget (b, step->outputs[i]);
}

/* Which values have a tap below them. */
static void
find_leads (Builder *b)
{
  for (guint i = 0; i < b->self->taps->values->len; i++)
    b->leads[g_array_index (b->self->taps->values, int, i)] = TRUE;
  for (int s = 0; s < b->plan->n_steps; s++)
    {
      const TapPlanStep *step = &b->plan->steps[s];
      gboolean leads = FALSE;

      if (step->kernel->backward == NULL && !can_pass (b, step))
        continue;
      for (int i = 0; i < step->n_inputs; i++)
        leads = leads || (is_float (b, step->inputs[i]) && b->leads[step->inputs[i]]);
      for (int i = 0; leads && i < step->n_outputs; i++)
        if (is_float (b, step->outputs[i]))
          b->leads[step->outputs[i]] = TRUE;
    }
}

static void
clear_job (gpointer data)
{
  TapBackJob *job = data;

  g_clear_pointer (&job->grads, g_free);
}

TapBackPlan *
tap_back_plan_new (TapPlan *plan,
                   const TapRule *rule,
                   const TapTaps *taps,
                   const TapTaps *seeds,
                   const TapSimd *simd,
                   TapPool *pool)
{
  TapBackPlan *self = g_new0 (TapBackPlan, 1);
  gsize n_values = (gsize) plan->n_values;
  g_autofree gboolean *leads = g_new0 (gboolean, n_values + 1);
  g_autofree TapBackPlace *at = g_new (TapBackPlace, n_values + 1);
  g_autoptr (GArray) live = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) held = g_array_new (FALSE, FALSE, sizeof (Held));
  g_autofree gboolean *complete_values = g_new0 (gboolean, n_values + 1);
  Builder b = { self, plan, simd, pool, leads, at, live, held, complete_values };

  self->plan = tap_plan_ref (plan);
  self->rule = rule;
  self->taps = tap_taps_copy (taps);
  self->seeds = tap_taps_copy (seeds);
  self->jobs = g_array_new (FALSE, FALSE, sizeof (TapBackJob));
  g_array_set_clear_func (self->jobs, clear_job);
  self->buffers = g_array_new (FALSE, FALSE, sizeof (TapBackBuffer));
  self->tapped = g_new (int, (gsize) taps->values->len + 1);
  for (guint i = 0; i < taps->values->len; i++)
    self->tapped[i] = -1;
  for (gsize v = 0; v < n_values; v++)
    at[v] = nowhere;

  find_leads (&b);
  for (int s = plan->n_steps - 1; s >= 0; s--)
    play_step (&b, s);
  for (guint i = 0; i < taps->values->len; i++)
    {
      int v = g_array_index (taps->values, int, i);

      if (!complete_values[v])
        complete (&b, -1, v);
    }
  tap_back_plan_settle (self);
  return self;
}

void
tap_back_plan_free (TapBackPlan *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->jobs);
  g_array_unref (self->buffers);
  g_free (self->tapped);
  tap_taps_free (self->taps);
  tap_taps_free (self->seeds);
  tap_plan_unref (self->plan);
  g_free (self);
}

static gboolean
same_taps (const TapTaps *a, const TapTaps *b)
{
  return a->values->len == b->values->len &&
         memcmp (a->values->data, b->values->data, a->values->len * sizeof (int)) == 0;
}

gboolean
tap_back_plan_matches (const TapBackPlan *self,
                       const TapPlan *plan,
                       const TapRule *rule,
                       const TapTaps *taps,
                       const TapTaps *seeds)
{
  return self->plan == plan && self->rule == rule && same_taps (self->taps, taps) &&
         same_taps (self->seeds, seeds);
}

static TapCpuArray
bind (const TapBackPlan *self, int value, TapBackPlace place, char *const *data)
{
  if (value < 0)
    return (TapCpuArray){ .shape = { .n_dims = -1 } };
  return (TapCpuArray){
    .dtype = TAP_DTYPE_F32,
    .shape = self->plan->values[value].shape,
    .data = place.buffer >= 0 ? data[place.buffer] + place.offset : NULL,
  };
}

void
tap_back_plan_bind (const TapBackPlan *self,
                    const TapBackJob *job,
                    char *const *data,
                    TapCpuArray *output_grads,
                    TapCpuArray *input_grads)
{
  const TapPlanStep *step = &self->plan->steps[job->step];

  for (int i = 0; i < step->n_outputs; i++)
    output_grads[i] = bind (self, step->outputs[i], job->grads[i], data);
  for (int i = 0; i < step->n_inputs; i++)
    input_grads[i] = bind (self, step->inputs[i], job->grads[step->n_outputs + i], data);
}
