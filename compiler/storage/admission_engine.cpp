// Rows against trees.

#include <algorithm>

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;
using ir::NodeKind;

std::string quoted(std::string_view path) { return fmt::format("`{}`", path); }

bool looksLikePlaceholder(std::string_view text) {
  if (text.find_first_of("{}<>$") != std::string_view::npos || text.find("%s") != std::string_view::npos || (text.starts_with('(') && text.ends_with(')'))) return true;
  bool letters = false;
  bool underscore = false;
  for (const char c : text) {
    // Nothing that is filled in has these in its name.
    if ((c >= 'a' && c <= 'z') || c == '/' || c == '=' || c == ' ' || c == ':' || c == '*') return false;
    letters = letters || (c >= 'A' && c <= 'Z');
    underscore = underscore || c == '_';
  }
  return letters && underscore;
}

bool isSet(const Node* node) {
  if (!node || node->kind == NodeKind::Null) return false;
  if (node->kind == NodeKind::String || node->isContainer()) return node->length != 0;
  return true;
}

std::vector<std::string_view> wordsOf(std::string_view list) {
  std::vector<std::string_view> words;
  for (std::size_t from = 0; from < list.size();) {
    const auto end = std::min(list.find(' ', from), list.size());
    if (end > from) words.push_back(list.substr(from, end - from));
    from = end + 1;
  }
  return words;
}

std::string quotedChoice(std::string_view list) {
  constexpr std::size_t kNamed = 6;   // of a long list the first few, which are the common ones
  const auto words = wordsOf(list);
  const bool cut = words.size() > kNamed + 4;
  const auto named = cut ? kNamed : words.size();
  std::string out;
  for (std::size_t i = 0; i < named; ++i) out += fmt::format("{}`{}`", i == 0 ? "" : i + 1 == named && !cut ? " or " : ", ", words[i]);
  return cut ? fmt::format("{} or {} others", out, words.size() - named) : out;
}

std::string_view groupOf(std::string_view apiVersion) {
  const auto slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view{} : apiVersion.substr(0, slash);
}

namespace {

/// "1 to 65535", "0 or more", "1 only".
std::string rangeText(std::int64_t low, std::int64_t high, bool above) {
  if (low == 0 && high == 1) return "1 only";   // 0 stands for the default
  const bool open = high == kNoEnd || high == kInt32;
  if (open && !above) return fmt::format("{} or more", low);
  if (above && (open || low == std::numeric_limits<std::int32_t>::min())) return fmt::format("{} at most", high);
  return fmt::format("{} to {}", low, high);
}

std::string choiceText(std::string_view list) {
  const auto words = wordsOf(list);
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) out += fmt::format("{}{}", i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i]);
  return out;
}

/// Longer texts are cut in messages.
constexpr std::size_t kShown = 60;

}  // namespace

void Judge::append(std::string& to, std::string_view field) {
  const bool plain = field.find_first_of("./ ") == std::string_view::npos;
  if (!plain) {
    to += fmt::format("[\"{}\"]", field);
    return;
  }
  if (!to.empty()) to += '.';
  to += field;
}

std::string Judge::path() const {
  std::string all(prefix_);
  for (const auto& step : *at_) {
    if (step.index >= 0) append(all, static_cast<std::size_t>(step.index));
    else append(all, text(step.key));
  }
  return all;
}

base::Span Judge::spanOf(const Node& node) const { return node.span.known() ? node.span : object_->span; }

base::Span Judge::headOf(const Node& node) const {
  if (node.knowsKey()) return node.keySpan(text(node.key).size());
  if (node.kind == NodeKind::Map && node.length != 0) {
    const auto& first = *ir::Children(&node).begin();
    if (first.span.known()) return first.knowsKey() ? first.keySpan(text(first.key).size()) : first.span;
  }
  return spanOf(node);
}

