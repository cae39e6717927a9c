/* plan-fold.c - steps that only scale and shift each channel, as numbers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * BatchNormalization, and products and sums with constants of one number per channel, follow each other
 * in chains. Each chain is y = scale · x + shift, which a convolution before it takes into its weights
 * and bias. Numbers that have left the range of floats on the way are left to the steps themselves. */

#include "config.h"

#include <math.h>

#include "engine/tap-plan.h"

TapAffine *
tap_affine_new (int n)
{
  TapAffine *self = g_new0 (TapAffine, 1);

  self->n = n;
  self->scale = g_new (float, (gsize) n + 1);
  self->shift = g_new0 (float, (gsize) n + 1);
  for (int i = 0; i < n; i++)
    self->scale[i] = 1;
  return self;
}

void
tap_affine_free (TapAffine *self)
{
  if (self == NULL)
    return;
  g_free (self->scale);
  g_free (self->shift);
  g_free (self);
}

/* A constant of one number for each of @n channels, or of one for all. */
typedef struct
{
  const float *data; /* NULL: it is none */
  gsize step;
} Numbers;

static Numbers
numbers_of (const TapPlan *plan, int value, int n)
{
  const TapTensor *constant =
    value >= 0 ? tap_graph_get_value (plan->graph, value)->constant : NULL;

  if (constant == NULL || constant->dtype != TAP_DTYPE_F32 ||
      (constant->count != 1 && constant->count != (gsize) n))
    return (Numbers){ NULL, 0 };
  return (Numbers){ tap_tensor_f32 (constant), constant->count != 1 };
}

/* Whether input @i of a step, broadcast against @y, is one number for each channel or for all. */
static gboolean
is_by_channel (const TapPlan *plan, const TapPlanStep *step, int i, const TapShape *y)
{
  TapShape shape = plan->values[step->inputs[i]].shape;

  if (i == 1)
    shape = tap_op_operand_shape (step->node, &plan->values[step->inputs[0]].shape, &shape);
  if (shape.n_dims > y->n_dims)
    return FALSE;
  for (int d = 0; d < shape.n_dims; d++)
    if (shape.dims[d] != 1 && d + y->n_dims - shape.n_dims != 1)
      return FALSE;
  return TRUE;
}

/* then: y = @scale · y + @shift */
static gboolean
compose (TapAffine *to, int channel, double scale, double shift)
{
  to->scale[channel] = (float) ((double) to->scale[channel] * scale);
  to->shift[channel] = (float) ((double) to->shift[channel] * scale + shift);
  return isfinite (to->scale[channel]) && isfinite (to->shift[channel]);
}

static gboolean
fold_normalization (const TapPlan *plan, const TapPlanStep *step, TapAffine *to)
{
  double epsilon = (double) (float) tap_attrs_get_float (step->node->attrs, "epsilon", 1e-5);
  Numbers numbers[4];

  for (int i = 0; i < 4; i++)
    {
      numbers[i] = numbers_of (plan, step->inputs[i + 1], to->n);
      if (numbers[i].data == NULL || (numbers[i].step == 0 && to->n > 1))
        return FALSE;
    }
  for (int c = 0; c < to->n; c++)
    {
      double scale = (double) numbers[0].data[c] / sqrt ((double) numbers[3].data[c] + epsilon);

      if (!compose (to, c, scale,
                    (double) numbers[1].data[c] - (double) numbers[2].data[c] * scale))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fold_arithmetic (const TapPlan *plan, const TapPlanStep *step, int x, TapAffine *to)
{
  const char *op = step->node->op->name;
  int other = step->inputs[0] == x ? 1 : 0;
  Numbers numbers = numbers_of (plan, step->inputs[other], to->n);
  gboolean fine = numbers.data != NULL &&
                  is_by_channel (plan, step, other, &plan->values[step->outputs[0]].shape);

  for (int c = 0; c < to->n && fine; c++)
    {
      double number = (double) numbers.data[(gsize) c * numbers.step];

      if (g_str_equal (op, "Mul"))
        fine = compose (to, c, number, 0);
      else if (g_str_equal (op, "Add") || g_str_equal (op, "Sum"))
        fine = compose (to, c, 1, number);
      else if (g_str_equal (op, "Sub"))
        fine = other == 1 ? compose (to, c, 1, -number) : compose (to, c, -1, number);
      else
        fine =
          g_str_equal (op, "Div") && other == 1 && number != 0 && compose (to, c, 1 / number, 0);
    }
  return fine;
}

gboolean
tap_plan_fold (const TapPlan *self, const TapPlanStep *step, int x, TapAffine *to)
{
  const TapPlanValue *from = &self->values[x];
  int y = step->n_outputs > 0 ? step->outputs[0] : -1;

  if (y < 0 || from->dtype != TAP_DTYPE_F32 || from->shape.n_dims < 3 ||
      from->shape.dims[1] != to->n || !tap_shape_equal (&from->shape, &self->values[y].shape))
    return FALSE;
  for (int i = 1; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0)
      return FALSE;
  to->id = step->node->index;
  if (g_str_equal (step->node->op->name, "BatchNormalization"))
    return step->n_inputs >= 5 && step->inputs[0] == x && fold_normalization (self, step, to);
  return step->n_inputs == 2 && step->inputs[0] != step->inputs[1] &&
         fold_arithmetic (self, step, x, to);
}
