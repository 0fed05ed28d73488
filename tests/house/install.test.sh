# `cmake --install` gives a program that runs from where it was put, and all that belongs to it.
set -euo pipefail
[[ -x ${MLSTACKC:?} ]] || { echo "no mlstackc in this build"; exit 77; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cmake --install "${MLSTACK_BINARY_DIR:?}" --prefix "$root" >/dev/null

for file in share/man/man1/mlstackc.1 share/doc/mlstackc/copyright \
  share/bash-completion/completions/mlstackc share/zsh/vendor-completions/_mlstackc \
  share/fish/vendor_completions.d/mlstackc.fish; do
  [[ -s $root/$file ]] || { echo "missing: $file"; exit 1; }
done
diff -r --exclude=README.md "${MLSTACK_SOURCE_DIR:?}/stdlib" "$root/share/mlstackc/stdlib"
cd /
version=$(sed -n 's/^project(mlstackc VERSION \([0-9.]*\).*/\1/p' "$MLSTACK_SOURCE_DIR/CMakeLists.txt")
"$root/bin/mlstackc" version | grep -F "$version"
