#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Fails when a file with strings for people is missing from po/POTFILES, or is listed and has none.
# Usage: check-potfiles.sh [SOURCE-ROOT [--update]]
set -eu
export LC_ALL=C
cd "${1:-$(dirname "$0")/..}"

with_strings () {
  grep -rlE --include='*.c' '(^|[^A-Za-z0-9_])(_|N_|C_|NC_|Q_|ngettext|g_dngettext)[[:space:]]*\([[:space:]]*("|$)' src || true
  grep -rlE --include='*.ui' --include='*.gschema.xml' 'translatable="(yes|true|1)"|<summary>' ui data || true
  ls data/*.desktop.in data/*.metainfo.xml.in
}

wanted=$(with_strings | sort -u)
if [ "${2:-}" = --update ]; then
  { echo '# Files with strings for people; tests/check-potfiles.sh keeps this list honest.'; echo "$wanted"; } >po/POTFILES
fi
listed=$(sed 's/#.*//; /^[[:space:]]*$/d' po/POTFILES | sort -u)
if [ "$wanted" = "$listed" ]; then
  echo 'potfiles: ok'
  exit 0
fi
echo 'po/POTFILES differs (-: listed without reason, +: missing):'
old=$(mktemp); new=$(mktemp)
echo "$listed" >"$old"; echo "$wanted" >"$new"
diff -u0 "$old" "$new" | grep '^[-+][^-+]' || true
rm -f "$old" "$new"
exit 1