std::string Judge::shown(const Node& value) const {
  switch (value.kind) {
    case NodeKind::Null: return "null";
    case NodeKind::Bool: return value.boolean ? "true" : "false";
    case NodeKind::Int: return fmt::format("{}", value.integer);
    case NodeKind::Float: return fmt::format("{}", value.real);
    case NodeKind::String:
      return value.length <= kShown ? fmt::format("\"{}\"", value.text()) : fmt::format("\"{}…\"", value.text().substr(0, kShown));
    case NodeKind::List: return "a list";
    case NodeKind::Map: return "a map";
  }
  return {};
}

// ---- what is said -------------------------------------------------------------------------------------------------

void Judge::sayForm(const Node& value, const std::string& at, Form form) {
  auto d = diag::make<Code::ValueForm>(spanOf(value), quoted(at), shown(value), faultOf(form, value.text()));
  if (looksLikePlaceholder(value.text())) d.severity = diag::Severity::Warning, d.help = "this looks like a placeholder: put its value in before it is applied";
  else if (form == Form::LabelValue && at.find("metadata.labels") != std::string::npos) d.help = "an annotation takes any text";
  else if (const auto other = mended(form, value.text()); !other.empty()) d.help = fmt::format("\"{}\" would do", other);
  say(std::move(d));
}

void Judge::sayRange(const Node& value, const std::string& at, std::string_view takes) {
  say(diag::make<Code::ValueRange>(spanOf(value), at, shown(value), takes));
}

void Judge::sayWord(const Node& value, const std::string& at, std::string_view takes) {
  say(diag::make<Code::ValueWord>(spanOf(value), at, shown(value), takes));
}

void Judge::sayLacks(const Node& map, const std::string& at, std::string_view what, std::string_view why) {
  const auto name = at.empty() ? context.objectText(*object_) : at;
  say(diag::make<Code::FieldLacking>(headOf(map), name, what, why.empty() ? "Kubernetes refuses it without" : why));
}

void Judge::sayRefused(const Node& field, const std::string& at, std::string_view why) {
  say(diag::make<Code::FieldRefused>(field.knowsKey() ? field.keySpan(text(field.key).size()) : spanOf(field), at, why));
}

void Judge::sayGate(const Node& field, std::string_view consequence) {
  say(diag::make<Code::GateOff>(field.knowsKey() ? field.keySpan(text(field.key).size()) : spanOf(field), path(), context.stack.kubernetes, consequence));
}

void Judge::sayTwice(const Node& second, const std::string& at, const Node& first, std::string_view value) {
  auto d = diag::make<Code::ValueTwice>(spanOf(second), at, value);
  if (first.span.known()) d.related.push_back({first.span, "the first one stands here"});
  say(std::move(d));
}

// ---- plans --------------------------------------------------------------------------------------------------------

/// The plan at a path such as "ports[].name" or "labels{}".
Plan& Judge::reach(Plan& from, std::string_view path) {
  Plan* at = &from;
  const auto each = [&at] {
    if (!at->each) at->each = std::make_unique<Plan>();
    at = at->each.get();
  };
  while (!path.empty()) {
    const auto dot = std::min(path.find('.'), path.size());
    auto step = path.substr(0, dot);
    path.remove_prefix(std::min(path.size(), dot + 1));
    int depth = 0;
    while (step.ends_with("[]") || step.ends_with("{}")) step.remove_suffix(2), ++depth;
    if (!step.empty()) {
      const auto symbol = context.stack.symbols->intern(step);
      const auto known = std::find_if(at->fields.begin(), at->fields.end(), [symbol](const auto& field) { return field.first == symbol; });
      if (known == at->fields.end()) at = at->fields.emplace_back(symbol, std::make_unique<Plan>()).second.get();
      else at = known->second.get();
    }
    while (depth-- > 0) each();
  }
  return *at;
}

