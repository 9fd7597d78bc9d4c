#!/bin/sh
# put.sh FROM TO: every file below FROM to its place below TO, in one step each: a library that a process has loaded must
# not change under it.
set -eu
cd "$1" 2>/dev/null || exit 0 # without a compiler nothing was built
find . -type f | while read -r file; do
  mkdir -p "$OLDPWD/$(dirname "$2/$file")" 2>/dev/null || mkdir -p "$(dirname "$2/$file")"
  cp "$file" "$2/$file.new"
  mv -f "$2/$file.new" "$2/$file"
done
