/* tap-diagram-blocks.c - what repeats in a network, told by structure first and names second
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stacks through which everything passes (cut vertices) divide the network into tokens: plain ones, a
 * single such stack, and branching ones, the branches with the stack that joins them. A branching token
 * is a block; it takes the plain neighbours that share its name prefix ("fire2/squeeze") or, without
 * telling names, those that repeat with it. Plain sequences that repeat four times are blocks as well
 * (MobileNet). Three and more equal blocks in a row are a run. Built alike means the same operators,
 * kernels and strides, wired alike; channels may differ. */
#include "config.h"

#include "render/tap-diagram-private.h"

#include <string.h>

/* A network this small is clearer drawn whole. */
#define SMALL_NETWORK     12
/* A block of fewer stacks than this would save nothing. */
#define BLOCK_STACKS_MIN  3
#define RUN_BLOCKS_MIN    3
#define PERIOD_MAX        4
#define PLAIN_REPEATS_MIN 4

typedef struct
{
  int first, last; /* stacks */
  gboolean branches;
  gboolean is_block;
  char *prefix;
  char *signature;
} Token;

static void
token_clear (gpointer data)
{
  Token *token = data;

  g_free (token->prefix);
  g_free (token->signature);
}

#define token_at(tokens, i) (&g_array_index (tokens, Token, i))

/* Operators, kernels, strides and wiring relative to the first stack. */
static char *
sign (const TapBlocks *self, int first, int last)
{
  GString *text = g_string_new (NULL);

  for (int s = first; s <= last; s++)
    {
      const TapStack *stack = tap_blocks_stack (self, s);

      g_string_append_c (text, '[');
      for (guint i = 0; i < stack->nodes->len; i++)
        {
          const TapNode *node =
            tap_graph_get_node (self->graph, g_array_index (stack->nodes, int, i));
          g_autofree char *operation = NULL;

          /* at run time it does nothing, and only the last of equal blocks has one */
          if (i > 0 && g_str_equal (node->op_type, "Dropout"))
            continue;
          operation = tap_diagram_operation (self->graph, node, FALSE);
          g_string_append_printf (text, "%s;", operation);
        }
      for (guint i = 0; i < stack->before->len; i++)
        {
          int before = g_array_index (stack->before, int, i);

          if (before >= first)
            g_string_append_printf (text, "-%d", s - before);
          else
            g_string_append (text, "-in");
        }
      g_string_append_c (text, ']');
    }
  return g_string_free (text, FALSE);
}

/* Longest folder-like prefix that all names of the stacks share, without the last slash; or NULL. */
static char *
common_folder (const TapBlocks *self, int first, int last)
{
  const char *base = NULL;
  gsize length = 0;

  for (int s = first; s <= last; s++)
    {
      const TapStack *stack = tap_blocks_stack (self, s);
      const char *name;
      gsize same = 0;

      if (stack->nodes->len == 0)
        return NULL;
      /* what is glued on may come from elsewhere: the dropout after the last block */
      name = tap_graph_get_node (self->graph, g_array_index (stack->nodes, int, 0))->name;
      if (base == NULL)
        {
          base = name;
          length = strlen (name);
        }
      while (same < length && name[same] == base[same])
        same++;
      /* a prefix ends where both names go on below the same folder */
      while (same > 0 && !(base[same] == '/' && name[same] == '/'))
        same--;
      length = same;
    }
  return length > 0 && base != NULL ? g_strndup (base, length) : NULL;
}

static gboolean
lies_in (const TapBlocks *self, const Token *token, const char *prefix)
{
  g_autofree char *own = common_folder (self, token->first, token->last);

  return own != NULL && g_str_has_prefix (own, prefix) &&
         (own[strlen (prefix)] == '/' || own[strlen (prefix)] == '\0');
}

static GArray *
make_tokens (const TapBlocks *self)
{
  GArray *tokens = g_array_new (FALSE, TRUE, sizeof (Token));
  int n = (int) self->stacks->len, first = 0;
  g_autofree int *passing = g_new0 (int, n + 2);

  g_array_set_clear_func (tokens, token_clear);
  for (int s = 0; s < n; s++)
    {
      const TapStack *stack = tap_blocks_stack (self, s);

      for (guint i = 0; i < stack->before->len; i++)
        {
          passing[g_array_index (stack->before, int, i) + 1]++;
          passing[s]--;
        }
    }
  for (int s = 0, open = 0; s < n; s++)
    {
      Token token = { 0 };

      open += passing[s];
      if (open > 0 && s + 1 < n)
        continue;
      token.first = first;
      token.last = s;
      token.branches = s > first;
      token.signature = sign (self, first, s);
      if (token.branches)
        token.prefix = common_folder (self, first, s);
      g_array_append_val (tokens, token);
      first = s + 1;
    }
  return tokens;
}

