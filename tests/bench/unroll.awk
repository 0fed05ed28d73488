# awk -v n=1000 -f unroll.awk workloads.mlstack: the `for` of the benchmark written out, n times.
/^for i in/ { inside = 1; next }
inside && /^}/ { inside = 0; print_all(); next }
inside && /let id =/ { next }
inside { sub(/^  /, ""); body = body $0 "\n"; next }
/^param n/ { next }
{ print }
function print_all(   i, text, id) {
  for (i = 0; i < n; i++) {
    id = "train-" i
    text = body
    gsub(/\$\{id\}/, id, text)
    gsub(/\$\{i\}/, i, text)
    gsub(/= id  /, "= \"" id "\"  ", text)
    gsub(/= id\n/, "= \"" id "\"\n", text)
    gsub(/= id }/, "= \"" id "\" }", text)
    # Labels are references and must be told apart in one scope.
    gsub(/volume disk/, "volume disk-" i, text)
    gsub(/volume = disk/, "volume = disk-" i, text)
    gsub(/claim model/, "claim model-" i, text)
    gsub(/write model/, "write model-" i, text)
    gsub(/config settings/, "config settings-" i, text)
    gsub(/settings\["/, "settings-" i "[\"", text)
    gsub(/read settings/, "read settings-" i, text)
    gsub(/service peers/, "service peers-" i, text)
    gsub(/job trainer/, "job trainer-" i, text)
    printf "%s", text
  }
}
