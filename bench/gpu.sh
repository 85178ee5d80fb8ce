#!/usr/bin/env bash
# Checks and times Homolog on this machine's GPU with an installed PyTorch 2.10 or later; needs no Java. Prints one JSON, and
# writes it to $OUT/gpu.json where OUT names a folder. Runs from the unpacked archive that pack-gpu.sh makes; no Python is run.
#   ./gpu.sh                                       on the GPU
#   ./gpu.sh --backend torch --quick               the same in small on the CPU
#   ./gpu.sh --libtorch DIR                        with the PyTorch of that folder
# More flags: --threads N
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
[[ -x $here/runtime/bin/java ]] || { echo "gpu.sh: run it from the unpacked archive of bench/pack-gpu.sh" >&2; exit 1; }

# The first installed PyTorch: of the active environment, of the python3 on the PATH, of the usual folders.
find_torch() {
  local python prefixes=() prefix torch
  [[ -n ${VIRTUAL_ENV:-} ]] && prefixes+=("$VIRTUAL_ENV")
  [[ -n ${CONDA_PREFIX:-} ]] && prefixes+=("$CONDA_PREFIX")
  python=$(command -v python3 || true)
  [[ -n $python ]] && prefixes+=("${python%/bin/*}")
  prefixes+=("${HOME:-/root}/.local" "${HOME:-/root}"/*/.venv /usr/local /usr /opt/*/.venv /opt/* /workspace/.venv)
  for prefix in "${prefixes[@]}"; do
    for torch in "$prefix"/lib/python3*/site-packages/torch "$prefix"/lib/python3*/dist-packages/torch; do
      if [[ -f $torch/lib/libtorch_cpu.so ]]; then
        echo "$torch/lib"
        return
      fi
    done
  done
}

flags=("$@")
if [[ " $* " != *' --libtorch '* && -z ${HOMOLOG_LIBTORCH:-} ]]; then
  torch=$(find_torch)
  [[ -n $torch ]] || { echo "gpu.sh: no installed PyTorch found; name its folder with --libtorch" >&2; exit 1; }
  flags+=(--libtorch "$torch")
fi
# Where the tokenizer's native library is unpacked.
export HOMOLOG_CACHE=${HOMOLOG_CACHE:-$here/cache}
[[ -n ${OUT:-} ]] && flags+=(--out "$OUT/gpu.json")

exec "$here/runtime/bin/java" -Xmx6g -p "$here/lib" --add-modules jdk.incubator.vector,org.slf4j,com.google.gson \
  --enable-native-access=dev.homolog.bindings,ai.djl.tokenizers,com.github.luben.zstd_jni \
  -m dev.homolog.bench/dev.homolog.bench.GpuCheck \
  --resources "$here/resources" --commit "$(cat "$here/commit")" "${flags[@]}"
