#!/usr/bin/env bash
# Starts the server of $SERVER_DIR (again) with the options of with_server.sh, and waits until it listens. With --persist it goes on where
# it was, on the same port. The control endpoint has another port then: read $SERVER_DIR/control again.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mapfile -t options < <(grep -v '^$' "$SERVER_DIR/options" || true)
rm -f "$SERVER_DIR/ready"
node "$here/main.mjs" --dir "$SERVER_DIR" --quiet "${options[@]}" >>"$SERVER_DIR/log" 2>&1 &
echo $! >"$SERVER_DIR/pid"
for ((tries = 0; tries < 300; ++tries)); do
  if [[ -f $SERVER_DIR/ready ]]; then exit 0; fi
  if ! kill -0 "$(<"$SERVER_DIR/pid")" 2>/dev/null; then break; fi
  sleep 0.05
done
echo "the test server did not start:" >&2
cat "$SERVER_DIR/log" >&2
exit 1
