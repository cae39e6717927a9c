/* tap-diagram-draw.c - the diagram on a Cairo context
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Grounds of open blocks first, then wires, then cards. The further away the viewer is, the less is
 * drawn: small print goes first, then names, then arrow heads. */
#include "config.h"

#include "render/draw-private.h"
#include "render/tap-diagram-private.h"

#include <math.h>
#include <string.h>

#define RADIUS     8.0
#define BAR        4.0
#define TITLE_SIZE 12.0
#define TEXT_SIZE  10.0
#define FAR_SIZE   17.0
#define ARROW      6.0
#define INSET      12.0

/* zoom factors at which parts disappear */
#define SCALE_TEXT  0.5
#define SCALE_NAMES 0.28
#define SCALE_ARROW 0.2

typedef struct
{
  const TapDiagram *diagram;
  cairo_t *cr;
  PangoLayout *layout;
  const TapDiagramStyle *style;
  const TapDiagramColours *colours;
  double scale;
  gboolean finding;
} Painter;

static gboolean
is_outside (const cairo_rectangle_t *clip, double x1, double y1, double x2, double y2)
{
  return clip != NULL && (x2 < clip->x || y2 < clip->y || x1 > clip->x + clip->width ||
                          y1 > clip->y + clip->height);
}

/* --- wires -------------------------------------------------------------------------------- */

/* Bends leave and arrive upright, so neighbouring pieces meet without a kink. */
static void
trace_wire (cairo_t *cr, const TapWire *wire, double shorten)
{
  const double *p = (const double *) (gconstpointer) wire->points->data;
  guint n = wire->points->len / 2;

  if (n < 2)
    return;
  cairo_move_to (cr, p[0], p[1]);
  for (guint i = 1; i < n; i++)
    {
      double x0 = p[2 * i - 2], y0 = p[2 * i - 1], x1 = p[2 * i], y1 = p[2 * i + 1];

      if (i == n - 1)
        y1 -= shorten;
      if (fabs (x1 - x0) < 0.01)
        cairo_line_to (cr, x1, y1);
      else
        cairo_curve_to (cr, x0, y0 + (y1 - y0) * 0.55, x1, y1 - (y1 - y0) * 0.55, x1, y1);
    }
}

static void
trace_head (cairo_t *cr, const TapWire *wire)
{
  guint n = wire->points->len;
  double x, y;

  if (n < 4)
    return;
  x = g_array_index (wire->points, double, n - 2);
  y = g_array_index (wire->points, double, n - 1);
  cairo_move_to (cr, x, y);
  cairo_line_to (cr, x - ARROW * 0.55, y - ARROW);
  cairo_line_to (cr, x + ARROW * 0.55, y - ARROW);
  cairo_close_path (cr);
}

static gboolean
is_lit (const Painter *p, const TapWire *wire)
{
  int box = tap_diagram_find_box (p->diagram, p->style->selected);
  int card = box >= 0 ? tap_diagram_detail (p->diagram, box)->card : -1;

  return card >= 0 && (wire->from == card || wire->to == card);
}

/* All at once: where wires run together they must not grow darker. */
static void
draw_wires (const Painter *p, const cairo_rectangle_t *clip, gboolean lit)
{
  cairo_t *cr = p->cr;
  gboolean heads = p->scale >= SCALE_ARROW;
  double width = MAX (lit ? 2.2 : 1.4, (lit ? 1.4 : 0.7) / p->scale);
  guint32 colour = lit ? p->style->accent : p->colours->edge;

  for (int part = 0; part < 2; part++)
    {
      cairo_new_path (cr);
      for (guint i = 0; i < p->diagram->wires->len; i++)
        {
          const TapWire *wire = tap_diagram_wire (p->diagram, i);

          if (is_outside (clip, wire->x1 - 4, wire->y1, wire->x2 + 4, wire->y2) ||
              (lit && !is_lit (p, wire)))
            continue;
          if (part == 0)
            trace_wire (cr, wire, heads ? ARROW * 0.8 : 0);
          else if (heads)
            trace_head (cr, wire);
        }
      tap_set_colour (cr, colour, 1);
      if (part == 0)
        {
          cairo_set_line_width (cr, width);
          cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
          cairo_stroke (cr);
        }
      else
        cairo_fill (cr);
    }
}

/* --- cards -------------------------------------------------------------------------------- */

static void
draw_chevron (cairo_t *cr, double x, double y, gboolean down, guint32 colour)
{
  cairo_save (cr);
  cairo_translate (cr, x, y);
  if (down)
    cairo_rotate (cr, G_PI_2);
  cairo_move_to (cr, -2, -4);
  cairo_line_to (cr, 2, 0);
  cairo_line_to (cr, -2, 4);
  tap_set_colour (cr, colour, 1);
  cairo_set_line_width (cr, 1.6);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_stroke (cr);
  cairo_restore (cr);
}

