# Every message has a page with the sections of the house, and the programs on the pages do what they say:
# those under "Fails" yield the page's code, those under "Works" no error.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
diag=${MLSTACK_SOURCE_DIR:?}/compiler/diag
rows=$(sed -n 's/^MLSTACK_MESSAGE(\([0-9]\{4\}\),.*/\1/p' "$diag/messages.def" "$diag/rules.def" "$diag/cluster.def" | sort)
[[ $(uniq -d <<<"$rows") == '' ]] || fault "used twice: $(uniq -d <<<"$rows")"
pages=$(cd "$diag/pages" && printf '%s\n' MLS*.md | sed 's/^MLS\(.*\)\.md$/\1/' | sort)
[[ $rows == "$pages" ]] || fault "messages and pages differ: $(comm -3 <(echo "$rows") <(echo "$pages") | tr -d '\t' | tr '\n' ' ')"
cd "$scratch" || exit 1
programs=0
for page in "$diag"/pages/*.md; do
  code=$(basename "$page" .md)
  [[ $(head -1 "$page") == "# $code: "* ]] || fault "$code: its first line is no title"
  for section in Fails Works; do
    grep -q "^## $section\$" "$page" || fault "$code: no section $section"
  done
  rm -f -- *.mlstack *.yaml was.yml
  awk '/^## /{part = $2} /^```$/{out = ""} out{print > out} /^```mlstack$/{out = part "-" ++n ".mlstack"}
       /^```yaml$/{out = part "-" ++n ".yaml"} /^```yaml was$/{out = "was"}' "$page"
  before=()
  [[ ! -e was ]] || { mv was was.yml && before=(--was was.yml); }
  for program in *.mlstack *.yaml; do
    [[ -e $program ]] || continue
    programs=$((programs + 1))
    said=$("$MLSTACKC" check "${before[@]}" "$program" 2>&1)
    case "$program" in
      Fails*) [[ $said == *"[$code]"* ]] || fault "$code, $program: $said" ;;
      Works*) [[ $said != *error\[* ]] || fault "$code, $program: $said" ;;
    esac
  done
done
[[ $programs -ge 200 ]] || fault "only $programs programs"
finish
