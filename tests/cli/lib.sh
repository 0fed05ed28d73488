# What the scripts here share. Source it first: it makes a scratch folder and goes there.
# shellcheck shell=bash
set -uo pipefail
[[ -x ${MLSTACKC:?} ]] || { echo "no mlstackc in this build"; exit 77; }
unset MLSTACK_COLOR MLSTACK_FORMAT MLSTACK_KUBERNETES MLSTACK_PARAMS MLSTACK_WERROR
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
mkdir .mlstack   # the project ends here, wherever the tests run

faults=0
fault() {
  echo "FAULT: $*"
  [[ -s err ]] && sed 's/^/  err: /' err | head -20
  faults=$((faults + 1))
}
finish() { exit $((faults != 0)); }

# run ARGS…: runs mlstackc; $code, and the files out and err.
run() {
  code=0
  "$MLSTACKC" "$@" >out 2>err || code=$?
}
# expect CODE ARGS…: the same, and the exit code must be CODE.
expect() {
  local wanted=$1
  shift
  run "$@"
  [[ $code -eq $wanted ]] || fault "exit code $code instead of $wanted: mlstackc $*"
}
says() { grep -qE -- "$1" err || fault "stderr does not say: $1"; }
prints() { grep -qE -- "$1" out || fault "stdout does not have: $1"; }
silent() { [[ ! -s out ]] || fault "stdout should be empty: $(head -c 200 out)"; }

# A small whole stack.
stack() {
  cat <<STACK
stack ${1:-demo}

claim data {
  size   = ${2:-10Gi}
  access = ReadWriteOnce
}

pod worker {
  container main {
    image = "busybox:1.36"
    write data at "/data"
  }
}
STACK
}