/* A triangle with an exclamation mark: told by shape, not by colour alone. */
static void
draw_warning (const Painter *p, double x, double y)
{
  cairo_t *cr = p->cr;

  cairo_save (cr);
  cairo_translate (cr, x, y);
  cairo_move_to (cr, 7, 0.5);
  cairo_line_to (cr, 14, 13);
  cairo_line_to (cr, 0, 13);
  cairo_close_path (cr);
  tap_set_colour (cr, p->colours->warning, 1);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_width (cr, 2);
  cairo_fill_preserve (cr);
  cairo_stroke (cr);
  tap_set_colour (cr, p->colours->warning_text, 1);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_width (cr, 1.7);
  cairo_move_to (cr, 7, 4.5);
  cairo_line_to (cr, 7, 8.5);
  cairo_stroke (cr);
  cairo_arc (cr, 7, 11.2, 1, 0, 2 * G_PI);
  cairo_fill (cr);
  cairo_restore (cr);
}

static void
draw_hatch (const Painter *p, const TapDiagramBox *box)
{
  cairo_t *cr = p->cr;

  for (double x = box->x - box->height; x < box->x + box->width; x += 9)
    {
      cairo_move_to (cr, x, box->y + box->height);
      cairo_line_to (cr, x + box->height, box->y);
    }
  tap_set_colour (cr, p->colours->warning, 0.16);
  cairo_set_line_width (cr, 3);
  cairo_stroke (cr);
}

static void
draw_text (const Painter *p,
           const char *text,
           double x,
           double y,
           double width,
           double size,
           gboolean bold,
           TapAlign align,
           guint32 colour)
{
  const TapTextStyle style = { .size = size,
                               .bold = bold,
                               .align = align,
                               .ellipsize = bold ? PANGO_ELLIPSIZE_MIDDLE : PANGO_ELLIPSIZE_END,
                               .colour = colour };

  if (text != NULL && width > 8)
    tap_text_draw (p->cr, p->layout, text, x, y, width, &style);
}

static double
text_width (const Painter *p, const char *text, double size)
{
  const TapTextStyle style = { .size = size };
  double width = 0;

  if (text != NULL)
    tap_text_measure (p->layout, text, &style, &width, NULL);
  return width;
}

/* Left what it is, right its shape; the shape is never shortened. */
static void
draw_line (const Painter *p, const TapDiagramBox *box, double y, const char *left, guint32 colour)
{
  double shape = box->shape != NULL ? text_width (p, box->shape, TEXT_SIZE) + 1 : 0;
  double room = box->width - 2 * INSET, left_room = room - (shape > 0 ? shape + 8 : 0);
  g_autofree char *shorter = NULL;
  const char *comma = left != NULL ? strrchr (left, ',') : NULL;

  /* the number of units stands in the shape as well */
  if (comma != NULL && shape > 0 && text_width (p, left, TEXT_SIZE) > left_room)
    left = shorter = g_strndup (left, (gsize) (comma - left));
  draw_text (p, left, box->x + INSET, y, left_room, TEXT_SIZE, FALSE, TAP_ALIGN_LEFT, colour);
  draw_text (p, box->shape, box->x + INSET, y, room, TEXT_SIZE, FALSE, TAP_ALIGN_RIGHT, colour);
}

static void
draw_badge (const Painter *p, const TapDiagramBox *box, const TapFamilyColours *colours)
{
  g_autofree char *text = g_strdup_printf ("×%d", box->repeat);
  double width = text_width (p, text, TEXT_SIZE) + 14;
  double x = box->x + box->width - INSET - 12 - width;

  tap_rounded (p->cr, x, box->y + 6, width, 16, 8);
  tap_set_colour (p->cr, colours->bar, 1);
  cairo_fill (p->cr);
  draw_text (p, text, x, box->y + 7, width, TEXT_SIZE, TRUE, TAP_ALIGN_CENTRE, colours->fill);
}

