#include <algorithm>
#include <memory>
#include <span>

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

/// A text of a tree; objects of one pattern have another one at the same place.
struct Word {
  const Node* node = nullptr;
  std::string_view fixed{};   // without a node

  [[nodiscard]] std::string_view text() const { return node ? node->text() : fixed; }
};

Word wordOf(const Node* node) { return {.node = node && node->kind == NodeKind::String ? node : nullptr}; }

/// What one emitted object says about state, read from its tree alone. It shares no code with
/// linking or lowering on purpose: a fault there must not hide itself here.
class Reading {
 public:
  struct Texts {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  struct Mount {
    Word container;
    Word path;
    Word volume;
  };
  struct Volume {
    Word name;
    bool ownName = false;   // stands for itself: a claim template, scratch
    Texts source;           // every text in its source
  };
  struct Variable {
    Word container;
    Word name;              // empty: `envFrom`
    Texts source;
  };

  explicit Reading(base::SymbolTable& symbols) : keys_(symbols) {}

  void read(const Node& root) {
    mounts.clear();
    volumes.clear();
    variables.clear();
    texts.clear();
    slots_.clear();
    ownUri_ = false;
    kind = wordOf(at(root, keys_.kind));
    const auto* metadata = at(root, keys_.metadata);
    name = wordOf(metadata ? at(*metadata, keys_.name) : nullptr);
    walk(root, nullptr);
  }

  /// The same for an object of a pattern, of which this has read none or another one before.
  void readAs(const ir::Object& object, std::uint32_t varying) {
    if (!begun_ || ownUri_) {
      begun_ = true;
      read(*object.root);
      const std::span<const Node* const> vary(object.varying, varying);
      for (const auto* each : vary) ownUri_ = ownUri_ || (each->key == keys_.storageUri);
      if (!ownUri_) noteSlots(vary);
      return;
    }
    for (const auto& slot : slots_) slot.word->node = object.varying[slot.number];
  }

  std::vector<Mount> mounts;
  std::vector<Volume> volumes;
  std::vector<Variable> variables;
  std::vector<Word> texts;
  Word kind;
  Word name;

  [[nodiscard]] bool holds(Texts among, std::string_view text) const {
    for (auto i = among.first; i < among.first + among.count; ++i) {
      if (texts[i].text() == text) return true;
    }
    return false;
  }

 private:
  /// The keys it looks for, as numbers.
  struct Keys {
    explicit Keys(base::SymbolTable& symbols)
        : name(symbols.intern("name")), kind(symbols.intern("kind")), storageUri(symbols.intern("storageUri")),
          volumeMounts(symbols.intern("volumeMounts")), volumeDevices(symbols.intern("volumeDevices")),
          mountPath(symbols.intern("mountPath")), devicePath(symbols.intern("devicePath")), env(symbols.intern("env")),
          envFrom(symbols.intern("envFrom")), valueFrom(symbols.intern("valueFrom")), volumes(symbols.intern("volumes")),
          volumeClaimTemplates(symbols.intern("volumeClaimTemplates")), templates(symbols.intern("templates")),
          metadata(symbols.intern("metadata")), persistentVolumeClaim(symbols.intern("persistentVolumeClaim")) {}
    base::Symbol name, kind, storageUri, volumeMounts, volumeDevices, mountPath, devicePath, env, envFrom, valueFrom, volumes,
        volumeClaimTemplates, templates, metadata, persistentVolumeClaim;
  };
  /// A word that is another one in each object of the pattern.
  struct Slot {
    Word* word = nullptr;
    std::uint32_t number = 0;
  };

  [[nodiscard]] static const Node* at(const Node& map, base::Symbol key) { return ir::find(&map, key); }

  void noteSlots(std::span<const Node* const> vary) {
    const auto note = [&](Word& word) {
      const auto found = word.node ? std::find(vary.begin(), vary.end(), word.node) : vary.end();
      if (found != vary.end()) slots_.push_back({&word, static_cast<std::uint32_t>(found - vary.begin())});
    };
    note(kind);
    note(name);
    for (auto& mount : mounts) note(mount.container), note(mount.path), note(mount.volume);
    for (auto& volume : volumes) note(volume.name);
    for (auto& variable : variables) note(variable.container), note(variable.name);
    for (auto& text : texts) note(text);
  }

