#!/bin/sh
# Installs what is missing, builds, and runs every test:   tests/run.sh [-R REGEX] [CTEST OPTION]...
#   --build    install what the build needs, build the two programs, and stop
#   --install  install everything the tests need, and stop
# On a fresh Debian 12 as root or with sudo. The build is kept in .build/ (or $BUILD_DIR); a second run rebuilds nothing.
# With CI=true a test that would be skipped fails instead.
set -eu

cd "$(dirname "$0")/.."
build=${BUILD_DIR:-.build}

say() { printf '%s\n' "$*" >&2; }

# The packages of the named sections of tests/packages.txt that are not installed, on one line.
missing_packages() {
  sections=" $* "
  section=
  while read -r package condition command; do
    case $package in
      '' | '#'*) continue ;;
      '['*) section=${package#[}; section=${section%]}; continue ;;
    esac
    case $sections in *" $section "*) ;; *) continue ;; esac
    if [ "$condition" = unless ] && command -v "$command" >/dev/null; then continue; fi
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || printf '%s ' "$package"
  done <tests/packages.txt
}

install_missing() {
  packages=$(missing_packages "$@")
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" = 0 ]; then sudo=
  elif sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; then sudo=sudo
  else
    say "missing Debian packages, and neither root nor sudo to install them:"
    say "  apt-get install --no-install-recommends $packages"
    needed=$(missing_packages build)
    case " $* " in *' test '*) needed=$(missing_packages build test) ;; esac
    [ -z "$needed" ] || exit 1
    say "the tests that need them will be skipped"
    return 0
  fi
  say "installing: $packages"
  # RUNLEVEL=1: servers that come with a package are not started; every test starts its own.
  $sudo apt-get -q update >&2
  # A machine of CI is not kept: there dpkg need not wait for the disk after every package.
  fast=
  [ "${CI-}" != true ] || fast='-o Dpkg::Options::=--force-unsafe-io'
  # shellcheck disable=SC2086 # lists of words
  $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -o DPkg::Lock::Timeout=600 $fast -q -y install --no-install-recommends $packages >&2 </dev/null
}

build() {
  [ -f "$build/build.ninja" ] || cmake -S . -B "$build" -G Ninja   # ninja runs cmake again where that is needed
  cmake --build "$build" "$@"
}

case ${1-} in
  --build) install_missing build; build --target hushrun hushkit >&2; exit 0 ;;
  --install) install_missing build test engines; exit 0 ;;
esac

install_missing build test engines
build
exec ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)" "$@"
