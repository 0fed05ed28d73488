#pragma once
// Building a tree from the outside in, for both readers: depth, size and duplicate keys are
// watched here, so that no input passes a limit unseen.

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "ir/node.h"
#include "yaml/yaml.h"

namespace mlstack::yaml {

/// Leaves a reader from within yaml-cpp once nothing more is worth reading; never leaves this
/// folder.
struct Stop {};

class Tree {
 public:
  Tree(const base::SourceFile& file, ir::Builder& builder, diag::Sink& sink, const Limits& limits)
      : file_(file), builder_(builder), sink_(sink), limits_(limits) {}

  /// True inside a map whose next event is a key.
  [[nodiscard]] bool wantsKey() const { return !frames_.empty() && frames_.back().wantsKey; }
  void key(base::Symbol key, base::Span span);
  /// The value of the next key is read and dropped (its error was reported).
  void dropKey(base::Span span);
  /// Values of a `<<` key are merged when the map ends.
  void mergeKey(base::Span span);

  void value(ir::Node* node);
  void open(ir::Node* container);
  void close(std::uint32_t end);

  /// The finished document, or null when nothing stood in it.
  [[nodiscard]] ir::Node* takeRoot();
  /// Where the last key or value ended, for values that are not written down.
  [[nodiscard]] std::uint32_t lastEnd() const { return lastEnd_; }
  /// Counts nodes against the limit; throws Stop.
  void count(std::size_t nodes, base::Span span);
  /// True while `node` is being built: an alias to it would contain itself.
  [[nodiscard]] bool isOpen(const ir::Node* node) const;
  /// Reports; after a hundred errors the rest of the file is not worth reading.
  void say(diag::Diagnostic d);

 private:
  struct KeyPlace {
    base::Symbol key;
    base::Span span;
  };
  struct Frame {
    ir::Node* node = nullptr;
    bool wantsKey = false;
    bool drop = false;   // the pending value
    bool merge = false;  // the pending value
    bool isKey = false;  // this container stands where a key should
    base::Symbol key;    // pending
    base::Span keySpan;
    std::size_t firstKey = 0;                                              // in keys_
    std::size_t firstMerge = 0;                                            // in merges_
    std::unique_ptr<std::unordered_map<std::uint32_t, base::Span>> index;  // of long maps
  };

  void noteKey(ir::Node& node, base::Span key) const;
  void mergeInto(Frame& frame);
  const base::Span* findKey(Frame& frame, base::Symbol key);

  const base::SourceFile& file_;
  ir::Builder& builder_;
  diag::Sink& sink_;
  Limits limits_;
  std::vector<Frame> frames_;
  std::vector<KeyPlace> keys_;     // of all open maps
  std::vector<ir::Node*> merges_;  // of all open maps
  ir::Node* root_ = nullptr;
  std::size_t nodes_ = 0;
  unsigned errors_ = 0;
  std::uint32_t lastEnd_ = 0;
};

/// A copy that shares the characters of its strings.
[[nodiscard]] ir::Node* cloneShared(const ir::Node& tree, ir::Builder& builder);
[[nodiscard]] std::size_t countNodes(const ir::Node& tree);

/// Strict JSON, one or several values. False when it is not JSON and may be YAML: then nothing was
/// reported and `documents` is as before.
[[nodiscard]] bool readJson(const base::SourceFile& file, base::SymbolTable& symbols,
                            ir::Builder& builder, diag::Sink& sink, const Limits& limits,
                            std::vector<ir::Node*>& documents);

}  // namespace mlstack::yaml
