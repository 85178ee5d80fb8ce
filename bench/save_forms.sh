#!/usr/bin/env bash
# Saves GPT-2 and GPT-NeoX in every form of transformers 4.20, 4.36, 4.45 and 5, and checks that Homolog reads them all.
#   bench/save_forms.sh                  makes a fresh virtual environment for each version in bench/target/forms
#   VERSIONS="4.36 5" bench/save_forms.sh
#   PYTHON_4=python3.10                  for the versions of 4, whose tokenizers have no wheels for later Pythons
#   PYTHON_5=python3.11                  for version 5; one that has transformers 5 and torch is taken as it is
# The versions of 4 share one PyTorch, 1.12.1, of some 2 GB on disk. The checks take a few seconds a form.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
target=$root/bench/target/forms
export HOMOLOG=${HOMOLOG:-$root/homolog}
declare -A release=([4.20]=4.20.1 [4.36]=4.36.2 [4.45]=4.45.2)
mkdir -p "$target"

require() { # that Python runs, whose variable is named second
  "$1" -c '' 2>/dev/null || { echo "$1 does not run; name one in $2" >&2; exit 1; }
}

shared() { # one PyTorch for all versions of 4
  if [[ ! -x $target/torch/bin/python ]]; then
    "${PYTHON_4:-python3.10}" -m venv "$target/torch"
    "$target/torch/bin/python" -m pip install --quiet 'torch==1.12.1' 'numpy<2' typing_extensions
  fi
}

environment() { # the Python of a version
  local version=$1 folder=$target/venv-$1
  if [[ $version == 5 ]]; then
    local python=${PYTHON_5:-python3}
    if "$python" -c 'import torch, transformers as t; assert t.__version__ >= "5"' 2>/dev/null; then
      echo "$python"
      return
    fi
    [[ -x $folder/bin/python ]] || "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet 'transformers>=5,<6' torch numpy
  else
    shared
    [[ -x $folder/bin/python ]] || "${PYTHON_4:-python3.10}" -m venv "$folder"
    local packages
    packages=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    "$target/torch/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$packages/torch.pth"
    "$folder/bin/python" -m pip install --quiet "transformers==${release[$version]}" safetensors 'numpy<2'
  fi
  echo "$folder/bin/python"
}

folders=()
for version in ${VERSIONS:-4.20 4.36 4.45 5}; do
  if [[ $version == 5 ]]; then require "${PYTHON_5:-python3}" PYTHON_5; else require "${PYTHON_4:-python3.10}" PYTHON_4; fi
  python=$(environment "$version")
  "$python" "$root/bench/save_forms.py" save "$target/made/$version" 2>"$target/$version.log" ||
    { tail -5 "$target/$version.log" >&2; exit 1; }
  folders+=("$target/made/$version")
done
if [[ ${1:-} != --save ]]; then # --save leaves the check out
  exec "$python" "$root/bench/save_forms.py" check "${folders[@]}"
fi
