/* mutate.c - repeatable damage to files
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Damage inside weights changes nothing that a reader decides by, so nine times in ten it goes to
 * the structure: positions that a generic walk of the protobuf finds outside of large leaves. In a file
 * that is no protobuf everything is structure. */
#include "config.h"

#include "mutate.h"

#include "formats/proto/tap-proto.h"

#include <string.h>

#define LARGE_LEAF 512

struct _Mutator
{
  GBytes *bytes;
  const guint8 *data;
  gsize size;
  GArray *structure; /* gsize positions */
  GRand *rand;
};

/* Whether @field reads as a message to its end. */
static gboolean
is_message (const TapProto *parent, const TapProtoField *field)
{
  TapProto message;
  TapProtoField part;
  int n = 0;

  if (!tap_proto_enter (parent, field, &message, NULL) || field->length == 0)
    return FALSE;
  while (tap_proto_next (&message, &part, NULL))
    if (part.number > 200 || ++n > 10000)
      return FALSE;
  return !message.failed;
}

static void
note (Mutator *self, const guint8 *from, const guint8 *to)
{
  for (; from < to; from++)
    {
      gsize at = (gsize) (from - self->data);

      g_array_append_val (self->structure, at);
    }
}

static void
walk (Mutator *self, TapProto message)
{
  TapProtoField field;
  const guint8 *start = message.data;

  while (self->structure->len < 200000 && tap_proto_next (&message, &field, NULL))
    {
      TapProto inner;

      if (field.wire != PB_WT_STRING || field.length < LARGE_LEAF)
        note (self, start, message.data);
      else
        {
          note (self, start, field.data + 4);
          if (is_message (&message, &field) && tap_proto_enter (&message, &field, &inner, NULL))
            walk (self, inner);
        }
      start = message.data;
    }
}

Mutator *
mutator_new (GBytes *bytes, const char *name)
{
  Mutator *self = g_new0 (Mutator, 1);
  TapProto message;

  self->bytes = g_bytes_ref (bytes);
  self->data = g_bytes_get_data (bytes, &self->size);
  self->rand = g_rand_new_with_seed (g_str_hash (name));
  self->structure = g_array_new (FALSE, FALSE, sizeof (gsize));
  tap_proto_init (&message, self->data, self->size);
  walk (self, message);
  return self;
}

void
mutator_free (Mutator *self)
{
  g_bytes_unref (self->bytes);
  g_array_unref (self->structure);
  g_rand_free (self->rand);
  g_free (self);
}

static gsize
pick (Mutator *self)
{
  if (self->structure->len < 16 || g_rand_int_range (self->rand, 0, 10) == 0)
    return (gsize) (g_rand_double (self->rand) * (double) self->size) % self->size;
  return g_array_index (self->structure, gsize,
                        g_rand_int_range (self->rand, 0, (gint32) self->structure->len));
}

static void
replace (GByteArray *copy, gsize at, gsize length, const guint8 *with, gsize n)
{
  g_autoptr (GByteArray) tail = g_byte_array_new ();

  length = MIN (length, copy->len - at);
  g_byte_array_append (tail, copy->data + at + length, (guint) (copy->len - at - length));
  g_byte_array_set_size (copy, (guint) at);
  g_byte_array_append (copy, with, (guint) n);
  g_byte_array_append (copy, tail->data, tail->len);
}

static void
damage (Mutator *self, GByteArray *copy)
{
  static const guint8 telling[] = { 0, 1, 2, 0x7f, 0x80, 0xfe, 0xff };
  static const char *const words[] = { "-1", "0",  "99999999999999999999", "1e308",  "nan", "{",
                                       "}",  "\"", "4294967295",           "layer {" };
  guint8 stuffing[16];
  gsize at = pick (self), from = pick (self), n;
  const char *word;

  at = MIN (at, copy->len - 1);
  switch (g_rand_int_range (self->rand, 0, 8))
    {
    case 0:
    case 1:
      copy->data[at] ^= (guint8) (1 << g_rand_int_range (self->rand, 0, 8));
      break;
    case 2:
      copy->data[at] = (guint8) g_rand_int_range (self->rand, 0, 256);
      break;
    case 3:
      copy->data[at] = telling[g_rand_int_range (self->rand, 0, G_N_ELEMENTS (telling))];
      break;
    case 4: /* a varint that is too long, or says too much */
      n = (gsize) g_rand_int_range (self->rand, 1, 12);
      memset (stuffing, 0xff, n);
      stuffing[n - 1] = 0x7f;
      replace (copy, at, (gsize) g_rand_int_range (self->rand, 0, 3), stuffing, n);
      break;
    case 5: /* a piece of the file somewhere else */
      n = (gsize) g_rand_int_range (self->rand, 1, 200);
      n = MIN (n, self->size - from);
      replace (copy, at, g_rand_boolean (self->rand) ? n : 0, self->data + from, n);
      break;
    case 6:
      replace (copy, at, (gsize) g_rand_int_range (self->rand, 1, 40), (const guint8 *) "", 0);
      break;
    default:
      word = words[g_rand_int_range (self->rand, 0, G_N_ELEMENTS (words))];
      replace (copy, at, (gsize) g_rand_int_range (self->rand, 0, 4), (const guint8 *) word,
               strlen (word));
      break;
    }
}

GBytes *
mutator_next (Mutator *self, guint i)
{
  GByteArray *copy;
  int n;

  if (i < 100)
    return g_bytes_new (self->data, self->size * i / 100);
  copy = g_byte_array_sized_new ((guint) self->size + 256);
  g_byte_array_append (copy, self->data, (guint) self->size);
  n = i % 4 == 0 ? g_rand_int_range (self->rand, 2, 6) : 1;
  for (int k = 0; k < n && copy->len > 1; k++)
    damage (self, copy);
  return g_byte_array_free_to_bytes (copy);
}
