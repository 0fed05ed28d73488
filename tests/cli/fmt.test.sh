# Sources change only when they must, and only whole.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
printf 'stack   demo\nclaim data {size=1Gi\n   access = ReadWriteOnce }\n' >ugly.mlstack
cp ugly.mlstack before
expect 1 fmt --check ugly.mlstack
[[ $(cat out) == ugly.mlstack ]] || fault "--check names the file"
says '1 file would change'
expect 0 fmt --diff ugly.mlstack && prints '^--- ugly.mlstack$' && prints '^-stack   demo' && prints '^\+stack demo'
expect 1 fmt --check --diff ugly.mlstack && prints '^\+stack demo'
cmp -s ugly.mlstack before || fault "--check or --diff changed the file"
cp ugly.mlstack patched && "$MLSTACKC" fmt --diff patched | patch -s patched 2>/dev/null
expect 0 fmt - <ugly.mlstack
cp out pretty
[[ ! -e patched.rej ]] && command -v patch >/dev/null && { cmp -s patched pretty || fault "the diff does not lead to the result"; }
expect 0 fmt ugly.mlstack
silent
cmp -s ugly.mlstack pretty || fault "a file and stdin are formatted differently"
touch -d @1000000000 ugly.mlstack
expect 0 fmt ugly.mlstack
[[ $(stat -c %Y ugly.mlstack) == 1000000000 ]] || fault "an unchanged file was rewritten"
expect 0 fmt --check ugly.mlstack

printf 'stack demo\nclaim data { size = \n' >broken.mlstack
cp broken.mlstack before
expect 1 fmt broken.mlstack && says 'broken.mlstack:'
cmp -s broken.mlstack before || fault "a broken file was changed"
expect 1 fmt - <broken.mlstack
silent

mkdir -p tree/sub
for f in tree/a tree/sub/b; do printf 'let   x=1\n' >$f.mlstack; done
echo 'let   x=1' >tree/other.txt
expect 1 fmt --check tree
[[ $(wc -l <out) -eq 2 ]] || fault "a folder's files: $(cat out)"
expect 0 fmt tree
[[ $(cat tree/a.mlstack tree/sub/b.mlstack tree/other.txt) == $'let x = 1\nlet x = 1\nlet   x=1' ]] || fault "folder: $(head tree/*.mlstack)"
cd tree || exit 1
expect 0 fmt --check
cd "$scratch" || exit 1
expect 1 fmt missing.mlstack && says MLS9007
finish
