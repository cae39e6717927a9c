/* tap-cli-figure.c - how the commands that make figures draw and write them
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An animation is made of the states on the way: a sweep fills its maps from coarse to fine, and each
 * state is one frame, drawn by the same renderer as the figure. */
#include "config.h"

#include "cli/tap-cli-figure.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "cli/tap-cli-progress.h"
#include "core/tap-error.h"

#define MAX_FRAMES       200
#define FRAME_HUNDREDTHS 12
#define LAST_HUNDREDTHS  250
#define FRAME_SIDE_MAX   1600

static const char *const suffixes[] = { ".png", ".svg",  ".pdf", ".gif", ".npy",
                                        ".npz", ".json", ".tsv", NULL };

void
tap_cli_figure_init (TapCliFigure *self)
{
  *self = (TapCliFigure){ 0 };
  tap_panels_options_init (&self->panels);
}

void
tap_cli_figure_clear (TapCliFigure *self)
{
  g_clear_pointer (&self->colormap, g_free);
  g_clear_pointer (&self->scale, g_free);
  g_clear_pointer (&self->order, g_free);
}

GOptionGroup *
tap_cli_figure_group (TapCliFigure *self, const TapCliParams *taken)
{
  const GOptionEntry entries[] = {
    { "colormap", 0, 0, G_OPTION_ARG_STRING, &self->colormap,
      N_ ("Colours: viridis, cividis, magma, grey, ylorrd, rdbu or jet (default: viridis)"),
      N_ ("WORD") },
    { "scale", 0, 0, G_OPTION_ARG_STRING, &self->scale,
      N_ ("One colour range for all maps, or one for each: shared or each (default: shared)"),
      N_ ("WORD") },
    { "order", 0, 0, G_OPTION_ARG_STRING, &self->order,
      N_ ("Order of the maps: index or strength (default: index)"), N_ ("WORD") },
    { "width", 0, 0, G_OPTION_ARG_DOUBLE, &self->width,
      N_ ("Width of the figure (100 to 20000 px; default: what it needs)"), N_ ("X") },
    { "dark", 0, 0, G_OPTION_ARG_NONE, &self->dark, N_ ("Draw light on dark"), NULL },
    { "no-captions", 0, 0, G_OPTION_ARG_NONE, &self->no_captions, N_ ("Leave the captions out"),
      NULL },
  };
  GOptionGroup *group =
    g_option_group_new ("figure", _ ("Options of the figure:"), _ ("Figure"), self, NULL);
  g_option_group_set_translation_domain (group, GETTEXT_PACKAGE);
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      const GOptionEntry one[] = { entries[i], { NULL } };
      if (taken == NULL || !tap_cli_params_has (taken, entries[i].long_name))
        g_option_group_add_entries (group, one);
    }
  return group;
}

static gboolean
read_colormap (TapCliFigure *self, GError **error)
{
  if (self->colormap == NULL)
    return TRUE;
  TapColormap found = tap_colormap_find (self->colormap, TAP_N_COLORMAPS);
  if (found == TAP_N_COLORMAPS)
    {
      g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
                   _ ("--colormap %s: there is no such colour map."), self->colormap);
      return FALSE;
    }
  self->panels.colormap = found;
  return TRUE;
}

/* Which of two words; the index, or -1 with an error. */
static int
read_word (const char *option,
           const char *word,
           const char *first,
           const char *second,
           int fallback,
           GError **error)
{
  if (word == NULL)
    return fallback;
  if (strcmp (word, first) == 0)
    return 0;
  if (strcmp (word, second) == 0)
    return 1;
  g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
               _ ("--%s %s: the choice is %s or %s."), option, word, first, second);
  return -1;
}

gboolean
tap_cli_figure_read (TapCliFigure *self, GError **error)
{
  if (!read_colormap (self, error))
    return FALSE;
  int scale = read_word ("scale", self->scale, "shared", "each",
                         self->panels.scale == TAP_GRID_SCALE_SHARED ? 0 : 1, error);
  if (scale < 0)
    return FALSE;
  int order = read_word ("order", self->order, "index", "strength",
                         self->panels.order == TAP_GRID_BY_INDEX ? 0 : 1, error);
  if (order < 0)
    return FALSE;
  if (self->width != 0 && !(self->width >= 100 && self->width <= 20000))
    {
      g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
                   _ ("--width: the width of a figure is 100 to 20000 px."));
      return FALSE;
    }
  self->panels.scale = scale == 0 ? TAP_GRID_SCALE_SHARED : TAP_GRID_SCALE_EACH;
  self->panels.order = order == 0 ? TAP_GRID_BY_INDEX : TAP_GRID_BY_STRENGTH;
  self->panels.width = self->width;
  self->panels.dark = self->dark;
  if (self->no_captions)
    self->panels.captions = FALSE;
  return TRUE;
}

