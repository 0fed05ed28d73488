// Objects of one pattern: one is walked, and what its answers depend on is asked of the others.

#include <algorithm>

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

void Judge::judgeAlike(const ir::Object& object, const Shape& shape, bool isPartial, Verdict& verdict) {
  if (verdict.state == Verdict::State::Clean) {
    object_ = &object;
    prefix_ = {};
    partial_ = isPartial;
    for (const auto& question : verdict.questions) answer(question);
    at_ = &steps_;
    return;
  }
  if (verdict.state == Verdict::State::EachAlone) return judge(object, *object.root, {}, shape, isPartial);
  const auto before = context.reports();
  asking_.varying.clear();
  object_ = &object;
  noteVarying(*object.root, context.stack.patterns[object.pattern - 1].varying);
  asking_.verdict = &verdict;
  judge(object, *object.root, {}, shape, isPartial);
  asking_.verdict = nullptr;
  const bool clean = context.reports() == before;
  verdict.state = clean ? Verdict::State::Clean : Verdict::State::EachAlone;
  if (!clean) verdict.questions = {};
}

/// Whether the node varies or something in it does.
bool Judge::noteVarying(const Node& node, std::uint32_t count) {
  if (!node.isContainer()) {
    const auto* const* const end = object_->varying + count;
    const auto* const* const found = std::find(object_->varying, end, &node);
    if (found == end) return false;
    asking_.varying.emplace(&node, static_cast<std::uint32_t>(found - object_->varying));
    return true;
  }
  bool any = false;
  for (const auto& child : ir::Children(&node)) any = noteVarying(child, count) || any;
  if (any) asking_.varying.emplace(&node, Question::kReach);
  return any;
}

/// Whether the row's answer depends on scalars that vary. Keys, lengths of lists and maps, and kinds of scalars do not.
bool Judge::maySayElse(const Node& node, const Row& row, const std::vector<base::Symbol>& fields) const {
  const auto varies = [this](const Node* of) { return of && asking_.varying.contains(of); };
  if (!varies(&node)) return false;
  const auto isScalar = [&](base::Symbol field) {
    const auto* value = ir::find(&node, field);
    return value && !value->isContainer() && varies(value);
  };
  const auto anyField = [&] { return std::any_of(fields.begin(), fields.end(), isScalar); };
  switch (row.test) {
    case Test::Range:
    case Test::Size:
    case Test::Share:
    case Test::Is:
    case Test::Words:
    case Test::Filled:
    case Test::Bytes:
    case Test::Gate: return !node.isContainer();
    case Test::Has:
    case Test::OneOf:
    case Test::AtMostOneOf: return anyField();
    case Test::Needs:
    case Test::Refuses: {
      auto name = row.condition;
      if (name.starts_with('!')) name.remove_prefix(1);
      name = name.substr(0, name.find_first_of("!="));
      return anyField() || isScalar(context.stack.symbols->intern(name));
    }
    case Test::Twice:
    case Test::Call: return true;   // they look at everything in it
    case Test::Most:
    case Test::KeysAre:
    case Test::Only:
    case Test::Use: return false;
  }
  return true;
}

void Judge::ask(const Node& node, const Row& row, const std::vector<base::Symbol>& fields) {
  if (!maySayElse(node, row, fields)) return;
  asking_.verdict->questions.push_back({&row, &fields, steps_, asking_.varying.at(&node)});
}

void Judge::answer(const Question& question) {
  const Node* node = object_->root;
  if (question.varying != Question::kReach) {
    node = object_->varying[question.varying];
  } else {
    for (const auto& step : question.steps) {
      auto child = ir::Children(node).begin();
      for (std::uint32_t i = 0; i < step.position; ++i) ++child;
      node = &*child;
    }
  }
  at_ = &question.steps;
  test(*node, *question.row, *question.fields);
}

}  // namespace mlstack::storage::admission
