#!/usr/bin/env bash
# Whole studies: Homolog on both backends beside a careful PyTorch program and beside our retelling of the authors' way, in turns.
# Checks that all find the same, prints medians and ratios, and writes bench/results/study-*.json.
#   bench/study.sh                              both shapes, one and two threads, five rounds: hours, on an idle machine
#   bench/study.sh --shape family --threads 1   one part of it; --rounds N, --tokens N
#   bench/study.sh --table FILE.json …          the table of a result
# Installs PyTorch into bench/target/venv on first use; or takes PYTHON=… that has torch (2.10 or later), pyarrow, tokenizers, zstandard.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
target=$root/bench/target

if [[ ${1:-} == --table ]]; then
  exec "${PYTHON:-python3}" "$root/bench/study.py" "$@"
fi
mkdir -p "$target"
if [[ -z ${PYTHON:-} ]]; then
  PYTHON=$target/venv/bin/python
  if [[ ! -x $PYTHON ]] || ! "$PYTHON" -c 'import torch, pyarrow, tokenizers, zstandard' 2>/dev/null; then
    python3 -m venv "$target/venv"
    "$PYTHON" -m pip install --quiet 'torch>=2.10' numpy pyarrow tokenizers zstandard
  fi
fi
"$root/homolog" --version >/dev/null # builds
exec "$PYTHON" "$root/bench/study.py" --scratch "$target/study" --out "$root/bench/results" "$@"