void Judge::compile(Plan& into, const Shape& shape) {
  for (const auto& row : shape.rows) {
    if ((row.first > 0 && !context.since(row.first)) || (row.last < 127 && context.since(row.last + 1))) continue;
    auto& plan = reach(into, row.path);
    if (row.test == Test::Use) {
      plan.uses.push_back(&planOf(*row.shape));
      continue;
    }
    plan.rows.push_back(&row);
    std::vector<base::Symbol> symbols;
    if (row.test != Test::Words && row.test != Test::Gate)
      for (const auto word : wordsOf(row.words)) symbols.push_back(context.stack.symbols->intern(word.substr(0, word.find('='))));
    plan.wordsOf.push_back(std::move(symbols));
  }
}

const Plan& Judge::planOf(const Shape& shape) {
  auto& plan = plans_[&shape];
  if (plan) return *plan;
  plan = std::make_unique<Plan>();
  auto& made = *plan;
  compile(made, shape);
  return made;
}

void Judge::judge(const ir::Object& object, const Shape& shape) {
  if (object.root) judge(object, *object.root, {}, shape, false);
}

void Judge::judge(const ir::Object& object, const Node& part, std::string_view at, const Shape& shape, bool isPartial) {
  object_ = &object;
  prefix_ = at;
  partial_ = isPartial;
  steps_.clear();
  visit(part, planOf(shape));
}

void Judge::visit(const Node& node, const Plan& plan) {
  if (node.kind == NodeKind::Null || (node.flags & ir::FlagError) != 0) return;
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    if (asking_.verdict) ask(node, *plan.rows[i], plan.wordsOf[i]);
    test(node, *plan.rows[i], plan.wordsOf[i]);
  }
  walk(node, plan);
  for (const auto* other : plan.uses) visit(node, *other);
}

void Judge::walk(const Node& node, const Plan& plan) {
  if (!node.isContainer() || (plan.fields.empty() && !plan.each)) return;
  std::uint32_t index = 0;
  for (const auto& child : ir::Children(&node)) {
    const bool inMap = node.kind == NodeKind::Map;
    const Plan* below = nullptr;
    if (inMap)
      for (const auto& field : plan.fields)
        if (field.first == child.key) below = field.second.get();
    if (below || plan.each) {
      steps_.push_back(inMap ? Step{child.key, -1, index} : Step{{}, index, index});
      if (below) visit(child, *below);
      if (plan.each) visit(child, *plan.each);
      steps_.pop_back();
    }
    ++index;
  }
}

// ---- tests --------------------------------------------------------------------------------------------------------

void Judge::test(const Node& node, const Row& row, const std::vector<base::Symbol>& fields) {
  switch (row.test) {
    case Test::Range:
    case Test::Size:
    case Test::Is:
    case Test::Words:
    case Test::Filled:
    case Test::Most:
    case Test::Bytes: return testValue(node, row);
    case Test::Share: return testShare(node, row);
    case Test::Twice: return testTwice(node, fields);
    case Test::OneOf:
    case Test::AtMostOneOf: return testOneOf(node, row, fields);
    case Test::Needs:
    case Test::Refuses: return testNeeds(node, row, fields);
    case Test::KeysAre:
    case Test::Has:
    case Test::Only: return testMap(node, row, fields);
    case Test::Gate: return isSet(&node) ? sayGate(node, row.words) : void();
    case Test::Call: return row.call(*this, node);
    case Test::Use: return;
  }
}

