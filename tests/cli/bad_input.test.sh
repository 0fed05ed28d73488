# Whatever is thrown at it: a message with a code, exit code 1, nothing on stdout, in good time.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
stack >good.mlstack

refused() {   # refused CODE FILE…: by build and by check
  local wanted=$1 command
  shift
  for command in build check; do
    code=0
    timeout 60 "$MLSTACKC" "$command" "$@" >out 2>err </dev/null || code=$?
    [[ $code -eq 1 ]] || fault "$command $*: exit code $code"
    says "$wanted"
    silent
    [[ $(wc -c <err) -lt 100000 ]] || fault "$command $*: $(wc -c <err) bytes of messages"
  done
}

: >empty.mlstack
printf '// only a comment\n\n' >comment.mlstack
refused MLS1013 empty.mlstack
refused MLS1013 comment.mlstack

# Nobody writes to it: reading would wait for ever.
mkfifo pipe.mlstack
refused MLS pipe.mlstack
printf 'stack demo\nlet x = file("./pipe.mlstack")\nconfig c { data { a = x } }\n' >reads.mlstack
refused 'it is a pipe' reads.mlstack
mkdir pipes && cp good.mlstack pipes && mkfifo pipes/other.mlstack
expect 0 build pipes
"$MLSTACKC" check <(cat good.mlstack) >out 2>err || fault "an open pipe was refused"
rm -r pipes pipe.mlstack reads.mlstack

printf 'stack demo\nlet x = "\xff\xfe"\n' >bytes.mlstack
refused MLS1002 bytes.mlstack
head -c 100000 "$MLSTACKC" >binary.mlstack
refused MLS1033 binary.mlstack
printf '\377\376s\0t\0a\0c\0k\0' >utf16.mlstack
refused MLS1033 utf16.mlstack
says UTF-16

mkdir folder.mlstack
expect 64 build folder.mlstack && says MLS9008
ln -s nowhere dangling.mlstack
refused MLS9007 dangling.mlstack
ln -s loop.mlstack loop.mlstack
refused MLS1001 loop.mlstack
if [[ $(id -u) -ne 0 ]]; then
  stack >locked.mlstack && chmod 0 locked.mlstack
  refused MLS1001 locked.mlstack
fi
refused MLS1001 good.mlstack/x

printf 'stack one\nimport "./b.mlstack" as b\n' >a.mlstack
printf 'import "./c.mlstack" as c\n' >b.mlstack
printf 'import "./b.mlstack" as b\n' >c.mlstack
refused MLS2013 a.mlstack
printf 'stack self\nimport "./self.mlstack" as self\n' >self.mlstack
refused 'MLS20' self.mlstack

for bracket in '(' '[' '{'; do
  { printf 'stack deep\nlet x = '; head -c 100000 /dev/zero | tr '\0' "$bracket"; } >deep.mlstack
  refused MLS1011 deep.mlstack
done
times() { yes "$2" | head -n "$1" | tr -d '\n'; }   # times N TEXT
long() {   # long NAME BEFORE REPEATED AFTER [REPEATED]
  { printf 'stack long\n%s' "$2"; times 100000 "$3"; printf '%s' "$4"; [[ -z ${5-} ]] || times 100000 "$5"; echo; } >"$1.mlstack"
  refused MLS1011 "$1.mlstack"
}
long minus 'let x = ' '-' 1
long not 'let x = ' '!' a
long sum 'let x = 1' ' + 1' ''
long dots 'let x = a' '.b' ''
long calls 'let x = a' '()' ''
long conditions 'let x = ' 'if a then b else ' c
long templates 'let x = ' '"${' a '}"'
long types 'param x: ' 'list<' int '>'
long ifs '' 'if true { ' ''
long elses 'if a { }' ' else if a { }' ''
long blocks '' 'pod x { ' ''

