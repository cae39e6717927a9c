/* einsum.c - Einsum: sums of products over named axes
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * “ij,jk->ik”: each letter is an axis; those that the right side does not name are summed over. “...” stands for
 * any further axes, which broadcast. Without a right side it is the letters that stand once, in their order. */
#include "config.h"

#include "ops/einsum.h"
#include "ops/tap-op-private.h"

#include <string.h>

/* Names of labels while the equation is read; those of “...” are numbered from the last. */
typedef struct
{
  int names[TAP_EINSUM_LABELS]; /* a letter, or -1 - i */
  int times[TAP_EINSUM_LABELS];
} Names;

static int
find_label (TapEinsum *self, Names *names, int name, GError **error)
{
  for (int i = 0; i < self->n_labels; i++)
    if (names->names[i] == name)
      return i;
  if (self->n_labels == TAP_EINSUM_LABELS)
    {
      tap_op_decline (error, "more than %d axes are not supported", TAP_EINSUM_LABELS);
      return -1;
    }
  names->names[self->n_labels] = name;
  self->sizes[self->n_labels] = 1;
  return self->n_labels++;
}

/* Names of the axes of one term. FALSE: not one for each of @n_dims. */
static gboolean
read_term (const char *term, int n_dims, int *axes, GError **error)
{
  const char *dots = strstr (term, "...");
  int n_letters = (int) strlen (term) - (dots != NULL ? 3 : 0), n = 0;

  if (n_letters > n_dims || (dots == NULL && n_letters != n_dims))
    return tap_op_fail (error, "the term “%.40s” does not suit %d dimensions", term, n_dims);
  for (const char *at = term; *at != '\0'; at++)
    if (at == dots)
      {
        for (int i = n_dims - n_letters - 1; i >= 0; i--)
          axes[n++] = -1 - i;
        at += 2;
      }
    else if (g_ascii_isalpha (*at))
      axes[n++] = *at;
    else
      return tap_op_fail (error, "the term “%.40s” is no list of letters", term);
  return TRUE;
}

static gboolean
add_operand (TapEinsum *self, Names *names, const char *term, const TapShape *shape, GError **error)
{
  gint64 *strides = self->operands[self->n_operands++], stride = 1;
  int axes[TAP_MAX_DIMS];

  if (!read_term (term, shape->n_dims, axes, error))
    return FALSE;
  for (int d = shape->n_dims - 1; d >= 0; d--)
    {
      int label = find_label (self, names, axes[d], error);

      if (label < 0)
        return FALSE;
      if (self->sizes[label] != 1 && shape->dims[d] != 1 && shape->dims[d] != self->sizes[label])
        return tap_op_fail (error,
                            "an axis of the term “%.40s” has %" G_GINT64_FORMAT
                            " cells, but %" G_GINT64_FORMAT " elsewhere",
                            term, shape->dims[d], self->sizes[label]);
      if (shape->dims[d] != 1)
        {
          self->sizes[label] = shape->dims[d];
          strides[label] += stride;
        }
      names->times[label]++;
      stride *= shape->dims[d];
    }
  return TRUE;
}

/* The right side where there is none: axes of “...”, then letters that stand once, sorted. */
static int
implied_output (const TapEinsum *self, const Names *names, int *axes)
{
  int n = 0;

  for (int i = TAP_MAX_DIMS; i > 0; i--)
    for (int l = 0; l < self->n_labels; l++)
      if (names->names[l] == -i)
        axes[n++] = -i;
  for (int letter = 'A'; letter <= 'z'; letter++)
    for (int l = 0; l < self->n_labels; l++)
      if (names->names[l] == letter && names->times[l] == 1)
        axes[n++] = letter;
  return n;
}

