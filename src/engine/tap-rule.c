/* tap-rule.c - how a backward pass goes through each kind of node, as tables
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/tap-rule.h"
#include "ops/tap-op.h"

#define N_(text) text

/* Source: Zeiler & Fergus 2014, section 2.1. ReLU looks at what comes from above and not at the forward
 * pass; "no contrast normalization operations are used when in this reconstruction path". */
static const TapRuleEntry deconvnet_entries[] = {
  { "Clip", TRUE, TAP_BACK_PASS },
  { "LRN", FALSE, TAP_BACK_PASS },
  { "Relu", TRUE, TAP_BACK_PASS },
  { "ThresholdedRelu", TRUE, TAP_BACK_PASS },
};

/* Source: Springenberg et al. 2015, section 3.4. */
static const TapRuleEntry guided_entries[] = {
  { "Clip", TRUE, TAP_BACK_ADJOINT },
  { "Relu", TRUE, TAP_BACK_ADJOINT },
  { "ThresholdedRelu", TRUE, TAP_BACK_ADJOINT },
};

#define ACTIVATIONS                                                                                \
  "Celu", "Clip", "Elu", "Erf", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "PRelu",  \
    "Selu", "Shrink", "Sigmoid", "Softplus", "Softsign", "Tanh"

/* Normalisation by the picture's own figures: the paper drops the one that it had, LRN, and the
 * others came later. */
static const char *const deconvnet_gaps[] = {
  ACTIVATIONS, "GroupNormalization", "InstanceNormalization", "LayerNormalization", NULL,
};

static const char *const guided_gaps[] = { ACTIVATIONS, NULL };

const TapRule tap_rule_gradient = {
  .id = "gradient",
  .title = N_ ("Gradient"),
  .summary = N_ ("What the slightest change of each value would do."),
};

const TapRule tap_rule_deconvnet = {
  .id = "deconvnet",
  .title = N_ ("Deconvnet"),
  .summary = N_ ("What the layers above would have had to see, drawn with their own filters."),
  .entries = deconvnet_entries,
  .n_entries = G_N_ELEMENTS (deconvnet_entries),
  .gaps = deconvnet_gaps,
};

const TapRule tap_rule_guided = {
  .id = "guided",
  .title = N_ ("Guided back-propagation"),
  .summary = N_ ("The gradient, along paths on which every step speaks in favour."),
  .entries = guided_entries,
  .n_entries = G_N_ELEMENTS (guided_entries),
  .gaps = guided_gaps,
};

/* Whether a Clip is a ReLU with a ceiling. */
static gboolean
starts_at_zero (const TapGraph *graph, const TapNode *node)
{
  const TapTensor *low = node->n_inputs > 1 && node->inputs[1] >= 0 ?
                           tap_graph_get_value (graph, node->inputs[1])->constant :
                           NULL;

  if (low != NULL)
    return low->dtype == TAP_DTYPE_F32 && low->count == 1 && tap_tensor_f32 (low)[0] == 0;
  return tap_attrs_get_float (node->attrs, "min", -1) == 0;
}

TapRuleEntry
tap_rule_find (const TapRule *rule, const TapGraph *graph, const TapNode *node)
{
  const char *op = node->op != NULL ? node->op->name : "";

  for (int i = 0; i < rule->n_entries; i++)
    if (g_str_equal (rule->entries[i].op, op))
      {
        if (g_str_equal (op, "Clip") && !starts_at_zero (graph, node))
          break;
        return rule->entries[i];
      }
  return (TapRuleEntry){ op, FALSE, TAP_BACK_ADJOINT };
}

/* Marks the nodes that @value depends on. */
static void
mark (const TapGraph *graph, int value, gboolean *nodes)
{
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (int));

  g_array_append_val (stack, value);
  while (stack->len > 0)
    {
      const TapValue *v = tap_graph_get_value (graph, g_array_index (stack, int, stack->len - 1));
      const TapNode *node;

      g_array_set_size (stack, stack->len - 1);
      if (v->constant != NULL || v->producer < 0 || nodes[v->producer])
        continue;
      nodes[v->producer] = TRUE;
      node = tap_graph_get_node (graph, v->producer);
      for (int i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] >= 0)
          g_array_append_val (stack, node->inputs[i]);
    }
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

char **
tap_rule_gaps (const TapRule *rule, const TapGraph *graph, int value)
{
  gsize n = (gsize) tap_graph_n_nodes (graph);
  g_autofree gboolean *nodes = g_new0 (gboolean, n + 1);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);

  g_return_val_if_fail (value < tap_graph_n_values (graph), NULL);

  if (rule->gaps == NULL)
    return NULL;
  if (value >= 0)
    mark (graph, value, nodes);
  for (int i = 0; i < (int) n; i++)
    {
      const TapNode *node = tap_graph_get_node (graph, i);
      const char *op = node->op != NULL ? node->op->name : "";

      if (node->folded || (value >= 0 && !nodes[i]) || !g_strv_contains (rule->gaps, op) ||
          g_ptr_array_find_with_equal_func (found, op, g_str_equal, NULL) ||
          (g_str_equal (op, "Clip") && starts_at_zero (graph, node)))
        continue;
      g_ptr_array_add (found, g_strdup (op));
    }
  if (found->len == 0)
    return NULL;
  g_ptr_array_sort (found, compare);
  g_ptr_array_add (found, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&found), FALSE);
}
