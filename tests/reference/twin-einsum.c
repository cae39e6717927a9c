/* twin-einsum.c - Einsum by its definition: every combination of its indices
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "twin-private.h"

/* Axes by name: letters, and further ones for “...”, of which the last is the same in every term. */
#define FIRST_DOT  128
#define LAST_DOT   (FIRST_DOT + TAP_MAX_DIMS - 1)
#define N_NAMES    (LAST_DOT + 1)
#define MAX_INPUTS 8

typedef struct
{
  int n;
  int names[TAP_MAX_DIMS];
} Term;

static Term
read_term (const char *text, int n_dims)
{
  int n_letters = 0, n_dots;
  Term term = { 0 };

  for (const char *c = text; *c != '\0'; c++)
    n_letters += *c != '.';
  n_dots = n_dims - n_letters;
  for (const char *c = text; *c != '\0'; c++)
    if (*c != '.')
      term.names[term.n++] = *c;
    else if (c == text || c[-1] != '.')
      for (int i = 0; i < n_dots; i++)
        term.names[term.n++] = LAST_DOT + 1 - n_dots + i;
  return term;
}

static gsize
cell_of (const Term *term, const TapShape *shape, const gint64 *index)
{
  gint64 at[TAP_MAX_DIMS];

  for (int d = 0; d < term->n; d++)
    at[d] = shape->dims[d] == 1 ? 0 : index[term->names[d]];
  return twin_ravel (shape, at);
}

static Term
output_term (const char *text, const Term *terms, int n, const gint64 *sizes)
{
  int times[N_NAMES] = { 0 }, n_dots = 0;
  Term term = { 0 };

  for (int name = FIRST_DOT; name <= LAST_DOT; name++)
    n_dots += sizes[name] >= 0;
  if (text != NULL)
    return read_term (text, (int) strcspn (text, ".") == (int) strlen (text) ?
                              (int) strlen (text) :
                              (int) strlen (text) - 3 + n_dots);
  for (int i = 0; i < n; i++)
    for (int d = 0; d < terms[i].n; d++)
      times[terms[i].names[d]]++;
  for (int name = FIRST_DOT; name <= LAST_DOT; name++)
    if (sizes[name] >= 0)
      term.names[term.n++] = name;
  for (int name = 0; name < FIRST_DOT; name++)
    if (times[name] == 1)
      term.names[term.n++] = name;
  return term;
}

static void
einsum (TwinCall *call)
{
  g_auto (GStrv) words = g_strsplit (twin_string (call, "equation", ""), " ", -1);
  g_autofree char *equation = g_strjoinv ("", words);
  g_auto (GStrv) sides = g_strsplit (equation, "->", 2);
  g_auto (GStrv) texts = g_strsplit (sides[0], ",", -1);
  gint64 sizes[N_NAMES], index[N_NAMES] = { 0 };
  Term terms[MAX_INPUTS], out;
  TapShape shape = { 0 };
  g_autofree double *sums = NULL, *magnitudes = NULL;
  double n_terms = 1;
  gboolean more = TRUE;

  for (int name = 0; name < N_NAMES; name++)
    sizes[name] = -1;
  for (int i = 0; i < call->n_inputs; i++)
    {
      terms[i] = read_term (texts[i], call->inputs[i].shape.n_dims);
      for (int d = 0; d < terms[i].n; d++)
        sizes[terms[i].names[d]] = MAX (sizes[terms[i].names[d]], call->inputs[i].shape.dims[d]);
    }
  out = output_term (sides[1], terms, call->n_inputs, sizes);
  shape.n_dims = out.n;
  for (int d = 0; d < out.n; d++)
    shape.dims[d] = sizes[out.names[d]];
  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  sums = g_new0 (double, call->outputs[0].count + 1);
  magnitudes = g_new0 (double, call->outputs[0].count + 1);
  while (more)
    {
      gsize cell = cell_of (&out, &shape, index);
      double product = 1;
      int name = N_NAMES - 1;

      for (int i = 0; i < call->n_inputs; i++)
        product *= call->inputs[i].cells[cell_of (&terms[i], &call->inputs[i].shape, index)];
      sums[cell] += product;
      magnitudes[cell] += fabs (product);
      for (; name >= 0; name--)
        {
          if (sizes[name] > 0 && ++index[name] < sizes[name])
            break;
          index[name] = 0;
        }
      more = name >= 0;
    }
  for (int name = 0; name < N_NAMES; name++)
    n_terms *= sizes[name] > 0 ? (double) sizes[name] : 1;
  for (gsize i = 0; i < call->outputs[0].count; i++)
    twin_set (&call->outputs[0], i, sums[i], n_terms / (double) call->outputs[0].count + 3,
              magnitudes[i]);
}

const Twin twins_einsum[] = {
  { "Einsum", einsum },
  { NULL, NULL },
};