head -c 70000000 /dev/zero | tr '\0' '\n' >huge.mlstack
refused MLS1014 huge.mlstack
{ echo 'stack large'; head -c 50000000 /dev/urandom | base64 -w 100; } | head -c 50000000 >large.mlstack
refused MLS large.mlstack
{ echo 'stack long'; printf 'let x = "'; head -c 50000000 /dev/zero | tr '\0' 'x'; echo '"'; } >long.mlstack
code=0
timeout 60 "$MLSTACKC" check long.mlstack >out 2>err || code=$?
[[ $code -le 1 ]] || fault "a string of 50 MB: exit code $code"

# parameters
printf 'stack params\nparam nodes: int\nparam tag: string = "x"\nconfig c { data { count = "${nodes}" } }\n' >params.mlstack
expect 1 build params.mlstack && says 'MLS2019.*nodes' && silent
expect 0 check params.mlstack
expect 0 build params.mlstack --set nodes=3 && prints 'count: "3"'
expect 1 build params.mlstack --set nodes=many && says '--set:1:' && says 'nodes'
expect 1 build params.mlstack --set nodes=3 --set node=4 && says 'MLS2018' && says 'nodes'
printf 'nodes: 3\nnodes: 4\n' >twice.yaml
expect 1 build params.mlstack --params twice.yaml && says 'twice.yaml:2:1' && silent
printf -- '- 1\n' >list.yaml
expect 1 build params.mlstack --params list.yaml && says 'MLS9015'
printf 'nodes: 1\n---\nnodes: 2\n' >two.yaml
expect 1 build params.mlstack --params two.yaml && says 'MLS9015'
printf 'nodes: [\n' >broken.yaml
expect 1 build params.mlstack --params broken.yaml && says 'broken.yaml:'
printf 'nodes: "x"\n' >type.yaml
expect 1 build params.mlstack --params type.yaml && says 'type.yaml:1:'
expect 1 build params.mlstack --params missing.yaml && says 'MLS9007'
printf 'nodes: 3\ntag: v1\n' >one.yaml
printf 'nodes: 5\n' >later.yaml
expect 0 build params.mlstack --params one.yaml --params later.yaml && prints 'count: "5"'
expect 0 build params.mlstack --set nodes=7 --params one.yaml && prints 'count: "3"'
expect 0 build params.mlstack --params one.yaml --set nodes=7 && prints 'count: "7"'

# what a stack may read
mkdir -p envs
echo outside >"$scratch.txt"
trap 'rm -rf "$scratch" "$scratch.txt"' EXIT
config() { printf 'stack files\nconfig c { data { f = file("%s") } }\n' "$1" >envs/files.mlstack; }
echo inside >inside.txt
config ../inside.txt
expect 0 build envs/files.mlstack && prints inside
config "../../$(basename "$scratch").txt"
refused MLS1034 envs/files.mlstack
config "$scratch/inside.txt"
refused MLS1035 envs/files.mlstack
ln -s "$scratch.txt" envs/link.txt
config link.txt
refused MLS1034 envs/files.mlstack
config none.txt
refused MLS1001 envs/files.mlstack
config ../folder.mlstack
refused MLS1001 envs/files.mlstack
head -c 1000 "$MLSTACKC" >envs/bytes.bin
config bytes.bin
refused MLS1033 envs/files.mlstack

import() { printf 'stack imports\nimport "%s" as lib\n' "$1" >envs/imports.mlstack; }
import none.mlstack; refused MLS1031 envs/imports.mlstack
import ./none.mlstack; refused MLS1030 envs/imports.mlstack
import /etc/hostname; refused MLS1031 envs/imports.mlstack
import https://example.org/lib.mlstack; refused MLS1031 envs/imports.mlstack
import std/awz; refused 'MLS1032' envs/imports.mlstack; says 'std/aws'
import std/../envs; refused MLS103 envs/imports.mlstack
import std/prelude/storage; refused MLS1032 envs/imports.mlstack
printf 'let size: quantity = 1Gi\n' >shared.mlstack
import "../../$(basename "$scratch").txt"; refused MLS1034 envs/imports.mlstack
import ../shared.mlstack
expect 0 build envs/imports.mlstack
finish
