#include "base/json.h"
#include "diag/formats.h"

namespace mlstack::diag {
namespace {

using base::JsonWriter;

void number(JsonWriter& json, std::string_view key, std::uint32_t value) {
  json.key(key);
  if (value == 0) {
    json.null();
  } else {
    json.value(value);
  }
}

void text(JsonWriter& json, std::string_view key, std::string_view value) {
  json.key(key);
  if (value.empty()) {
    json.null();
  } else {
    json.value(value);
  }
}

void range(JsonWriter& json, const Region& region) {
  text(json, "file", region.file);
  number(json, "line", region.line);
  number(json, "column", region.column);
  number(json, "endLine", region.endLine);
  number(json, "endColumn", region.endColumn);
}

void fixes(JsonWriter& json, const Diagnostic& d, const base::SourceSet& sources) {
  json.key("fixes").beginArray();
  for (const Fix& fix : d.fixes) {
    json.beginObject().field("title", fix.title).key("edits").beginArray();
    for (const Edit& edit : fix.edits) {
      json.beginObject();
      range(json, regionOf(edit.span, {}, sources));
      json.field("newText", edit.text).endObject();
    }
    json.endArray().endObject();
  }
  json.endArray();
}

void diagnostic(JsonWriter& json, const Diagnostic& d, const base::SourceSet& sources) {
  json.beginObject().field("code", codeText(d.code)).field("severity", severityText(d.severity));
  json.field("message", d.message);
  range(json, regionOf(d.span, d.file, sources));
  text(json, "object", d.object);
  json.key("related").beginArray();
  for (const Related& related : d.related) {
    json.beginObject().field("message", related.message);
    range(json, regionOf(related.span, {}, sources));
    json.endObject();
  }
  json.endArray();
  fixes(json, d, sources);
  text(json, "help", d.help);
  json.endObject();
}

}  // namespace

std::string renderJson(const std::vector<Diagnostic>& all, const base::SourceSet& sources) {
  std::string out;
  JsonWriter json(out, 2);
  json.beginObject().field("version", 1).key("diagnostics").beginArray();
  for (const Diagnostic& d : all) diagnostic(json, d, sources);
  json.endArray().endObject();
  out += '\n';
  return out;
}

}  // namespace mlstack::diag
