# 0 done, 1 errors in the source or a file, 64 the command line is not understood.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
stack >good.mlstack
echo 'stack bad claim data { sise = 1Gi }' >bad.mlstack

expect 0 --help && prints '^Commands:'
expect 0 --version && prints '^mlstackc [0-9]'
expect 0 version
expect 0 version --format json && prints '^\{"version": 1, "program": "mlstackc"'
expect 0 help build && prints '^Usage: mlstackc build'
for command in build check fmt explain schema graph init completion version help; do
  expect 0 "$command" --help && prints '^Usage: mlstackc' && prints '^Examples:'
done

expect 64
silent
expect 64 biuld good.mlstack
says 'MLS9001' && says 'did you mean `build`' && silent
for later in test import lsp; do expect 64 "$later" && says MLS9001; done
expect 64 build --wrror good.mlstack && says 'MLS9002' && says 'did you mean `--werror`'
expect 64 --werror build good.mlstack && says 'MLS9002'
expect 64 build good.mlstack --emit && says 'MLS9003'
expect 64 build good.mlstack --emit yml && says 'MLS9004' && says 'did you mean `yaml`'
expect 64 build good.mlstack --set && says 'MLS9003'
expect 64 build good.mlstack --set gpus && says 'MLS9005'
expect 64 build good.mlstack --set =1 && says 'MLS9005'
expect 64 build good.mlstack --kubernetes 1.19 && says 'MLS9006' && says '1\.36'
expect 64 build good.mlstack --werror=yes && says 'MLS9019'
expect 64 version 2 && says 'MLS9010'
expect 64 completion && says 'MLS9011'
expect 64 completion tcsh && says 'MLS9004'
expect 64 schema && says 'MLS9011'
expect 64 schema add && says 'MLS9011'
expect 64 schema shwo x && says 'did you mean `show`'
expect 64 check good.mlstack --deny MLS0001 && says 'MLS9020'
expect 64 check good.mlstack --warn MLS1008 && says 'MLS9021'
expect 64 check --fix - <good.mlstack && says 'MLS9023'
expect 64 check - - <good.mlstack && says 'MLS9022'
expect 64 build && says 'MLS9009' && says 'bad.mlstack, good.mlstack'
mkdir empty
cd empty || exit 1
expect 64 build
says 'MLS9008'
cd "$scratch" || exit 1
expect 64 build empty && says 'MLS9008'

expect 0 build good.mlstack && prints '^kind: Pod'
[[ ! -s err ]] || fault "a good stack is built without a word"
expect 0 build --kubernetes v1.34.2 good.mlstack
expect 0 build -- good.mlstack
expect 0 check good.mlstack
expect 1 build bad.mlstack && says 'error\[MLS' && silent
expect 1 check bad.mlstack && says 'bad.mlstack:1:' && silent
expect 1 build missing.mlstack && says 'MLS9007' && silent
expect 1 build good.mlstack missing.mlstack && silent
expect 1 explain nothing-of-the-kind && says 'MLS9016'
finish
