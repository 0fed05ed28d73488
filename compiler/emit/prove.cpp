#include <algorithm>

#include <fmt/format.h>

#include "emit/emit.h"

namespace mlstack::emit {

namespace {

using diag::Code;
using ir::Edge;
using ir::EdgeKind;
using ir::Node;
using ir::NodeKind;
using ir::ObjectId;

std::string_view textOf(const Node* node) {
  return node && node->kind == NodeKind::String ? node->text() : std::string_view{};
}

/// What one emitted object says about state, read from its tree alone. It shares no code with
/// linking or lowering on purpose: a fault there must not hide itself here.
class Reading {
 public:
  struct Mount {
    std::string_view container;
    std::string_view path;
    std::string_view volume;
  };
  struct Volume {
    std::string_view name;
    bool ownName = false;                 // stands for itself: a claim template, scratch
    std::uint32_t first = 0;              // of `texts`: every text in its source
    std::uint32_t count = 0;
  };
  struct Variable {
    std::string_view container;
    std::string_view name;  // empty: `envFrom`
    const Node* from = nullptr;
  };

  explicit Reading(const base::SymbolTable& symbols) : symbols_(symbols) {}

  void read(const Node& root) {
    mounts.clear();
    volumes.clear();
    variables.clear();
    texts.clear();
    walk(root, {});
  }

  std::vector<Mount> mounts;
  std::vector<Volume> volumes;
  std::vector<Variable> variables;
  std::vector<std::string_view> texts;

  [[nodiscard]] bool holds(const Volume& volume, std::string_view text) const {
    const auto first = texts.begin() + volume.first;
    return std::find(first, first + volume.count, text) != first + volume.count;
  }

 private:
  [[nodiscard]] const Node* at(const Node& map, std::string_view key) const {
    if (map.kind != NodeKind::Map) return nullptr;
    for (const auto& child : ir::Children(&map)) {
      if (symbols_.text(child.key) == key) return &child;
    }
    return nullptr;
  }

  void walk(const Node& node, std::string_view name) {
    if (node.kind == NodeKind::Map) name = textOf(at(node, "name"));
    for (const auto& child : ir::Children(&node)) {
      __builtin_prefetch(reinterpret_cast<const char*>(&child) + 1024);  // as in the YAML writer
      if (!child.isContainer()) {
        if (node.kind == NodeKind::Map && symbols_.text(child.key) == "storageUri")
          readUri(textOf(&child), name);
        continue;
      }
      if (child.kind == NodeKind::List && readList(symbols_.text(child.key), child, name)) continue;
      walk(child, name);
    }
  }

  bool readList(std::string_view key, const Node& list, std::string_view container) {
    if (key == "volumeMounts" || key == "volumeDevices") {
      const std::string_view pathKey = key == "volumeMounts" ? "mountPath" : "devicePath";
      for (const auto& item : ir::Children(&list))
        mounts.push_back({container, textOf(at(item, pathKey)), textOf(at(item, "name"))});
      return true;
    }
    if (key == "env" || key == "envFrom") {
      for (const auto& item : ir::Children(&list)) {
        const auto* from = key == "env" ? at(item, "valueFrom") : &item;
        if (from)
          variables.push_back(
              {container, key == "env" ? textOf(at(item, "name")) : std::string_view{}, from});
      }
      return true;
    }
    if (key == "volumes") {
      for (const auto& item : ir::Children(&list)) readVolume(item);
      return true;
    }
    if (key == "volumeClaimTemplates" || key == "templates") {
      for (const auto& item : ir::Children(&list)) {
        const auto* metadata = at(item, "metadata");
        if (metadata) volumes.push_back({textOf(at(*metadata, "name")), true, 0, 0});
      }
      return true;
    }
    return false;
  }

  void readVolume(const Node& item) {
    auto& volume = volumes.emplace_back();
    volume.name = textOf(at(item, "name"));
    volume.ownName = at(item, "persistentVolumeClaim") == nullptr;
    volume.first = static_cast<std::uint32_t>(texts.size());
    for (const auto& child : ir::Children(&item)) {
      if (child.isContainer()) collect(child);
    }
    volume.count = static_cast<std::uint32_t>(texts.size()) - volume.first;
  }

  void readUri(std::string_view uri, std::string_view container) {
    if (!uri.starts_with("pvc://")) return;
    uri.remove_prefix(6);
    mounts.push_back({container, "/mnt/models", uri});
    volumes.push_back({uri, false, static_cast<std::uint32_t>(texts.size()), 1});
    texts.push_back(uri.substr(0, uri.find('/')));
  }

  void collect(const Node& node) {
    if (node.kind == NodeKind::String) texts.push_back(node.text());
    for (const auto& child : ir::Children(&node)) collect(child);
  }

  const base::SymbolTable& symbols_;
};

bool holdsText(const Node& node, std::string_view text) {
  if (node.kind == NodeKind::String) return node.text() == text;
  for (const auto& child : ir::Children(&node)) {
    if (holdsText(child, text)) return true;
  }
  return false;
}

class Prover {
 public:
  Prover(const ir::Stack& stack, diag::Sink& sink)
      : stack_(stack), symbols_(*stack.symbols), sink_(sink), reading_(symbols_) {}

