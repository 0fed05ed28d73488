// Every field of every kind and part: a value is lowered, read back, and is the same.

#include <deque>
#include <functional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/duration.h"
#include "lower/lower.h"
#include "lower/plan.h"
#include "sema/program.h"

namespace mlstack::lower {
namespace {

using sema::Cardinality;
using sema::Entry;
using sema::Element;
using sema::FieldValue;
using sema::Instance;
using sema::Kind;
using sema::KindRole;
using sema::Member;
using sema::Type;
using sema::TypeKind;
using sema::Value;
using sema::ValueKind;
using sema::Via;

/// Values by type, and what reading them back should give.
class Maker {
 public:
  Maker() : builder(arena) { program.symbols = &symbols; }

  base::SymbolTable symbols;
  sema::Program program;
  base::Arena arena;
  ir::Builder builder;
  schema::Catalog catalog;
  unsigned seed = 1;

  std::string_view keep(std::string text) { return arena.copy(text); }

  Value text(std::string_view content) {
    Value v;
    v.kind = ValueKind::String;
    v.chars = content.data();
    v.length = static_cast<std::uint32_t>(content.size());
    return v;
  }
  Value integer(std::int64_t number) {
    Value v;
    v.kind = ValueKind::Int;
    v.integer = number;
    return v;
  }
  Value list(std::vector<Element> items) {
    Value v;
    v.kind = ValueKind::List;
    v.elements = arena.copy(items).data();
    v.length = static_cast<std::uint32_t>(items.size());
    return v;
  }
  Value map(std::vector<Entry> items) {
    Value v;
    v.kind = ValueKind::Map;
    v.entries = arena.copy(items).data();
    v.length = static_cast<std::uint32_t>(items.size());
    return v;
  }
  Instance* instance(const Kind& kind, std::string_view name) {
    auto* made = arena.make<Instance>();
    made->kind = &kind;
    made->api = kind.api;
    made->label = made->name = symbols.intern(name);
    return made;
  }
  void give(Instance& instance, const Member& member, Value value) {
    if (member.name == "label" && instance.kind->api.empty() && instance.kind->role != KindRole::Source) {
      instance.labelValue = value;
      if (value.kind == ValueKind::String) instance.label = instance.name = symbols.intern(value.text());
      return;
    }
    auto* field = arena.make<FieldValue>();
    field->member = &member;
    field->value = value;
    field->keySpan = field->span = {1, 2};
    field->next = instance.fields;
    instance.fields = field;
  }

  Value reference(std::string_view word) {
    Value v;
    v.kind = ValueKind::Ref;
    v.instance = instance(*sema::preludeKind(word), keep(fmt::format("thing-{}", seed++)));
    return v;
  }

  Value fragment(std::string_view word) {
    for (const auto& kind : sema::preludeKinds()) {
      if (kind.role != KindRole::Source || kind.word != word) continue;
      Value v;
      v.kind = ValueKind::Fragment;
      auto* made = instance(kind, "");
      for (const auto& member : kind.members) give(*made, member, value(member.type, member));
      v.instance = made;
      return v;
    }
    ADD_FAILURE() << "no function makes a " << word;
    return {};
  }

  Value value(const Type* type, const Member& member) {
    const auto number = seed++;
    Value v;
    switch (type->kind) {
      case TypeKind::Bool: v.kind = ValueKind::Bool; v.boolean = number % 2 == 0; return v;
      case TypeKind::Int: return integer(type->hasLow ? static_cast<std::int64_t>(type->low) + 1 : number);
      case TypeKind::Port: return integer(8000 + number % 100);
      case TypeKind::Float: v.kind = ValueKind::Float; v.real = number + 0.5; return v;
      case TypeKind::Quantity:
        v.kind = ValueKind::Quantity;
        v.quantity = arena.make<base::Quantity>(*base::parseQuantity(fmt::format("{}Gi", number)));
        return v;
      case TypeKind::Duration: v.kind = ValueKind::Duration; v.integer = static_cast<std::int64_t>(number) * 1000; return v;
      case TypeKind::Enum: return text(type->words[number % type->words.size()]);
      case TypeKind::List: return list({{value(type->element, member), {3, 4}}, {value(type->element, member), {5, 6}}});
      case TypeKind::Map: {
        const auto key = [&](std::string_view name) { return symbols.intern(name); };
        return map({{key("one"), value(type->element, member), {3, 4}, {5, 6}}, {key("two/2"), value(type->element, member), {7, 8}, {9, 10}}});
      }
      case TypeKind::Record: {
        std::vector<Entry> entries;
        for (const auto& field : type->fields) entries.push_back({symbols.intern(field.name), value(field.type, member), {3, 4}, {5, 6}});
        return map(entries);
      }
      case TypeKind::Ref: return reference(type->word);
      case TypeKind::Fragment: return fragment(type->word);
      case TypeKind::Union: return value(type->alternatives[number % type->alternatives.size()], member);
      case TypeKind::Raw: return map({{symbols.intern("matchLabels"), text("x"), {3, 4}, {5, 6}}});
      case TypeKind::Any: case TypeKind::String: case TypeKind::Path: case TypeKind::Image: case TypeKind::Name:
      case TypeKind::Cron: case TypeKind::Parts:
        return text(keep(fmt::format("text-{}", number)));
    }
    return v;
  }

