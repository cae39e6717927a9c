#!/bin/bash
# with-display.sh - runs a command on a display of its own, with settings of its own
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   tests/ui/with-display.sh [-s 1280x800] [-w] COMMAND...
#
# -s: size of the screen; -w: with a window manager (openbox). Exit status 77 (a skip for Meson) when there
# is no Xvfb. Display numbers are found by the server, so that runs do not meet.
set -u
size=1280x800
manager=
while getopts s:w option; do
  case $option in
    s) size=$OPTARG ;;
    w) manager=yes ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))

if ! command -v Xvfb >/dev/null; then
  echo "1..0 # SKIP Xvfb is not installed"
  exit 77
fi

home=$(mktemp -d) || exit 1
chmod 700 "$home"
export XDG_RUNTIME_DIR=$home HOME=$home XDG_CONFIG_HOME=$home/config XDG_CACHE_HOME=$home/cache XDG_DATA_HOME=$home/data
mkdir -p "$XDG_CONFIG_HOME/gtk-4.0"
printf '[Settings]\ngtk-font-name=Cantarell 11\ngtk-enable-animations=false\n' >"$XDG_CONFIG_HOME/gtk-4.0/settings.ini"

exec {ready}<> <(:)
Xvfb -displayfd "$ready" -screen 0 "${size}x24" -nolisten tcp +extension GLX >"$home/xvfb.log" 2>&1 &
server=$!
wm=
trap 'kill $wm $server 2>/dev/null; rm -rf "$home"' EXIT
read -r -t 30 -u "$ready" number || { echo "Bail out! Xvfb did not start"; exit 1; }
export DISPLAY=:$number GDK_BACKEND=x11 GSK_RENDERER=${GSK_RENDERER:-cairo} GSETTINGS_BACKEND=${GSETTINGS_BACKEND:-memory}
export GTK_A11Y=${GTK_A11Y:-none} GIO_USE_VFS=local GTK_USE_PORTAL=0
unset WAYLAND_DISPLAY
if [ -n "$manager" ] && command -v openbox >/dev/null; then
  openbox >/dev/null 2>&1 &
  wm=$!
  sleep 0.5
fi

if [ -z "${DBUS_SESSION_BUS_ADDRESS:-}" ] && command -v dbus-run-session >/dev/null; then
  dbus-run-session -- "$@" 2> >(grep -v "^dbus-daemon" >&2)
else
  "$@"
fi