  /// `named`: the nearest map around, whose name is the container's.
  void walk(const Node& node, const Node* named) {
    if (node.kind == NodeKind::Map) named = &node;
    for (const auto& child : ir::Children(&node)) {
      __builtin_prefetch(reinterpret_cast<const char*>(&child) + 1024);  // as in the YAML writer
      if (!child.isContainer()) {
        if (node.kind == NodeKind::Map && child.key == keys_.storageUri) readUri(textOf(&child), named);
        continue;
      }
      if (child.kind == NodeKind::List && readList(child.key, child, named)) continue;
      walk(child, named);
    }
  }

  [[nodiscard]] Word nameOf(const Node* map) const { return wordOf(map ? at(*map, keys_.name) : nullptr); }

  bool readList(base::Symbol key, const Node& list, const Node* named) {
    if (key == keys_.volumeMounts || key == keys_.volumeDevices) {
      const auto pathKey = key == keys_.volumeMounts ? keys_.mountPath : keys_.devicePath;
      for (const auto& item : ir::Children(&list))
        mounts.push_back({nameOf(named), wordOf(at(item, pathKey)), nameOf(&item)});
      return true;
    }
    if (key == keys_.env || key == keys_.envFrom) {
      const bool one = key == keys_.env;
      for (const auto& item : ir::Children(&list)) {
        const auto* from = one ? at(item, keys_.valueFrom) : &item;
        if (from) variables.push_back({nameOf(named), one ? nameOf(&item) : Word{}, textsOf(*from)});
      }
      return true;
    }
    if (key == keys_.volumes) {
      for (const auto& item : ir::Children(&list)) readVolume(item);
      return true;
    }
    if (key == keys_.volumeClaimTemplates || key == keys_.templates) {
      for (const auto& item : ir::Children(&list)) {
        const auto* metadata = at(item, keys_.metadata);
        if (metadata) volumes.push_back({nameOf(metadata), true, {}});
      }
      return true;
    }
    return false;
  }

  void readVolume(const Node& item) {
    Volume volume{nameOf(&item), at(item, keys_.persistentVolumeClaim) == nullptr, {static_cast<std::uint32_t>(texts.size()), 0}};
    for (const auto& child : ir::Children(&item)) {
      if (child.isContainer()) collect(child);
    }
    volume.source.count = static_cast<std::uint32_t>(texts.size()) - volume.source.first;
    volumes.push_back(volume);
  }

  void readUri(std::string_view uri, const Node* named) {
    if (!uri.starts_with("pvc://")) return;
    uri.remove_prefix(6);
    mounts.push_back({nameOf(named), {nullptr, "/mnt/models"}, {nullptr, uri}});
    volumes.push_back({{nullptr, uri}, false, {static_cast<std::uint32_t>(texts.size()), 1}});
    texts.push_back({nullptr, uri.substr(0, uri.find('/'))});
  }

  [[nodiscard]] Texts textsOf(const Node& node) {
    const auto first = static_cast<std::uint32_t>(texts.size());
    collect(node);
    return {first, static_cast<std::uint32_t>(texts.size()) - first};
  }

  void collect(const Node& node) {
    if (node.kind == NodeKind::String) texts.push_back({.node = &node});
    for (const auto& child : ir::Children(&node)) collect(child);
  }

  Keys keys_;
  bool begun_ = false;
  bool ownUri_ = false;   // a text of which a part is read varies: each object is read by itself
  std::vector<Slot> slots_;
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
      : stack_(stack), symbols_(*stack.symbols), sink_(sink), reading_(*stack.symbols),
        patterns_(stack.patterns.size()) {}