static void
draw_words (const Painter *p, const TapDiagramBox *box, TapFamily family)
{
  const TapFamilyColours *colours = tap_diagram_family_colours (family, p->style->dark);
  double room = box->width - 2 * INSET - (box->problem ? 20 : 0);
  gboolean near_by = p->scale >= SCALE_TEXT;

  if (box->attached)
    {
      if (near_by)
        {
          const TapDiagramBox *above = box - 1;
          gboolean reshaped = box->shape != NULL && g_strcmp0 (box->shape, above->shape) != 0;
          TapDiagramBox plain = *box;

          plain.shape = reshaped ? box->shape : NULL;
          draw_line (p, &plain, box->y + 3, box->subtitle, colours->text);
        }
      return;
    }
  if (box->is_block)
    {
      double chevron_x = box->x + box->width - INSET - 3;
      double middle = box->expanded_block ? box->y + box->height / 2 : box->y + 14;

      if (near_by)
        draw_chevron (p->cr, chevron_x, middle, box->expanded_block, colours->text);
      room -= 14;
      if (box->repeat > 1 && near_by && !box->expanded_block)
        {
          draw_badge (p, box, colours);
          room -= 36;
        }
    }
  if (!near_by)
    {
      draw_text (p, box->title, box->x + INSET, box->y + box->height / 2 - FAR_SIZE * 0.68,
                 box->width - 2 * INSET, FAR_SIZE, TRUE, TAP_ALIGN_LEFT, colours->title);
      return;
    }
  if (box->is_block && box->expanded_block)
    draw_text (p, box->title, box->x + INSET, box->y + box->height / 2 - 8, room, 11, TRUE,
               TAP_ALIGN_LEFT, colours->title);
  else if (box->node < 0)
    {
      double shape = box->shape != NULL ? text_width (p, box->shape, TEXT_SIZE) + 9 : 0;

      draw_text (p, box->title, box->x + INSET + 2, box->y + box->height / 2 - 8, room - shape, 11,
                 TRUE, TAP_ALIGN_LEFT, colours->title);
      draw_text (p, box->shape, box->x + INSET, box->y + box->height / 2 - 7, room, TEXT_SIZE,
                 FALSE, TAP_ALIGN_RIGHT, colours->text);
    }
  else
    {
      double inner = (box->height - 32) / 2;

      draw_text (p, box->title, box->x + INSET, box->y + inner, room, TITLE_SIZE, TRUE,
                 TAP_ALIGN_LEFT, colours->title);
      draw_line (p, box, box->y + inner + 17, box->subtitle, colours->text);
    }
}

static void
draw_fills (const Painter *p, const TapCard *card, double radius)
{
  cairo_t *cr = p->cr;

  cairo_save (cr);
  tap_rounded (cr, card->x, card->y, card->width, card->height, radius);
  cairo_clip (cr);
  for (int i = card->first_box; i < card->first_box + card->n_boxes; i++)
    {
      const TapDiagramBox *box = tap_diagram_box (p->diagram, i);
      const TapFamilyColours *colours =
        tap_diagram_family_colours (tap_diagram_detail (p->diagram, i)->family, p->style->dark);

      cairo_rectangle (cr, box->x, box->y, box->width, box->height + 0.5);
      tap_set_colour (cr, i == p->style->hovered ? colours->hover : colours->fill, 1);
      cairo_fill (cr);
      if (box->problem && !box->expanded_block)
        draw_hatch (p, box);
      if (box->node >= 0 && !(box->is_block && box->expanded_block))
        {
          cairo_rectangle (cr, box->x, box->y, BAR, box->height + 0.5);
          tap_set_colour (cr, colours->bar, 1);
          cairo_fill (cr);
        }
      if (i > card->first_box)
        {
          cairo_rectangle (cr, box->x, box->y - 0.35, box->width, 0.7);
          tap_set_colour (cr, colours->border, 1);
          cairo_fill (cr);
        }
    }
  cairo_restore (cr);
}

static gboolean
matches (const Painter *p, int box)
{
  return strstr (tap_diagram_detail (p->diagram, box)->search, p->style->find) != NULL;
}

/* Rings lie outside the box, so that they never cover its words. */
static void
draw_ring (const Painter *p, const TapDiagramBox *box, guint32 colour, double width, double gap)
{
  double out = gap + width / 2;

  tap_rounded (p->cr, box->x - out, box->y - out, box->width + 2 * out, box->height + 2 * out,
               (box->attached ? RADIUS / 2 : RADIUS) + out);
  tap_set_colour (p->cr, colour, 1);
  cairo_set_line_width (p->cr, width);
  cairo_stroke (p->cr);
}

