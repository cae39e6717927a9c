/* tap-rule.h - how a backward pass goes through each kind of node, as tables
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

/* What to do at a node with what comes from above, R. */
typedef enum
{
  TAP_BACK_ADJOINT, /* the kernel's own: the derivative's transpose times R */
  TAP_BACK_PASS,    /* R unchanged, to input 0; the adjoint where its shape is another */
} TapBack;

typedef struct
{
  const char *op;
  gboolean rectify; /* first drop what is negative in R */
  TapBack back;
} TapRuleEntry;

/* One traversal, many methods: gradient, deconvnet (Zeiler & Fergus, 1311.2901), guided back-propagation
 * (Springenberg et al., 1412.6806). Nodes that no entry names take the adjoint.
 *
 * The last two are defined for ReLU: their maps are never negative, and neither is what they pass on. That
 * holds for a clamp from 0 up (ReLU6) and a thresholded ReLU as well, which are treated like it. LeakyReLU and
 * PReLU let negative values through in both directions and smooth activations have no sign to go by; the
 * papers say nothing of them, other programs either refuse or take the gradient. Here they take the
 * gradient and are reported by tap_rule_gaps(). */
typedef struct _TapRule
{
  const char *id;              /* "guided" */
  const char *title, *summary; /* N_(): for a person */
  const TapRuleEntry *entries;
  int n_entries;
  const char *const *gaps; /* operators without a meaning, NULL-terminated; NULL for none */
} TapRule;

extern const TapRule tap_rule_gradient;
extern const TapRule tap_rule_deconvnet;
extern const TapRule tap_rule_guided;

#define TAP_RULE_GRADIENT  (&tap_rule_gradient)
#define TAP_RULE_DECONVNET (&tap_rule_deconvnet)
#define TAP_RULE_GUIDED    (&tap_rule_guided)

/* The entry for a node; one that says "adjoint" when no entry names it, or when it is a Clip that does not
 * start at 0. */
TapRuleEntry tap_rule_find (const TapRule *rule, const TapGraph *graph, const TapNode *node);
/* Operators for which the rule has no meaning and the plain gradient stands in (guided through SiLU),
 * sorted, each once; NULL when there are none. Only nodes that @value depends on count, -1: all of
 * @graph. (transfer full) */
char **tap_rule_gaps (const TapRule *rule, const TapGraph *graph, int value);

G_END_DECLS