void Judge::testValue(const Node& node, const Row& row) {
  if (row.test == Test::Range) {
    if (node.kind == NodeKind::Int && (node.integer < row.low || node.integer > row.high)) sayRange(node, path(), rangeText(row.low, row.high, node.integer > row.high));
  } else if (row.test == Test::Size) {
    const auto amount = quantityOf(&node);
    if (!amount) return;
    if (row.low == 0 && *amount < base::Quantity::ofInt(0)) sayRange(node, path(), "no negative amount");
    if (row.low > 0 && *amount <= base::Quantity::ofInt(0)) sayRange(node, path(), "more than 0");
  } else if (row.test == Test::Is) {
    if (isText(&node) && node.length != 0 && !faultOf(row.form, node.text()).empty()) sayForm(node, path(), row.form);
  } else if (row.test == Test::Words) {
    if (!isText(&node) || node.length == 0) return;
    for (const auto word : wordsOf(row.words))
      if (word == node.text()) return;
    sayWord(node, path(), choiceText(row.words));
  } else if (row.test == Test::Filled) {
    if (!isSet(&node)) say(diag::make<Code::FieldEmpty>(headOf(node), path()));
  } else if (row.test == Test::Most) {
    if (node.kind == NodeKind::List && node.length > row.high)
      say(diag::make<Code::FieldTooLarge>(headOf(node), path(), fmt::format("{} entries", node.length), row.high));
  } else if (isText(&node) && node.length > row.high) {
    say(diag::make<Code::FieldTooLarge>(spanOf(node), path(), counted(node.length, "byte"), row.high));
  }
}

void Judge::testShare(const Node& node, const Row& row) {
  if (node.kind == NodeKind::Int) {
    if (node.integer < 0) sayRange(node, path(), "0 or more, or a percentage");
    return;
  }
  const auto text = textOf(&node);
  if (text.empty()) return;
  const auto digits = text.substr(0, text.size() - 1);
  const bool percent = text.ends_with('%') && !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!percent) {
    say(diag::make<Code::ValueForm>(spanOf(node), quoted(path()), shown(node), "it takes a number, or a percentage such as \"25%\""));
  } else if (row.high != kNoEnd && (digits.size() > 9 || std::stoll(std::string(digits)) > row.high)) {
    sayRange(node, path(), fmt::format("{}% at most", row.high));
  }
}

void Judge::testMap(const Node& node, const Row& row, const std::vector<base::Symbol>& fields) {
  if (node.kind != NodeKind::Map) return;
  if (row.test == Test::KeysAre) {
    for (const auto& child : ir::Children(&node)) {
      const auto key = text(child.key);
      if (auto why = faultOf(row.form, key); !why.empty())
        say(diag::make<Code::ValueForm>(child.knowsKey() ? child.keySpan(key.size()) : spanOf(child), fmt::format("a key of `{}`", path()), fmt::format("\"{}\"", key), why));
    }
  } else if (row.test == Test::Has) {
    if (partial_) return;
    for (const auto field : fields) {
      const auto* value = ir::find(&node, field);
      if (value && (value->flags & ir::FlagError) != 0) continue;
      if (!isSet(value)) sayLacks(node, path(), fmt::format("`{}`", text(field)));
    }
  } else {
    for (const auto& child : ir::Children(&node)) {
      if (child.kind == NodeKind::Null || std::find(fields.begin(), fields.end(), child.key) != fields.end()) continue;
      sayRefused(child, path(text(child.key)), fmt::format("here, where Kubernetes takes {} only", quotedChoice(row.words)));
    }
  }
}

void Judge::testOneOf(const Node& node, const Row& row, const std::vector<base::Symbol>& fields) {
  if (node.kind != NodeKind::Map) return;
  const Node* first = nullptr;
  for (const auto& child : ir::Children(&node)) {
    if (child.kind == NodeKind::Null) continue;
    if ((child.flags & ir::FlagError) != 0) return;
    if (std::find(fields.begin(), fields.end(), child.key) == fields.end()) continue;
    // A text that is empty is a field that is not set.
    if (child.kind == NodeKind::String && child.length == 0 && row.test == Test::AtMostOneOf) continue;
    if (!first) {
      first = &child;
      continue;
    }
    auto d = diag::make<Code::FieldsTogether>(child.knowsKey() ? child.keySpan(text(child.key).size()) : spanOf(child),
                                              path().empty() ? context.objectText(*object_) : path(), text(first->key), text(child.key));
    if (first->span.known()) d.related.push_back({first->entrySpan(), "the other one stands here"});
    return say(std::move(d));
  }
  if (first || row.test == Test::AtMostOneOf || partial_) return;
  if (!row.others.empty()) {
    // A field that is none of those known is a slip of its own, and likely the one meant.
    const auto known = wordsOf(row.others);
    for (const auto& child : ir::Children(&node))
      if (std::find(known.begin(), known.end(), text(child.key)) == known.end()) return;
  }
  sayLacks(node, path(), "one of " + quotedChoice(row.words));
}

