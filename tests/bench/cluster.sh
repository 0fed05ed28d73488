#!/usr/bin/env bash
# mlstackc against kubectl on the same API server: N objects (half config maps, half claims) applied, planned when nothing
# changed, and destroyed. One table; ratios are of wall time.
#   tests/bench/cluster.sh MLSTACKC [N] [KUBECTL]
# The server is the one of MLSTACK_TEST_KUBECONFIG: a real one, or there is nothing to compare.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=${1:?the mlstackc to measure}
count=${2:-1000}
kubectl=${3:-kubectl}
export KUBECONFIG=${MLSTACK_TEST_KUBECONFIG:?names the kubeconfig of a real API server}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
own=bench-own-$RANDOM other=bench-kubectl-$RANDOM
stack=tests/bench/cluster.mlstack

# name command…: wall, CPU and memory of one run, into $scratch/name
measure() {
  local name=$1
  shift
  # shellcheck disable=SC2086
  if ! /usr/bin/time -f '%e %U %S %M' -o "$scratch/$name" "$@" >"$scratch/$name.out" 2>&1; then
    [[ $name == diff-* ]] || { tail -5 "$scratch/$name.out" >&2; exit 1; }
  fi
}
row() {
  awk -v label="$1" -v own="$(tail -1 "$scratch/$2")" -v other="$(tail -1 "$scratch/$3")" 'BEGIN {
    split(own, a); split(other, b)
    printf "| %s | %.2f s, %.2f s CPU, %.0f MB | %.2f s, %.2f s CPU, %.0f MB | %.1f x |\n",
      label, a[1], a[2] + a[3], a[4] / 1024, b[1], b[2] + b[3], b[4] / 1024, b[1] / a[1] }'
}

"$kubectl" create namespace "$own" >/dev/null
"$kubectl" create namespace "$other" >/dev/null
trap 'rm -rf "$scratch"; "$kubectl" delete namespace "$own" "$other" --wait=false >/dev/null 2>&1 || true' EXIT
"$program" build "$stack" --set n="$count" >"$scratch/many.yaml"

measure apply-own "$program" apply "$stack" --set n="$count" --namespace "$own" --auto-approve --no-wait
measure apply-other "$kubectl" apply --server-side -n "$other" -f "$scratch/many.yaml"
measure plan-own "$program" plan "$stack" --set n="$count" --namespace "$own" --detailed-exitcode
measure diff-other "$kubectl" diff --server-side -n "$other" -f "$scratch/many.yaml"
losses=()
for ((i = 0; i < count / 2; i++)); do losses+=(--allow-data-loss "claim/model-$i"); done
measure destroy-own "$program" destroy "$stack" --set n="$count" --namespace "$own" --auto-approve --no-wait "${losses[@]}"
measure delete-other "$kubectl" delete --wait=false -n "$other" -f "$scratch/many.yaml"

echo "$count objects, $("$kubectl" version -o json 2>/dev/null | tr -d ' \n' | sed 's/.*"clientVersion":{[^}]*"gitVersion":"\([^"]*\)".*"serverVersion":{[^}]*"gitVersion":"\([^"]*\)".*/kubectl \1, server \2/')"
echo "| | mlstackc | kubectl | |"
echo "|---|---|---|---|"
row apply apply-own apply-other
row "plan, nothing to do" plan-own diff-other
row destroy destroy-own delete-other
