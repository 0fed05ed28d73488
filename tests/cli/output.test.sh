# Where results go: YAML alone on stdout; files whole or not at all; folders with an index.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
stack one >one.mlstack
stack two >two.mlstack
echo 'stack bad claim data { sise = 1Gi }' >bad.mlstack

# streams
expect 0 build one.mlstack
cp out expected.yaml
expect 0 build - <one.mlstack
cmp -s out expected.yaml || fault "stdin gives something else"
(cd / && "$MLSTACKC" build "$scratch/one.mlstack") | cmp -s - expected.yaml || fault "another folder gives something else"
expect 0 build one.mlstack two.mlstack
[[ $(grep -c '^---$' out) -eq 3 ]] || fault "four documents need three separators"
expect 0 build one.mlstack one.mlstack ./one.mlstack
cmp -s out expected.yaml || fault "a file named twice is built once"
expect 0 build "$MLSTACK_SOURCE_DIR/examples/training-pod.mlstack" --emit ir && prints '^state$' &&
  prints '^  claim ml-model-data-pvc  10Gi  ReadWriteOnce .*lifetime Retain' && prints '^    Pod/ml-training-pod  pods 1  writes  /var/ml_model'
expect 0 build one.mlstack --emit json && prints '"kind": "List"'
for what in ir ast tokens; do
  expect 0 build one.mlstack --emit "$what"
  [[ -s out ]] || fault "--emit $what printed nothing"
done
expect 1 build one.mlstack bad.mlstack
silent

# a closed pipe is no error; a full disk is
{ cat one.mlstack; for i in {1..5000}; do printf 'config c%s { data { a = "%0200d" } }\n' "$i" "$i"; done; } >many.mlstack
codes=$( { "$MLSTACKC" build many.mlstack; echo $? >piped; } 2>err | head -c 100 >/dev/null; cat piped)
[[ $codes == 0 && ! -s err ]] || fault "closed pipe: exit code $codes"
if [[ -w /dev/full ]]; then
  code=0
  "$MLSTACKC" build many.mlstack >/dev/full 2>err || code=$?
  [[ $code -eq 1 ]] || fault "full disk: exit code $code"
  says MLS9012
fi
code=0
"$MLSTACKC" build one.mlstack >&- 2>err || code=$?
[[ $code -eq 1 ]] || fault "closed stdout: exit code $code"

# -o FILE
expect 0 build one.mlstack -o all.yaml
silent
cmp -s all.yaml expected.yaml || fault "-o FILE differs from stdout"
expect 1 build bad.mlstack -o all.yaml
cmp -s all.yaml expected.yaml || fault "errors touched the file"
chmod 640 all.yaml
ln -s all.yaml link.yaml
expect 0 build two.mlstack -o link.yaml
[[ -L link.yaml && $(stat -c %a all.yaml) == 640 ]] || fault "a link or a mode was lost"
expect 0 build one.mlstack -o /dev/null
[[ -c /dev/null ]] || fault "/dev/null was replaced"
expect 1 build one.mlstack -o none/all.yaml && says MLS9012
mkfifo pipe
cat pipe >piped.yaml &
expect 0 build one.mlstack -o pipe
wait
cmp -s piped.yaml expected.yaml || fault "a named pipe gets something else"
ls -A | grep >/dev/null '^\.mlstackc-' && fault "temporary files are left"

# killed while it writes: the old content stays, and a signal that can be caught leaves nothing
mkfifo slow
cp expected.yaml old.yaml
exec 9<>slow   # a writer that never comes
"$MLSTACKC" check - <slow 2>/dev/null &
pid=$!
sleep 0.2
kill "$pid"
code=0
wait "$pid" || code=$?
[[ $code -eq 143 ]] || fault "terminated: exit code $code"
code=0
timeout --preserve-status -s INT 0.2 "$MLSTACKC" check - <slow 2>/dev/null || code=$?
[[ $code -eq 130 ]] || fault "interrupted: exit code $code"
exec 9>&-
for delay in 0.001 0.003 0.005 0.01 0.02 0.03; do
  timeout -s KILL "$delay" "$MLSTACKC" build many.mlstack -o old.yaml 2>/dev/null
  if ! cmp -s old.yaml expected.yaml; then
    "$MLSTACKC" build many.mlstack | cmp -s - old.yaml || fault "a part of a file is there after $delay s"
    cp expected.yaml old.yaml
  fi
