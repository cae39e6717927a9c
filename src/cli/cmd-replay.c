/* cmd-replay.c - tapetum-cli replay: makes a figure again from the recipe inside it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/commands.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "cli/tap-cli-figure.h"
#include "cli/tap-cli-network.h"
#include "cli/tap-cli-options.h"
#include "cli/tap-cli-params.h"
#include "cli/tap-cli-report.h"
#include "core/tap-error.h"
#include "example/tap-example.h"
#include "methods/registry.h"

typedef struct
{
  JsonNode *root;
  const TapMethod *method;
  const char *params;   /* "mask=32 fill=mean" */
  const char *path;     /* of the network; NULL: the built-in example */
  const char *checksum; /* of the network */
  const char *preprocess;
  const char *labels; /* file, or NULL */
  const char *picture;
  guint64 seed;
} Recipe;

static void
recipe_clear (Recipe *self)
{
  g_clear_pointer (&self->root, json_node_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recipe, recipe_clear)

static const char *
member_string (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return NULL;
  return json_node_get_string (node);
}

static JsonObject *
member_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static gboolean
refuse (const char *file, const char *why, GError **error)
{
  g_autofree char *name = g_filename_display_name (file);
  g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED, "%s: %s", name, why);
  return FALSE;
}

static gboolean
recipe_read (Recipe *self, const char *file, GError **error)
{
  g_autofree char *text = tap_figure_read_recipe (file, error);
  if (text == NULL)
    {
      if (error != NULL && *error == NULL)
        return refuse (file, _ ("there is no recipe in this file."), error);
      return FALSE;
    }
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, -1, NULL))
    return refuse (file, _ ("the recipe in this file is damaged."), error);
  self->root = json_parser_steal_root (parser);
  if (self->root == NULL || !JSON_NODE_HOLDS_OBJECT (self->root))
    return refuse (file, _ ("the recipe in this file is damaged."), error);

  JsonObject *object = json_node_get_object (self->root);
  JsonObject *model = member_object (object, "model");
  const char *id = member_string (object, "method");
  const char *seed = member_string (object, "seed");
  self->params = member_string (object, "parameters");
  self->preprocess = member_string (object, "preprocessing");
  self->picture = member_string (object, "picture");
  self->path = member_string (model, "path");
  self->checksum = member_string (model, "sha256");
  self->labels = member_string (model, "labels");
  if (seed != NULL)
    g_ascii_string_to_unsigned (seed, 10, 0, G_MAXUINT64, &self->seed, NULL);
  if (id == NULL)
    return refuse (file, _ ("no method made this figure; drawings of networks come from “info”."),
                   error);
  self->method = tap_methods_find (id);
  if (self->method == NULL)
    return refuse (file, _ ("the recipe asks for a method that this version does not have."),
                   error);
  return TRUE;
}

/* The next `name=value` of @text, value with or without quotation marks; FALSE at the end. */
static gboolean
next_pair (const char **text, char **name, char **value)
{
  const char *p = *text + strspn (*text, " ");
  const char *equals = strchr (p, '=');
  if (equals == NULL)
    return FALSE;
  *name = g_strndup (p, (gsize) (equals - p));
  GString *unquoted = g_string_new (NULL);
  p = equals + 1;
  gboolean quoted = *p == '"';
  for (p += quoted; *p != '\0' && *p != (quoted ? '"' : ' '); p++)
    {
      if (quoted && *p == '\\' && p[1] != '\0')
        p++;
      g_string_append_c (unquoted, *p);
    }
  *text = p + (quoted && *p == '"');
  *value = g_string_free (unquoted, FALSE);
  return TRUE;
}

static void
give_params (TapCliParams *given, const char *text)
{
  char *name, *value;
  while (text != NULL && next_pair (&text, &name, &value))
    {
      /* A parameter that has gone since is no reason to refuse. */
      if (tap_cli_params_has (given, name))
        tap_cli_params_give (given, name, value);
      g_free (name);
      g_free (value);
    }
}