  void run() {
    std::vector<const Edge*> edges;
    std::vector<const ir::MountIntent*> intents;
    edges.reserve(stack_.edges.size());
    intents.reserve(stack_.mountIntents.size());
    for (const auto& edge : stack_.edges) {   // those that select do so by labels: there is no name to look for
      if (edge.kind != EdgeKind::Selects && holder(edge) < stack_.objects.size()) edges.push_back(&edge);
    }
    for (const auto& intent : stack_.mountIntents) intents.push_back(&intent);
    const auto byHolder = [](const Edge* a, const Edge* b) { return holder(*a) < holder(*b); };
    const auto byObject = [](const auto* a, const auto* b) { return a->object < b->object; };
    if (!std::is_sorted(edges.begin(), edges.end(), byHolder)) std::stable_sort(edges.begin(), edges.end(), byHolder);
    if (!std::is_sorted(intents.begin(), intents.end(), byObject)) std::stable_sort(intents.begin(), intents.end(), byObject);

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
      if (!emitted[id] || !object.root) {
        sink_.add(diag::make<Code::LostClaim>(object.span, title(object)));
        continue;
      }
      read(object);
      if (!isWhole(object)) {
        sink_.add(diag::make<Code::LostClaim>(object.span, title(object)));
        continue;
      }
      if (firstEdge == edge && firstIntent == intent) continue;
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

  void read(const ir::Object& object) {
    const auto pattern = ir::patternOf(stack_, object);
    if (!pattern) {
      reading_.read(*object.root);
      now_ = &reading_;
      return;
    }
    auto& known = patterns_[*pattern];
    if (!known) known = std::make_unique<Reading>(*stack_.symbols);
    known->readAs(object, stack_.patterns[*pattern].varying);
    now_ = known.get();
  }

  [[nodiscard]] bool isWhole(const ir::Object& object) const {
    return now_->kind.text() == symbols_.text(object.kind) && now_->name.text() == symbols_.text(object.name);
  }

  /// Whether any text of its tree is that one.
  [[nodiscard]] bool says(const ir::Object& object, std::string_view text) const {
    const auto varying = object.pattern == 0 ? 0 : stack_.patterns[object.pattern - 1].varying;
    for (std::uint32_t i = 0; i < varying; ++i) {   // mostly one of these
      if (textOf(object.varying[i]) == text) return true;
    }
    return holdsText(*object.root, text);
  }

  [[nodiscard]] bool volumeNames(std::string_view volumeName, const Edge* edge) const {
    for (const auto& volume : now_->volumes) {
      if (volume.name.text() != volumeName) continue;
      if (!edge) return true;
      const auto name = symbols_.text(edge->name);
      if (volume.ownName && volumeName == name) return true;
      if (now_->holds(volume.source, name)) return true;
    }
    return false;
  }

  [[nodiscard]] bool holdsMount(std::string_view container, std::string_view path,
                                const Edge* edge) const {
    for (const auto& mount : now_->mounts) {
      if (mount.container.text() == container && mount.path.text() == path && volumeNames(mount.volume.text(), edge))
        return true;
    }
    return false;
  }

  [[nodiscard]] bool holdsVariable(std::string_view container, std::string_view name,
                                   const Edge* edge) const {
    for (const auto& variable : now_->variables) {
      if (variable.container.text() != container || variable.name.text() != name) continue;
      if (!edge || now_->holds(variable.source, symbols_.text(edge->name))) return true;
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
        held = edge.path.empty() ? says(object, name)
                                 : holdsVariable(container, edge.path, &edge);
        break;
      case EdgeKind::Provides:
      case EdgeKind::Binds:
      case EdgeKind::RestoresFrom:
      case EdgeKind::Snapshots:
      case EdgeKind::Owns:
        held = says(object, name);
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
  Reading reading_;                                  // of an object by itself
  std::vector<std::unique_ptr<Reading>> patterns_;
  const Reading* now_ = nullptr;                     // of the object that is looked at
};

}  // namespace

void proveComplete(const ir::Stack& stack, diag::Sink& sink) {
  Prover(stack, sink).run();
}

}  // namespace mlstack::emit
