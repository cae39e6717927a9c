/* tap-diagram.c - the finished drawing: who is where
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-diagram.h"

#include "render/tap-diagram-private.h"

#include <math.h>

TapDiagram *
tap_diagram_ref (TapDiagram *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_diagram_unref (TapDiagram *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  for (guint i = 0; i < self->boxes->len; i++)
    {
      TapDiagramBox *box = tap_diagram_box (self, i);

      g_free (box->title);
      g_free (box->subtitle);
      g_free (box->shape);
      g_free (tap_diagram_detail (self, i)->search);
    }
  for (guint i = 0; i < self->wires->len; i++)
    g_clear_pointer (&tap_diagram_wire (self, i)->points, g_array_unref);
  g_array_unref (self->boxes);
  g_array_unref (self->details);
  g_array_unref (self->cards);
  g_array_unref (self->wires);
  g_array_unref (self->frames);
  g_free (self->box_of_node);
  g_free (self);
}

void
tap_diagram_get_size (const TapDiagram *self, double *width, double *height)
{
  *width = self->width;
  *height = self->height;
}

int
tap_diagram_n_boxes (const TapDiagram *self)
{
  return (int) self->boxes->len;
}

const TapDiagramBox *
tap_diagram_get_box (const TapDiagram *self, int i)
{
  g_return_val_if_fail (i >= 0 && i < (int) self->boxes->len, NULL);
  return tap_diagram_box (self, i);
}

int
tap_diagram_hit (const TapDiagram *self, double x, double y)
{
  for (guint i = 0; i < self->boxes->len; i++)
    {
      const TapDiagramBox *box = tap_diagram_box (self, i);

      if (x >= box->x && y >= box->y && x < box->x + box->width && y < box->y + box->height)
        return (int) i;
    }
  return -1;
}

int
tap_diagram_find_box (const TapDiagram *self, int node)
{
  return node >= 0 && node < self->n_nodes ? self->box_of_node[node] : -1;
}

/* The neighbouring card along the wires that is most straight above or below, or -1. */
static int
along_wires (const TapDiagram *self, int from, gboolean down)
{
  double middle = tap_diagram_card (self, from)->x + tap_diagram_card (self, from)->width / 2;
  double best = G_MAXDOUBLE;
  int found = -1;

  for (guint i = 0; i < self->wires->len; i++)
    {
      const TapWire *wire = tap_diagram_wire (self, i);
      const TapCard *card;
      double distance;

      if ((down ? wire->from : wire->to) != from)
        continue;
      card = tap_diagram_card (self, down ? wire->to : wire->from);
      distance = fabs (card->x + card->width / 2 - middle) +
                 fabs (card->y - tap_diagram_card (self, from)->y);
      if (distance < best)
        {
          best = distance;
          found = down ? wire->to : wire->from;
        }
    }
  return found;
}

/* The nearest card on one side that stands at about the same height, or -1. */
static int
beside (const TapDiagram *self, int from, gboolean right)
{
  const TapCard *own = tap_diagram_card (self, from);
  double best = G_MAXDOUBLE;
  int found = -1;

  for (guint i = 0; i < self->cards->len; i++)
    {
      const TapCard *card = tap_diagram_card (self, i);
      double across = (card->x + card->width / 2) - (own->x + own->width / 2);
      double along = fabs ((card->y + card->height / 2) - (own->y + own->height / 2));

      if ((int) i == from || (right ? across <= 1 : across >= -1) ||
          card->y >= own->y + own->height + own->height ||
          card->y + card->height + own->height <= own->y)
        continue;
      if (fabs (across) + 2 * along < best)
        {
          best = fabs (across) + 2 * along;
          found = (int) i;
        }
    }
  return found;
}

int
tap_diagram_neighbour (const TapDiagram *self, int box, int direction)
{
  const TapCard *card;
  int at, next;

  if (box < 0 || box >= (int) self->boxes->len)
    return -1;
  at = tap_diagram_detail (self, box)->card;
  card = tap_diagram_card (self, at);
  switch (direction)
    {
    case 0:
      if (box > card->first_box)
        return box - 1;
      next = along_wires (self, at, FALSE);
      if (next < 0)
        return -1;
      card = tap_diagram_card (self, next);
      return card->first_box + card->n_boxes - 1;
    case 1:
      if (box + 1 < card->first_box + card->n_boxes)
        return box + 1;
      next = along_wires (self, at, TRUE);
      break;
    case 2:
    case 3:
      next = beside (self, at, direction == 3);
      break;
    default:
      return -1;
    }
  return next < 0 ? -1 : tap_diagram_card (self, next)->first_box;
}