static gboolean
has_suffix (const char *path, const char *suffix)
{
  gsize n = strlen (path), m = strlen (suffix);
  return n > m && g_ascii_strcasecmp (path + n - m, suffix) == 0;
}

gboolean
tap_cli_figure_check_path (const char *path, GError **error)
{
  for (int i = 0; suffixes[i] != NULL; i++)
    if (has_suffix (path, suffixes[i]))
      return TRUE;
  g_autofree char *list = g_strjoinv (" ", (char **) suffixes);
  g_autofree char *name = g_filename_display_name (path);
  g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
               _ ("%s: the suffix picks the form, and has to be one of %s."), name, list);
  return FALSE;
}

/* --- animation -------------------------------------------------------------------------------- */

static void
keep_partial_cb (TapResult *partial, gpointer user_data)
{
  GPtrArray *states = user_data;
  g_ptr_array_add (states, partial);
}

static cairo_surface_t *
draw_frame (const TapResult *result,
            const TapPanelsOptions *panels,
            int width,
            int height,
            double scale)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create (surface);
  double grey = panels->dark ? 0.12 : 1;
  cairo_set_source_rgb (cr, grey, grey, grey);
  cairo_paint (cr);
  cairo_scale (cr, scale, scale);
  tap_panels_draw (cr, result, panels);
  cairo_destroy (cr);
  return surface;
}

typedef struct
{
  TapGif *gif;
  const TapPanelsOptions *panels;
  int width, height;
  double scale;
} Film;

static gboolean
add_frame (Film *film,
           const TapResult *state,
           int hundredths,
           GCancellable *cancellable,
           GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  cairo_surface_t *frame = draw_frame (state, film->panels, film->width, film->height, film->scale);
  gboolean ok = tap_gif_add (film->gif, frame, hundredths, error);
  cairo_surface_destroy (frame);
  return ok;
}

static gboolean
save_animation (TapCli *cli,
                const GPtrArray *states,
                const TapResult *last,
                const TapPanelsOptions *panels,
                const char *path,
                GError **error)
{
  double w, h;
  tap_panels_measure (last, panels, &w, &h);
  Film film = { .panels = panels, .scale = MIN (1, FRAME_SIDE_MAX / MAX (1, MAX (w, h))) };
  film.width = MAX (1, (int) ceil (w * film.scale));
  film.height = MAX (1, (int) ceil (h * film.scale));
  g_autofree char *recipe = tap_result_recipe (last);
  film.gif = tap_gif_new (film.width, film.height, recipe);

  /* Every so many states, so that a long sweep stays a short film. */
  guint step = states->len / MAX_FRAMES + 1;
  gboolean ok = TRUE;
  for (guint i = 0; ok && i < states->len; i += step)
    ok =
      add_frame (&film, g_ptr_array_index (states, i), FRAME_HUNDREDTHS, cli->cancellable, error);
  if (!ok || !add_frame (&film, last, LAST_HUNDREDTHS, cli->cancellable, error))
    {
      tap_gif_free (film.gif);
      return FALSE;
    }
  return tap_gif_save (film.gif, path, error);
}

TapResult *
tap_cli_figure_make (TapCli *cli,
                     TapCliFigure *self,
                     const TapMethod *method,
                     TapContext *context,
                     const TapParams *params,
                     const TapPicture *fitted,
                     const char *path,
                     TapCliPhase *phase,
                     GError **error)
{
  gboolean animation = path != NULL && has_suffix (path, ".gif");
  g_autoptr (GPtrArray) states = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_result_unref);
  g_autoptr (TapCliProgress) progress =
    tap_cli_progress_new (cli, animation ? keep_partial_cb : NULL, states);
  *phase = TAP_CLI_COMPUTING;
  g_autoptr (TapResult) result =
    method->run (context, params, tap_cli_progress_get (progress), cli->cancellable, error);
  if (result == NULL)
    return NULL;

  *phase = TAP_CLI_WRITING;
  TapPanelsOptions panels = self->panels;
  if (fitted != NULL)
    {
      panels.picture = fitted->pixels;
      panels.picture_width = fitted->width;
      panels.picture_height = fitted->height;
    }
  gboolean ok =
    path == NULL || (animation ? save_animation (cli, states, result, &panels, path, error) :
                                 tap_figure_save (result, &panels, path, error));
  return ok ? g_steal_pointer (&result) : NULL;
}
