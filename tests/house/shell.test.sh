# Our shell scripts parse, are executable where they are commands, and start with an interpreter.
set -euo pipefail
cd "${MLSTACK_SOURCE_DIR:?}"
for script in tests/run examples/run .ci/run tests/install-packages; do
  [[ -x $script ]] || { echo "$script is not executable"; exit 1; }
  bash -n "$script"
  [[ $(head -c 2 "$script") == '#!' ]] || { echo "$script names no interpreter"; exit 1; }
done
for script in tests/*/*.test.sh; do bash -n "$script"; done
# Every package line gives a scope, a name and a reason.
while read -r scope package reason; do
  case "$scope" in '' | '#'*) continue ;; esac
  [[ $scope == build || $scope == test ]] || { echo "packages.txt: scope $scope"; exit 1; }
  [[ -n ${reason#\[*\]} ]] || { echo "packages.txt: $package has no reason"; exit 1; }
done <tests/packages.txt
