#include "backend/snapshot.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "diag/cluster.h"
#include "emit/emit.h"
#include "schema/schema.h"

namespace mlstack::backend {
namespace {

using ir::Children;
using ir::Node;
using ir::NodeKind;

/// What is kept of an object beside its name, labels and annotations.
enum class Keep : std::uint8_t {
  All,       // all but its status
  Status,    // its status as well
  Node,      // what pods are placed by
  Keys,      // of `data`, without the values
  Names,     // nothing
};

struct KindRow {
  std::string_view group;
  std::string_view kind;
  Keep keep;
  std::string_view fields;   // a field selector
};

constexpr KindRow kKinds[] = {
    {"apiextensions.k8s.io", "CustomResourceDefinition", Keep::All, ""},
    {"", "Namespace", Keep::Names, ""},
    {"", "Node", Keep::Node, ""},
    {"storage.k8s.io", "StorageClass", Keep::All, ""},
    {"storage.k8s.io", "CSIDriver", Keep::All, ""},
    {"storage.k8s.io", "CSIStorageCapacity", Keep::All, ""},
    {"storage.k8s.io", "VolumeAttributesClass", Keep::All, ""},
    {"", "PersistentVolume", Keep::Status, ""},
    {"", "PersistentVolumeClaim", Keep::Status, ""},
    {"snapshot.storage.k8s.io", "VolumeSnapshotClass", Keep::All, ""},
    {"snapshot.storage.k8s.io", "VolumeSnapshot", Keep::Status, ""},
    {"snapshot.storage.k8s.io", "VolumeSnapshotContent", Keep::Status, ""},
    {"", "ResourceQuota", Keep::Status, ""},
    {"", "LimitRange", Keep::All, ""},
    {"scheduling.k8s.io", "PriorityClass", Keep::All, ""},
    {"node.k8s.io", "RuntimeClass", Keep::All, ""},
    {"resource.k8s.io", "DeviceClass", Keep::All, ""},
    {"", "ServiceAccount", Keep::Names, ""},
    {"", "ConfigMap", Keep::Keys, ""},
    // Helm keeps its releases as secrets, megabytes of them that no stack names.
    {"", "Secret", Keep::Keys, "type!=helm.sh/release.v1"},
};

/// What the lists of a kind gave.
struct Listed {
  const KindRow* row = nullptr;
  std::string text;
  std::size_t objects = 0;
  Failure failure;
  bool narrowed = false;   // one namespace alone
};

/// Annotations that repeat the object, with values that we leave out.
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

class Pruner {
 public:
  explicit Pruner(base::SymbolTable& symbols) : symbols_(symbols) {}

  /// Makes of `object` what the snapshot has of it.
  void prune(Node& object, Keep keep, ir::Builder& builder) {
    if (auto* metadata = at(object, "metadata")) {
      leave(*metadata, {"name", "namespace", "labels", "annotations"});
      if (keep == Keep::Keys) drop(*metadata, "annotations");
      if (auto* annotations = at(*metadata, "annotations")) drop(*annotations, kLastApplied);
    }
    switch (keep) {
      case Keep::All: drop(object, "status"); break;
      case Keep::Status: break;
      case Keep::Names: leave(object, {"apiVersion", "kind", "metadata"}); break;
      case Keep::Keys:
        leave(object, {"apiVersion", "kind", "metadata", "type", "immutable", "data", "binaryData"});
        for (const auto key : {"data", "binaryData"}) blank(at(object, key), builder);
        break;
      case Keep::Node:
        leave(object, {"apiVersion", "kind", "metadata", "spec", "status"});
        if (auto* spec = at(object, "spec")) leave(*spec, {"taints", "unschedulable"});
        if (auto* status = at(object, "status")) leave(*status, {"capacity", "allocatable"});
        break;
    }
    // Some drivers take credentials as parameters, against all advice.
    for (auto& parameter : Children(at(object, "parameters"))) {
      const auto name = lower(symbols_.text(parameter.key));
      const bool secret = name.ends_with("password") || name.ends_with("userkey") || name.ends_with("secretkey") || name.ends_with("accesskey") || name.ends_with("token");
      if (secret && parameter.kind == NodeKind::String) parameter.length = 0;
    }
  }

 private:
  [[nodiscard]] Node* at(const Node& map, std::string_view key) const {
    for (auto& child : Children(&map)) {
      if (symbols_.text(child.key) == key) return &child;
    }
    return nullptr;
  }
  void drop(Node& map, std::string_view key) const {
    if (map.kind == NodeKind::Map) ir::Builder::remove(map, symbols_.intern(key));
  }
  void leave(Node& map, std::initializer_list<std::string_view> keys) const {
    if (map.kind != NodeKind::Map) return;
    std::vector<base::Symbol> gone;
    for (const auto& child : Children(&map)) {
      if (std::find(keys.begin(), keys.end(), symbols_.text(child.key)) == keys.end()) gone.push_back(child.key);
    }
    for (const auto key : gone) ir::Builder::remove(map, key);
  }
  static void blank(Node* values, ir::Builder& builder) {
    std::vector<base::Symbol> keys;
    for (const auto& value : Children(values)) keys.push_back(value.key);
    for (const auto key : keys) ir::Builder::set(*values, key, builder.string(""));
  }
  static std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
  }

