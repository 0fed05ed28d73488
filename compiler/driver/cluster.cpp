#include "driver/cluster.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/quantity.h"
#include "diag/cluster.h"
#include "driver/manifests.h"
#include "yaml/yaml.h"

namespace mlstack::driver {
namespace {

using diag::Code;
using ir::Children;
using ir::Node;
using ir::NodeKind;

std::string_view textOf(const Node* node) {
  return node != nullptr && node->kind == NodeKind::String ? node->text() : std::string_view{};
}

}  // namespace

/// apiVersion: mlstack.dev/v1, kind: ClusterSnapshot, kubernetes: "1.34", complete: [StorageClass, …].
void Cluster::readHeader(const Node& document, diag::Sink& sink) {
  for (const auto& field : Children(&document)) {
    auto key = symbols_.text(field.key);
    if (key == "kubernetes") {
      // `1.30` without quotes is the number 1.3: that cannot be told apart.
      if (field.kind != NodeKind::String || schema::versionBit(field.text()) == 0) {
        sink.add(diag::make<Code::SnapshotForm>(field.span, key, fmt::format("a version in quotes, \"1.{}\" to \"1.{}\"", schema::kFirstMinor, schema::kLastMinor)));
        continue;
      }
      kubernetes_ = field.text();
    } else if (key == "complete") {
      saysComplete_ = true;
      if (field.kind != NodeKind::List) sink.add(diag::make<Code::SnapshotForm>(field.span, key, "a list of kinds"));
      for (const auto& kind : Children(field.kind == NodeKind::List ? &field : nullptr)) {
        if (textOf(&kind).empty()) sink.add(diag::make<Code::SnapshotForm>(kind.span, key, "a list of kinds"));
        else complete_.push_back(symbols_.intern(kind.text()));
      }
    } else if (key != "apiVersion" && key != "kind" && key != "metadata") {
      sink.add(diag::make<Code::SnapshotForm>(field.keySpan(key.size()), key, "nothing: it has `kubernetes` and `complete`"));
    }
  }
}

void Cluster::read(const base::SourceFile& file, diag::Sink& sink) {
  ir::Builder builder(arena_);
  auto documents = yaml::readDocuments(file, symbols_, builder, sink);
  bool header = false;
  for (auto* document : documents) {
    if (textOf(ir::findPath(document, "kind", symbols_)) == "ClusterSnapshot") {
      header = true;
      readHeader(*document, sink);
      continue;
    }
    for (auto* object : ir::manifestObjects(document, symbols_, arena_)) {
      objects_.push_back(object);
      if (textOf(ir::findPath(object, "kind", symbols_)) == "CustomResourceDefinition") definitions_.push_back(object);
    }
  }
  if (objects_.empty() && !header) {
    auto d = diag::make<Code::NoKubernetesObject>({}, file.name);
    d.file = file.name;
    d.help = "take one with `kubectl get sc,pv,csidriver,nodes,crd -o yaml`";
    sink.add(std::move(d));
  }
  if (saysComplete_) return;
  for (const auto* object : objects_) {
    auto kind = symbols_.intern(textOf(ir::findPath(object, "kind", symbols_)));
    if (std::ranges::find(complete_, kind) == complete_.end()) complete_.push_back(kind);
  }
}

namespace {

std::string shown(const Node* node) {
  if (node == nullptr) return "nothing";
  switch (node->kind) {
    case NodeKind::Null: return "null";
    case NodeKind::Bool: return node->boolean ? "true" : "false";
    case NodeKind::Int: return fmt::format("{}", node->integer);
    case NodeKind::Float: return fmt::format("{}", node->real);
    case NodeKind::String: return fmt::format("`{}`", node->text());
    case NodeKind::List: {
      std::string text;
      for (const auto& item : Children(node)) text += (text.empty() ? "" : ", ") + shown(&item);
      return text.empty() ? "an empty list" : text;
    }
    case NodeKind::Map: return "a map";
  }
  return {};
}

/// What is said holds: a size that is said is one that is there at least.
bool holds(const Node& said, const Node* live, bool size) {
  if (live == nullptr) return said.kind == NodeKind::Bool && !said.boolean;   // an absent `allowVolumeExpansion`
  if (ir::sameValue(said, *live)) return true;
  if (said.kind == NodeKind::List && live->kind == NodeKind::List) {
    for (const auto& item : Children(&said)) {
      const auto there = Children(live);
      bool found = false;
      for (const auto& other : there) found = found || ir::sameValue(item, other);
      if (!found) return false;
    }
    return true;
  }
  const auto ours = base::parseQuantity(textOf(&said)), theirs = base::parseQuantity(textOf(live));
  return ours && theirs && (size ? *ours <= *theirs : *ours == *theirs);
}

}  // namespace

/// MLS5044, for each value that the stack states of an external thing. What it does not state is no promise.
void Cluster::verifyPart(const ir::Object& said, const Node& part, const Node* live, const std::string& path, diag::Sink& sink) const {
  for (const auto& field : Children(&part)) {
    const auto key = symbols_.text(field.key);
    if (path.empty() && (key == "apiVersion" || key == "kind" || key == "metadata" || key == "data" || key == "status")) continue;
    auto at = path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
    const auto* there = ir::find(live, field.key);
    if (field.kind == NodeKind::Map) {
      verifyPart(said, field, there, at, sink);
      continue;
    }
    const bool size = at == "spec.resources.requests.storage";
    if ((field.flags & ir::FlagImplied) != 0 || holds(field, there, size)) continue;
    sink.add(diag::make<diag::ClusterCode::ExternalDiffers>(field.span, symbols_.text(said.kind), symbols_.text(said.name), shown(there), at, shown(&field))
                 .hint("say what is there, or use another one"));
  }
}

void Cluster::verify(const ir::Object& said, const Node& live, diag::Sink& sink) const {
  if (said.root == nullptr) return;
  // A claim's size is that of its volume, once it has one.
  const auto* capacity = ir::findPath(&live, "status.capacity.storage", symbols_);
  if (symbols_.text(said.kind) != "PersistentVolumeClaim" || capacity == nullptr) return verifyPart(said, *said.root, &live, {}, sink);
  ir::Builder builder(arena_);
  auto* grown = builder.clone(live);
  auto* requests = ir::findPath(grown, "spec.resources.requests", symbols_);
  if (requests != nullptr && requests->kind == NodeKind::Map) ir::Builder::set(*requests, symbols_.intern("storage"), builder.clone(*capacity));
  verifyPart(said, *said.root, grown, {}, sink);
}

void Cluster::addTo(ir::Stack& stack, diag::Sink& sink) const {
  if (objects_.empty() && complete_.empty()) return;
  const auto declared = stack.objects.size();
  stack.completeKinds.insert(stack.completeKinds.end(), complete_.begin(), complete_.end());
  const auto own = stack.nameSpace ? stack.nameSpace : symbols_.intern("default");
  auto keyOf = [&](const ir::Object& object) {
    auto version = symbols_.text(object.apiVersion);
    auto slash = version.find('/');
    return fmt::format("{}/{}/{}/{}", slash == std::string_view::npos ? "" : version.substr(0, slash), object.kind.id,
                       object.nameSpace ? object.nameSpace.id : own.id, object.name.id);
  };
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < stack.objects.size(); ++i) known.emplace(keyOf(stack.objects[i]), i);
  for (auto* root : objects_) {
    const auto before = stack.objects.size();
    if (ir::addManifest(stack, root) == 0) continue;
    auto& added = stack.objects.back();
    auto [at, fresh] = known.emplace(keyOf(added), before);
    if (fresh) {
      added.external = added.observed = true;
      continue;
    }
    // What the source declares is about to be; what it knows as external is what the cluster shows.
    auto& object = stack.objects[at->second];
    if (object.external && !object.observed) {
      verify(object, *root, sink);
      object.root = root;
      object.facts = nullptr;
      object.observed = true;
    }
    stack.objects.pop_back();
  }
  if (!saysComplete_) return;   // a file of some objects says nothing of others
  for (std::size_t i = 0; i < declared; ++i) {
    const auto& object = stack.objects[i];
    if (!object.external || object.observed || std::ranges::find(complete_, object.kind) == complete_.end()) continue;
    sink.add(diag::make<diag::ClusterCode::ExternalMissing>(object.span, symbols_.text(object.kind), symbols_.text(object.name))
                 .hint("make it before this stack is applied, or declare it here without `external`"));
  }
}

}  // namespace mlstack::driver
