/* tap-cli.c - what every command is given: output, messages, exit statuses
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Standard output is collected and written at the end: a command that fails half-way leaves no half
 * JSON document behind, and a reader that goes away (`| head -1`) is noticed in one place. */
#include "config.h"

#include "cli/tap-cli.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/tap-error.h"

TapCli *
tap_cli_new (void)
{
  TapCli *self = g_new0 (TapCli, 1);
  self->cancellable = g_cancellable_new ();
  self->out = g_string_new (NULL);
  return self;
}

void
tap_cli_free (TapCli *self)
{
  if (self == NULL)
    return;
  g_clear_object (&self->cancellable);
  g_string_free (self->out, TRUE);
  g_free (self->output);
  g_free (self->labels);
  g_free (self->weights);
  g_free (self->preprocess);
  g_strfreev (self->arguments);
  g_free (self);
}

void
tap_cli_print (TapCli *self, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_string_append_vprintf (self->out, format, args);
  va_end (args);
}

/* Messages quote file and layer names, which may hold anything; a message is still one line. */
static void G_GNUC_PRINTF (1, 0) say (const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  for (char *p = valid; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  g_strchomp (valid);
  /* The locale's own encoding, with escapes for what it lacks. */
  g_printerr ("tapetum-cli: %s\n", valid);
}

void
tap_cli_message (TapCli *self, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  say (format, args);
  va_end (args);
}

void
tap_cli_note (TapCli *self, const char *format, ...)
{
  if (self->quiet)
    return;
  va_list args;
  va_start (args, format);
  say (format, args);
  va_end (args);
}

static gboolean
is_out_of_resources (const GError *error)
{
  return g_error_matches (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY) ||
         g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ||
         g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM) ||
         g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_MFILE) ||
         g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NFILE) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES);
}

static int
exit_status_for (TapCliPhase phase, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TAP_EXIT_INTERRUPTED;
  if (is_out_of_resources (error))
    return TAP_EXIT_RESOURCES;
  if (error->domain == TAP_METHOD_ERROR || error->domain == G_OPTION_ERROR ||
      g_error_matches (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND))
    return TAP_EXIT_USAGE;
  if (error->domain == TAP_FORMAT_ERROR || error->domain == TAP_GRAPH_ERROR ||
      error->domain == TAP_PICTURE_ERROR || error->domain == TAP_ENGINE_ERROR)
    return TAP_EXIT_INPUT;
  return phase == TAP_CLI_READING ? TAP_EXIT_INPUT : TAP_EXIT_FAILED;
}

int
tap_cli_fail (TapCli *self, TapCliPhase phase, const GError *error)
{
  if (error == NULL) /* a contract broken elsewhere; still an exit status and a sentence */
    {
      tap_cli_message (self, _ ("Something failed without saying why."));
      return TAP_EXIT_FAILED;
    }
  int status = exit_status_for (phase, error);
  if (status == TAP_EXIT_INTERRUPTED)
    tap_cli_message (self, _ ("Interrupted."));
  else
    tap_cli_message (self, "%s", error->message);
  return status;
}

int
tap_cli_usage (TapCli *self, const char *command, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  if (command != NULL)
    /* Translators: the first %s is a sentence; the second the name of a command. */
    tap_cli_message (self, _ ("%s Try “tapetum-cli %s --help”."), text, command);
  else
    tap_cli_message (self, _ ("%s Try “tapetum-cli --help”."), text);
  return TAP_EXIT_USAGE;
}

/* Names out of hostile files must not steer the terminal. */
static char *
printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_sized_new (strlen (valid));
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c != '\n' && c != '\t' && g_unichar_iscntrl (c))
        g_string_append (clean, "\357\277\275"); /* U+FFFD */
      else
        g_string_append_unichar (clean, c);
    }
  return g_string_free (clean, FALSE);
}

int
tap_cli_flush (TapCli *self, int status)
{
  g_autofree char *clean = printable (self->out->str);
  const char *data = clean;
  gsize left = strlen (clean);
  while (left > 0)
    {
      gssize n = write (STDOUT_FILENO, data, left);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EPIPE)
        break;
      if (n < 0)
        {
          int code = errno;
          tap_cli_message (self, _ ("Standard output cannot be written: %s."), g_strerror (code));
          status = code == ENOSPC ? TAP_EXIT_RESOURCES : TAP_EXIT_FAILED;
          break;
        }
      data += n;
      left -= (gsize) n;
    }
  g_string_truncate (self->out, 0);
  return status;
}

char *
tap_cli_number (const char *format, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  return g_strdup (g_ascii_formatd (buffer, sizeof buffer, format, value));
}

char *
tap_cli_count (guint64 value)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, value);
  GString *text = g_string_new (NULL);
  gsize n = strlen (digits);
  for (gsize i = 0; i < n; i++)
    {
      if (i > 0 && (n - i) % 3 == 0)
        g_string_append (text, "\342\200\257"); /* U+202F */
      g_string_append_c (text, digits[i]);
    }
  return g_string_free (text, FALSE);
}

static int
columns_of (const char *text)
{
  int columns = 0;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (!g_unichar_iszerowidth (c))
        columns += g_unichar_iswide (c) ? 2 : 1;
    }
  return columns;
}

char *
tap_cli_pad (const char *text, int columns)
{
  int missing = MAX (0, ABS (columns) - columns_of (text));
  return columns < 0 ? g_strdup_printf ("%*s%s", missing, "", text) :
                       g_strdup_printf ("%s%*s", text, missing, "");
}
