# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# Of several stacks each takes the parameters that it declares; one that none declares is an error, said once.
printf 'stack a\nparam n: int = 1\nparam only-a: string = ""\noutput n = n\n' >a.mlstack
printf 'stack b\nparam n: int = 1\noutput n = n\n' >b.mlstack
expect 0 check a.mlstack b.mlstack --set n=3 --set only-a=x
expect 1 check a.mlstack b.mlstack --set nn=3 && says 'MLS2018.*`nn`'
[[ $(grep -c MLS2018 err) -eq 1 ]] || fault "an unknown parameter is not said once"
expect 1 check b.mlstack --set only-a=x && says 'MLS2018'
# A parameter file's keys are names, whatever YAML takes them for.
printf 'stack c\nparam n: int\nparam y: int\nparam on: bool\nparam no: string\noutput all = [n, y]\n' >c.mlstack
printf 'n: 1\ny: 2\non: true\nno: x\n' >names.yaml
expect 0 check c.mlstack --params names.yaml
finish
