#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fails when a file under src/ includes a header of a room it may not see, or a library that is not its own.

Usage: check-layers.py SRC
"""
import pathlib
import re
import sys

LIBRARY = {
    "core", "ops", "engine", "formats", "pictures", "methods", "embed", "index", "render", "figure", "job", "example",
}
MAY_SEE = {  # room: the rooms it may include, besides itself
    "core": set(),
    "ops": {"core"},
    "engine": {"core", "ops"},
    "formats": {"core", "ops"},
    "pictures": {"core"},
    "methods": {"core", "ops", "engine"},
    "embed": {"core"},
    "index": {"core", "engine", "pictures"},
    "render": {"core", "ops"},
    "figure": {"core", "ops", "render"},
    "job": {"core"},
    "example": {"core", "ops", "formats", "pictures"},
    "cli": LIBRARY,
    "app": LIBRARY,
}
# System headers that only some rooms may name; what is not listed (libc, GLib, GIO) is for all.
FOREIGN = {
    re.compile(r"<(gtk|gdk|gsk|adwaita|graphene|epoxy)[./]"): {"app"},
    re.compile(r"<gdk-pixbuf/"): {"pictures", "app"},
    re.compile(r"<(cairo|pango)"): {"render", "figure", "app"},
    re.compile(r"<(pb|pb_decode|pb_common)\.h>"): {"formats"},
    re.compile(r"<(png|cgif)\.h>"): {"figure"},
    re.compile(r"<json-glib/"): {"cli"},
    re.compile(r"<(glib/gi18n)\.h>"): {"cli", "app"},
    re.compile(r"<(cblas|openblas)"): {"engine"},
    re.compile(r"<gmodule\.h>"): {"engine"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', re.M)


def problems(src):
    for path in sorted(src.rglob("*.[ch]")):
        room = path.relative_to(src).parts[0]
        text = path.read_text(errors="replace")
        if room not in MAY_SEE:
            yield f"{path}: {room} is no room that this check knows"
            continue
        for quoted, system in INCLUDE.findall(text):
            for pattern, rooms in FOREIGN.items():
                if system and pattern.match(system) and room not in rooms:
                    yield f"{path}: {system} is only for {', '.join(sorted(rooms))}"
            target = quoted.split("/")[0] if "/" in quoted else room
            if target in MAY_SEE and target != room and target not in MAY_SEE[room]:
                yield f"{path}: {room} may not include {quoted}"
            elif quoted and "/" in quoted and target not in MAY_SEE:
                yield f"{path}: {quoted} is not a path from src/"


def main():
    src = pathlib.Path(sys.argv[1])
    found = list(problems(src))
    print("\n".join(found) or "layers: ok")
    return 1 if found else 0


sys.exit(main())
