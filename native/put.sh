#!/bin/sh
# put.sh FROM TO: every file below FROM to its place below TO, each in one step: a library must not change under a process
# that has loaded it.
set -eu
from=$1 to=$2
test -d "$from" || exit 0 # without a compiler nothing was built

(cd "$from" && find . -type f) | while read -r file; do
  mkdir -p "$(dirname "$to/$file")"
  cp "$from/$file" "$to/$file.new"
  mv -f "$to/$file.new" "$to/$file"
done
