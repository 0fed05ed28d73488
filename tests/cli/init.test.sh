# What init writes compiles, is in canonical style, and replaces nothing.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir my-project
cd my-project || exit 1
expect 0 init
says 'wrote my-project.mlstack'
[[ -f my-project.mlstack ]] || fault 'no file'
cd "$scratch" || exit 1
expect 0 check my-project --werror
expect 0 build my-project && prints '^kind: Job' && prints '^kind: PersistentVolumeClaim'
expect 0 fmt --check my-project
cp my-project/my-project.mlstack before
expect 1 init my-project && says MLS9013
cmp -s my-project/my-project.mlstack before || fault "init replaced a file"
expect 0 init deep/er --name resnet
[[ -f deep/er/resnet.mlstack ]] || fault 'no file in a new folder'
expect 0 check deep/er
expect 64 init --name My_Stack && says MLS9024 && says 'my-stack'
mkdir '3 Odd_Name'
expect 0 init '3 Odd_Name'
[[ -f '3 Odd_Name/odd-name.mlstack' ]] || fault "a folder with an odd name"
finish
