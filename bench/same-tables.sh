#!/usr/bin/env bash
# Whether two commits write the same tables, to the last bit. Builds both in clones of their own and runs the demo, and a study of
# the test models with --by-subset --all-pairs --roles in two passes. Compares every table and study.json: all but times, speeds,
# memory, paths and the plan. Prints a line a table; ends with 1 if anything differs.
#   bench/same-tables.sh COMMIT_A COMMIT_B                     on vector and on torch
#   bench/same-tables.sh COMMIT_A COMMIT_B --backend vector    on one of them
#   bench/same-tables.sh COMMIT_A COMMIT_B --only study        without the demo, or --only demo
# Clones, and the runs of A, are kept in $HOMOLOG_SAME_TABLES (bench/target/same-tables): a later comparison with the same A builds
# and runs B alone.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
cache=$(realpath -m "${HOMOLOG_SAME_TABLES:-$root/bench/target/same-tables}")

usage() {
  echo "usage: same-tables.sh COMMIT_A COMMIT_B [--backend vector|torch]... [--only demo|study]" >&2
  exit 2
}

(($# >= 2)) && [[ $1 != -* && $2 != -* ]] || usage
commit_a=$(git -C "$root" rev-parse --verify "$1^{commit}")
commit_b=$(git -C "$root" rev-parse --verify "$2^{commit}")
shift 2
backends=()
kinds=(demo study)
while (($# > 0)); do
  (($# >= 2)) || usage
  case $1 in
    --backend) backends+=("$2") ;;
    --only) [[ $2 == demo || $2 == study ]] && kinds=("$2") || usage ;;
    *) usage ;;
  esac
  shift 2
done
((${#backends[@]} > 0)) || backends=(vector torch)

# Few tokens of many documents: the study is to have several subsets, batches and passes, and to be short.
document_characters=400
study=(--context 64 --max-tokens 1024 --batch 4 --threads 2 --seed 7 --threshold 0.3 --by-subset --all-pairs --roles)
demo=(--threads 2)
# Between what one pass takes and what two take.
declare -A memory=([vector]=880m [torch]=1100m)
# Runs of other settings are not reused.
settings=$(printf '%s\n' "$document_characters" "${study[@]}" "${demo[@]}" "${memory[@]}" | cksum | cut -d ' ' -f 1)

jdk=
for folder in ${JAVA_HOME:+"$JAVA_HOME"} /usr/lib/jvm/* /opt/* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/*; do
  if [[ -x $folder/bin/javac && -r $folder/release ]] &&
    grep -Eq '^JAVA_VERSION="(2[5-9]|[3-9][0-9])' "$folder/release"; then
    jdk=$folder
    break
  fi
done
[[ -n $jdk ]] || { echo "same-tables.sh: no JDK 25 or later found; set JAVA_HOME" >&2; exit 1; }

# Makes a built clone of commit $1, or finds it there.
checkout() {
  local repo=$cache/$1/repo
  if [[ ! -d $repo ]]; then
    rm -rf "$repo.next"
    mkdir -p "${repo%/*}"
    git clone --quiet --no-checkout "$root" "$repo.next"
    git -C "$repo.next" checkout --quiet --detach "$1"
    mv "$repo.next" "$repo"
  fi
  JAVA_HOME=$jdk "$repo/homolog" --version >/dev/null
}

# Runs kind $2 on backend $3 with the clone of commit $1, into folder $4.
run() {
  local repo=$cache/$1/repo out=$4 flags resources=test-resources other
  if [[ $2 == demo ]]; then
    flags=(demo "${demo[@]}")
  else
    flags=(study --reference $resources/a "${study[@]}" --text "$text" --memory "${memory[$3]:-1000m}")
    for other in b c d e; do
      flags+=(--other "$resources/$other")
    done
  fi
  rm -rf "$out" "$out.next"
  mkdir -p "${out%/*}"
  (cd "$repo" && JAVA_HOME=$jdk ./homolog "${flags[@]}" --backend "$3" --out "$out.next") >"$out.log" 2>&1 ||
    { echo "same-tables.sh: a run failed; see $out.log" >&2; exit 1; }
  mv "$out.next" "$out"
}

checkout "$commit_a"
checkout "$commit_b"
compare=("$jdk/bin/java" --enable-native-access=ALL-UNNAMED -cp "$cache/$commit_a/repo/cli/target/lib/*" "$root/bench/SameTables.java")
text=$cache/text-$document_characters.jsonl
[[ -f $text ]] || "${compare[@]}" --cut "$root/test-resources/validation.jsonl.zst" "$document_characters" "$text"

status=0
for kind in "${kinds[@]}"; do
  for backend in "${backends[@]}"; do
    name=$kind-$backend
    a=$cache/$commit_a/$settings/$name
    b=$cache/$commit_b/$settings/second/$name
    [[ -d $a ]] || run "$commit_a" "$kind" "$backend" "$a"
    run "$commit_b" "$kind" "$backend" "$b"
    passes=0
    [[ $kind == study ]] && passes=2
    echo "$kind on $backend, ${commit_a:0:7} and ${commit_b:0:7}:"
    "${compare[@]}" "$a" "$b" "$cache/$commit_a/repo" "$cache/$commit_b/repo" "$passes" || status=1
  done
done
exit $status
