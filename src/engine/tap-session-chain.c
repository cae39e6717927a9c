/* tap-session-chain.c - running steps together, band by band
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A task is a band of the last output. A worker that does one band after the other goes on where it
 * was: rows that it has made already are moved to the beginning of their buffer, and only those below
 * are made. Which worker does what changes nothing but how often rows are made twice. */

#include "config.h"

#include <string.h>

#include "engine/tap-session-private.h"

typedef struct
{
  int from, to;
} Rows;

/* A step as it is run, and what does not change from band to band. */
typedef struct
{
  const TapCpuKernel *kernel;
  TapCpuRun run;
  TapCpuArray arrays[TAP_CHAIN_ARRAYS];
  TapTensor *packed; /* made for this run alone, where there was no memory for more */
} Link;

/* What a worker has at hand. */
typedef struct
{
  int next;                    /* task, to go on with */
  Rows there[TAP_CHAIN_LINKS]; /* of each link's output in its buffer */
} Place;

typedef struct
{
  const TapChain *chain;
  Link links[TAP_CHAIN_LINKS];
  const float *x; /* of image 0 */
  const float *residual;
  float *y;
  gsize x_image, y_image;
  char *memory;  /* of all workers */
  Place *places; /* per worker */
} Chain;

/* Input rows that output rows see through a window. */
static Rows
sources (const TapWindow *w, Rows rows)
{
  gint64 from = (gint64) rows.from * w->stride_h - w->pad_top;
  gint64 to = (gint64) (rows.to - 1) * w->stride_h - w->pad_top +
              (gint64) (w->kernel_h - 1) * w->dilation_h + 1;

  if (rows.to <= rows.from)
    return (Rows){ 0, 0 };
  from = CLAMP (from, 0, w->in_h);
  return (Rows){ (int) from, (int) CLAMP (to, from, w->in_h) };
}

/* Makes room for rows up to @wanted in a buffer that keeps those from wanted->from on. */
static void
advance (const TapChainLink *link, float *buffer, Rows *there, const Rows *wanted)
{
  gsize width = (gsize) link->window.out_w;
  gsize skip = (gsize) (wanted->from - there->from) * width;
  gsize keep = there->to > wanted->from ? (gsize) (there->to - wanted->from) * width : 0;

  for (int c = 0; keep > 0 && skip > 0 && c < link->channels; c++)
    {
      float *rows = buffer + (gsize) c * link->channel;

      memmove (rows, rows + skip, keep * sizeof (float));
    }
  *there = *wanted;
}

static void
run_band (const Chain *c, const Rows *make, const Rows *see, int image, char *memory, Place *place)
{
  int n = c->chain->n_links;

  for (int i = 0; i < n; i++)
    {
      const TapChainLink *link = &c->chain->links[i];
      const Link *with = &c->links[i];
      gsize out_w = (gsize) link->window.out_w;
      TapCpuRun run = with->run;
      TapCpuBand band = {
        .window = &link->window,
        .x_first = see[i].from,
        .x_rows = see[i].to - see[i].from,
        .y_first = make[i].from,
        .y_rows = make[i].to - make[i].from,
      };

      if (band.y_rows <= 0)
        continue;
      if (i == 0)
        {
          band.x_channel = (gsize) link->window.in_h * (gsize) link->window.in_w;
          band.x =
            c->x + (gsize) image * c->x_image + (gsize) see[i].from * (gsize) link->window.in_w;
        }
      else
        {
          const TapChainLink *before = link - 1;

          band.x_channel = before->channel;
          band.x = (const float *) (const void *) (memory + before->at) +
                   (gsize) (see[i].from - place->there[i - 1].from) * (gsize) link->window.in_w;
        }
      if (i == n - 1)
        {
          gsize at = (gsize) image * c->y_image + (gsize) make[i].from * out_w;

          band.y_channel = (gsize) link->window.out_h * out_w;
          band.y = c->y + at;
          band.residual = c->residual != NULL ? c->residual + at : NULL;
        }
      else
        {
          float *buffer = (float *) (void *) (memory + link->at);

          advance (link, buffer, &place->there[i], &see[i + 1]);
          band.y_channel = link->channel;
          band.y = buffer + (gsize) (make[i].from - see[i + 1].from) * out_w;
        }
      run.scratch = memory + c->chain->scratch_at;
      with->kernel->forward_band (&run, &band);
    }
}

