#include "driver/cluster.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

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

void Cluster::addTo(ir::Stack& stack) const {
  if (objects_.empty() && complete_.empty()) return;
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
      object.root = root;
      object.facts = nullptr;
      object.observed = true;
    }
    stack.objects.pop_back();
  }
}

}  // namespace mlstack::driver