/* Replaces tokens first … first + n - 1 by one. */
static void
merge (const TapBlocks *self, GArray *tokens, int first, int n, const char *prefix)
{
  Token merged = {
    .first = token_at (tokens, first)->first,
    .last = token_at (tokens, first + n - 1)->last,
    .is_block = TRUE,
    .prefix = g_strdup (prefix),
  };

  for (int i = first; i < first + n; i++)
    merged.branches = merged.branches || token_at (tokens, i)->branches;
  merged.signature = sign (self, merged.first, merged.last);
  token_clear (token_at (tokens, first));
  *token_at (tokens, first) = merged;
  if (n > 1)
    g_array_remove_range (tokens, first + 1, n - 1);
}

/* A prefix names a block only when no other branching token has it. */
static gboolean
names_one (GArray *tokens, guint own)
{
  const char *prefix = token_at (tokens, own)->prefix;

  for (guint i = 0; i < tokens->len; i++)
    {
      const char *other = token_at (tokens, i)->prefix;

      if (i != own && other != NULL && g_str_has_prefix (other, prefix) &&
          (other[strlen (prefix)] == '\0' || other[strlen (prefix)] == '/'))
        return FALSE;
    }
  return TRUE;
}

static void
merge_by_name (const TapBlocks *self, GArray *tokens)
{
  g_autofree gboolean *telling = g_new0 (gboolean, tokens->len + 1);

  for (guint i = 0; i < tokens->len; i++)
    telling[i] = token_at (tokens, i)->prefix != NULL && names_one (tokens, i);
  for (guint i = 0; i < tokens->len; i++)
    if (!telling[i])
      g_clear_pointer (&token_at (tokens, i)->prefix, g_free);
  for (guint i = 0; i < tokens->len; i++)
    {
      g_autofree char *prefix = g_strdup (token_at (tokens, i)->prefix);
      guint first = i, last = i;

      if (prefix == NULL || token_at (tokens, i)->is_block)
        continue;
      while (first > 0 && !token_at (tokens, first - 1)->is_block &&
             lies_in (self, token_at (tokens, first - 1), prefix))
        first--;
      while (last + 1 < tokens->len && lies_in (self, token_at (tokens, last + 1), prefix))
        last++;
      if (token_at (tokens, last)->last - token_at (tokens, first)->first + 1 >= BLOCK_STACKS_MIN)
        {
          merge (self, tokens, (int) first, (int) (last - first + 1), prefix);
          i = first;
        }
    }
}

/* How many times the @period tokens from @first on stand in a row. */
static int
count_repeats (GArray *tokens, int first, int period)
{
  int same = 0;

  while (first + period + same < (int) tokens->len)
    {
      const Token *a = token_at (tokens, first + same);
      const Token *b = token_at (tokens, first + same + period);

      if (a->is_block || b->is_block || !g_str_equal (a->signature, b->signature))
        break;
      same++;
    }
  return same / period + 1;
}

static void
merge_repeats (const TapBlocks *self, GArray *tokens)
{
  for (int period = 2; period <= PERIOD_MAX; period++)
    for (int first = 0; first + period <= (int) tokens->len; first++)
      {
        int repeats = count_repeats (tokens, first, period), branching = 0, kinds = 0;

        for (int i = first; i < first + period; i++)
          {
            branching += token_at (tokens, i)->branches;
            kinds +=
              !g_str_equal (token_at (tokens, i)->signature, token_at (tokens, first)->signature);
          }
        if (branching > 1 || kinds == 0 || repeats < (branching == 1 ? 2 : PLAIN_REPEATS_MIN))
          continue;
        for (int i = 0; i < repeats; i++)
          merge (self, tokens, first + i, period, NULL);
        first += repeats - 1;
      }
}

/* --- titles ------------------------------------------------------------------------------- */

/* Longest common beginning of the names that ends at a border of a word: "res2a". NULL when it tells nothing. */
static char *
common_word (const TapBlocks *self, int first, int last)
{
  const char *base = NULL;
  gsize length = 0;
  char *word;

  for (int s = first; s <= last; s++)
    {
      const TapStack *stack = tap_blocks_stack (self, s);
      const TapNode *node;
      gsize same = 0;

      if (stack->nodes->len == 0)
        return NULL;
      node = tap_graph_get_node (self->graph, g_array_index (stack->nodes, int, 0));
      if (base == NULL)
        {
          base = node->name;
          length = strlen (base);
        }
      while (same < length && node->name[same] == base[same])
        same++;
      while (same > 0 && (g_ascii_isalnum (base[same]) || g_ascii_isalnum (node->name[same])))
        same--;
      length = same;
    }
  while (length > 0 && !g_ascii_isalnum (base[length - 1]))
    length--;
  if (length < 3)
    return NULL;
  word = g_strndup (base, length);
  /* "Conv" of "Conv_12" is no name */
  if (strpbrk (word, "0123456789") == NULL)
    g_clear_pointer (&word, g_free);
  return word;
}