static void
band_task (gpointer data, int task, int worker)
{
  const Chain *c = data;
  const TapChain *chain = c->chain;
  int n = chain->n_links, image = task / chain->n_bands, band = task % chain->n_bands;
  Place *place = &c->places[worker];
  Rows make[TAP_CHAIN_LINKS], see[TAP_CHAIN_LINKS];

  if (place->next != task || band == 0)
    memset (place->there, 0, sizeof place->there);
  place->next = task + 1;
  make[n - 1].from = band * chain->band_rows;
  make[n - 1].to = MIN (make[n - 1].from + chain->band_rows, chain->links[n - 1].window.out_h);
  for (int i = n - 1; i >= 0; i--)
    {
      see[i] = sources (&chain->links[i].window, make[i]);
      if (i > 0)
        make[i - 1] = (Rows){ MAX (see[i].from, place->there[i - 1].to), see[i].to };
    }
  run_band (c, make, see, image, c->memory + (gsize) worker * chain->worker_bytes, place);
}

static void
chain_clear (Chain *c)
{
  for (int i = 0; i < TAP_CHAIN_LINKS; i++)
    g_clear_pointer (&c->links[i].packed, tap_tensor_unref);
  g_free (c->places);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Chain, chain_clear)

static gboolean
prepare_link (TapSession *self,
              const TapPlan *plan,
              const TapPlanStep *step,
              gpointer const *data,
              Link *link,
              GError **error)
{
  TapCpuArray *outputs = link->arrays + step->n_reads;
  TapTensor *packed;

  tap_plan_bind (plan, step, data, link->arrays, outputs);
  link->kernel = step->kernel;
  if (!tap_packs_take (self->packs, step->node, step->algorithm, step->affine, &packed, error))
    return FALSE;
  if (packed == NULL && step->kernel->pack != NULL)
    {
      packed = link->packed =
        tap_packs_make (self->packs, step->node, step->algorithm, step->affine, error);
      if (packed == NULL)
        return FALSE;
    }
  link->run = (TapCpuRun){
    .node = step->node,
    .inputs = link->arrays,
    .n_inputs = step->n_inputs,
    .outputs = outputs,
    .n_outputs = step->n_outputs,
    .algorithm = step->algorithm,
    .packed = packed != NULL ? tap_tensor_f32 (packed) : NULL,
    .clamp = step->clamp,
    .affine = step->affine,
    .simd = self->simd,
    .pool = plan->alone,
  };
  return TRUE;
}

gboolean
tap_session_run_chain (TapSession *self,
                       const TapPlan *plan,
                       int first,
                       gpointer const *data,
                       GError **error)
{
  const TapPlanStep *steps = &plan->steps[first];
  const TapChain *chain = steps->chain;
  const TapPlanStep *last = &steps[chain->n_links - 1];
  g_auto (Chain) c = { .chain = chain, .memory = self->scratch.data };
  int n_threads = tap_pool_get_n_threads (self->pool);
  const TapPlanValue *x = &plan->values[steps->inputs[0]];
  const TapPlanValue *y = &plan->values[last->outputs[0]];

  for (int i = 0; i < chain->n_links; i++)
    if (!prepare_link (self, plan, &steps[i], data, &c.links[i], error))
      return FALSE;
  c.x = data[steps->inputs[0]];
  c.y = data[last->outputs[0]];
  c.residual = last->n_reads > last->n_inputs ? data[last->inputs[last->n_inputs]] : NULL;
  c.x_image = (gsize) tap_shape_product (&x->shape, 1, 4);
  c.y_image = (gsize) tap_shape_product (&y->shape, 1, 4);
  c.places = g_new0 (Place, n_threads);
  for (int i = 0; i < n_threads; i++)
    c.places[i].next = -1;
  tap_pool_run (self->pool, chain->images * chain->n_bands, band_task, &c);
  return TRUE;
}
