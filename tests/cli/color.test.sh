# Colour and the MLSTACK_* variables.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
echo 'stack bad claim data { sise = 1Gi }' >bad.mlstack
stack >good.mlstack
escape=$'\033'
colored() { grep -q "$escape" err || fault "no colour: $*"; }
plain() { if grep -q "$escape" err; then fault "colour: $*"; fi; }
unset NO_COLOR

run check bad.mlstack; plain "no terminal"
run check bad.mlstack --color always; colored "--color always"
run --color always check bad.mlstack; colored "--color before the command"
run --color=always check bad.mlstack; colored "--color=… before the command"
NO_COLOR=1 run check bad.mlstack --color always; colored "an option wins over NO_COLOR"
MLSTACK_COLOR=always run check bad.mlstack; colored "MLSTACK_COLOR"
MLSTACK_COLOR=always run check bad.mlstack --color never; plain "an option wins over its variable"
MLSTACK_COLOR=blue expect 64 check bad.mlstack
says MLSTACK_COLOR
if command -v script >/dev/null; then
  terminal() { TERM=xterm-256color script -qec "$*" /dev/null </dev/null; }
  terminal "'$MLSTACKC' check bad.mlstack" >err
  colored "on a terminal"
  NO_COLOR=1 terminal "'$MLSTACKC' check bad.mlstack" >err
  plain "on a terminal, with NO_COLOR"
fi

MLSTACK_FORMAT=json run check bad.mlstack
prints '"version": ?1'
MLSTACK_FORMAT=json run check bad.mlstack --format github
prints '^::error '
MLSTACK_KUBERNETES=1.19 expect 64 build good.mlstack
MLSTACK_KUBERNETES=1.34 expect 0 build good.mlstack
printf 'stack p\nparam nodes: int\nconfig c { data { count = "${nodes}" } }\n' >p.mlstack
echo 'nodes: 4' >p.yaml
MLSTACK_PARAMS=p.yaml expect 0 build p.mlstack
prints 'count: "4"'
MLSTACK_PARAMS=p.yaml expect 0 build p.mlstack --set nodes=5
prints 'count: "5"'
MLSTACK_WERROR=1 expect 0 build good.mlstack
MLSTACK_WERROR=maybe expect 64 build good.mlstack
finish
