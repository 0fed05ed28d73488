#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/flat_index.h"
#include "ir/stack.h"

namespace mlstack::ir {

namespace {

/// Deeper than any source can nest: a tree that contains itself.
constexpr unsigned kDeepest = 2000;
/// More sentences help nobody.
constexpr std::size_t kMostBreaches = 50;

class Verifier {
 public:
  Verifier(const Stack& stack, Depth depth)
      : stack_(stack), symbols_(*stack.symbols), depth_(depth), patterns_(stack.patterns.size()), seenIn_(depth == Depth::Trees ? symbols_.size() : 0, 0) {}

  std::vector<std::string> run() {
    for (ObjectId id = 0; id < stack_.objects.size() && !full(); ++id) checkObject(id);
    checkUnique();
    checkEdges();
    checkIntents();
    for (const auto& output : stack_.outputs) {
      if (!output.value && output.object >= stack_.objects.size()) {
        say(fmt::format("output `{}` has neither a value nor an object",
                        symbols_.text(output.name)));
      }
    }
    for (const auto& allow : stack_.allows) {
      if (allow.object != kNoObject && allow.object >= stack_.objects.size())
        say("an `allow` names no object of the stack");
    }
    return std::move(breaches_);
  }

 private:
  [[nodiscard]] bool full() const { return breaches_.size() >= kMostBreaches; }
  void say(std::string sentence) {
    if (!full()) breaches_.push_back(std::move(sentence));
  }
  [[nodiscard]] std::string title(const Object& object) const {
    return fmt::format("{}/{}", symbols_.text(object.kind), symbols_.text(object.name));
  }

  void checkObject(ObjectId id) {
    const auto& object = stack_.objects[id];
    if (!object.kind || !object.name)
      return say(fmt::format("object {} has no kind or no name", id));
    if (!object.root) {
      if (!object.external) say(fmt::format("{} has no tree", title(object)));
      return;
    }
    if (object.root->kind != NodeKind::Map)
      return say(fmt::format("the tree of {} is no map", title(object)));
    if (depth_ == Depth::Trees && !checkTree(*object.root, title(object), 0)) return;
    if (object.external) return;
    if (object.pattern == 0 || depth_ == Depth::Trees) {
      for (const auto& field : fields(object)) checkField(object, field);
      return;
    }
    // The trees of a pattern differ in the scalars that vary, and nowhere else.
    const Pattern& pattern = stack_.patterns[object.pattern - 1];
    auto& known = patterns_[object.pattern - 1];
    const auto number = [&](const Field& field) {
      const auto* const end = object.varying + pattern.varying;
      const auto* const found = std::find(object.varying, end, findPath(object.root, field.path, symbols_));
      return static_cast<std::uint32_t>(found - object.varying);
    };
    const auto all = fields(object);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!known.begun) known.numbers[i] = number(all[i]);
      const auto at = known.numbers[i];
      if (at < pattern.varying) {
        checkText(object, all[i], object.varying[at]);
      } else if (!known.begun) {
        known.said[i] = all[i].expected;
        checkField(object, all[i]);
      } else if (known.said[i] != all[i].expected) {
        checkField(object, all[i]);
      }
    }
    known.begun = true;
  }

  struct Field {
    std::string_view path;
    Symbol expected;
    bool required = true;
  };
  static constexpr std::size_t kFields = 4;
  static std::array<Field, kFields> fields(const Object& object) {
    return {{{"apiVersion", object.apiVersion},
             {"kind", object.kind},
             {"metadata.name", object.name, !object.generated},
             {"metadata.namespace", object.nameSpace, object.nameSpace.id != 0}}};
  }
  /// Where the fields of a pattern's objects vary, and what they say where they do not.
  struct Known {
    bool begun = false;
    std::array<std::uint32_t, kFields> numbers{};
    std::array<Symbol, kFields> said{};
  };

  void checkField(const Object& object, const Field& field) { checkText(object, field, findPath(object.root, field.path, symbols_)); }

  void checkText(const Object& object, const Field& field, const Node* node) {
    if (!node && !field.required) return;
    if (object.generated && field.path == "metadata.name") return;
    const auto found = node && node->kind == NodeKind::String ? node->text() : std::string_view{};
    if (found != symbols_.text(field.expected)) {
      say(fmt::format("{} of {} is \"{}\" in the tree and \"{}\" in the object", field.path,
                      title(object), found, symbols_.text(field.expected)));
    }
  }

