#!/bin/sh
# Compares every declaration of homolog_torch.h with the headers of an installed PyTorch.
#
#   check_header.sh DIR     DIR is the folder `torch` of an installed PyTorch, or a wheel's: it holds include/ and version.py
#
# Needs a C++17 compiler (CXX, or c++). Exits 1 if a signature differs or a required function is not declared.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
torch=${1:?usage: check_header.sh TORCH_FOLDER}
include=$torch/include
[ -f "$include/torch/csrc/stable/c/shim.h" ] || { echo "no torch headers in $include" >&2; exit 2; }
version=$(sed -n "s/^__version__ = '\(.*\)'/\1/p" "$torch/version.py")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A name that no header of this version declares is left out here if versions lists it as optional.
cat "$include"/torch/csrc/inductor/aoti_torch/c/*.h "$include"/torch/csrc/inductor/aoti_torch/generated/*.h \
  "$include"/torch/csrc/stable/c/*.h | grep -oE '(aoti_)?torch_[A-Za-z0-9_]+' | sort -u > "$work/declared"
sed 's,/\*.*\*/,,' "$here/homolog_torch.h" | grep -oE '\b(aoti_)?torch_[A-Za-z0-9_]+\(' | tr -d '(' | sort -u > "$work/ours"
checked=0
absent=
for name in $(cat "$work/ours"); do
  if ! grep -qx "$name" "$work/declared" && grep -q "^optional $name " "$here/versions"; then
    absent="$absent $name"
    continue
  fi
  echo "CHECK($name)" >> "$work/functions.inc"
  checked=$((checked + 1))
done
# Functions declared for newer versions are hidden unless the feature version is the library's own, which is the default.
"${CXX:-c++}" -std=c++20 -fsyntax-only -I"$include" -I"$here" "-DHOMOLOG_FUNCTIONS=\"$work/functions.inc\"" \
  "$here/check_header.cpp"
echo "PyTorch $version: $checked of $(wc -l < "$work/ours") signatures are equal;" \
  "optional, not in this version:${absent:- none}"
