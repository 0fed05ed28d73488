// A turn of a loop once more, with other texts: what `sema` found to differ in nothing else.
//
// The turn that is learnt from is lowered as any other. Each scalar that is one of its texts must be one that varies in the
// object's pattern and the other way round, and lead to the very characters that the text was kept as: then it is a copy of
// that text. Whatever lowering decides by what a text says (and not by where it comes from) calls `unsteady`, or is asked
// again of the new texts.

#include <algorithm>

#include "lower/lowering.h"

namespace mlstack::lower {

void Lowering::beginLearning() {
  repeated_.clear();
  intended_.clear();
  learning_.reset();
  if (program_.turnTexts.empty()) return;
  auto& learning = learning_.emplace();
  learning.diagnostics = sink_.all().size();
  learning.facts = stack_.facts.size();
  learning.allows = stack_.allows.size();
  learning.intents = stack_.mountIntents.size();
  // What says the same in this turn, and may not in others, is not told apart.
  for (const auto& one : program_.turnTexts)
    for (const auto& other : program_.turnTexts)
      if (one.number != other.number && one.text == other.text) learning.sound = false;
}

/// How many scalars of each tree say what one of the texts says.
void Lowering::countTexts() {
  if (!learning_ || !learning_->sound) return;
  const auto count = [this](const Node& node, const auto& self) -> std::uint32_t {
    if (node.kind == ir::NodeKind::String) {
      return std::any_of(program_.turnTexts.begin(), program_.turnTexts.end(), [&](const auto& one) { return one.text == node.text(); }) ? 1 : 0;
    }
    std::uint32_t all = 0;
    for (const auto& child : ir::Children(&node)) all += self(child, self);
    return all;
  };
  for (auto id = turnBegin_; id < stack_.objects.size(); ++id) {
    const auto* root = stack_.objects[id].root;
    learning_->scalars.push_back(root != nullptr ? count(*root, count) : 0);
  }
}

/// The number of the text whose characters a scalar leads to: those that were kept, or a symbol's.
std::uint32_t Lowering::textAt(const Node& node) const {
  if (node.kind != ir::NodeKind::String) return kSteady;
  for (const auto& one : program_.turnTexts) {
    if (one.text != node.text()) continue;
    const bool isKept = std::any_of(learning_->kept.begin(), learning_->kept.end(), [&](const Kept& kept) {
      return kept.from == one.text.data() && kept.length == one.text.size() && kept.to == node.chars;
    });
    if (isKept || symbols_.text(symbols_.intern(one.text)).data() == node.chars) return one.number;
  }
  return kSteady;
}

bool Lowering::learn() {
  const auto& learning = *learning_;
  if (!learning.sound || sink_.all().size() != learning.diagnostics || stack_.facts.size() != learning.facts || stack_.allows.size() != learning.allows) return false;
  const auto numberOf = [this](Symbol symbol) {
    for (const auto& one : program_.turnTexts)
      if (one.text == symbols_.text(symbol)) return one.number;
    return kSteady;
  };
  for (auto id = turnBegin_; id < stack_.objects.size(); ++id) {
    const auto& object = stack_.objects[id];
    if (object.root == nullptr || object.pattern == 0 || object.external || object.facts != nullptr) return false;
    auto& made = repeated_.emplace_back();
    made.object = object;
    made.form = &settler_.formOf(object);
    made.name = numberOf(object.name);
    const auto varying = stack_.patterns[object.pattern - 1].varying;
    if (made.name == kSteady || varying != learning.scalars[id - turnBegin_]) return false;
    for (std::uint32_t i = 0; i < varying; ++i) {
      made.texts.push_back(textAt(*object.varying[i]));
      if (made.texts.back() == kSteady) return false;
    }
  }
  for (auto i = learning.intents; i < stack_.mountIntents.size(); ++i) {
    const auto& intent = stack_.mountIntents[i];
    if (intent.object < turnBegin_ || intent.object >= stack_.objects.size()) return false;
    for (const auto& one : program_.turnTexts)
      if (one.text == intent.path) return false;
    intended_.push_back({intent, intent.object - turnBegin_, numberOf(intent.container)});
  }
  for (const auto& [id, text] : learning.unlike) {
    if (id < turnBegin_ || id >= stack_.objects.size()) return false;
    for (const auto& one : program_.turnTexts)
      if (one.text == text) return false;
    repeated_[id - turnBegin_].unlike.push_back(text);
  }
  return true;
}

bool Lowering::repeat(std::span<const std::string_view> texts) {
  if (repeated_.empty()) return false;
  for (const auto& one : repeated_) {
    const auto name = texts[one.name];
    if (asLabel(name).data() != name.data()) return false;
    if (std::find(one.unlike.begin(), one.unlike.end(), name) != one.unlike.end()) return false;
  }
  const auto first = static_cast<ir::ObjectId>(stack_.objects.size());
  stable_.assign(texts.size(), {});
  for (const auto& one : repeated_)
    if (stable_[one.name].empty()) stable_[one.name] = symbols_.text(symbols_.intern(texts[one.name]));
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (stable_[i].empty()) stable_[i] = stack_.arena.copy(texts[i]);
  for (const auto& one : repeated_) {
    auto& object = stack_.objects.emplace_back(one.object);
    object.order = static_cast<std::uint32_t>(stack_.objects.size() - 1);
    object.name = symbols_.intern(stable_[one.name]);
    const auto varying = settler_.repeat(object, *one.form);
    for (std::size_t i = 0; i < varying.size(); ++i) {
      varying[i]->chars = stable_[one.texts[i]].data();
      varying[i]->length = static_cast<std::uint32_t>(stable_[one.texts[i]].size());
    }
  }
  for (const auto& one : intended_) {
    auto& intent = stack_.mountIntents.emplace_back(one.intent);
    intent.object = first + one.object;
    if (one.container != kSteady) intent.container = symbols_.intern(stable_[one.container]);
    if (intent.contract != nullptr) intent.contract = &stack_.contracts.emplace_back(*intent.contract);
  }
  return true;
}

}  // namespace mlstack::lower