static gboolean
set_output (TapEinsum *self, Names *names, const char *term, GError **error)
{
  int axes[TAP_EINSUM_LABELS + TAP_MAX_DIMS], n = 0;
  gint64 stride = 1;

  if (term == NULL)
    n = implied_output (self, names, axes);
  else
    {
      int n_dots = 0;

      for (int l = 0; l < self->n_labels; l++)
        n_dots += names->names[l] < 0;
      n = (int) strlen (term);
      if (strstr (term, "...") != NULL)
        n += n_dots - 3;
      if (n > TAP_MAX_DIMS)
        return tap_op_decline (error, "the output would have more than %d dimensions",
                               TAP_MAX_DIMS);
      if (!read_term (term, n, axes, error))
        return FALSE;
    }
  if (n > TAP_MAX_DIMS)
    return tap_op_decline (error, "the output would have more than %d dimensions", TAP_MAX_DIMS);
  self->shape.n_dims = n;
  for (int d = n - 1; d >= 0; d--)
    {
      int label = -1;

      for (int l = 0; l < self->n_labels; l++)
        if (names->names[l] == axes[d])
          label = l;
      if (label < 0 || self->output[label] != 0)
        return tap_op_fail (error,
                            "the right side of the equation names an axis that is not there, "
                            "or names it twice");
      self->shape.dims[d] = self->sizes[label];
      self->output[label] = stride;
      stride *= self->sizes[label];
    }
  return TRUE;
}

gboolean
tap_einsum_init (TapEinsum *self,
                 const TapNode *node,
                 const TapShape *inputs,
                 int n_inputs,
                 GError **error)
{
  const char *equation = tap_attrs_get_string (node->attrs, "equation", NULL);
  g_autofree char *plain = NULL;
  g_auto (GStrv) sides = NULL;
  g_auto (GStrv) terms = NULL;
  Names names = { 0 };

  *self = (TapEinsum){ 0 };
  if (equation == NULL || strlen (equation) > 200)
    return tap_op_fail (error, "the attribute “equation” is missing or too long");
  plain = g_strdup (equation);
  for (char *from = plain, *to = plain;; from++)
    if (*from != ' ' && (*to++ = *from) == '\0')
      break;
  sides = g_strsplit (plain, "->", -1);
  terms = g_strsplit (sides[0] != NULL ? sides[0] : "", ",", -1);
  if (g_strv_length (sides) > 2 || (int) g_strv_length (terms) != n_inputs)
    return tap_op_fail (error, "the equation “%.100s” does not name %d inputs", equation, n_inputs);
  if (n_inputs > TAP_EINSUM_OPERANDS)
    return tap_op_decline (error, "more than %d inputs are not supported", TAP_EINSUM_OPERANDS);
  for (int i = 0; i < n_inputs; i++)
    if (!add_operand (self, &names, terms[i], &inputs[i], error))
      return FALSE;
  return set_output (self, &names, sides[0] != NULL ? sides[1] : NULL, error);
}

static gboolean
einsum_shape (TapShapeContext *ctx, GError **error)
{
  TapEinsum einsum;

  for (int i = 0; i < ctx->node->n_inputs; i++)
    if (!tap_op_has_input (ctx, i))
      return tap_op_fail (error, "input %d is missing", i + 1);
  if (!tap_einsum_init (&einsum, ctx->node, ctx->inputs, ctx->node->n_inputs, error))
    return FALSE;
  ctx->outputs[0] = einsum.shape;
  return TRUE;
}

static guint64
einsum_macs (const TapShapeContext *ctx)
{
  TapEinsum einsum;
  guint64 n = 1;

  if (!tap_einsum_init (&einsum, ctx->node, ctx->inputs, ctx->node->n_inputs, NULL))
    return 0;
  for (int l = 0; l < einsum.n_labels; l++)
    n *= (guint64) einsum.sizes[l];
  return n;
}

const TapOp tap_op_einsum = {
  .name = "Einsum",
  .summary = N_ ("Multiplies and sums over named axes."),
  .min_inputs = 1,
  .max_inputs = TAP_EINSUM_OPERANDS,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = einsum_shape,
  .macs = einsum_macs,
};