  /// Rings closed, counts right, keys unique. False when the tree cannot be walked further.
  bool checkTree(const Node& node, const std::string& owner, unsigned depth) {
    if (depth > kDeepest) return say(fmt::format("the tree of {} contains itself", owner)), false;
    if (!node.isContainer() || node.length == 0) return true;
    if (!node.last)
      return say(fmt::format("a container in {} counts {} children and has none", owner,
                             node.length)),
             false;
    const auto serial = ++serial_;
    const auto* child = node.last;
    for (std::uint32_t i = 0; i < node.length; ++i) {
      child = child->next;
      __builtin_prefetch(reinterpret_cast<const char*>(child) +
                         1024);  // trees lie in the arena nearly in walking order
      if (!child) return say(fmt::format("a ring in {} is broken", owner)), false;
      if (child == node.last && i + 1 < node.length)
        return say(fmt::format("a ring in {} has fewer children than it counts", owner)), false;
      if (node.kind != NodeKind::Map) continue;
      if (child->key.id >= seenIn_.size())
        return say(fmt::format("a key in {} is no symbol of the run", owner)), false;
      auto& seen = seenIn_[child->key.id];
      if (seen == serial)
        say(fmt::format("the key `{}` stands twice in one map of {}", symbols_.text(child->key),
                        owner));
      seen = serial;
    }
    if (child != node.last)
      return say(fmt::format("a ring in {} has more children than it counts", owner)), false;
    for (const auto& each : Children(&node)) {
      if (!checkTree(each, owner, depth + 1)) return false;
    }
    return true;
  }

  void checkUnique() {
    base::FlatIndex names;
    names.reserve(stack_.objects.size());
    const auto group = [&](const Object& object) {
      const auto version = symbols_.text(object.apiVersion);
      const auto slash = version.find('/');
      return slash == std::string_view::npos ? std::string_view{} : version.substr(0, slash);
    };
    std::vector<const Object*> seen;
    seen.reserve(stack_.objects.size());
    for (const auto& object : stack_.objects) {
      const auto hash = base::FlatIndex::mix(
          base::FlatIndex::mix(object.kind.id, object.nameSpace.id), object.name.id);
      const auto number = static_cast<std::uint32_t>(seen.size());
      const auto found = names.insert(hash, number, [&](std::uint32_t other) {
        const Object& it = *seen[other];
        return it.kind == object.kind && it.nameSpace == object.nameSpace && it.name == object.name &&
               (it.apiVersion == object.apiVersion || group(it) == group(object));
      });
      seen.push_back(&object);
      if (found != number && !object.generated) {
        say(fmt::format("{} stands twice in namespace \"{}\"", title(object),
                        symbols_.text(object.nameSpace)));
      }
    }
  }

  void checkEdges() {
    const auto inRange = [&](ObjectId id) { return id == kNoObject || id < stack_.objects.size(); };
    for (const auto& edge : stack_.edges) {
      if (!inRange(edge.from) || !inRange(edge.to)) say("an edge points to no object of the stack");
      if (edge.from == kNoObject && edge.to == kNoObject)
        say("an edge has two ends outside of the stack");
    }
  }

  /// Every mount that the source states has an edge. Intents and edges stand in the order of their objects.
  void checkIntents() {
    if (stack_.mountIntents.empty()) return;
    const auto first = firstUses(stack_);
    const auto held = [&](const MountIntent& intent) {
      for (auto at = first[intent.object]; at < stack_.edges.size() && stack_.edges[at].from == intent.object; ++at) {
        const auto& edge = stack_.edges[at];
        if (isUse(edge) && edge.container == intent.container && edge.path == intent.path) return true;
      }
      return false;
    };
    for (const auto& intent : stack_.mountIntents) {
      if (intent.object >= stack_.objects.size()) {
        say("a mount intent names no object of the stack");
      } else if (!held(intent)) {
        say(fmt::format("{}: container `{}` mounts nothing at \"{}\", though the source says so",
                        title(stack_.objects[intent.object]), symbols_.text(intent.container),
                        intent.path));
      }
    }
  }

  const Stack& stack_;
  const base::SymbolTable& symbols_;
  Depth depth_;
  std::vector<Known> patterns_;
  std::vector<std::uint32_t> seenIn_;  // by symbol: the last map that had the key
  std::uint32_t serial_ = 0;
  std::vector<std::string> breaches_;
};

}  // namespace

std::vector<std::string> verify(const Stack& stack, Depth depth) {
  return Verifier(stack, depth).run();
}

}  // namespace mlstack::ir
