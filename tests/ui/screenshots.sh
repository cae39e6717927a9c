#!/bin/bash
# screenshots.sh - takes the pictures of the README and of the metainfo from the real program
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   tests/ui/screenshots.sh BUILD [FOLDER]
#
# BUILD: a build folder; FOLDER: where the pictures go (data/screenshots). Needs Xvfb, openbox, xdotool and
# ImageMagick. SIZE=1920x1080 takes larger ones. Settings of the user are neither read nor changed.
set -eu
here=$(dirname "$(readlink -f "$0")")

if [ "${1:-}" != --inside ]; then
  build=$(readlink -f "$1")
  folder=${2:-$here/../../data/screenshots}
  mkdir -p "$folder"
  size=${SIZE:-1280x800}
  for style in light dark; do
    GSETTINGS_BACKEND=keyfile GSETTINGS_SCHEMA_DIR=$build/data \
      "$here/with-display.sh" -s "$size" -w "$0" --inside "$build" "$(readlink -f "$folder")" $style
  done
  exit
fi

build=$2 folder=$3 style=$4
suffix=
[ "$style" = light ] || suffix=-dark
mkdir -p "$XDG_CONFIG_HOME/glib-2.0/settings"
printf '[io/github/tapetum/Tapetum]\nwindow-maximized=true\ncolour-scheme='"'%s'"'\n' "$style" \
  >"$XDG_CONFIG_HOME/glib-2.0/settings/keyfile"

shot () {
  sleep 0.7
  import -window root -strip "$folder/$1$suffix.png"
}

"$build/src/app/tapetum" &
program=$!
trap 'kill $program 2>/dev/null || true' EXIT
timeout 30 xdotool search --sync --onlyvisible --name '^Tapetum$' >/dev/null
eval "$(xdotool getdisplaygeometry --shell)"
sleep 2
shot start

# The example button is the last thing on the start page that Tab reaches; Alt+E is its mnemonic.
xdotool key alt+e
sleep 3
xdotool mousemove $((WIDTH - 4)) $((HEIGHT / 2))
shot layers

# A boat that wears the mark: the network looks at the corner.
for _ in 1 2 3; do xdotool key ctrl+Right; sleep 0.4; done
xdotool key alt+2
sleep 1.5
xdotool key ctrl+r
sleep 5
xdotool mousemove $((WIDTH * 37 / 100)) $((HEIGHT * 34 / 100)) mousedown 1
for i in $(seq 12); do
  xdotool mousemove $((WIDTH * 37 / 100 + i * WIDTH * 82 / 12000)) $((HEIGHT * 34 / 100 + i * HEIGHT * 131 / 12000))
  sleep 0.05
done
xdotool mouseup 1
xdotool mousemove $((WIDTH - 4)) $((HEIGHT / 2))
shot occlusion
xdotool key ctrl+q
wait $program