static TapModel *
load_network (TapCli *cli, const Recipe *recipe, gboolean force, GError **error)
{
  const char *path = cli->n_arguments > 1 ? cli->arguments[1] : recipe->path;
  if (cli->preprocess == NULL)
    cli->preprocess = g_strdup (recipe->preprocess);
  if (cli->labels == NULL && recipe->labels != NULL && g_path_is_absolute (recipe->labels) &&
      g_file_test (recipe->labels, G_FILE_TEST_IS_REGULAR))
    cli->labels = g_strdup (recipe->labels);
  g_autoptr (TapModel) model = path != NULL ? tap_cli_load_network (cli, path, error) :
                                              tap_example_load_model (cli->cancellable, error);
  if (model == NULL)
    return NULL;
  if (!force && recipe->checksum != NULL && g_strcmp0 (recipe->checksum, model->checksum) != 0)
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                   _ ("%s is not the network that the figure was made with; --force takes it all "
                      "the same."),
                   path != NULL ? path : model->title);
      return NULL;
    }
  return g_steal_pointer (&model);
}

static TapContext *
open_example_picture (TapCli *cli,
                      TapModel *model,
                      TapSession *session,
                      const char *name,
                      TapPicture **fitted,
                      GError **error)
{
  for (int i = 0; i < tap_example_n_pictures (); i++)
    if (strcmp (tap_example_picture_name (i), name) == 0)
      {
        g_autoptr (TapPicture) picture = tap_example_load_picture (i, error);
        return picture != NULL ?
                 tap_cli_open_decoded (cli, model, session, picture, name, fitted, error) :
                 NULL;
      }
  g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
               _ ("%s: the built-in example has no such picture."), name);
  return NULL;
}

static TapContext *
open_context (TapCli *cli,
              const Recipe *recipe,
              TapModel *model,
              TapSession *session,
              TapPicture **fitted,
              GError **error)
{
  const char *picture = cli->n_arguments > 2 ? cli->arguments[2] : recipe->picture;
  if (picture == NULL)
    return tap_context_new (model, session, NULL, NULL, cli->seed);
  if (model->path == NULL && cli->n_arguments <= 2)
    return open_example_picture (cli, model, session, picture, fitted, error);
  return tap_cli_open_picture (cli, model, session, picture, fitted, error);
}

int
tap_cmd_replay (TapCli *cli, int argc, char **argv)
{
  gboolean force = FALSE;
  int status;
  const GOptionEntry entries[] = {
    { "force", 0, 0, G_OPTION_ARG_NONE, &force, N_ ("Take the network even if it has changed"),
      NULL },
    { NULL },
  };
  g_auto (TapCliFigure) figure;
  tap_cli_figure_init (&figure);
  if (!tap_cli_parse (cli, "replay", "FIGURE [MODEL [PICTURE]]",
                      _ ("Makes a figure again from the recipe inside it, with the network and the "
                         "picture that the recipe names or with others."),
                      NULL,
                      TAP_CLI_OPTION_JSON | TAP_CLI_OPTION_NETWORK | TAP_CLI_OPTION_ENGINE |
                        TAP_CLI_OPTION_OUTPUT,
                      entries, (GOptionGroup *[]){ tap_cli_figure_group (&figure, NULL), NULL },
                      argc, argv, &status))
    return status;
  if (cli->n_arguments < 1 || cli->n_arguments > 3)
    return tap_cli_usage (cli, "replay", "%s",
                          _ ("replay takes a figure, and perhaps a network and a picture."));
  g_autoptr (GError) error = NULL;
  if (!tap_cli_figure_read (&figure, &error) ||
      (cli->output != NULL && !tap_cli_figure_check_path (cli->output, &error)))
    return tap_cli_fail (cli, TAP_CLI_READING, error);

  g_auto (Recipe) recipe = { 0 };
  if (!recipe_read (&recipe, cli->arguments[0], &error))
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  cli->seed = recipe.seed;
  g_autoptr (TapCliParams) given = tap_cli_params_new (recipe.method->params);
  give_params (given, recipe.params);
  g_autoptr (TapModel) model = load_network (cli, &recipe, force, &error);
  if (model == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  g_autoptr (TapParams) params = tap_cli_params_resolve (given, model, &error);
  g_autoptr (TapSession) session =
    params != NULL ? tap_cli_open_session (cli, model, &error) : NULL;
  if (session == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  g_autoptr (TapPicture) fitted = NULL;
  g_autoptr (TapContext) context = open_context (cli, &recipe, model, session, &fitted, &error);
  if (context == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);

  TapCliPhase phase;
  g_autoptr (TapResult) result = tap_cli_figure_make (cli, &figure, recipe.method, context, params,
                                                      fitted, cli->output, &phase, &error);
  if (result == NULL)
    return tap_cli_fail (cli, phase, error);
  tap_cli_report (cli, result, params, model->path != NULL ? model->path : model->title,
                  result->picture);
  return TAP_EXIT_DONE;
}