bool Judge::holds(const Node& map, std::string_view condition) const {
  const bool negated = condition.starts_with('!');
  if (negated) condition.remove_prefix(1);
  auto name = condition.substr(0, condition.find_first_of("!="));
  const auto* value = ir::find(&map, context.stack.symbols->intern(name));
  const auto rest = condition.substr(name.size());
  if (rest.empty()) {
    const bool there = isSet(value) && !isFalse(value) && !(value->kind == NodeKind::Int && value->integer == 0);
    return there != negated;
  }
  const bool unlike = rest.starts_with('!');
  const auto wanted = rest.substr(unlike ? 2 : 1);
  std::string said;
  if (value && value->kind == NodeKind::Bool) said = value->boolean ? "true" : "false";
  else said = std::string(textOf(value));
  return (said == wanted) != unlike;
}

void Judge::testNeeds(const Node& node, const Row& row, const std::vector<base::Symbol>& fields) {
  if (node.kind != NodeKind::Map || !holds(node, row.condition)) return;
  const auto shownCondition = [&row] {
    if (row.condition.starts_with('!')) return fmt::format("without `{}`", row.condition.substr(1));
    const auto at = row.condition.find_first_of("!=");
    if (at == std::string_view::npos) return fmt::format("with `{}`", row.condition);
    const bool unlike = row.condition[at] == '!';
    return fmt::format("with `{}` {}{}", row.condition.substr(0, at), unlike ? "other than " : "", row.condition.substr(at + (unlike ? 2 : 1)));
  }();
  const auto wanted = wordsOf(row.words);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto* value = ir::find(&node, fields[i]);
    if (value && (value->flags & ir::FlagError) != 0) continue;
    if (row.test == Test::Needs) {
      if (!isSet(value) && !partial_) sayLacks(node, path(), fmt::format("`{}`", text(fields[i])), fmt::format("Kubernetes requires it {}", shownCondition));
      continue;
    }
    if (!isSet(value)) continue;
    const auto equals = wanted[i].find('=');
    if (equals != std::string_view::npos) {
      const auto word = wanted[i].substr(equals + 1);
      const bool same = value->kind == NodeKind::Bool ? (word == "true") == value->boolean : textOf(value) == word;
      if (!same) continue;
    }
    sayRefused(*value, path(text(fields[i])), shownCondition);
  }
}

void Judge::testTwice(const Node& node, const std::vector<base::Symbol>& fields) {
  if (node.kind != NodeKind::List || node.length < 2) return;
  std::unordered_map<std::string, const Node*> seen;
  std::size_t index = 0;
  for (const auto& entry : ir::Children(&node)) {
    const auto at = index++;
    std::string key;
    const Node* first = nullptr;
    bool whole = true;
    if (fields.empty()) key = shown(entry), first = &entry;
    for (const auto field : fields) {
      const auto* value = ir::find(&entry, field);
      if (!isSet(value) && text(field) != "protocol") whole = false;
      if (!whole) break;
      key += isSet(value) ? shown(*value) : "\"TCP\"";
      key += ' ';
      if (!first) first = value;
    }
    if (!whole || !first) continue;
    const auto [known, isNew] = seen.emplace(key, first);
    if (isNew) continue;
    const auto place = fields.empty() ? path(at) : path(at, text(fields.front()));
    sayTwice(*first, place, *known->second, shown(*first));
  }
}

}  // namespace mlstack::storage::admission
