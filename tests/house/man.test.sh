# The manual names every command that `mlstackc --help` lists.
set -euo pipefail
[[ -x ${MLSTACKC:?} ]] || { echo "no mlstackc in this build"; exit 77; }
manual=${MLSTACK_SOURCE_DIR:?}/compiler/driver/mlstackc.1
commands=$("$MLSTACKC" --help | awk '/^(Commands|Subcommands|COMMANDS):?/ { on = 1; next } on && /^  ?[a-z]/ { print $1 } on && /^[^ ]/ { on = 0 }')
[[ -n $commands ]] || { echo "--help lists no commands"; exit 1; }
for command in $commands; do
  grep -qE "^\.SS .*\b$command\b" "$manual" || { echo "mlstackc.1 has no section for: $command"; exit 1; }
done
