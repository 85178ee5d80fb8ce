#!/bin/sh
# Regenerates the packages dev.homolog.bindings.gen.* from the headers and include lists beside this script.
#
#   regenerate.sh CUDA_INCLUDE [CUDA_INCLUDE ...]
#
# CUDA_INCLUDE: folders with cublas_v2.h, cuda_runtime_api.h and what they include (versions names the packages).
# Needs `jextract` on the PATH, of the version that the file versions names; another one is refused.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ $# -ge 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command -v jextract >/dev/null || { echo "no jextract on the PATH; see README.md" >&2; exit 2; }

find_header() {
  for dir in $cuda_dirs; do
    [ -f "$dir/$1" ] && { echo "$dir/$1"; return; }
  done
  echo "no $1 in$cuda_dirs" >&2
  exit 2
}
cuda_dirs=
cuda_flags=
for dir in "$@"; do
  cuda_dirs="$cuda_dirs $dir"
  cuda_flags="$cuda_flags -I $dir"
done

wanted=$(sed -n 's/^jextract \([^ ]*\).*/\1/p' "$here/versions")
found=$(jextract --version 2>&1 | sed -n 's/^jextract //p')
[ "$wanted" = "$found" ] || { echo "jextract is ${found:-unknown}, versions asks for $wanted" >&2; exit 2; }

java=$here/../bindings/src/main/java
gen=dev.homolog.bindings.gen
generate() { # package, class, include list, header, other flags
  package=$gen.$1 class=$2 includes=$here/$3 header=$4
  shift 4
  rm -rf "$java/$(echo "$package" | tr . /)"
  # A missing function would be left out in silence: every name of the list must be in what comes out.
  jextract --output "$java" --target-package "$package" --header-class-name "$class" "@$includes" "$@" "$header"
  for name in $(sed -n 's/^--include-[a-z]* //p' "$includes"); do
    grep -rqw "$name" "$java/$(echo "$package" | tr . /)" || { echo "$name is not in $header" >&2; exit 1; }
  done
}
generate torch TorchC torch.includes "$here/homolog_torch.h"
# shellcheck disable=SC2086
generate cublas CublasC cublas.includes "$(find_header cublas_v2.h)" $cuda_flags
# shellcheck disable=SC2086
generate cudart CudartC cudart.includes "$(find_header cuda_runtime_api.h)" $cuda_flags
find "$java/dev/homolog/bindings/gen" -name '*.java' -exec wc -l {} +