  std::string textOf(const Value& v) {
    switch (v.kind) {
      case ValueKind::Bool: return v.boolean ? "true" : "false";
      case ValueKind::Int: return std::to_string(v.integer);
      default: return std::string(v.text());
    }
  }

  /// What reading back should give.
  ir::Node* expected(const Value& v, const Member& member) {
    const bool asText = member.via == Via::Text || member.via == Via::EnvValue || member.via == Via::Gpus;
    switch (v.kind) {
      case ValueKind::Bool: return asText ? builder.copyString(textOf(v)) : builder.boolean(v.boolean);
      case ValueKind::Int: return asText ? builder.copyString(textOf(v)) : builder.integer(v.integer);
      case ValueKind::Float: return builder.real(v.real);
      case ValueKind::String: return builder.copyString(v.text());
      case ValueKind::Quantity: return builder.copyString(v.quantity->text());
      case ValueKind::Duration: return builder.copyString(base::Duration{v.integer}.text());
      case ValueKind::Ref: return builder.copyString(symbols.text(v.instance->name));
      case ValueKind::List: {
        auto* list = builder.list();
        for (const auto& element : v.list()) ir::Builder::append(*list, expected(element.value, member));
        return list;
      }
      case ValueKind::Map: {
        auto* map = builder.map();
        for (const auto& entry : v.map()) ir::Builder::add(*map, entry.key, wrapped(entry.value, member));
        return map;
      }
      case ValueKind::Fragment: {
        auto* arguments = builder.map();
        for (const auto* field = v.instance->fields; field != nullptr; field = field->next) {
          ir::Builder::add(*arguments, symbols.intern(field->member->name), expected(field->value, *field->member));
        }
        auto* map = builder.map();
        ir::Builder::add(*map, symbols.intern(v.instance->kind->name), arguments);
        return map;
      }
      default: ADD_FAILURE() << "a value without an expectation"; return builder.null();
    }
  }
  ir::Node* wrapped(const Value& v, const Member& member) { return expected(v, member); }
};

std::string show(const ir::Node* node, const base::SymbolTable& symbols) {
  if (node == nullptr) return "nothing";
  switch (node->kind) {
    case ir::NodeKind::Null: return "null";
    case ir::NodeKind::Bool: return node->boolean ? "true" : "false";
    case ir::NodeKind::Int: return std::to_string(node->integer);
    case ir::NodeKind::Float: return fmt::format("{}", node->real);
    case ir::NodeKind::String: return fmt::format("\"{}\"", node->text());
    case ir::NodeKind::List: case ir::NodeKind::Map: break;
  }
  std::string out = node->kind == ir::NodeKind::List ? "[" : "{";
  for (const auto& child : ir::Children(node)) {
    if (node->kind == ir::NodeKind::Map) out += std::string(symbols.text(child.key)) + ": ";
    out += show(&child, symbols) + ", ";
  }
  return out + (node->kind == ir::NodeKind::List ? "]" : "}");
}

/// The node of the last part on the way, below `node`.
const ir::Node* stepInto(const ir::Node* node, const Member& member, base::SymbolTable& symbols) {
  for (const auto& step : member.target) {
    node = ir::find(node, symbols.intern(step.key));
    if (node == nullptr) return nullptr;
    if (step.isList) {
      if (node->kind != ir::NodeKind::List || node->length == 0) return nullptr;
      node = step.elementKey.empty() ? node->last : node->last->next;
    }
  }
  return node;
}

struct Way {
  std::vector<const Member*> parts;
  std::string text;
};

class TwoWay {
 public:
  std::size_t checked = 0;

  void object(const Kind& kind) { members(kind, kind, {}, 0); }