  base::SymbolTable& symbols_;
};

void append(std::string& text, const Node& object, bool json, const base::SymbolTable& symbols) {
  if (json) {
    emit::appendJson(text, object, symbols);
    text += '\n';
  } else {
    text += "---\n";
    emit::appendYaml(text, object, symbols);
  }
}

/// A kind; where listing all namespaces is not allowed, the one that is meant.
void listKind(Api& api, const Resource& resource, const SnapshotOptions& options, Listed& listed) {
  ListQuery query;
  query.resource = &resource;
  query.fields = listed.row->fields;
  if (listed.narrowed) query.nameSpace = options.nameSpace;
  auto pruner = std::make_shared<Pruner>(api.symbols());
  api.list(
      query,
      [&api, &listed, &options, pruner](Node& item, const std::shared_ptr<Document>& document) {
        ir::Builder builder(document->arena);
        pruner->prune(item, listed.row->keep, builder);
        append(listed.text, item, options.json, api.symbols());
        ++listed.objects;
      },
      [&listed] {
        listed.text.clear();
        listed.objects = 0;
      },
      [&api, &resource, &options, &listed](const Failure& failure, const std::string&) {
        const bool mayNot = failure.failed() && failure.code == 403;
        if (mayNot && !listed.narrowed && resource.namespaced && !options.nameSpace.empty()) {
          listed.failure = failure;
          listed.narrowed = true;
          return listKind(api, resource, options, listed);
        }
        if (!failure.failed()) return;
        listed.failure = failure;
        listed.narrowed = false;   // there is not even that
      });
}

std::string headerOf(const Snapshot& snapshot, bool json, base::SymbolTable& symbols) {
  base::Arena arena;
  ir::Builder builder(arena);
  auto* header = builder.map();
  const auto add = [&](std::string_view key, Node* value) { ir::Builder::add(*header, symbols.intern(key), value); };
  add("apiVersion", builder.string("mlstack.dev/v1"));
  add("kind", builder.string("ClusterSnapshot"));
  if (!snapshot.kubernetes.empty()) add("kubernetes", builder.string(snapshot.kubernetes));
  auto* complete = builder.list();
  for (const auto& kind : snapshot.complete) ir::Builder::append(*complete, builder.string(kind));
  add("complete", complete);
  std::string text;
  if (json) append(text, *header, json, symbols);
  else emit::appendYaml(text, *header, symbols);
  return text;
}

}  // namespace

std::optional<Snapshot> takeSnapshot(Api& api, const SnapshotOptions& options, diag::Sink& sink) {
  using diag::ClusterCode;
  std::array<Listed, std::size(kKinds)> lists;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    lists[i].row = &kKinds[i];
    if (const auto* resource = api.preferred(kKinds[i].group, kKinds[i].kind); resource != nullptr && resource->canList) {
      listKind(api, *resource, options, lists[i]);
    } else if (api.unknownGroup(kKinds[i].group)) {
      lists[i].failure.reason = "UnknownGroup";
      lists[i].failure.message = "the server of its group does not answer";
    }
  }
  api.run();

  Snapshot snapshot;
  if (schema::versionBit(api.version()) != 0) {
    snapshot.kubernetes = api.version();
  } else {
    sink.add(diag::make<ClusterCode::SnapshotVersion>({}, api.version()));
  }
  constexpr const char* kUnknown = "whether there are such objects is unknown, so nothing is said to be missing for it";
  bool failed = false;
  std::vector<std::string_view> none, some;
  std::string why;
  for (const auto& listed : lists) {
    snapshot.objects += listed.objects;
    if (!listed.failure.failed()) {
      // A kind that the cluster does not have: there is none of it, for sure.
      snapshot.complete.emplace_back(listed.row->kind);
    } else if (listed.failure.code == 403 || listed.failure.reason == "UnknownGroup") {
      (listed.narrowed ? some : none).push_back(listed.row->kind);
      if (why.empty()) why = listed.failure.message;
    } else {
      failed = true;
      sink.add(report(listed.failure, fmt::format("list {}", listed.row->kind)));
      if (listed.failure.outcome != Outcome::Answered) break;   // the others say the same
    }
  }
  if (!none.empty() && !failed) sink.add(diag::make<ClusterCode::SnapshotPartial>({}, fmt::format("any {}", fmt::join(none, ", ")), why).hint(kUnknown));
  if (!some.empty() && !failed) {
    sink.add(diag::make<ClusterCode::SnapshotPartial>({}, fmt::format("other {} than those in `{}`", fmt::join(some, ", "), options.nameSpace), why).hint(kUnknown));
  }
  if (failed) return std::nullopt;
  snapshot.text = headerOf(snapshot, options.json, api.symbols());
  for (const auto& listed : lists) snapshot.text += listed.text;
  return snapshot;
}

}  // namespace mlstack::backend
