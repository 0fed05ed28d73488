# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
stack >good.mlstack
expect 0 graph good.mlstack && prints '^digraph' && prints 'data'
expect 0 graph --format mermaid good.mlstack && prints '^(flowchart|graph)'
expect 0 graph --format svg good.mlstack && prints '<svg'
expect 0 graph good.mlstack --format svg -o picture.svg
silent
grep -q '</svg>' picture.svg || fault "no picture in the file"
expect 64 graph --format png good.mlstack
mkdir two && stack a >two/a.mlstack && stack b >two/b.mlstack
expect 64 graph two && says MLS9009
echo 'stack bad claim data { sise = 1Gi }' >bad.mlstack
expect 1 graph bad.mlstack && silent
finish
