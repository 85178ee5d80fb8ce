#!/usr/bin/env bash
# GPT-2 small's forward pass with all activations captured: Homolog beside Python's PyTorch, on the same libtorch, in turns.
# Checks that both compute the same, prints medians and their ratio, and writes bench/results/forward-*.json.
#   bench/forward.sh                   installs PyTorch into bench/target/venv on first use
#   PYTHON=python3 bench/forward.sh    with a Python that has PyTorch 2.10 or later
# Flags: --threads 1 2, --rounds 9, --rows 4, --context 512
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
target=$root/bench/target
mkdir -p "$target/forward"

jdk=
for folder in ${JAVA_HOME:+"$JAVA_HOME"} /usr/lib/jvm/* /opt/* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/*; do
  if [[ -x $folder/bin/javac && -r $folder/release ]] &&
    grep -Eq '^JAVA_VERSION="(2[5-9]|[3-9][0-9])' "$folder/release"; then
    jdk=$folder
    break
  fi
done
[[ -n $jdk ]] || { echo "forward.sh: no JDK 25 or later found; set JAVA_HOME" >&2; exit 1; }
JAVA_HOME=$jdk mvn --batch-mode -q -f "$root/pom.xml" -Dquick -Dmaven.test.skip=true -pl bench -am package

if [[ -z ${PYTHON:-} ]]; then
  PYTHON=$target/venv/bin/python
  if [[ ! -x $PYTHON ]] || ! "$PYTHON" -c 'import torch' 2>/dev/null; then
    python3 -m venv "$target/venv"
    "$PYTHON" -m pip install --quiet 'torch>=2.10'
  fi
fi

java=("$jdk/bin/java" -p "$target/lib" --add-modules jdk.incubator.vector,org.slf4j,com.google.gson
  --enable-native-access=dev.homolog.bindings,ai.djl.tokenizers,com.github.luben.zstd_jni
  -m dev.homolog.bench/dev.homolog.bench.ForwardBench)
model=$target/forward/model
[[ -f $model/model.safetensors ]] || "${java[@]}" --write "$model" 2>/dev/null
printf -v command '%s\\0' "${java[@]}"
"$PYTHON" "$root/bench/forward.py" --java "${command%\\0}" --model "$model" --scratch "$target/forward" \
  --out "$root/bench/results" "$@" 2> >(grep -v 'incubator modules' >&2)
