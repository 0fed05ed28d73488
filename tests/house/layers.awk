# awk -f layers.awk layers.txt compiler/*/*.{h,cpp}: one line per breach of the table of layers.
# Paths are <anything>/<folder>/<file>. Exits 1 when it printed something.

function breach(text) { print FILENAME ":" FNR ": " text; found = 1 }

# The third party that an included file belongs to; "" for the C++ standard library.
function party(file) {
  if (file ~ /^fmt\//) return "fmt"
  if (file ~ /^llvm/) return "llvm"
  if (file ~ /^yaml-cpp\//) return "yaml"
  if (file ~ /^CLI\//) return "cli"
  if (file ~ /^curl\//) return "curl"
  if (file ~ /antlr/ || file ~ /^MlstackParser\.h$/ || file ~ /^(atn|dfa|misc|support|tree)\//) return "antlr"
  if (file ~ /^(iostream|print|stdio\.h)$/) return "stdio"
  if (file ~ /^[a-z_]+$/) return ""
  if (file ~ /^(sys|net|netinet|arpa|linux)\// || file ~ /^[a-z_]+\.h$/) return "posix"
  return "unknown"
}

FNR == 1 { table = (FILENAME ~ /layers\.txt$/) }

table {
  if ($0 ~ /^#/ || split($0, column, ":") < 3) next
  gsub(/ /, "", column[1])
  known[column[1]] = 1
  count = split(column[2], names, " ")
  for (i = 1; i <= count; i++) {
    if (!(names[i] in known)) breach(column[1] " stands above its line's " names[i])
    below[column[1], names[i]] = 1
  }
  count = split(column[3], names, " ")
  for (i = 1; i <= count; i++) third[column[1], names[i]] = 1
  next
}

FNR == 1 {
  count = split(FILENAME, path, "/")
  folder = path[count - 1]
  if (!(folder in known)) breach("the folder " folder " is not in layers.txt")
}

match($0, /^[ \t]*#[ \t]*include[ \t]*[<"][^>"]+[>"]/) {
  text = substr($0, RSTART, RLENGTH)
  own = text ~ /"/
  sub(/^[^<"]*[<"]/, "", text)
  sub(/[>"]$/, "", text)
  first = text
  sub(/\/.*/, "", first)
  if (own && text ~ /^[a-z_]+\.inc$/) next                  # generated into the build folder
  if (own && text ~ /\// && (first in known)) {
    if (first != folder && !((folder, first) in below)) breach(folder " may not see " first " (" text ")")
    next
  }
  name = party(text)
  if (name != "" && !((folder, name) in third)) breach(folder " may not include <" text "> (" name ")")
  next
}

{
  code = $0
  gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
  sub(/\/\/.*/, "", code)
  if (!((folder, "stdio") in third) &&
      code ~ /std::(cout|cerr|clog|exit|quick_exit|_Exit)|fmt::print|llvm::(outs|errs)\(|(^|[^a-zA-Z_:.>])(f?printf|f?puts|_?exit) *\(/)
    breach(folder " may not print or exit: " code)
}

END { exit found }
