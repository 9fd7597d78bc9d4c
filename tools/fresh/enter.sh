#!/bin/sh
# Run a command in a root folder: enter.sh ROOT USER COMMAND...
# The folders listed in ROOT.folders appear in it read-only. Start it in a mount namespace of its own
# (unshare --mount --pid --fork): nothing else sees the mounts, and they vanish with the last process.
set -eu
root=$1
user=$2
shift 2

mount -t proc proc "$root/proc"
mkdir -p "$root/dev/shm"
mount -t tmpfs tmpfs "$root/dev/shm" # semaphores of Python's processes
while IFS= read -r folder; do
  mkdir -p "$root$folder"
  mount --bind -o ro "$folder" "$root$folder"
done <"$root.folders"
exec chroot --userspec="$user" "$root" "$@"
