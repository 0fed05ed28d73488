#include "schema/describe.h"

#include <algorithm>

#include <fmt/format.h>

namespace mlstack::schema {

namespace {

std::string versionsNote(VersionSet versions) {
  if (versions == kAllVersions || versions == 0) return {};
  const bool untilNow = (versions & (1u << (kLastMinor - kFirstMinor))) != 0;
  const std::string first = versionText(versions);
  if (untilNow) return "since " + first;
  VersionSet last = versions;
  while ((last & (last - 1)) != 0) last = static_cast<VersionSet>(last & (last - 1));
  return first == versionText(last) ? "only in " + first : fmt::format("{} to {}", first, versionText(last));
}

/// The innermost element of lists and maps.
TypeRef innermost(const Catalog& catalog, TypeRef type) {
  for (TypeRef inner = catalog.element(type); inner; inner = catalog.element(type)) type = inner;
  return type;
}

std::string typeText(const Catalog& catalog, const FieldInfo& field) {
  std::string text = catalog.describe(field.type);
  const std::vector<std::string_view> values = catalog.enumerators(innermost(catalog, field.type));
  if (!values.empty()) {
    text += ": ";
    for (std::size_t at = 0; at < values.size(); ++at) {
      text += fmt::format("{}\"{}\"", at == 0 ? "" : " | ", values[at]);
    }
  }
  return text;
}

void writeFields(const Catalog& catalog, TypeRef type, int depth, VersionSet version, std::size_t indent,
                 std::string& out) {
  std::vector<FieldInfo> fields = catalog.fields(innermost(catalog, type));
  std::erase_if(fields, [&](const FieldInfo& field) { return version != 0 && (field.versions & version) == 0; });
  std::size_t width = 0;
  for (const FieldInfo& field : fields) width = std::max(width, field.name.size());
  for (const FieldInfo& field : fields) {
    out += fmt::format("{:{}}{:<{}}  {}", "", indent, field.name, width, typeText(catalog, field));
    const bool required = version != 0 ? (field.requiredIn & version) != 0 : field.required;
    if (required) out += ", required";
    const std::string note = versionsNote(field.versions);
    if (version == 0 && !note.empty()) out += " (" + note + ")";
    out += '\n';
    if (depth > 1) writeFields(catalog, field.type, depth - 1, version, indent + 2, out);
  }
}

}  // namespace

std::string describeType(const Catalog& catalog, TypeRef type, int depth, VersionSet version) {
  std::string out;
  writeFields(catalog, type, depth, version, 0, out);
  const TypeRef inner = innermost(catalog, type);
  if (out.empty()) out = catalog.describe(type) + "\n";
  else if (catalog.keepsUnknownFields(inner)) out += "and any other field\n";
  return out;
}

Subject findSubject(const Catalog& catalog, std::string_view text) {
  // The kind ends at the first dot behind the last slash: groups have dots, kinds have none.
  Subject out;
  const std::size_t slash = text.find('/') == std::string_view::npos ? 0 : text.rfind('/', text.find_first_of("[{"));
  const std::size_t dot = text.find('.', slash);
  const std::string_view name = text.substr(0, dot);
  if (slash == 0 || slash >= name.size()) return out;
  out.resource = catalog.resource(name.substr(0, slash), name.substr(slash + 1));
  if (dot != std::string_view::npos) out.path = text.substr(dot + 1);
  if (out.resource != nullptr) out.type = catalog.walk(out.resource->type, out.path);
  return out;
}

std::string describeResource(const ResourceInfo& resource) {
  std::string out = fmt::format("{}/{}  {}, {}", resource.apiVersion, resource.kind, resource.plural,
                                resource.namespaced ? "namespaced" : "cluster-wide");
  if (resource.custom) out += ", custom resource";
  if (const std::string note = versionsNote(resource.versions); !note.empty()) out += ", " + note;
  if (!resource.deprecated.empty()) out += ", deprecated";
  return out;
}

}  // namespace mlstack::schema
