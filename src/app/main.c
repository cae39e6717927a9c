/* main.c - starts the window
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "app/tap-application.h"

int
main (int argc, char **argv)
{
  g_autoptr (TapApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, TAP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name ("Tapetum");

  application = tap_application_new ();

  return g_application_run (G_APPLICATION (application), argc, argv);
}
