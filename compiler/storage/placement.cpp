#include "storage/placement.h"

#include <algorithm>

#include <fmt/format.h>

#include "storage/read.h"

namespace mlstack::storage {

namespace {

Condition::Kind kindOf(std::string_view word) {
  if (word == "In") return Condition::Kind::In;
  if (word == "NotIn") return Condition::Kind::NotIn;
  if (word == "Exists") return Condition::Kind::Exists;
  if (word == "DoesNotExist") return Condition::Kind::DoesNotExist;
  return Condition::Kind::Other;
}

Condition conditionOf(const Keys& keys, const ir::Node& expression, Condition::Kind kind) {
  Condition condition;
  condition.key = canonicalLabel(keys.text<"key">(&expression));
  condition.kind = kind;
  condition.node = &expression;
  for (const auto& value : ir::Children(keys.at<"values">(&expression))) condition.values.push_back(textOf(&value));
  return condition;
}

void addExpressions(std::vector<Condition>& term, const Keys& keys, const ir::Node* list) {
  for (const auto& expression : ir::Children(list))
    term.push_back(conditionOf(keys, expression, kindOf(keys.text<"operator">(&expression))));
}

/// `nodeSelectorTerms`: terms without conditions select nothing (component-helpers/scheduling/corev1/nodeaffinity).
std::vector<std::vector<Condition>> selectorTerms(const Keys& keys, const ir::Node* list) {
  std::vector<std::vector<Condition>> terms;
  for (const auto& node : ir::Children(list)) {
    std::vector<Condition> term;
    addExpressions(term, keys, keys.at<"matchExpressions">(&node));
    for (const auto& field : ir::Children(keys.at<"matchFields">(&node))) {
      if (keys.text<"key">(&field) != "metadata.name") continue;
      auto condition = conditionOf(keys, field, kindOf(keys.text<"operator">(&field)));
      condition.key = "kubernetes.io/hostname";   // a node's name and its host name agree nearly everywhere
      term.push_back(std::move(condition));
    }
    if (!term.empty()) terms.push_back(std::move(term));
  }
  return terms;
}

bool has(const Condition& condition, std::string_view value) {
  return std::find(condition.values.begin(), condition.values.end(), value) != condition.values.end();
}

bool contradicts(const Condition& a, const Condition& b) {
  using Kind = Condition::Kind;
  if (a.key != b.key || a.key.empty()) return false;
  if (a.kind == Kind::In && b.kind == Kind::In)
    return !a.values.empty() && !b.values.empty() && std::none_of(a.values.begin(), a.values.end(), [&](std::string_view value) { return has(b, value); });
  if (a.kind == Kind::In && b.kind == Kind::NotIn)
    return !a.values.empty() && std::all_of(a.values.begin(), a.values.end(), [&](std::string_view value) { return has(b, value); });
  if (a.kind == Kind::NotIn && b.kind == Kind::In) return contradicts(b, a);
  const auto needs = [](const Condition& c) { return c.kind == Kind::In || c.kind == Kind::Exists; };
  return (needs(a) && b.kind == Kind::DoesNotExist) || (needs(b) && a.kind == Kind::DoesNotExist);
}

Placement::Conflict conflictOf(const std::vector<Condition>& a, const std::vector<Condition>& b) {
  for (const auto& one : a)
    for (const auto& other : b)
      if (contradicts(one, other)) return {&one, &other};
  return {};
}

}  // namespace

std::string_view canonicalLabel(std::string_view key) {
  // Others' labels may be called so and mean something else (`example.com/zone: dmz`).
  if (!key.starts_with("topology.") && !key.starts_with("failure-domain.")) return key;
  const auto name = key.substr(key.find('/') == std::string_view::npos ? 0 : key.find('/') + 1);
  return name == "zone" || name == "region" ? name : key;
}

std::string valuesText(const Condition& condition) {
  if (condition.values.empty()) return condition.kind == Condition::Kind::DoesNotExist ? "no such label" : "any";
  const auto text = fmt::format("{}", fmt::join(condition.values, " or "));
  return condition.kind == Condition::Kind::NotIn ? "not " + text : text;
}

Placement Placement::ofPod(const Keys& keys, const base::SymbolTable& symbols, const ir::Node* podSpec) {
  Placement placement;
  if (const auto* required = keys.at<"affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms">(podSpec))
    placement.terms = selectorTerms(keys, required);
  for (auto& term : placement.terms) {
    for (const auto& label : ir::Children(keys.at<"nodeSelector">(podSpec))) {
      Condition condition;
      condition.key = canonicalLabel(symbols.text(label.key));
      condition.kind = Condition::Kind::In;
      condition.values = {textOf(&label)};
      condition.node = &label;
      term.push_back(std::move(condition));
    }
    if (const auto* name = keys.at<"nodeName">(podSpec); isText(name)) {
      Condition condition;
      condition.key = "kubernetes.io/hostname";
      condition.kind = Condition::Kind::In;
      condition.values = {name->text()};
      condition.node = name;
      term.push_back(std::move(condition));
    }
  }
  return placement;
}

Placement Placement::ofVolume(const Keys& keys, const ir::Node* volumeSpec) {
  Placement placement;
  if (const auto* required = keys.at<"nodeAffinity.required.nodeSelectorTerms">(volumeSpec)) placement.terms = selectorTerms(keys, required);
  return placement;
}

Placement Placement::ofTopologies(const Keys& keys, const ir::Node* allowedTopologies) {
  Placement placement;
  if (!allowedTopologies || allowedTopologies->kind != ir::NodeKind::List || allowedTopologies->length == 0) return placement;
  placement.terms.clear();
  for (const auto& node : ir::Children(allowedTopologies)) {
    auto& term = placement.terms.emplace_back();
    for (const auto& expression : ir::Children(keys.at<"matchLabelExpressions">(&node)))
      term.push_back(conditionOf(keys, expression, Condition::Kind::In));
  }
  return placement;
}

bool Placement::isEverywhere() const {
  return std::any_of(terms.begin(), terms.end(), [](const auto& term) { return term.empty(); });
}

bool Placement::meets(const Placement& other) const { return conflictWith(other).here == nullptr; }

Placement::Conflict Placement::conflictWith(const Placement& other) const {
  Conflict first;
  for (const auto& term : terms) {
    for (const auto& there : other.terms) {
      const auto conflict = conflictOf(term, there);
      if (!conflict.here) return {};
      if (!first.here) first = conflict;
    }
  }
  return first;
}

Placement::Conflict Placement::contradiction() const {
  Conflict first;
  for (const auto& term : terms) {
    Conflict own;
    for (const auto& one : term)
      for (const auto& other : term)
        if (!own.here && &one != &other && contradicts(one, other)) own = {&one, &other};
    if (!own.here) return {};
    if (!first.here) first = own;
  }
  return first;
}

const Condition* Placement::on(std::string_view key) const {
  const Condition* found = nullptr;
  for (const auto& term : terms) {
    const auto at = std::find_if(term.begin(), term.end(), [&](const Condition& c) { return c.key == key && c.kind == Condition::Kind::In; });
    if (at == term.end()) return nullptr;
    if (!found) found = &*at;
  }
  return found;
}

}  // namespace mlstack::storage
