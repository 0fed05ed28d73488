# Every #include, print and exit under compiler/ obeys compiler/layers.txt; and the check bites.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
compiler=$here/../../compiler
shopt -s nullglob

files=("$compiler"/*/*.h "$compiler"/*/*.cpp)
[[ ${#files[@]} -gt 0 ]]
LC_ALL=C awk -f "$here/layers.awk" "$compiler/layers.txt" "${files[@]}"
echo "${#files[@]} files obey"

# Each line below is a breach in its folder; all must be found.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0
while read -r folder line; do
  mkdir -p "$scratch/$folder"
  echo "$line" >>"$scratch/$folder/breach.cpp"
  count=$((count + 1))
done <<'BREACHES'
ir #include "syntax/ast.h"
storage #include "sema/program.h"
base #include "diag/diag.h"
sema #include <antlr4-runtime.h>
sema #include <yaml-cpp/yaml.h>
parse #include <llvm/Support/SourceMgr.h>
lower #include <CLI/CLI.hpp>
emit #include <iostream>
emit #include <unistd.h>
ir #include <somewhere/else.hpp>
sema std::exit(1);
diag fmt::print("x");
diag   printf("x");
parse std::cerr << 1;
BREACHES
cp "$compiler/layers.txt" "$scratch"
if LC_ALL=C awk -f "$here/layers.awk" "$scratch/layers.txt" "$scratch"/*/*.cpp >"$scratch/found"; then
  echo "the check found nothing in code full of breaches"
  exit 1
fi
if [[ $(wc -l <"$scratch/found") -ne $count ]]; then
  echo "$count breaches, found:"
  cat "$scratch/found"
  exit 1
fi