static void
draw_card (const Painter *p, const TapCard *card)
{
  cairo_t *cr = p->cr;
  const TapDiagramBox *head = tap_diagram_box (p->diagram, card->first_box);
  const TapFamilyColours *colours = tap_diagram_family_colours (
    tap_diagram_detail (p->diagram, card->first_box)->family, p->style->dark);
  double radius =
    head->node < 0 || (head->is_block && head->expanded_block) ? card->height / 2 : RADIUS;
  int behind = head->is_block && !head->expanded_block ? (head->repeat > 1 ? 2 : 1) : 0;
  gboolean found = FALSE;

  for (int i = behind; i > 0; i--)
    {
      tap_rounded (cr, card->x + 3.5 * i, card->y + 3.5 * i, card->width, card->height, radius);
      tap_set_colour (cr, colours->hover, 1);
      cairo_fill_preserve (cr);
      tap_set_colour (cr, colours->border, 1);
      cairo_set_line_width (cr, 1);
      cairo_stroke (cr);
    }
  draw_fills (p, card, radius);
  tap_rounded (cr, card->x, card->y, card->width, card->height, radius);
  tap_set_colour (cr, colours->border, 1);
  cairo_set_line_width (cr, MAX (head->problem && !head->expanded_block ? 1.6 : 1, 0.6 / p->scale));
  if (head->problem && !head->expanded_block)
    cairo_set_dash (cr, (const double[]){ 5, 3 }, 2, 0);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);

  for (int i = card->first_box; i < card->first_box + card->n_boxes; i++)
    {
      const TapDiagramBox *box = tap_diagram_box (p->diagram, i);

      if (p->scale >= SCALE_NAMES)
        draw_words (p, box, tap_diagram_detail (p->diagram, i)->family);
      if (box->problem && !box->attached && p->scale >= SCALE_ARROW)
        draw_warning (p, box->x + box->width - INSET - 12 - (box->is_block ? 14 : 0),
                      box->y + (box->is_block && box->expanded_block ? 5 : 6));
      found = found || (p->finding && matches (p, i));
    }
  if (p->finding && !found)
    {
      tap_rounded (cr, card->x - 1, card->y - 1, card->width + 2 + 3.5 * behind,
                   card->height + 2 + 3.5 * behind, radius);
      tap_set_colour (cr, p->colours->background, 0.6);
      cairo_fill (cr);
    }
}

/* After all cards, so that no neighbour covers them. */
static void
draw_marks (const Painter *p, const cairo_rectangle_t *clip)
{
  int selected = tap_diagram_find_box (p->diagram, p->style->selected);

  for (guint i = 0; p->finding && i < p->diagram->boxes->len; i++)
    {
      const TapDiagramBox *box = tap_diagram_box (p->diagram, i);

      if (matches (p, (int) i) && !is_outside (clip, box->x - 8, box->y - 8,
                                               box->x + box->width + 8, box->y + box->height + 8))
        draw_ring (p, box, p->colours->find, MAX (3, 1.6 / p->scale), 0.5);
    }
  if (selected >= 0)
    {
      const TapDiagramBox *box = tap_diagram_box (p->diagram, selected);

      draw_ring (p, box, p->style->accent,
                 MAX (p->style->focused ? 3 : 2.2, (p->style->focused ? 2 : 1.6) / p->scale), 1.5);
    }
}

static void
draw_frames (const Painter *p, const cairo_rectangle_t *clip)
{
  for (guint i = 0; i < p->diagram->frames->len; i++)
    {
      const TapFrame *frame = &g_array_index (p->diagram->frames, TapFrame, i);

      if (is_outside (clip, frame->x, frame->y, frame->x + frame->width, frame->y + frame->height))
        continue;
      tap_rounded (p->cr, frame->x, frame->y, frame->width, frame->height, 12);
      tap_set_colour (p->cr, p->colours->frame, p->colours->frame_alpha);
      cairo_fill_preserve (p->cr);
      tap_set_colour (p->cr, p->colours->frame_border, 1);
      cairo_set_line_width (p->cr, MAX (1, 0.5 / p->scale));
      cairo_stroke (p->cr);
    }
}

void
tap_diagram_draw (const TapDiagram *self,
                  cairo_t *cr,
                  const cairo_rectangle_t *clip,
                  const TapDiagramStyle *style)
{
  g_autoptr (PangoLayout) layout = tap_text_layout (cr);
  const Painter painter = {
    .diagram = self,
    .cr = cr,
    .layout = layout,
    .style = style,
    .colours = tap_diagram_colours (style->dark),
    .scale = style->scale > 0 ? style->scale : 1,
    .finding = style->find != NULL && *style->find != '\0',
  };

  cairo_save (cr);
  draw_frames (&painter, clip);
  draw_wires (&painter, clip, FALSE);
  if (style->selected >= 0)
    draw_wires (&painter, clip, TRUE);
  for (guint i = 0; i < self->cards->len; i++)
    {
      const TapCard *card = tap_diagram_card (self, i);

      if (!is_outside (clip, card->x - 8, card->y - 8, card->x + card->width + 8,
                       card->y + card->height + 8))
        draw_card (&painter, card);
    }
  draw_marks (&painter, clip);
  cairo_restore (cr);
}