  void run() {
    std::vector<const Edge*> edges;
    std::vector<const ir::MountIntent*> intents;
    for (const auto& edge : stack_.edges) {
      if (holder(edge) < stack_.objects.size()) edges.push_back(&edge);
    }
    for (const auto& intent : stack_.mountIntents) intents.push_back(&intent);
    std::stable_sort(edges.begin(), edges.end(),
                     [](const Edge* a, const Edge* b) { return holder(*a) < holder(*b); });
    std::stable_sort(intents.begin(), intents.end(),
                     [](const auto* a, const auto* b) { return a->object < b->object; });

    std::vector<bool> emitted(stack_.objects.size(), false);
    markEmitted(emitted);
    auto edge = edges.begin();
    auto intent = intents.begin();
    for (ObjectId id = 0; id < stack_.objects.size(); ++id) {
      const auto& object = stack_.objects[id];
      const auto firstEdge = edge;
      while (edge != edges.end() && holder(**edge) == id) ++edge;
      const auto firstIntent = intent;
      while (intent != intents.end() && (*intent)->object == id) ++intent;
      if (object.external) continue;
      if (!emitted[id] || !isWhole(object)) {
        sink_.add(diag::make<Code::LostClaim>(object.span, title(object)));
        continue;
      }
      if (firstEdge == edge && firstIntent == intent) continue;
      reading_.read(*object.root);
      for (auto at = firstIntent; at != intent; ++at) proveIntent(object, **at);
      for (auto at = firstEdge; at != edge; ++at) proveEdge(object, **at);
    }
  }

 private:
  /// The object whose tree has to say what the edge says.
  static ObjectId holder(const Edge& edge) {
    return edge.kind == EdgeKind::Provides ? edge.to : edge.from;
  }
  [[nodiscard]] std::string title(const ir::Object& object) const {
    return fmt::format("{}/{}", symbols_.text(object.kind), symbols_.text(object.name));
  }

  void markEmitted(std::vector<bool>& emitted) const {
    std::vector<const ir::Object*> strays;   // whose order is not their place in the stack
    for (const auto* object : ir::applyOrder(stack_)) {
      if (object->order < emitted.size() && &stack_.objects[object->order] == object) {
        emitted[object->order] = true;
      } else {
        strays.push_back(object);
      }
    }
    if (strays.empty()) return;
    std::sort(strays.begin(), strays.end());
    for (ObjectId id = 0; id < stack_.objects.size(); ++id) {
      if (std::binary_search(strays.begin(), strays.end(), &stack_.objects[id])) emitted[id] = true;
    }
  }

  [[nodiscard]] bool isWhole(const ir::Object& object) const {
    return object.root &&
           textOf(ir::findPath(object.root, "kind", symbols_)) == symbols_.text(object.kind) &&
           textOf(ir::findPath(object.root, "metadata.name", symbols_)) ==
               symbols_.text(object.name);
  }

  [[nodiscard]] bool volumeNames(std::string_view volumeName, const Edge* edge) const {
    for (const auto& volume : reading_.volumes) {
      if (volume.name != volumeName) continue;
      if (!edge) return true;
      const auto name = symbols_.text(edge->name);
      if (volume.ownName && volume.name == name) return true;
      if (reading_.holds(volume, name)) return true;
    }
    return false;
  }

  [[nodiscard]] bool holdsMount(std::string_view container, std::string_view path,
                                const Edge* edge) const {
    for (const auto& mount : reading_.mounts) {
      if (mount.container == container && mount.path == path && volumeNames(mount.volume, edge))
        return true;
    }
    return false;
  }

  [[nodiscard]] bool holdsVariable(std::string_view container, std::string_view name,
                                   const Edge* edge) const {
    for (const auto& variable : reading_.variables) {
      if (variable.container != container || variable.name != name) continue;
      if (!edge || holdsText(*variable.from, symbols_.text(edge->name))) return true;
    }
    return false;
  }

  void proveIntent(const ir::Object& object, const ir::MountIntent& intent) {
    const auto container = symbols_.text(intent.container);
    if (holdsMount(container, intent.path, nullptr) ||
        holdsVariable(container, intent.path, nullptr))
      return;
    sink_.add(diag::make<Code::LostMount>(intent.span, title(object), "what the source names",
                                          intent.path));
  }

  void proveEdge(const ir::Object& object, const Edge& edge) {
    const auto container = symbols_.text(edge.container);
    const auto name = symbols_.text(edge.name);
    bool held = true;
    switch (edge.kind) {
      case EdgeKind::Mounts:
        held = edge.path.empty() ? volumeNames(symbols_.text(edge.volumeName), &edge)
                                 : holdsMount(container, edge.path, &edge);
        if (!held)
          sink_.add(diag::make<Code::LostMount>(edge.span, title(object), fmt::format("`{}`", name),
                                                edge.path));
        return;
      case EdgeKind::References:
        held = edge.path.empty() ? holdsText(*object.root, name)
                                 : holdsVariable(container, edge.path, &edge);
        break;
      case EdgeKind::Provides:
      case EdgeKind::Binds:
      case EdgeKind::RestoresFrom:
      case EdgeKind::Snapshots:
      case EdgeKind::Owns:
        held = holdsText(*object.root, name);
        break;
      case EdgeKind::Selects:
        return;  // by labels: there is no name to look for
    }
    if (!held)
      sink_.add(
          diag::make<Code::LostReference>(edge.span, title(object), fmt::format("`{}`", name)));
  }

  const ir::Stack& stack_;
  const base::SymbolTable& symbols_;
  diag::Sink& sink_;
  Reading reading_;
};

}  // namespace

void proveComplete(const ir::Stack& stack, diag::Sink& sink) {
  Prover(stack, sink).run();
}

}  // namespace mlstack::emit
