# The .deb holds what an installation holds, under /usr, and says what it depends on.
set -euo pipefail
[[ -x ${MLSTACKC:?} ]] || { echo "no mlstackc in this build"; exit 77; }
command -v dpkg-deb >/dev/null || { echo "no dpkg-deb"; exit 77; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd "$out"
cpack --config "${MLSTACK_BINARY_DIR:?}/CPackConfig.cmake" -G DEB -B "$out" >"$out/log" 2>&1 || { cat "$out/log"; exit 1; }
debs=("$out"/*.deb)
[[ ${#debs[@]} -eq 1 ]]
dpkg-deb --contents "${debs[0]}" | awk '{ print $6 }' >"$out/list"
for file in bin/mlstackc share/man/man1/mlstackc.1 share/doc/mlstackc/copyright \
  share/bash-completion/completions/mlstackc share/zsh/vendor-completions/_mlstackc \
  share/fish/vendor_completions.d/mlstackc.fish; do
  grep -qxF "./usr/$file" "$out/list" || { echo "missing: /usr/$file"; cat "$out/list"; exit 1; }
done
(cd "${MLSTACK_SOURCE_DIR:?}/stdlib" && find . -name '*.mlstack' -printf './usr/share/mlstackc/stdlib/%P\n') | sort >"$out/wanted"
[[ -s $out/wanted ]]
missing=$(grep -vxFf "$out/list" "$out/wanted" || true)
[[ -z $missing ]] || { echo "missing: $missing"; exit 1; }
dpkg-deb --field "${debs[0]}" Depends | grep -q libc6
