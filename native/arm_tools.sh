#!/bin/sh
# What `make test-arm` needs: a cross compiler for 64-bit ARM and an emulator, from Debian's packages.
set -eu
packages="g++-aarch64-linux-gnu qemu-user"

if command -v aarch64-linux-gnu-g++ >/dev/null && command -v qemu-aarch64 >/dev/null; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "make test-arm needs aarch64-linux-gnu-g++ and qemu-aarch64. On Debian or Ubuntu, as root:" >&2
  echo "  apt-get install $packages" >&2
  exit 1
fi
echo "installing $packages with apt-get"
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $packages >/dev/null
