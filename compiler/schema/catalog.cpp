#include <algorithm>

#include <fmt/format.h>

#include "schema/catalog_rows.h"
#include "schema/crd.h"

namespace mlstack::schema {

using table::FieldRow;
using table::Index;
using table::ResourceRow;
using table::TypeRow;

namespace {

constexpr TypeRow kNothing{};

const TypeRow& rowAt(const Catalog& catalog, const table::Store& store, TypeRef type) {
  return type.catalog == &catalog ? store.type(static_cast<Index>(type.index)) : kNothing;
}

TypeRef refTo(const Catalog& catalog, Index index) { return {.catalog = &catalog, .index = index}; }

FieldInfo infoOf(const Catalog& catalog, const table::Store& store, const FieldRow& row) {
  FieldInfo info;
  info.name = store.name(row.name);
  info.type = refTo(catalog, row.type);
  info.versions = row.versions;
  info.requiredIn = row.required;
  info.required = row.required != 0 && (row.required & row.versions) == row.versions;
  return info;
}

void report(const CrdResult& result, diag::Sink& sink) {
  const base::Span at = result.at != nullptr ? result.at->span : base::Span{};
  switch (result.problem) {
    case CrdProblem::None: return;
    case CrdProblem::NotACrd:
      return sink.add(diag::make<diag::Code::NotACrd>(
          at, result.detail.empty() ? std::string("not a Kubernetes object") : "a " + result.detail));
    case CrdProblem::NoNames: return sink.add(diag::make<diag::Code::CrdWithoutNames>(at));
    case CrdProblem::NoServedVersion: return sink.add(diag::make<diag::Code::CrdServesNothing>(at));
    case CrdProblem::NoSchema: return sink.add(diag::make<diag::Code::CrdWithoutSchema>(at, result.detail));
    case CrdProblem::TooLarge: return sink.add(diag::make<diag::Code::CrdTooLarge>(at));
  }
}

}  // namespace

Catalog::Catalog() : impl_(std::make_unique<Impl>()) {}
Catalog::~Catalog() = default;

const ResourceRow* Catalog::Impl::findResource(std::string_view apiVersion, std::string_view kind) const {
  for (const ResourceRow& row : store.ownResources()) {
    if (store.name(row.kind) == kind && store.name(row.apiVersion) == apiVersion) return &row;
  }
  const auto rows = store.base().resources;
  const auto at = std::lower_bound(rows.begin(), rows.end(), std::pair(apiVersion, kind),
                                   [&](const ResourceRow& row, const auto& wanted) {
                                     return std::pair(store.name(row.apiVersion), store.name(row.kind)) < wanted;
                                   });
  const bool found = at != rows.end() && store.name(at->apiVersion) == apiVersion && store.name(at->kind) == kind;
  return found ? &*at : nullptr;
}

Index Catalog::Impl::objectMeta() const {
  const ResourceRow* pod = findResource("v1", "Pod");
  if (pod == nullptr) return table::kAnyType;
  const FieldRow* metadata = store.findField(store.type(pod->type), "metadata");
  return metadata != nullptr ? metadata->type : table::kAnyType;
}

bool Catalog::Impl::matches(Index pattern, std::string_view text) const {
  const std::lock_guard guard(lock);
  auto [at, isNew] = patterns.try_emplace(pattern);
  if (isNew) {
    std::string error;
    at->second = base::Regex::compile(store.name(pattern), error);
  }
  return !at->second || at->second->foundIn(text);
}

bool Catalog::addCrd(const ir::Node& document, base::SymbolTable& symbols, diag::Sink& sink) {
  const CrdResult result = readCrd(document, symbols, impl_->store, impl_->objectMeta());
  report(result, sink);
  const std::lock_guard guard(impl_->lock);
  impl_->resourceByKey.clear();   // earlier infos stay valid, new questions see the new rows
  return result.problem == CrdProblem::None;
}

const ResourceInfo* Catalog::resource(std::string_view apiVersion, std::string_view kind) const {
  const ResourceRow* row = impl_->findResource(apiVersion, kind);
  if (row == nullptr) return nullptr;
  const std::lock_guard guard(impl_->lock);
  auto [at, isNew] = impl_->resourceByKey.try_emplace(fmt::format("{} {}", apiVersion, kind), nullptr);
  if (!isNew) return at->second;
  const table::Store& store = impl_->store;
  ResourceInfo info;
  info.apiVersion = store.name(row->apiVersion);
  info.kind = store.name(row->kind);
  info.plural = store.name(row->plural);
  info.namespaced = row->namespaced != 0;
  info.versions = row->versions;
  info.deprecated = store.name(row->deprecated);
  info.deprecatedIn = row->deprecatedIn;
  info.custom = row->versions == 0;
  info.type = refTo(*this, row->type);
  at->second = &impl_->resourceInfos.emplace_back(info);
  return at->second;
}

std::vector<const ResourceInfo*> Catalog::resources() const {
  const table::Store& store = impl_->store;
  std::vector<std::pair<std::string_view, std::string_view>> names;
  for (const ResourceRow& row : store.base().resources) names.emplace_back(store.name(row.apiVersion), store.name(row.kind));
  for (const ResourceRow& row : store.ownResources()) names.emplace_back(store.name(row.apiVersion), store.name(row.kind));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<const ResourceInfo*> out;
  out.reserve(names.size());
  for (const auto& [apiVersion, kind] : names) out.push_back(resource(apiVersion, kind));
  return out;
}

Shape Catalog::shape(TypeRef type) const { return shapeOf(rowAt(*this, impl_->store, type)); }

TypeRef Catalog::element(TypeRef listOrMap) const {
  const TypeRow& row = rowAt(*this, impl_->store, listOrMap);
  if (shapeOf(row) != Shape::List && shapeOf(row) != Shape::Map) return {};
  return refTo(*this, row.element);
}

std::vector<FieldInfo> Catalog::fields(TypeRef object) const {
  const table::Store& store = impl_->store;
  std::vector<FieldInfo> out;
  for (const FieldRow& row : store.fields(rowAt(*this, store, object))) out.push_back(infoOf(*this, store, row));
  return out;
}

const FieldInfo* Catalog::field(TypeRef object, std::string_view name) const {
  const table::Store& store = impl_->store;
  const TypeRow& type = rowAt(*this, store, object);
  const FieldRow* row = store.findField(type, name);
  if (row == nullptr) return nullptr;
  const auto index = type.fields + static_cast<std::uint32_t>(row - store.fields(type).data());
  const std::lock_guard guard(impl_->lock);
  auto [at, isNew] = impl_->fieldInfos.try_emplace(index);
  if (isNew) at->second = infoOf(*this, store, *row);
  return &at->second;
}

std::vector<std::string_view> Catalog::enumerators(TypeRef type) const {
  const TypeRow& row = rowAt(*this, impl_->store, type);
  return impl_->store.texts(row.enums, row.enumCount);
}

bool Catalog::keepsUnknownFields(TypeRef object) const {
  const TypeRow& row = rowAt(*this, impl_->store, object);
  return shapeOf(row) == Shape::Any || (row.flags & table::KeepsUnknown) != 0;
}

ListType Catalog::listType(TypeRef list) const {
  return static_cast<ListType>(rowAt(*this, impl_->store, list).listType);
}

std::vector<std::string_view> Catalog::listKeys(TypeRef list) const {
  const TypeRow& row = rowAt(*this, impl_->store, list);
  return impl_->store.texts(row.keys, row.keyCount);
}

TypeRef Catalog::walk(TypeRef from, std::string_view path) const {
  TypeRef at = from;
  while (at && !path.empty()) {
    if (path.front() == '[') {
      const std::size_t end = path.find(']');
      if (end == std::string_view::npos) return {};
      at = element(at);
      path.remove_prefix(end + 1);
    } else {
      const std::string_view step = path.substr(0, path.find_first_of(".["));
      path.remove_prefix(step.size());
      if (shape(at) == Shape::Map) {
        at = element(at);
      } else {
        const FieldInfo* next = field(at, step);
        at = next != nullptr ? next->type : TypeRef{};
      }
    }
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  }
  return at;
}

std::string Catalog::describe(TypeRef type) const {
  const TypeRow& row = rowAt(*this, impl_->store, type);
  switch (shapeOf(row)) {
    case Shape::Any: return "anything";
    case Shape::Bool: return "boolean";
    case Shape::Int: return "integer";
    case Shape::Float: return "number";
    case Shape::String: return "string";
    case Shape::Quantity: return "quantity";
    case Shape::IntOrString: return "integer or string";
    case Shape::List: return "list of " + describe(element(type));
    case Shape::Map: return "map of " + describe(element(type));
    case Shape::Object: {
      const std::string_view name = impl_->store.name(row.name);
      return name.empty() ? "object" : std::string(name);
    }
  }
  return {};
}

}  // namespace mlstack::schema
