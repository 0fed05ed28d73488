#include "schema/crd.h"

#include <fmt/format.h>

#include "schema/structural.h"

namespace mlstack::schema {

namespace {

struct CrdNames {
  std::string_view group;
  std::string_view kind;
  std::string_view plural;
  bool namespaced = true;
};

std::string deprecationOf(const ir::Node& version, const CrdNames& names, const base::SymbolTable& symbols) {
  std::string text(memberText(&version, "deprecationWarning", symbols));
  if (!text.empty()) return text;
  return fmt::format("{}/{} {} is deprecated by its CustomResourceDefinition", names.group,
                     memberText(&version, "name", symbols), names.kind);
}

CrdResult addVersion(const ir::Node& version, const CrdNames& names, const base::SymbolTable& symbols,
                     table::Store& store, table::Index objectMeta) {
  const ir::Node* schema = member(member(&version, "schema", symbols), "openAPIV3Schema", symbols);
  const std::string_view versionName = memberText(&version, "name", symbols);
  if (schema == nullptr || schema->kind != ir::NodeKind::Map) {
    return {.problem = CrdProblem::NoSchema, .at = &version, .detail = std::string(versionName)};
  }
  const std::string apiVersion = fmt::format("{}/{}", names.group, versionName);
  StructuralReader reader(store, symbols, true, objectMeta);
  table::ResourceRow row;
  row.type = reader.readRoot(*schema, names.kind);
  row.apiVersion = store.intern(apiVersion);
  row.kind = store.intern(names.kind);
  row.plural = store.intern(names.plural);
  row.namespaced = names.namespaced;
  if (memberTrue(&version, "deprecated", symbols)) {
    row.deprecated = store.intern(deprecationOf(version, names, symbols));
    row.deprecatedIn = kAllVersions;
  }
  store.removeResources(apiVersion, names.kind);
  store.addResource(row);
  return {.versions = 1};
}

CrdResult addVersions(const ir::Node& crd, const base::SymbolTable& symbols, table::Store& store,
                      table::Index objectMeta) {
  const std::string_view apiVersion = memberText(&crd, "apiVersion", symbols);
  if (crd.kind != ir::NodeKind::Map || memberText(&crd, "kind", symbols) != "CustomResourceDefinition" ||
      apiVersion != "apiextensions.k8s.io/v1") {
    return {.problem = CrdProblem::NotACrd, .at = &crd,
            .detail = std::string(memberText(&crd, "kind", symbols))};
  }
  const ir::Node* spec = member(&crd, "spec", symbols);
  const ir::Node* names = member(spec, "names", symbols);
  const CrdNames read{memberText(spec, "group", symbols), memberText(names, "kind", symbols),
                      memberText(names, "plural", symbols), memberText(spec, "scope", symbols) != "Cluster"};
  if (read.group.empty() || read.kind.empty() || read.plural.empty()) {
    return {.problem = CrdProblem::NoNames, .at = spec != nullptr ? spec : &crd};
  }
  const ir::Node* versions = member(spec, "versions", symbols);
  CrdResult all;
  if (versions != nullptr && versions->kind == ir::NodeKind::List) {
    for (const ir::Node& version : ir::Children(versions)) {
      if (!memberTrue(&version, "served", symbols)) continue;
      CrdResult one = addVersion(version, read, symbols, store, objectMeta);
      if (one.problem != CrdProblem::None) return one;
      all.versions += one.versions;
    }
  }
  if (all.versions == 0) {
    all.problem = CrdProblem::NoServedVersion;
    all.at = versions != nullptr ? versions : &crd;
  } else if (!store.sound()) {
    all.problem = CrdProblem::TooLarge;
    all.at = &crd;
  }
  return all;
}

}  // namespace

CrdResult readCrd(const ir::Node& crd, const base::SymbolTable& symbols, table::Store& store,
                  table::Index objectMeta) {
  table::Store::Mark before = store.mark();
  CrdResult result = addVersions(crd, symbols, store, objectMeta);
  if (result.problem != CrdProblem::None) store.rollBack(std::move(before));
  return result;
}

}  // namespace mlstack::schema
