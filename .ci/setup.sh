# shellcheck shell=sh
# What ./start and ./check share: finding what is missing, and installing it with the system's own tool.
# Sourced, not run. SPDX-License-Identifier: GPL-3.0-or-later

say () {
  printf '%s\n' "$*" >&2
}

die () {
  say "$*"
  exit 1
}

as_root () {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    say 'Packages are missing, and installing them needs root or sudo. As root, run:'
    die "  $*"
  fi
}

# Package names by distribution. BUILD is enough to build and run; TEST comes on top for ./check.
debian_build='gcc libc6-dev meson ninja-build pkg-config gettext
  libglib2.0-dev libgtk-4-dev libadwaita-1-dev libgdk-pixbuf-2.0-dev libcairo2-dev libpango1.0-dev
  libpng-dev libjson-glib-dev libnanopb-dev libcgif-dev libopenblas0-pthread
  librsvg2-common shared-mime-info adwaita-icon-theme fonts-dejavu-core libgl1-mesa-dri'
debian_test='clang libclang-rt-dev xvfb xdotool openbox imagemagick dbus-daemon at-spi2-core
  python3 libxml2-utils desktop-file-utils appstream groff-base git diffutils
  fonts-cantarell'
fedora_build='gcc meson ninja-build pkgconf-pkg-config gettext
  glib2-devel gtk4-devel libadwaita-devel gdk-pixbuf2-devel cairo-devel pango-devel
  libpng-devel json-glib-devel nanopb-devel libcgif-devel openblas-threads
  librsvg2 shared-mime-info adwaita-icon-theme dejavu-sans-fonts mesa-dri-drivers'
fedora_test='clang compiler-rt libasan libubsan xorg-x11-server-Xvfb xdotool openbox ImageMagick
  dbus-daemon at-spi2-core python3 libxml2 desktop-file-utils appstream groff-base git diffutils procps-ng'
arch_build='gcc meson ninja pkgconf gettext
  glib2-devel gtk4 libadwaita gdk-pixbuf2 cairo pango libpng json-glib libcgif openblas
  librsvg shared-mime-info adwaita-icon-theme ttf-dejavu mesa'
arch_test='clang compiler-rt xorg-server-xvfb xdotool openbox imagemagick
  dbus at-spi2-core python libxml2 desktop-file-utils appstream groff git diffutils procps-ng'
suse_build='gcc meson ninja pkg-config gettext-tools
  glib2-devel gtk4-devel libadwaita-devel gdk-pixbuf-devel cairo-devel pango-devel
  libpng16-devel json-glib-devel nanopb-devel cgif-devel libopenblas0
  gdk-pixbuf-loader-rsvg shared-mime-info adwaita-icon-theme dejavu-fonts Mesa-dri'
suse_test='clang xorg-x11-server-Xvfb xdotool openbox ImageMagick
  dbus-1-daemon at-spi2-core python3 libxml2-tools desktop-file-utils AppStream groff git diffutils procps'

install_debian () {
  missing=
  for package in $1; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
      'install ok installed') ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -z "$missing" ] && return
  say "Installing:$missing"
  # shellcheck disable=SC2086
  set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=600 $missing
  found=$(find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | head -n 1)
  if [ -n "$found" ] && as_root "$@"; then
    return
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update
  as_root "$@" || die 'The packages could not be installed.'
}

# Installs what $1 (build or test) needs and this system lacks.
install_packages () {
  install_packages_of "$1" >&2
}

install_packages_of () {
  if command -v apt-get >/dev/null 2>&1; then
    packages=$debian_build
    [ "$1" = test ] && packages="$packages $debian_test"
    install_debian "$packages"
  elif command -v dnf >/dev/null 2>&1; then
    packages=$fedora_build
    [ "$1" = test ] && packages="$packages $fedora_test"
    # shellcheck disable=SC2086
    rpm -q $packages >/dev/null 2>&1 || as_root dnf install -y --setopt=install_weak_deps=False $packages
  elif command -v pacman >/dev/null 2>&1; then
    packages=$arch_build
    [ "$1" = test ] && packages="$packages $arch_test"
    [ -e /usr/include/pb_decode.h ] || [ -e /usr/include/nanopb/pb_decode.h ] ||
      say 'nanopb comes from the AUR here: install the package “nanopb” if the build misses it.'
    # shellcheck disable=SC2086
    pacman -Q $packages >/dev/null 2>&1 || as_root pacman -S --needed --noconfirm $packages
  elif command -v zypper >/dev/null 2>&1; then
    packages=$suse_build
    [ "$1" = test ] && packages="$packages $suse_test"
    # shellcheck disable=SC2086
    rpm -q $packages >/dev/null 2>&1 ||
      as_root zypper --non-interactive install --no-recommends $packages
  else
    say 'No package manager that is known here. The build needs, by their Debian names:'
    say "  $debian_build"
    [ "$1" = test ] && say "and the tests: $debian_test"
    say 'Going on with what is there.'
  fi
}

# Sets up build folder $1 with the options that follow, once.
set_up () {
  folder=$1
  shift
  [ -f "$folder/build.ninja" ] || meson setup "$folder" "$@" >&2 || die 'Meson found something missing.'
}