done

# -o DIR
expect 0 build one.mlstack -o out.d/
silent
files=$(ls out.d)
[[ $(wc -l <<<"$files") -eq 2 ]] || fault "two objects, two files: $files"
(cd out.d && for f in *.yaml; do [[ $f == "$(ls | head -1)" ]] || echo ---; cat "$f"; done) | cmp -s - expected.yaml ||
  fault "the files in order are not the stream"
touch -d @1000000000 out.d/*.yaml
expect 0 build one.mlstack -o out.d
[[ $(stat -c %Y out.d/*.yaml | sort -u) == 1000000000 ]] || fault "unchanged files were rewritten"
echo 'mine' >out.d/kustomization.yaml
stack one 10Gi | sed '/^pod/,$d' >smaller.mlstack
expect 0 build smaller.mlstack -o out.d
[[ $(ls out.d | wc -l) -eq 2 && -f out.d/kustomization.yaml ]] || fault "stale files stay, or others went: $(ls out.d)"
expect 1 build bad.mlstack -o out.d
expect 1 build two.mlstack -o out.d && says MLS9014
grep -rq two out.d && fault "a refused folder was written"
mkdir foreign
for f in $files; do echo mine >"foreign/$f"; done
expect 1 build one.mlstack -o foreign && says MLS9014
[[ $(cat foreign/*.yaml | sort -u) == mine ]] || fault "a foreign file was replaced"
expect 0 build one.mlstack -o foreign --force
grep -q '^kind: Pod' foreign/*.yaml || fault "--force did not replace"
expect 0 build one.mlstack two.mlstack -o both/
[[ -d both/one && -d both/two ]] || fault "two stacks, two folders: $(ls both)"
cp one.mlstack same.mlstack
expect 1 build one.mlstack same.mlstack -o same/ && says MLS9018
[[ ! -e same ]] || fault "something was written for two stacks of one name"
expect 0 build one.mlstack --emit json -o json/
[[ $(ls json/*.json | wc -l) -eq 2 ]] || fault "JSON files: $(ls json)"

# folders of stacks
mkdir -p tree/sub tree/.hidden
stack a >tree/a.mlstack
stack b >tree/sub/b.mlstack
stack hidden >tree/.hidden/h.mlstack
echo 'let x = 1' >tree/lib.mlstack
expect 0 build tree
[[ $(grep -c '^kind: Pod' out) -eq 2 ]] || fault "a folder's stacks: $(grep -c '^kind: Pod' out) instead of 2"
cd tree/sub || exit 1
expect 0 build
prints '^kind: Pod'
cd "$scratch" || exit 1

# the same bytes every time
for _ in 1 2 3; do "$MLSTACKC" build tree many.mlstack | sha256sum; done | sort -u | wc -l | grep -qx 1 || fault "output varies"

# An object more renames no file, and the names sort in apply order.
stack names >names.mlstack
expect 0 build names.mlstack -o names/
(cd names && ls | sort) >before
printf 'config early { data { A = "x" } }\nclaim another { size = 1Gi  access = ReadWriteOnce }\n' >>names.mlstack
expect 0 build names.mlstack -o names/
(cd names && ls | sort) >after
[[ -z $(comm -23 before after) ]] || fault "a file was renamed: $(comm -23 before after)"
[[ $(wc -l <after) -eq $(($(wc -l <before) + 2)) ]] || fault "not two files more"
finish
