#!/usr/bin/env bash
# Makes target/homolog-gpu.tar.xz: Homolog, a Java runtime of its own, the test models and gpu.sh, for a machine with a GPU
# and an installed PyTorch. Without libtorch, DuckDB and other platforms' libraries; fails from 40 MB on.
#   bench/pack-gpu.sh             builds first
#   bench/pack-gpu.sh --no-build  packs what is in bench/target/lib
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
lib=$root/bench/target/lib
work=$root/bench/target/homolog-gpu
archive=$root/target/homolog-gpu.tar.xz
limit=40000000
[[ $(uname -sm) == 'Linux x86_64' ]] || { echo "pack-gpu.sh: packs for Linux on x86_64 only, on such a machine" >&2; exit 1; }

# A JDK 25 or later: JAVA_HOME, else the first in the usual folders.
jdk=
for folder in ${JAVA_HOME:+"$JAVA_HOME"} /usr/lib/jvm/* /opt/* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/*; do
  if [[ -x $folder/bin/jlink && -r $folder/release ]] &&
    grep -Eq '^JAVA_VERSION="(2[5-9]|[3-9][0-9])' "$folder/release"; then
    jdk=$folder
    break
  fi
done
[[ -n $jdk ]] || { echo "pack-gpu.sh: no JDK 25 or later found; set JAVA_HOME" >&2; exit 1; }

if [[ ${1:-} != --no-build ]]; then
  JAVA_HOME=$jdk mvn --batch-mode -q -f "$root/pom.xml" -Dquick -Dmaven.test.skip=true -pl bench -am package
fi
rm -rf "$work" "$archive"
mkdir -p "$work/lib" "${archive%/*}"

# Copies jar $1 without compression, since the archive compresses better. $2: a pattern of names of native files, $3: of those
# to keep.
copy() {
  local jar=$1 all=$2 keep=$3 folder=$work/jar
  rm -rf "$folder"
  mkdir "$folder"
  (cd "$folder" && "$jdk/bin/jar" -xf "$jar")
  (cd "$folder" && { find . -type f | grep -E "$all" | grep -Ev "$keep" || true; } | xargs -r rm)
  # The manifest stays as it is: it names the module.
  (cd "$folder" && "$jdk/bin/jar" --create --file="$work/lib/${jar##*/}" --no-manifest --no-compress --date=2026-11-01T00:00:00Z .)
  rm -rf "$folder"
}

for jar in "$lib"/*.jar; do
  case ${jar##*/} in
    tokenizers-*) copy "$jar" '^\./native/lib/.*/' '/linux-x86_64/' ;;
    zstd-jni-*) copy "$jar" '\.(so|dll|dylib)$' '^\./linux/amd64/' ;;
    *) copy "$jar" '^$' '^$' ;;
  esac
done

# From the JDK's own run-time image.
log=$("$jdk/bin/jlink" --add-modules java.base,java.logging,java.management,java.sql,java.xml,jdk.incubator.vector,jdk.unsupported \
  --strip-debug --no-header-files --no-man-pages --compress zip-0 --output "$work/runtime" 2>&1) || {
  echo "$log" >&2
  exit 1
}

mkdir "$work/resources"
for name in a b c golden.safetensors validation.jsonl.zst NOTICE.md; do
  cp -rL "$root/test-resources/$name" "$work/resources/"
done
cp "$root/bench/gpu.sh" "$root/LICENSE" "$work/"
{ git -C "$root" describe --always --dirty 2>/dev/null || echo unknown; } >"$work/commit"

tar -C "${work%/*}" --sort=name --owner=0 --group=0 --numeric-owner --mtime=2026-11-01T00:00:00Z -cf - homolog-gpu | xz -6 -T0 >"$archive"
bytes=$(stat -c %s "$archive")
echo "target/${archive##*/}: $bytes bytes, unpacked $(du -sb "$work" | cut -f1)"
if ((bytes >= limit)); then
  echo "pack-gpu.sh: larger than $limit bytes" >&2
  exit 1
fi
