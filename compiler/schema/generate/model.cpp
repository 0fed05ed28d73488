#include "schema/generate/model.h"

#include <stdexcept>

#include <fmt/format.h>

#include "schema/generate/deprecations.h"
#include "schema/structural.h"

namespace mlstack::schemagen {

using schema::kAllVersions;
using schema::member;
using schema::memberText;
using schema::memberTrue;
using schema::Shape;
using schema::VersionSet;
using schema::table::Index;
using schema::table::TypeDraft;

namespace {

constexpr std::string_view kRefPrefix = "#/definitions/";

std::string_view shortName(std::string_view definition) { return definition.substr(definition.rfind('.') + 1); }

/// Definitions without properties that are not empty objects.
bool opaque(std::string_view name, Shape& shape, std::uint8_t& flags) {
  const std::string_view last = shortName(name);
  if (last == "Quantity") shape = Shape::Quantity;
  else if (last == "IntOrString") shape = Shape::IntOrString;
  else if (last == "RawExtension" || last == "FieldsV1" || last == "Patch" || last == "CustomResourceSubresourceStatus") {
    shape = Shape::Object;
    flags = schema::table::KeepsUnknown;
  } else {
    return false;
  }
  return true;
}

std::string deprecationText(const schemagen::Deprecation& row, std::string_view kind) {
  std::string text = fmt::format("since Kubernetes 1.{}", row.since);
  if (row.gone != 0) text += fmt::format(", no longer served from 1.{} on", row.gone);
  if (row.successor.empty()) return text;
  const bool named = row.successor.find(' ') != std::string_view::npos;
  return text + "; use " + std::string(row.successor) + (named ? std::string() : " " + std::string(kind));
}

VersionSet from(int minor) {
  VersionSet set = 0;
  for (int version = schema::kFirstMinor; version <= schema::kLastMinor; ++version) {
    if (version >= minor) set |= static_cast<VersionSet>(1u << (version - schema::kFirstMinor));
  }
  return set;
}

void markDeprecated(const MergedResource& resource, schema::table::ResourceRow& row, schema::table::Store& store) {
  for (const Deprecation& known : kDeprecations) {
    if (known.apiVersion != resource.apiVersion || (known.kind != "*" && known.kind != resource.kind)) continue;
    row.deprecatedIn = static_cast<std::uint8_t>(from(known.since) & resource.versions);
    if (row.deprecatedIn != 0) row.deprecated = store.intern(deprecationText(known, resource.kind));
  }
}

}  // namespace

void Model::addDefinition(std::string_view name, const ir::Node& schema, VersionSet bit) {
  MergedDefinition& merged = definitions[name];
  merged.schema = &schema;
  const ir::Node* properties = member(&schema, "properties", symbols_);
  if (properties == nullptr) return;
  for (const ir::Node& property : ir::Children(properties)) {
    MergedField& field = merged.fields[symbols_.text(property.key)];
    field.schema = &property;
    field.versions |= bit;
  }
  const ir::Node* required = member(&schema, "required", symbols_);
  if (required == nullptr) return;
  for (const ir::Node& item : ir::Children(required)) merged.fields[item.text()].required |= bit;
}

void Model::add(const ir::Node& document) {
  const VersionSet bit = schema::versionBit(memberText(&document, "kubernetes", symbols_));
  if (bit == 0) throw std::runtime_error("a document of a version that schema.h does not know");
  for (const ir::Node& definition : ir::Children(member(&document, "definitions", symbols_))) {
    addDefinition(symbols_.text(definition.key), definition, bit);
  }
  for (const ir::Node& entry : ir::Children(member(&document, "resources", symbols_))) {
    const std::string key(symbols_.text(entry.key));
    MergedResource& resource = resources[key];
    resource.apiVersion = key.substr(0, key.find(' '));
    resource.kind = key.substr(key.find(' ') + 1);
    resource.plural = memberText(&entry, "resource", symbols_);
    resource.namespaced = memberTrue(&entry, "namespaced", symbols_);
    resource.versions |= bit;
  }
  for (const auto& [name, merged] : definitions) {
    const ir::Node* gvks = member(merged.schema, "x-kubernetes-group-version-kind", symbols_);
    if (gvks == nullptr) continue;
    for (const ir::Node& gvk : ir::Children(gvks)) {
      const std::string_view group = memberText(&gvk, "group", symbols_);
      const std::string key = fmt::format("{}{}{} {}", group, group.empty() ? "" : "/",
                                          memberText(&gvk, "version", symbols_), memberText(&gvk, "kind", symbols_));
      if (auto at = resources.find(key); at != resources.end()) at->second.definition = name;
    }
  }
}

void buildTypes(const Model& model, const base::SymbolTable& symbols, schema::table::Store& store, Index& objectMeta) {
  std::map<std::string_view, Index> rows;
  for (const auto& [name, merged] : model.definitions) rows[name] = store.reserve();
  schema::StructuralReader reader(store, symbols, false, schema::table::kAnyType);
  reader.resolve = [&](std::string_view ref) {
    const auto at = rows.find(ref.substr(kRefPrefix.size()));
    if (at == rows.end()) throw std::runtime_error("no definition of " + std::string(ref));
    return at->second;
  };
  for (const auto& [name, merged] : model.definitions) {
    TypeDraft draft;
    if (!opaque(name, draft.shape, draft.flags)) {
      draft = reader.draft(*merged.schema, {}, 0);
      draft.fields.clear();
      for (const auto& [fieldName, field] : merged.fields) {
        draft.fields.push_back({.name = fieldName, .type = reader.read(*field.schema), .versions = field.versions,
                                .required = field.required});
      }
    }
    draft.name = shortName(name);
    if (draft.name == "ObjectMeta") objectMeta = rows[name];
    store.fill(rows[name], std::move(draft));
  }
  for (const auto& [key, resource] : model.resources) {
    schema::table::ResourceRow row;
    row.apiVersion = store.intern(resource.apiVersion);
    row.kind = store.intern(resource.kind);
    row.plural = store.intern(resource.plural);
    row.type = rows.at(resource.definition);
    row.versions = resource.versions;
    row.namespaced = resource.namespaced;
    markDeprecated(resource, row, store);
    store.addResource(row);
  }
}

}  // namespace mlstack::schemagen