 private:
  void members(const Kind& root, const Kind& kind, const Way& way, unsigned depth) {
    if (depth > 6) return;
    for (const auto& member : kind.members) {
      Way next = way;
      next.text += fmt::format("{}{}", next.text.empty() ? "" : ".", member.name);
      if (member.cardinality == Cardinality::Field) {
        field(root, kind, member, next);
        continue;
      }
      const auto* part = sema::preludeKind(member.part);
      ASSERT_NE(part, nullptr) << next.text;
      // State that a pod mounts or declares has tests of its own: its place depends on the other end.
      const auto role = part->role;
      if (role == KindRole::Mount || role == KindRole::ScratchMount || role == KindRole::PodScratch || role == KindRole::Ephemeral) continue;
      if (root.role == KindRole::Account && part->name == "account-rule") continue;
      next.parts.push_back(&member);
      members(root, *part, next, depth + 1);
    }
  }

  void field(const Kind& root, const Kind& owner, const Member& member, const Way& way) {
    if (member.via == Via::Facts || member.via == Via::Self || member.via == Via::Selector) return;
    if (member.target.empty() && member.via != Via::Merge && member.via != Via::EnvValue) return;
    SCOPED_TRACE(fmt::format("{}: {}", root.name, way.text));
    Maker maker;
    maker.seed = static_cast<unsigned>(++checked);
    auto* resource = maker.instance(root, "thing");
    Instance* inner = resource;
    for (const auto* step : way.parts) {
      auto* part = maker.instance(*sema::preludeKind(step->part), "part");
      part->member = step;
      part->parent = inner;
      inner->parts = part;
      inner = part;
    }
    const auto value = maker.value(member.type, member);
    maker.give(*inner, member, value);
    resource->external = true;   // only this field: nothing that the kind would add or ask for
    maker.program.resources.push_back(resource);
    diag::Sink sink;
    const auto stack = lowerProgram(maker.program, maker.catalog, sink);
    for (const auto& d : sink.all()) {
      if (d.code != diag::Code::ContainerWithoutImage) ADD_FAILURE() << d.message;
    }
    ASSERT_EQ(stack->objects.size(), 1u);
    const ir::Node* node = stack->objects[0].root;
    for (const auto* step : way.parts) node = node == nullptr ? nullptr : stepInto(node, *step, maker.symbols);
    ASSERT_NE(node, nullptr);
    const auto* raised = raiseField(member, *node, maker.builder, maker.symbols);
    ASSERT_NE(raised, nullptr) << show(stack->objects[0].root, maker.symbols);
    const auto* wanted = maker.expected(value, member);
    EXPECT_TRUE(ir::sameValue(*raised, *listOr(wanted, *raised, maker)))
        << show(raised, maker.symbols) << " for " << show(wanted, maker.symbols) << "\n" << show(stack->objects[0].root, maker.symbols);
    (void)owner;
  }

  /// One value where a list stands is a list of one.
  const ir::Node* listOr(const ir::Node* wanted, const ir::Node& raised, Maker& maker) {
    if (raised.kind != ir::NodeKind::List || wanted->kind == ir::NodeKind::List) return wanted;
    auto* list = maker.builder.list();
    ir::Builder::append(*list, maker.builder.clone(*wanted));
    return list;
  }
};

TEST(TwoWay, EveryFieldReadsBackAsWritten) {
  TwoWay test;
  for (const auto& kind : sema::preludeKinds()) {
    if (!kind.api.empty()) test.object(kind);
  }
  EXPECT_GT(test.checked, 1500u);
}

TEST(TwoWay, EveryFunctionReadsBackAsWritten) {
  const auto* volume = sema::preludeKind("volume");
  const auto* source = volume->find("source");
  ASSERT_NE(source, nullptr);
  std::size_t count = 0;
  for (const auto& kind : sema::preludeKinds()) {
    if (kind.role != KindRole::Source || kind.word != "volume-source") continue;
    SCOPED_TRACE(kind.name);
    Maker maker;
    auto* resource = maker.instance(*volume, "thing");
    resource->external = true;
    Value value;
    value.kind = ValueKind::Fragment;
    auto* made = maker.instance(kind, "");
    for (const auto& member : kind.members) maker.give(*made, member, maker.value(member.type, member));
    value.instance = made;
    maker.give(*resource, *source, value);
    maker.program.resources.push_back(resource);
    diag::Sink sink;
    const auto stack = lowerProgram(maker.program, maker.catalog, sink);
    const auto* raised = raiseField(*source, *stack->objects[0].root, maker.builder, maker.symbols);
    ASSERT_NE(raised, nullptr);
    const auto* wanted = maker.expected(value, *source);
    EXPECT_TRUE(ir::sameValue(*raised, *wanted)) << show(raised, maker.symbols) << " for " << show(wanted, maker.symbols);
    ++count;
  }
  EXPECT_GE(count, 16u);
}

}  // namespace
}  // namespace mlstack::lower
