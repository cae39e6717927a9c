/* tap-trace.c - the tapped tensors of one run, immutable
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdarg.h>

#include "core/tap-tensor.h"
#include "engine/tap-trace-private.h"

TapTaps *
tap_taps_new (void)
{
  TapTaps *self = g_new0 (TapTaps, 1);

  self->values = g_array_new (FALSE, FALSE, sizeof (int));
  return self;
}

TapTaps *
tap_taps_new_for (int value, ...)
{
  TapTaps *self = tap_taps_new ();
  va_list args;

  va_start (args, value);
  for (int v = value; v >= 0; v = va_arg (args, int))
    tap_taps_add (self, v);
  va_end (args);
  return self;
}

TapTaps *
tap_taps_copy (const TapTaps *self)
{
  TapTaps *copy = tap_taps_new ();

  g_array_append_vals (copy->values, self->values->data, self->values->len);
  return copy;
}

void
tap_taps_free (TapTaps *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->values);
  g_free (self);
}

void
tap_taps_add (TapTaps *self, int value)
{
  guint at = 0;

  g_return_if_fail (value >= 0);

  while (at < self->values->len && g_array_index (self->values, int, at) < value)
    at++;
  if (at == self->values->len || g_array_index (self->values, int, at) != value)
    g_array_insert_val (self->values, at, value);
}

gboolean
tap_taps_contains (const TapTaps *self, int value)
{
  for (guint i = 0; i < self->values->len; i++)
    if (g_array_index (self->values, int, i) == value)
      return TRUE;
  return FALSE;
}

TapTrace *
tap_trace_new (void)
{
  TapTrace *self = g_new0 (TapTrace, 1);

  g_atomic_ref_count_init (&self->ref);
  self->tensors = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) tap_tensor_unref);
  return self;
}

void
tap_trace_add (TapTrace *self, int value, TapTensor *tensor)
{
  g_hash_table_replace (self->tensors, GINT_TO_POINTER (value), tensor);
}

TapTrace *
tap_trace_ref (TapTrace *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

static void
free_back_base (TapBackBase *base)
{
  const TapPlan *plan = base->plan;

  for (int v = 0; v < plan->n_values; v++)
    g_clear_pointer (&base->tensors[v], tap_tensor_unref);
  for (int i = 0; i < tap_graph_n_inputs (plan->graph); i++)
    g_clear_pointer (&base->fed[i], tap_tensor_unref);
  tap_block_memory_clear (&base->kept);
  tap_plan_unref (base->plan);
  g_free (base->tensors);
  g_free (base->fed);
  g_free (base->data);
  g_free (base);
}

void
tap_trace_unref (TapTrace *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  g_hash_table_unref (self->tensors);
  if (self->base != NULL)
    {
      tap_block_memory_clear (&self->base->clean);
      tap_patch_route_free (self->base->route);
      tap_plan_unref (self->base->plan);
      g_free (self->base);
    }
  g_clear_pointer (&self->back, free_back_base);
  g_free (self);
}

TapTensor *
tap_trace_get (TapTrace *self, int value)
{
  return g_hash_table_lookup (self->tensors, GINT_TO_POINTER (value));
}

double
tap_trace_get_milliseconds (const TapTrace *self)
{
  return self->milliseconds;
}
