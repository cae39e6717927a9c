/* tap-cli-params.c - a method's parameter table as command-line options
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/tap-cli-params.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/tap-cli-network.h"

struct _TapCliParams
{
  const TapParam *table;
  GHashTable *given;  /* id → text as typed */
  GPtrArray *strings; /* what the option entries point at */
};

TapCliParams *
tap_cli_params_new (const TapParam *table)
{
  TapCliParams *self = g_new0 (TapCliParams, 1);
  self->table = table;
  self->given = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->strings = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
tap_cli_params_free (TapCliParams *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->given);
  g_ptr_array_unref (self->strings);
  g_free (self);
}

gboolean
tap_cli_params_has (const TapCliParams *self, const char *id)
{
  return tap_param_find (self->table, id) != NULL;
}

void
tap_cli_params_give (TapCliParams *self, const char *id, const char *text)
{
  g_hash_table_insert (self->given, g_strdup (id), g_strdup (text));
}

static gboolean
value_cb (const char *option, const char *value, gpointer user_data, GError **error)
{
  TapCliParams *self = user_data;
  tap_cli_params_give (self, option + strspn (option, "-"), value);
  return TRUE;
}

static gboolean
yes_cb (const char *option, const char *value, gpointer user_data, GError **error)
{
  TapCliParams *self = user_data;
  tap_cli_params_give (self, option + strspn (option, "-"), "true");
  return TRUE;
}

static gboolean
no_cb (const char *option, const char *value, gpointer user_data, GError **error)
{
  TapCliParams *self = user_data;
  tap_cli_params_give (self, option + strlen ("--no-"), "false");
  return TRUE;
}

static char *
describe_default (const TapParam *param)
{
  switch (param->kind)
    {
    case TAP_PARAM_BOOL:
      return g_strdup (param->fallback != 0 ? _ ("default: yes") : _ ("default: no"));
    case TAP_PARAM_CHOICE:
      return g_strdup_printf (_ ("default: %s"), param->choices[(int) param->fallback].id);
    case TAP_PARAM_LAYER:
      return g_strdup (_ ("default: the method's own choice"));
    case TAP_PARAM_CLASS:
      if (param->fallback < 0)
        return g_strdup (_ ("default: the most probable"));
      G_GNUC_FALLTHROUGH;
    case TAP_PARAM_INT:
    case TAP_PARAM_FLOAT:
    case TAP_PARAM_UNIT:
    default:
      {
        g_autofree char *number = tap_cli_number ("%.9g", param->fallback);
        return g_strdup_printf (_ ("default: %s"), number);
      }
    }
}

static char *
describe_range (const TapParam *param)
{
  if (param->kind == TAP_PARAM_CHOICE)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      for (const TapChoice *choice = param->choices; choice->id != NULL; choice++)
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", choice->id);
      return g_strdup (text->str);
    }
  if ((param->kind != TAP_PARAM_INT && param->kind != TAP_PARAM_FLOAT) || param->max <= param->min)
    return NULL;
  g_autofree char *min = tap_cli_number ("%.9g", param->min);
  g_autofree char *max = tap_cli_number ("%.9g", param->max);
  /* Translators: a range and its unit: “1 to 512 px” */
  return param->unit != NULL ? g_strdup_printf (_ ("%s to %s %s"), min, max, param->unit) :
                               g_strdup_printf (_ ("%s to %s"), min, max);
}

static const char *
placeholder (TapParamKind kind)
{
  switch (kind)
    {
    case TAP_PARAM_FLOAT:
      return N_ ("X");
    case TAP_PARAM_CHOICE:
      return N_ ("WORD");
    case TAP_PARAM_LAYER:
      return N_ ("LAYER");
    case TAP_PARAM_UNIT:
      return N_ ("K");
    case TAP_PARAM_CLASS:
      return N_ ("CLASS");
    case TAP_PARAM_INT:
    case TAP_PARAM_BOOL:
    default:
      return N_ ("N");
    }
}

static void
add_entry (TapCliParams *self, GArray *entries, const TapParam *param)
{
  g_autofree char *fallback = describe_default (param);
  g_autofree char *range = describe_range (param);
  const char *help = _ (param->help != NULL ? param->help : param->label);
  gsize n = strlen (help);
  char *text =
    g_strdup_printf ("%.*s (%s%s%s)", (int) (n > 0 && help[n - 1] == '.' ? n - 1 : n), help,
                     range != NULL ? range : "", range != NULL ? "; " : "", fallback);
  g_ptr_array_add (self->strings, text);

  gboolean is_bool = param->kind == TAP_PARAM_BOOL;
  GOptionEntry entry = {
    .long_name = param->id,
    .flags = is_bool ? G_OPTION_FLAG_NO_ARG : G_OPTION_FLAG_NONE,
    .arg = G_OPTION_ARG_CALLBACK,
    .arg_data = (gpointer) (is_bool ? yes_cb : value_cb),
    .description = text,
    .arg_description = is_bool ? NULL : _ (placeholder (param->kind)),
  };
  g_array_append_val (entries, entry);
  if (!is_bool)
    return;
  char *opposite = g_strdup_printf ("no-%s", param->id);
  g_ptr_array_add (self->strings, opposite);
  entry.long_name = opposite;
  entry.arg_data = (gpointer) no_cb;
  entry.description = _ ("The opposite");
  g_array_append_val (entries, entry);
}

GOptionGroup *
tap_cli_params_group (TapCliParams *self, const char *title)
{
  GOptionGroup *group = g_option_group_new ("method", title, title, self, NULL);
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  for (const TapParam *param = self->table; param->id != NULL; param++)
    add_entry (self, entries, param);
  if (entries->len > 0)
    g_option_group_add_entries (group, (gconstpointer) entries->data);
  return group;
}

gboolean
tap_cli_params_check (const TapCliParams *self, GError **error)
{
  g_autoptr (TapParams) params = tap_params_new (self->table);
  for (const TapParam *param = self->table; param->id != NULL; param++)
    {
      const char *text = g_hash_table_lookup (self->given, param->id);
      if (text != NULL && !tap_params_parse (params, param->id, text, error))
        return FALSE;
    }
  return TRUE;
}

TapParams *
tap_cli_params_resolve (const TapCliParams *self, const TapModel *model, GError **error)
{
  g_autoptr (TapParams) params = tap_params_new (self->table);
  for (const TapParam *param = self->table; param->id != NULL; param++)
    {
      const char *text = g_hash_table_lookup (self->given, param->id);
      gboolean ok = TRUE;
      if (text == NULL)
        continue;
      if (param->kind == TAP_PARAM_LAYER && text[0] != '\0')
        {
          g_autofree char *layer = tap_cli_find_layer (model, text, error);
          ok = layer != NULL && tap_params_set_string (params, param->id, layer, error);
        }
      else if (param->kind == TAP_PARAM_CLASS)
        {
          int index = tap_cli_find_class (model, text, error);
          ok = index >= -1 && tap_params_set (params, param->id, index, error);
        }
      else
        ok = tap_params_parse (params, param->id, text, error);
      if (!ok)
        return NULL;
    }
  return g_steal_pointer (&params);
}
