// Parameters: what the stack takes, and values from `--set` and from `--params` files.

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/duration.h"
#include "parse/parse.h"
#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

bool given(const Options& options, std::string_view name) {
  for (const ParamValue& value : options.params) {
    if (value.name == name) return true;
  }
  return false;
}

}  // namespace

bool Evaluator::lacksParams(const syntax::File& file) const {
  for (const Statement* s : file.items) {
    if (s->kind != StatementKind::Param || s->value != nullptr || (s->type != nullptr && s->type->optional)) continue;
    if (!given(options_, symbols_.text(s->name.symbol))) return true;
  }
  return false;
}

void Evaluator::readParams(Env* env) {
  Body& body = *env->body;
  for (std::uint32_t i = 0; i < body.decls.size(); ++i) {
    const Decl& decl = body.decls[i];
    if (decl.kind != DeclKind::Param) continue;
    const Found found{env, i};
    const Type* type = declaredType(found);
    ParamInfo info;
    info.name = symbols_.text(decl.name);
    info.type = type != nullptr ? typeText(*type) : "any";
    info.doc = decl.statement->doc;
    info.required = decl.statement->value == nullptr && !(type != nullptr && type->optional);
    info.span = decl.span;
    program_->params.push_back(std::move(info));
    (void)force(found, decl.span);
  }
  checkParamNames(env);
}

void Evaluator::checkParamNames(Env* env) {
  std::vector<std::string_view> names;
  for (const Decl& decl : env->body->decls) {
    if (decl.kind == DeclKind::Param || decl.kind == DeclKind::Unread) names.push_back(symbols_.text(decl.name));
  }
  for (const ParamValue& value : options_.params) {
    if (std::find(names.begin(), names.end(), value.name) != names.end()) continue;
    auto d = diag::make<diag::Code::UnknownParameter>(value.span, value.name);
    if (!value.span.known()) d.file = "--set";
    if (const auto near = diag::nearest(value.name, names); !near.empty()) {
      d.help = fmt::format("did you mean `{}`?", near);
      if (value.span.known()) d.fixes.push_back({fmt::format("write `{}`", near), {{value.span, std::string(near)}}});
    } else if (names.empty()) {
      d.help = "it takes none: `param NAME: TYPE = DEFAULT` declares one";
    }
    (void)errorAt(std::move(d));
  }
}

Span Evaluator::givenAt(const Found& found) const {
  Span at;
  for (const ParamValue& value : options_.params) {
    if (value.name == symbols_.text(found.decl().name)) at = value.span;
  }
  return at;
}

void Evaluator::paramValue(const Found& found) {
  const Decl& decl = found.decl();
  Slot& slot = found.slot();
  const Statement& s = *decl.statement;
  const Type* type = declaredType(found);
  const auto name = symbols_.text(decl.name);
  const Type& wanted = type != nullptr ? *type : types::kAny;
  const Place before = place_;
  place_ = {Place::Kind::Parameter, name};
  bool set = false;
  for (const ParamValue& value : options_.params) {
    if (value.name != name) continue;
    set = true;
    const unsigned checking = checking_;   // values from outside are at hand even when others are not
    checking_ = 0;
    const auto errors = sink_.errorCount();
    slot.value = value.node != nullptr ? fromNode(*value.node, wanted, name) : fromText(value.text, wanted, value.span, name);
    if (sink_.errorCount() != errors) slot.value = errorValue();
    checking_ = checking;
  }
  if (s.value != nullptr) {
    if (!set) {
      slot.value = eval(s.value, found.env, type);
    } else {
      ++checking_;
      (void)eval(s.value, found.env, type);   // the default must hold all the same
      --checking_;
    }
  } else if (!set && type != nullptr && type->optional) {
    slot.value = Value{};
  } else if (!set && options_.missingParamsAreUnknown) {
    slot.value = unknown(type);
  } else if (!set) {
    slot.value = errorAt(diag::make<diag::Code::MissingParameter>(decl.span, name)
                             .hint(fmt::format("give one with `--set {}=…`, in a `--params` file, or a default: `param {}: {} = …`", name, name,
                                               type != nullptr ? typeText(*type) : "any")));
  }
  place_ = before;
}

Value Evaluator::parameterText(std::string_view text, const Type& type, Span span, std::string_view param) {
  auto d = diag::make<diag::Code::ParameterText>(span, text, typeText(type), param);
  d.help = fmt::format("`{}` takes {}", param, types::described(type));
  if (!span.known()) d.file = "--set";
  return errorAt(std::move(d));
}

