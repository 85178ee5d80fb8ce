#!/usr/bin/env bash
# JMH: the Vector API's kernels beside libtorch's (OpenBLAS) and netlib's, on one thread and on all. Every result is checked
# against another side's before it is timed. Takes about six minutes and writes bench/results/kernels-*.json.
#   bench/kernels.sh                          all
#   bench/kernels.sh --kernel attention       one of them
# Flags: --threads 2 (beside 1), --out FILE
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
target=$root/bench/target

jdk=
for folder in ${JAVA_HOME:+"$JAVA_HOME"} /usr/lib/jvm/* /opt/* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/*; do
  if [[ -x $folder/bin/javac && -r $folder/release ]] &&
    grep -Eq '^JAVA_VERSION="(2[5-9]|[3-9][0-9])' "$folder/release"; then
    jdk=$folder
    break
  fi
done
[[ -n $jdk ]] || { echo "kernels.sh: no JDK 25 or later found; set JAVA_HOME" >&2; exit 1; }
JAVA_HOME=$jdk mvn --batch-mode -q -f "$root/pom.xml" -Dquick -Dmaven.test.skip=true -pl bench -am package

# JMH's code is made from the compiled classes, so that no annotation processor stands in the build's way.
class_path=$target/lib/*:$target/kernels-lib/*
harness=$target/kernels
rm -rf "$harness"
mkdir -p "$harness/sources" "$harness/classes" "$harness/input/dev/homolog/bench"
cp "$target"/classes/dev/homolog/bench/KernelBenchmark*.class "$harness/input/dev/homolog/bench/"
"$jdk/bin/java" --add-modules jdk.incubator.vector -cp "$class_path" org.openjdk.jmh.generators.bytecode.JmhBytecodeGenerator \
  "$harness/input" "$harness/sources" "$harness/classes" reflection >"$harness/generator.log" 2>&1 ||
  { cat "$harness/generator.log" >&2; exit 1; }
find "$harness/sources" -name '*.java' >"$harness/sources.txt"
"$jdk/bin/javac" -nowarn -proc:none -cp "$class_path" -d "$harness/classes" "@$harness/sources.txt"

mkdir -p "$root/bench/results"
# Threads of OpenMP that spin while they wait would take the core of whoever works.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
"$jdk/bin/java" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
  -Ddev.ludovic.netlib.blas.allowNative=false -cp "$harness/classes:$class_path" \
  dev.homolog.bench.KernelBench --out "$root/bench/results/kernels-$(date +%F).json" "$@" 2> >(grep -v -e 'incubator modules' -e 'InstanceBuilder' -e 'Using dev.ludovic' >&2)