static const char *
generic_title (const TapBlocks *self, const Token *token)
{
  const TapStack *join = tap_blocks_stack (self, token->last);
  const char *op =
    join->nodes->len > 0 ?
      tap_graph_get_node (self->graph, g_array_index (join->nodes, int, 0))->op_type :
      "";

  if (!token->branches)
    return "Block";
  if (g_str_equal (op, "Add") || g_str_equal (op, "Sum"))
    return "Residual";
  if (g_str_equal (op, "Concat"))
    return "Branches";
  if (g_str_equal (op, "Mul"))
    return "Gated";
  return "Block";
}

static char *
make_title (const TapBlocks *self, const Token *token, GHashTable *titles)
{
  char *title = NULL;

  if (token->prefix != NULL)
    {
      const char *slash = strrchr (token->prefix, '/');

      title = g_strdup (slash != NULL && slash[1] != '\0' ? slash + 1 : token->prefix);
    }
  else
    title = common_word (self, token->first, token->last);
  if (title != NULL && g_hash_table_contains (titles, title))
    g_clear_pointer (&title, g_free);
  for (int number = 1; title == NULL; number++)
    {
      title = g_strdup_printf ("%s %d", generic_title (self, token), number);
      if (g_hash_table_contains (titles, title))
        g_clear_pointer (&title, g_free);
    }
  g_hash_table_add (titles, g_strdup (title));
  return title;
}

/* --- blocks and runs ---------------------------------------------------------------------- */

static int
add_block (TapBlocks *self, int first, int last)
{
  TapBlock *block = g_new0 (TapBlock, 1);

  block->first = first;
  block->last = last;
  block->repeat = 1;
  block->run = -1;
  g_ptr_array_add (self->blocks, block);
  return (int) self->blocks->len - 1;
}

/* "fire6 – 9" for fire6 and fire9 */
static char *
range_title (const char *first, const char *last)
{
  gsize same = 0;

  while (first[same] != '\0' && first[same] == last[same])
    same++;
  while (same > 0 && (g_ascii_isdigit (last[same - 1]) || (last[same] & 0xc0) == 0x80))
    same--;
  if (same < 3 || last[same] == '\0')
    same = 0;
  return g_strdup_printf ("%s – %s", first, last + same);
}

static void
add_runs (TapBlocks *self)
{
  int n = (int) self->blocks->len;

  for (int first = 0, end; first < n; first = end)
    {
      const TapBlock *head = tap_blocks_block (self, first);
      int id;

      for (end = first + 1; end < n; end++)
        if (tap_blocks_block (self, end)->first != tap_blocks_block (self, end - 1)->last + 1 ||
            !g_str_equal (tap_blocks_block (self, end)->signature, head->signature))
          break;
      if (end - first < RUN_BLOCKS_MIN)
        continue;
      id = add_block (self, head->first, tap_blocks_block (self, end - 1)->last);
      tap_blocks_block (self, id)->repeat = end - first;
      tap_blocks_block (self, id)->title =
        range_title (head->title, tap_blocks_block (self, end - 1)->title);
      for (int i = first; i < end; i++)
        tap_blocks_block (self, i)->run = id;
      for (int s = head->first; s <= tap_blocks_block (self, id)->last; s++)
        tap_blocks_stack (self, s)->run = id;
    }
}

void
tap_blocks_find (TapBlocks *self)
{
  int n = (int) self->stacks->len;
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GHashTable) titles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (n <= SMALL_NETWORK)
    return;
  tokens = make_tokens (self);
  merge_by_name (self, tokens);
  merge_repeats (self, tokens);
  for (guint i = 0; i < tokens->len; i++)
    {
      const Token *token = token_at (tokens, i);
      int size = token->last - token->first + 1;
      TapBlock *block;
      int id;

      /* one block that is nearly everything hides the network instead of ordering it */
      if (!(token->is_block || token->branches) || size < BLOCK_STACKS_MIN - !token->branches ||
          size > n * 2 / 3)
        continue;
      id = add_block (self, token->first, token->last);
      block = tap_blocks_block (self, id);
      block->title = make_title (self, token, titles);
      block->prefix = g_strdup (token->prefix);
      block->signature = g_strdup (token->signature);
      for (int s = token->first; s <= token->last; s++)
        tap_blocks_stack (self, s)->block = id;
    }
  add_runs (self);
}
