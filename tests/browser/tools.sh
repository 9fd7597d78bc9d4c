#!/bin/sh
# What `make browser` needs: Chromium and node from Debian's packages, axe-core and playwright-core from npm in build/browser.
# Where these cannot be had, it says how to get them and goes on: the tests are skipped then.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
into=$here/../../build/browser
packages="chromium nodejs npm"

if ! { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null ||
  ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "make browser needs Chromium, node and npm. On Debian or Ubuntu, as root: apt-get install $packages" >&2
    exit 0
  fi
  echo "installing $packages with apt-get"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $packages; } \
    >/dev/null || { echo "apt-get could not install $packages" >&2; exit 0; }
fi

mkdir -p "$into"
if ! cmp -s "$here/package.json" "$into/package.json" || [ ! -d "$into/node_modules/playwright-core" ]; then
  echo "installing axe-core and playwright-core with npm"
  cp "$here/package.json" "$into/package.json"
  (cd "$into" && npm install --silent --no-audit --no-fund --no-package-lock) ||
    { rm -f "$into/package.json"; echo "npm could not install them; is its registry reachable?" >&2; }
fi
