# Formats of diagnostics, levels, and fixes.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
printf 'stack bad\n\nclaim data {\n  sise   = 1Gi\n  access = ReadWriteOnce\n}\n' >bad.mlstack
stack >good.mlstack

expect 1 check bad.mlstack --format json
[[ ! -s err ]] || fault "JSON: stderr should be empty"
if command -v node >/dev/null; then
  node -e '
    const d = JSON.parse(require("fs").readFileSync("out"));
    if (d.version !== 1) throw "version " + d.version;
    const first = d.diagnostics[0];
    for (const key of ["code", "severity", "message", "file", "line", "column", "endLine", "endColumn"])
      if (!(key in first)) throw "no " + key;
    if (first.file !== "bad.mlstack" || first.severity !== "error") throw JSON.stringify(first);' 2>err || fault "JSON"
  run check good.mlstack --format json
  node -e 'if (JSON.parse(require("fs").readFileSync("out")).diagnostics.length) throw 1' 2>err || fault "JSON of a good stack"
  run check bad.mlstack --format sarif
  node -e '
    const d = JSON.parse(require("fs").readFileSync("out"));
    if (d.version !== "2.1.0" || !d.runs[0].results.length) throw "sarif"' 2>err || fault "SARIF"
fi
expect 1 check bad.mlstack --format github && prints '^::error file=bad.mlstack,line='
expect 0 check good.mlstack && says '^1 stack checked: no complaints$'
silent
expect 0 check - <good.mlstack

# one mistake that brings its mend
cp bad.mlstack fixed.mlstack
expect 1 check fixed.mlstack && says 'size'
expect 0 check fixed.mlstack --fix && says '1 fix applied'
grep -q '^  size   = 1Gi' fixed.mlstack || fault "not mended: $(cat fixed.mlstack)"
expect 0 build fixed.mlstack
expect 1 check bad.mlstack
cp good.mlstack before
expect 0 check good.mlstack --fix
cmp -s good.mlstack before || fault "a good file was changed"

# folders: stacks are checked, libraries read
mkdir tree
stack a >tree/a.mlstack
echo 'let x = ' >tree/lib.mlstack
expect 1 check tree && says 'lib.mlstack'
echo 'let x: int = 1' >tree/lib.mlstack
expect 0 check tree && says '1 stack checked, 1 library read'
finish
