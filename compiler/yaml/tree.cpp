#include "yaml/tree.h"

namespace mlstack::yaml {

using diag::Code;
using ir::Node;
using ir::NodeKind;

namespace {

constexpr unsigned kMostErrors = 100;
/// Up to here a look through the keys is faster than a hash table.
constexpr std::size_t kShortMap = 16;

}  // namespace

void Tree::say(diag::Diagnostic d) {
  sink_.add(std::move(d));
  if (++errors_ >= kMostErrors) throw Stop{};
}

void Tree::count(std::size_t nodes, base::Span span) {
  nodes_ += nodes;
  if (nodes_ <= limits_.maxNodes) return;
  say(diag::make<Code::YamlTooLarge>(span, limits_.maxNodes));
  throw Stop{};
}

bool Tree::isOpen(const Node* node) const {
  for (const auto& frame : frames_) {
    if (frame.node == node) return true;
  }
  return false;
}

const base::Span* Tree::findKey(Frame& frame, base::Symbol key) {
  const auto count = keys_.size() - frame.firstKey;
  if (count > kShortMap) {
    if (!frame.index) {
      frame.index = std::make_unique<std::unordered_map<std::uint32_t, base::Span>>();
      for (auto i = frame.firstKey; i < keys_.size(); ++i)
        frame.index->emplace(keys_[i].key.id, keys_[i].span);
    }
    const auto found = frame.index->find(key.id);
    return found == frame.index->end() ? nullptr : &found->second;
  }
  for (auto i = frame.firstKey; i < keys_.size(); ++i) {
    if (keys_[i].key == key) return &keys_[i].span;
  }
  return nullptr;
}

void Tree::key(base::Symbol key, base::Span span) {
  auto& frame = frames_.back();
  frame.wantsKey = false;
  frame.drop = frame.merge = false;
  frame.key = key;
  frame.keySpan = span;
  lastEnd_ = span.end;
  if (const auto* first = findKey(frame, key)) {
    const auto firstSpan = *first;
    // The key as it is written; the symbol's text may have come from an alias.
    const auto written =
        std::string_view(file_.text).substr(span.begin - file_.begin, span.end - span.begin);
    auto d = diag::make<Code::YamlDuplicateKey>(span, written)
                 .note(firstSpan, "the first one stands here")
                 .hint("remove one of the two; parsers that do not complain keep only the last");
    frame.drop = !limits_.lastKeyCounts;
    if (limits_.lastKeyCounts) {
      d.severity = diag::Severity::Warning;
      ir::Builder::remove(*frame.node, key);
    }
    say(std::move(d));
    return;
  }
  keys_.push_back({key, span});
  if (frame.index) frame.index->emplace(key.id, span);
}

void Tree::dropKey(base::Span span) {
  auto& frame = frames_.back();
  frame.wantsKey = false;
  frame.merge = false;
  frame.drop = true;
  lastEnd_ = span.end;
}

void Tree::mergeKey(base::Span span) {
  auto& frame = frames_.back();
  frame.wantsKey = false;
  frame.drop = false;
  frame.merge = true;
  frame.keySpan = span;
  lastEnd_ = span.end;
}

/// Keys are placed by their text, inside of quotes.
void Tree::noteKey(Node& node, base::Span key) const {
  const char first = key.known() ? file_.text[key.begin - file_.begin] : '\0';
  if (first == '"' || first == '\'') ++key.begin;
  node.keyGap = 0;
  node.setKeyAt(key);
}

void Tree::value(Node* node) {
  lastEnd_ = node->span.end;
  if (frames_.empty()) {
    root_ = node;
    return;
  }
  auto& frame = frames_.back();
  if (frame.node->kind == NodeKind::List) return ir::Builder::append(*frame.node, node);
  frame.wantsKey = true;
  if (frame.merge) {
    merges_.push_back(node);
  } else if (!frame.drop) {
    noteKey(*node, frame.keySpan);
    ir::Builder::add(*frame.node, frame.key, node);
  }
}

void Tree::open(Node* container) {
  if (frames_.size() >= limits_.maxDepth) {
    say(diag::make<Code::YamlTooDeep>(container->span, limits_.maxDepth));
    throw Stop{};
  }
  Frame frame;
  frame.node = container;
  frame.wantsKey = container->kind == NodeKind::Map;
  frame.firstKey = keys_.size();
  frame.firstMerge = merges_.size();
  if (wantsKey()) {
    frame.isKey = true;
    say(diag::make<Code::YamlKeyNotText>(container->span,
                                         container->kind == NodeKind::Map ? "a map" : "a list")
            .hint("Kubernetes objects have text keys only"));
  }
  frames_.push_back(std::move(frame));
  lastEnd_ = container->span.end;
}

void Tree::mergeInto(Frame& frame) {
  const auto mergeMap = [&](const Node& from) {
    for (const auto& child : ir::Children(&from)) {
      if (findKey(frame, child.key)) continue;  // what stands in the map itself wins
      count(countNodes(child), frame.node->span);
      keys_.push_back({child.key, child.span});
      if (frame.index) frame.index->emplace(child.key.id, child.span);
      ir::Builder::add(*frame.node, child.key, cloneShared(child, builder_));
    }
  };
  const auto merges = std::vector<Node*>(
      merges_.begin() + static_cast<std::ptrdiff_t>(frame.firstMerge), merges_.end());
  for (const auto* from : merges) {
    const auto complain = [&](const Node& wrong) {
      say(diag::make<Code::YamlMerge>(wrong.span).hint("`<<: *anchor` copies the keys of a map"));
    };
    if (from->kind == NodeKind::Map) {
      mergeMap(*from);
    } else if (from->kind == NodeKind::List) {
      for (const auto& item : ir::Children(from)) {
        if (item.kind == NodeKind::Map)
          mergeMap(item);
        else
          complain(item);
      }
    } else {
      complain(*from);
    }
  }
  merges_.resize(frame.firstMerge);
}

void Tree::close(std::uint32_t end) {
  auto frame = std::move(frames_.back());
  if (merges_.size() > frame.firstMerge) mergeInto(frame);
  keys_.resize(frame.firstKey);
  frames_.pop_back();
  if (end > frame.node->span.end) frame.node->span.end = end;
  if (frame.isKey) return dropKey(frame.node->span);
  value(frame.node);
}

Node* Tree::takeRoot() {
  auto* root = root_;
  root_ = nullptr;
  frames_.clear();
  keys_.clear();
  merges_.clear();
  return root && root->kind != NodeKind::Null ? root : nullptr;
}

Node* cloneShared(const Node& tree, ir::Builder& builder) {
  auto* copy = builder.arena().make<Node>(tree);
  copy->next = nullptr;
  if (!tree.isContainer()) return copy;
  copy->length = 0;
  copy->last = nullptr;
  for (const auto& child : ir::Children(&tree))
    ir::Builder::append(*copy, cloneShared(child, builder));
  return copy;
}

std::size_t countNodes(const Node& tree) {
  std::size_t nodes = 1;
  for (const auto& child : ir::Children(&tree)) nodes += countNodes(child);
  return nodes;
}

}  // namespace mlstack::yaml
