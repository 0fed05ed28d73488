# The scripts load in their shells, and complete.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
stack >good.mlstack
touch other.txt
mkdir folder
"$MLSTACKC" completion bash >script.bash

# complete_bash WORDS…: what bash offers for the last word.
complete_bash() {
  bash --norc -c '
    source script.bash
    complete -p mlstackc >/dev/null || exit 1
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _mlstackc 2>/dev/null
    printf "%s\n" "${COMPREPLY[@]}" | sort' bash "$@"
}
offers() {   # offers EXPECTED WORDS…
  local expected=$1 got
  shift
  got=$(complete_bash "$@" | tr '\n' ' ')
  [[ ${got% } == "$expected" ]] || fault "bash, $*: offers '${got% }' instead of '$expected'"
}
offers 'build' mlstackc bu
offers 'explain explain-state' mlstackc ex
offers 'ast ir json tokens yaml' mlstackc build --emit ''
offers '--emit' mlstackc build good.mlstack --em
offers 'json' mlstackc check --format js
offers 'folder good.mlstack' mlstackc build ''
offers 'folder' mlstackc init f
offers 'add list show' mlstackc schema ''
offers 'bash fish zsh' mlstackc completion ''
offers 'always auto never' mlstackc --color ''
offers 'build' mlstackc --color always bu
offers '1.31 1.32 1.33 1.34 1.35 1.36' mlstackc build --kubernetes ''
[[ $(complete_bash mlstackc '' | wc -l) -ge 10 ]] || fault "bash offers too few commands"
complete_bash mlstackc check --deny MLS3 >out
grep -qx MLS3004 out || fault "bash does not offer codes"

"$MLSTACKC" completion zsh >_mlstackc
"$MLSTACKC" completion fish >mlstackc.fish
for command in build check fmt explain schema graph init completion version; do
  grep -q "$command" _mlstackc || fault "zsh: no $command"
  grep -q "$command" mlstackc.fish || fault "fish: no $command"
done
if command -v zsh >/dev/null; then
  zsh -fc 'autoload -Uz compinit && compinit -u -d ./dump && source ./_mlstackc && (( $+functions[_mlstackc] ))' 2>err || fault "zsh does not load it"
  [[ ! -s err ]] || fault "zsh complains"
fi
if command -v fish >/dev/null; then
  fish --no-config -c 'source mlstackc.fish; complete -C "mlstackc bu"' >out 2>err; grep -q '^build' out || fault "fish does not complete"
  fish --no-config -c 'source mlstackc.fish; complete -C "mlstackc build --emit "' >out 2>err; grep -q '^tokens' out || fault "fish does not complete values"
fi
finish
