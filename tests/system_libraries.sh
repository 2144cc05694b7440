#!/bin/sh
# Install the libraries WeasyPrint needs from the system, only when loading it fails.
# Usage: system_libraries.sh PYTHON
set -eu

"$1" -c 'import weasyprint' >/dev/null 2>&1 && exit 0

say() { echo "$@" >&2; }

if command -v apt-get >/dev/null; then
  packages=$("$1" -c 'from reporter.render.typesetting import DEBIAN_PACKAGES as names; print(names)')
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "WeasyPrint needs Pango. As root, run: apt-get install $packages"
      exit 1
    fi
    as_root="sudo"
  fi
  say "WeasyPrint needs Pango: installing $packages with apt-get."
  $as_root apt-get update -qq >/dev/null
  # shellcheck disable=SC2086  # a list of packages
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $packages >/dev/null
elif command -v brew >/dev/null; then
  say "WeasyPrint needs Pango: installing pango with brew."
  brew install --quiet pango
else
  say "WeasyPrint needs Pango, and neither apt-get nor brew is here to install it."
  say "See https://doc.courtbouillon.org/weasyprint/stable/first_steps.html"
  exit 1
fi

"$1" -c 'import weasyprint'
