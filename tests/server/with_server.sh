#!/usr/bin/env bash
# Runs a command against a server of its own and ends it with the command's exit code.
#   with_server.sh [options of main.mjs] -- command [arguments]
# The command sees KUBECONFIG, CONTROL (URL), SERVER_DIR and SERVER_PID; `restart` for a killed --persist server is restart_server.sh.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
options=()
while [[ $# -gt 0 && $1 != -- ]]; do
  options+=("$1")
  shift
done
if [[ $# -lt 2 ]]; then
  echo "usage: with_server.sh [options] -- command …" >&2
  exit 2
fi
shift

SERVER_DIR=$(mktemp -d)
export SERVER_DIR
trap '[[ -f $SERVER_DIR/pid ]] && kill "$(<"$SERVER_DIR/pid")" 2>/dev/null; rm -rf "$SERVER_DIR"' EXIT
printf '%s\n' "${options[@]}" >"$SERVER_DIR/options"
"$here/restart_server.sh"
KUBECONFIG=$SERVER_DIR/kubeconfig CONTROL=$(<"$SERVER_DIR/control") SERVER_PID=$(<"$SERVER_DIR/pid") "$@"