namespace {

template <class T>
std::optional<T> numberIn(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

/// A number, quantity or duration that a text writes.
Value Evaluator::fromNumberText(std::string_view text, const Type& type, Span span, std::string_view param) {
  Value v;
  if (type.kind == TypeKind::Int || type.kind == TypeKind::Port) {
    const auto number = numberIn<std::int64_t>(text);
    if (!number && type.kind == TypeKind::Port) return conform(makeString(text), &type, span);
    if (!number) return parameterText(text, type, span, param);
    v = integer(*number);
  } else if (type.kind == TypeKind::Float) {
    const auto number = numberIn<double>(text);
    if (!number) return parameterText(text, type, span, param);
    v = real(*number);
  } else if (type.kind == TypeKind::Quantity) {
    const auto quantity = base::parseQuantity(text);
    if (!quantity) return parameterText(text, type, span, param);
    v = makeQuantity(*quantity);
  } else {
    const auto parsed = base::parseDuration(text);
    if (!parsed) return parameterText(text, type, span, param);
    v = duration(parsed->milliseconds);
  }
  return conform(v, &type, span);
}

Value Evaluator::fromText(std::string_view text, const Type& type, Span span, std::string_view param) {
  if (type.optional && text == "null") return {};
  switch (type.kind) {
    case TypeKind::Bool:
      if (text != "true" && text != "false") return parameterText(text, type, span, param);
      return boolean(text == "true");
    case TypeKind::Int: case TypeKind::Port: case TypeKind::Float: case TypeKind::Quantity: case TypeKind::Duration:
      return fromNumberText(text, type, span, param);
    case TypeKind::String: case TypeKind::Path: case TypeKind::Image: case TypeKind::Name: case TypeKind::Cron: case TypeKind::Enum:
      return conform(makeString(text), &type, span);
    case TypeKind::Union:
      for (const Type* alternative : type.alternatives) {
        ++quiet_;
        const Value tried = fromText(text, *alternative, span, param);
        --quiet_;
        if (tried.kind != ValueKind::Error) return tried;
      }
      return parameterText(text, type, span, param);
    case TypeKind::Any: return makeString(text);
    case TypeKind::List:
      if (text.substr(0, 1) != "[") {
        const Value one = type.element != nullptr ? fromText(text, *type.element, span, param) : makeString(text);
        return one.kind == ValueKind::Error ? one : makeList({Element{one, span}});
      }
      return fromWrittenText(text, type, span);
    case TypeKind::Map: case TypeKind::Record: case TypeKind::Raw: return fromWrittenText(text, type, span);
    case TypeKind::Ref: case TypeKind::Fragment: case TypeKind::Parts: return parameterText(text, type, span, param);
  }
  return errorValue();
}

/// A list or map in the language's own syntax.
Value Evaluator::fromWrittenText(std::string_view text, const Type& type, Span span) {
  auto& file = program_->scratch.emplace_back();
  file.name = "--set";
  file.text = std::string(text);
  file.begin = span.known() ? span.end + 1 : 0;
  const auto errors = sink_.errorCount();
  const Expr* e = parse::parseExpression(file, lasting(), symbols_, sink_);
  if (sink_.errorCount() != errors) return errorValue();
  return eval(e, nullptr, &type);
}

Value Evaluator::fromNode(const ir::Node& node, const Type& type, std::string_view param) {
  Value v;
  switch (node.kind) {
    case ir::NodeKind::Null: break;
    case ir::NodeKind::Bool: v = boolean(node.boolean); break;
    case ir::NodeKind::Int: v = integer(node.integer); break;
    case ir::NodeKind::Float: v = real(node.real); break;
    case ir::NodeKind::String: v = fromTextNode(node, type); break;
    case ir::NodeKind::List: v = fromListNode(node, type, param); break;
    case ir::NodeKind::Map: v = fromMapNode(node, type, param); break;
  }
  return v.kind == ValueKind::Error ? v : conform(v, &type, node.span);
}

/// YAML has no quantities and durations: where only such a value will do, the text is read as one.
Value Evaluator::fromTextNode(const ir::Node& node, const Type& type) {
  if (types::takes(&type, TypeKind::String)) return makeString(node.text());
  if (types::takes(&type, TypeKind::Quantity)) {
    if (const auto quantity = base::parseQuantity(node.text())) return makeQuantity(*quantity);
  } else if (types::takes(&type, TypeKind::Duration)) {
    if (const auto parsed = base::parseDuration(node.text())) return duration(parsed->milliseconds);
  }
  return makeString(node.text());
}

Value Evaluator::fromListNode(const ir::Node& node, const Type& type, std::string_view param) {
  const Type* list = types::alternativeOf(&type, TypeKind::List);
  const Type* element = list != nullptr && list->element != nullptr ? list->element : &types::kAny;
  std::vector<Element> items;
  for (const ir::Node& child : ir::Children(&node)) items.push_back({fromNode(child, *element, param), child.span});
  for (const Element& item : items) {
    if (item.value.kind == ValueKind::Error) return errorValue();
  }
  return makeList(items);
}

Value Evaluator::fromMapNode(const ir::Node& node, const Type& type, std::string_view param) {
  const Type* map = types::alternativeOf(&type, TypeKind::Map);
  const Type* record = types::alternativeOf(&type, TypeKind::Record);
  std::vector<Entry> entries;
  for (const ir::Node& child : ir::Children(&node)) {
    const Type* expected = map != nullptr && map->element != nullptr ? map->element : &types::kAny;
    if (record != nullptr && record->kind == TypeKind::Record) {
      for (const auto& field : record->fields) {
        if (field.name == symbols_.text(child.key) && field.type != nullptr) expected = field.type;
      }
    }
    entries.push_back({child.key, fromNode(child, *expected, param), child.span, child.span});
  }
  for (const Entry& entry : entries) {
    if (entry.value.kind == ValueKind::Error) return errorValue();
  }
  return makeMap(entries);
}

}  // namespace mlstack::sema
