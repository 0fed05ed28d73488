# The pages of command-line messages do what they say: under "Fails" the last command shows the
# page's code, under "Works" no command shows a code.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bin=$scratch/bin
mkdir "$bin"
ln -s "$MLSTACKC" "$bin/mlstackc"
export PATH=$bin:$PATH
pages=0
for page in "${MLSTACK_SOURCE_DIR:?}"/compiler/diag/pages/*.md; do
  grep -q '^```console$' "$page" || continue
  pages=$((pages + 1))
  code=$(basename "$page" .md)
  rm -rf "$scratch/at"
  mkdir "$scratch/at"
  cd "$scratch/at" || exit 1
  mlstackc init --name train 2>/dev/null
  part='' run=''
  while IFS= read -r line; do
    case "$line" in
      '## '*) part=${line#'## '} ;;
      '```console') run=yes ;;
      '$ '*)
        [[ $run ]] || continue   # a `text` block needs a cluster
        : >"$scratch/log"
        bash -c "${line#'$ '}" >/dev/null 2>"$scratch/log" </dev/null
        last=$line
        if [[ $part == Works ]] && grep -qE 'MLS[0-9]{4}' "$scratch/log"; then
          fault "$code, Works: $line: $(head -1 "$scratch/log")"
        fi
        ;;
      '```')
        if [[ $run && $part == Fails ]] && ! grep -q "$code" "$scratch/log"; then
          fault "$code, Fails: $last: $(head -1 "$scratch/log")"
        fi
        [[ $run ]] && part=${part/Fails/}
        run=''
        ;;
    esac
  done <"$page"
done
[[ $pages -ge 30 ]] || fault "only $pages pages with commands"
finish
