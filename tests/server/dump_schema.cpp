// Writes the compiler's own tables of Kubernetes' kinds as JSON, for the test server: one source of what
// a field is and how a list merges, for the compiler and for what stands in for a cluster.
//   dump_schema > schema.json
// types: [shape, flags, list type, element, name, keys, {field: [type, versions, required]}, enumerators]

#include <cstdio>
#include <string>

#include "schema/tables.h"

namespace {

using mlstack::schema::table::FieldRow;
using mlstack::schema::table::Index;
using mlstack::schema::table::ResourceRow;
using mlstack::schema::table::Store;
using mlstack::schema::table::TypeRow;

/// Names of the tables hold nothing that JSON escapes besides these two.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + '"';
}

std::string listed(const Store& store, Index begin, std::size_t count) {
  std::string out = "[";
  for (std::string_view text : store.texts(begin, count)) out += (out.size() > 1 ? "," : "") + quoted(text);
  return out + "]";
}

std::string typeText(const Store& store, const TypeRow& row) {
  std::string out = "[" + std::to_string(row.shape) + "," + std::to_string(row.flags) + "," +
                    std::to_string(row.listType) + "," + std::to_string(row.element) + "," +
                    quoted(store.name(row.name)) + "," + listed(store, row.keys, row.keyCount) + ",{";
  bool first = true;
  for (const FieldRow& field : store.fields(row)) {
    out += (first ? "" : ",") + quoted(store.name(field.name)) + ":[" + std::to_string(field.type) + "," +
           std::to_string(field.versions) + "," + std::to_string(field.required) + "]";
    first = false;
  }
  return out + "}," + listed(store, row.enums, row.enumCount) + "]";
}

std::string resourceText(const Store& store, const ResourceRow& row) {
  return quoted(std::string(store.name(row.apiVersion)) + " " + std::string(store.name(row.kind))) + ":{\"type\":" +
         std::to_string(row.type) + ",\"plural\":" + quoted(store.name(row.plural)) +
         ",\"namespaced\":" + (row.namespaced != 0 ? "true" : "false") + ",\"versions\":" + std::to_string(row.versions) +
         "}";
}

}  // namespace

int main() {
  const auto& tables = mlstack::schema::table::builtin();
  const Store store(tables);
  std::puts("{\"types\":[");
  for (std::size_t i = 0; i < tables.types.size(); ++i) {
    std::printf("%s%s\n", i == 0 ? "" : ",", typeText(store, tables.types[i]).c_str());
  }
  std::puts("],\"resources\":{");
  for (std::size_t i = 0; i < tables.resources.size(); ++i) {
    std::printf("%s%s\n", i == 0 ? "" : ",", resourceText(store, tables.resources[i]).c_str());
  }
  std::puts("}}");
  return std::ferror(stdout) == 0 ? 0 : 1;
}
