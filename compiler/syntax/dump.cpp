#include "syntax/dump.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"

namespace mlstack::syntax {
namespace {

/// Receives a tree in order; the two styles are its subclasses.
class Shape {
 public:
  virtual ~Shape() = default;
  virtual void open(std::string_view role, std::string_view kind, Span span) = 0;
  virtual void close() = 0;
  virtual void beginList(std::string_view role) = 0;
  virtual void endList() = 0;
  virtual void text(std::string_view role, std::string_view value) = 0;
  virtual void flag(std::string_view role) = 0;
};

class TextShape final : public Shape {
 public:
  explicit TextShape(std::string& out) : out_(out) {}
  void open(std::string_view role, std::string_view kind, Span) override {
    line();
    if (!role.empty()) out_.append(role).append(": ");
    out_.append(kind);
    ++depth_;
  }
  void close() override { --depth_; }
  void beginList(std::string_view role) override {
    line();
    out_.append(role);
    ++depth_;
  }
  void endList() override { --depth_; }
  void text(std::string_view role, std::string_view value) override {
    out_.append(" ");
    if (role != "name" && role != "text" && role != "op" && role != "path") out_.append(role).append("=");
    if (role == "text" || role == "doc") base::appendJsonString(out_, value);
    else out_.append(value);
  }
  void flag(std::string_view role) override { out_.append(" ").append(role); }

 private:
  void line() {
    if (!out_.empty()) out_ += '\n';
    out_.append(2 * depth_, ' ');
  }
  std::string& out_;
  std::size_t depth_ = 0;
};

class JsonShape final : public Shape {
 public:
  JsonShape(base::JsonWriter& writer, base::Pos origin) : writer_(writer), origin_(origin) {}
  void open(std::string_view role, std::string_view kind, Span span) override {
    if (!inList_.empty() && !inList_.back()) writer_.key(role);
    inList_.push_back(false);
    writer_.beginObject().field("kind", kind);
    writer_.key("span").beginArray().value(span.begin - origin_).value(span.end - origin_).endArray();
  }
  void close() override {
    writer_.endObject();
    inList_.pop_back();
  }
  void beginList(std::string_view role) override {
    writer_.key(role).beginArray();
    inList_.push_back(true);
  }
  void endList() override {
    writer_.endArray();
    inList_.pop_back();
  }
  void text(std::string_view role, std::string_view value) override { writer_.field(role, value); }
  void flag(std::string_view role) override { writer_.field(role, true); }

 private:
  base::JsonWriter& writer_;
  base::Pos origin_;
  std::vector<bool> inList_;
};

/// Walks the tree. Only what is there is told: absent children, empty lists and false flags leave no trace.
class Walk {
 public:
  Walk(Shape& shape, const base::SymbolTable& symbols) : shape_(shape), symbols_(symbols) {}

  void statements(std::string_view role, std::span<Statement* const> items) {
    if (items.empty()) return;
    shape_.beginList(role);
    for (const Statement* item : items) statement(*item);
    shape_.endList();
  }

 private:
  void name(std::string_view role, const Name& value) {
    if (value.symbol) shape_.text(role, symbols_.text(value.symbol));
  }

  void path(std::string_view role, std::span<const Name> names) {
    if (names.empty()) return;
    std::string all;
    for (const Name& part : names) {
      if (!all.empty()) all += '.';
      all.append(symbols_.text(part.symbol));
    }
    shape_.text(role, all);
  }

  void statement(const Statement& s) {
    shape_.open({}, spell(s.kind), s.span);
    if (s.head.empty()) name("name", s.name);
    else path("path", s.head);
    if (s.kind == StatementKind::For) name("second", s.second);
    if (s.quotedHead) shape_.flag("quoted");
    if (s.hasBody && s.body.empty()) shape_.flag("emptyBody");
    if (!s.doc.empty()) shape_.text("doc", s.doc);
    switch (s.kind) {
      case StatementKind::Use: case StatementKind::External: case StatementKind::Object:
        expr("label", s.label);
        expr("value", s.value);
        expr("at", s.at);
        break;
      case StatementKind::Assert:
        expr("value", s.value);
        expr("at", s.at);
        break;
      case StatementKind::Param:
        type("type", s.type);
        expr("value", s.value);
        expr("range", s.range);
        expr("pattern", s.pattern);
        break;
      case StatementKind::Let: case StatementKind::Output:
        type("type", s.type);
        expr("value", s.value);
        break;
      case StatementKind::Kind:
        expr("value", s.value);
        if (s.members.empty()) break;
        shape_.beginList("members");
        for (const KindMember& each : s.members) member(each);
        shape_.endList();
        break;
      case StatementKind::Error: case StatementKind::Stack: case StatementKind::Import: case StatementKind::Component:
      case StatementKind::For: case StatementKind::If: case StatementKind::Allow: case StatementKind::Spread:
      case StatementKind::Field: expr("value", s.value); break;
    }
    statements("body", s.body);
    if (s.kind == StatementKind::If) statements(s.chained ? "elseIf" : "else", s.otherwise);
    shape_.close();
  }

  void member(const KindMember& m) {
    shape_.open({}, "Member", m.span);
    name("name", m.name);
    std::string target;
    for (const TargetStep& step : m.target) {
      if (!target.empty()) target += '.';
      target.append(symbols_.text(step.name.symbol));
      if (step.isList) target.append("[").append(symbols_.text(step.key.symbol)).append("]");
    }
    if (!target.empty()) shape_.text("target", target);
    name("via", m.via);
    if (!m.doc.empty()) shape_.text("doc", m.doc);
    type("type", m.type);
    expr("range", m.range);
    expr("pattern", m.pattern);
    expr("value", m.value);
    shape_.close();
  }

  void type(std::string_view role, const TypeExpr* t) {
    if (t == nullptr) return;
    shape_.open(role, spell(t->kind), t->span);
    path("path", t->path);
    if (t->optional) shape_.flag("optional");
    std::string words;
    for (const Name& word : t->words) {
      if (!words.empty()) words += ' ';
      words.append(symbols_.text(word.symbol));
    }
    if (!words.empty()) shape_.text("words", words);
    if (!t->arguments.empty()) {
      shape_.beginList("arguments");
      for (const TypeExpr* argument : t->arguments) type({}, argument);
      shape_.endList();
    }
    if (!t->fields.empty()) {
      shape_.beginList("fields");
      for (const TypeField& field : t->fields) {
        shape_.open({}, "TypeField", field.name.span);
        name("name", field.name);
        type("type", field.type);
        expr("value", field.value);
        shape_.close();
      }
      shape_.endList();
    }
    shape_.close();
  }

  void expr(std::string_view role, const Expr* e) {
    if (e == nullptr) return;
    shape_.open(role, spell(e->kind), e->span);
    name("name", {e->name, {}});
    name("second", {e->second, {}});
    if (e->flag && e->kind != ExprKind::Bool) shape_.flag("block");
    switch (e->kind) {
      case ExprKind::Error: case ExprKind::Null: case ExprKind::NameRef: break;
      case ExprKind::Bool: shape_.text("text", e->flag ? "true" : "false"); break;
      case ExprKind::String: case ExprKind::Suffixed: case ExprKind::Int: case ExprKind::Float:
        shape_.text("text", e->text);
        break;
      case ExprKind::Unary:
        shape_.text("op", spell(e->op));
        expr("left", e->left);
        break;
      case ExprKind::Binary:
        shape_.text("op", spell(e->op));
        expr("left", e->left);
        expr("right", e->right);
        break;
      case ExprKind::Member: case ExprKind::Spread: expr("left", e->left); break;
      case ExprKind::Index:
        expr("left", e->left);
        expr("right", e->right);
        break;
      case ExprKind::Conditional: case ExprKind::ForList: case ExprKind::ForMap:
        expr("left", e->left);
        expr("third", e->third);
        expr("right", e->right);
        if (e->kind == ExprKind::ForMap) expr("value", e->value);
        break;
      case ExprKind::Call:
        expr("left", e->left);
        arguments(e->arguments);
        break;
      case ExprKind::Template: case ExprKind::List:
        if (e->items.empty()) break;
        shape_.beginList("items");
        for (const Expr* item : e->items) expr({}, item);
        shape_.endList();
        break;
      case ExprKind::Map: entries(e->entries); break;
    }
    shape_.close();
  }

  void arguments(const List<Argument>& all) {
    if (all.empty()) return;
    shape_.beginList("arguments");
    for (const Argument& argument : all) {
      shape_.open({}, "Argument", argument.value->span);
      name("name", argument.name);
      expr("value", argument.value);
      shape_.close();
    }
    shape_.endList();
  }

  void entries(const List<MapEntry>& all) {
    if (all.empty()) return;
    shape_.beginList("entries");
    for (const MapEntry& entry : all) {
      shape_.open({}, "Entry", entry.span);
      path("path", entry.path);
      expr("key", entry.key);
      expr("value", entry.value);
      shape_.close();
    }
    shape_.endList();
  }

  Shape& shape_;
  const base::SymbolTable& symbols_;
};

/// Tokens and comments, by position.
struct Piece {
  Span span;
  std::string_view kind;
  bool comment;
};

std::vector<Piece> piecesOf(const TokenList& list) {
  std::vector<Piece> all;
  all.reserve(list.tokens.size() + list.comments.size());
  for (const Token& token : list.tokens) all.push_back({token.span, spell(token.kind), false});
  for (const Comment& comment : list.comments) all.push_back({comment.span, "Comment", true});
  std::stable_sort(all.begin(), all.end(), [](const Piece& a, const Piece& b) { return a.span.begin < b.span.begin; });
  return all;
}

std::string_view textOf(const base::SourceFile& file, Span span) {
  return std::string_view(file.text).substr(span.begin - file.begin, span.end - span.begin);
}

}  // namespace

std::string dumpTokens(const base::SourceFile& file, const TokenList& tokens, DumpStyle style) {
  std::string out;
  if (style == DumpStyle::Json) {
    base::JsonWriter json(out, 2);
    json.beginObject().field("version", 1);
    for (const bool comments : {false, true}) {
      json.key(comments ? "comments" : "tokens").beginArray();
      for (const Piece& piece : piecesOf(tokens)) {
        if (piece.comment != comments) continue;
        json.beginObject();
        if (!comments) json.field("kind", piece.kind);
        json.field("begin", piece.span.begin - file.begin).field("end", piece.span.end - file.begin);
        json.field("text", textOf(file, piece.span)).endObject();
      }
      json.endArray();
    }
    json.endObject();
    return out += '\n';
  }
  std::uint32_t line = 1;
  std::size_t lineBegin = 0;
  for (const Piece& piece : piecesOf(tokens)) {
    const std::size_t offset = piece.span.begin - file.begin;
    for (std::size_t next = file.text.find('\n', lineBegin); next != std::string::npos && next < offset;
         next = file.text.find('\n', lineBegin)) {
      lineBegin = next + 1;
      ++line;
    }
    fmt::format_to(std::back_inserter(out), "{}:{} {} ", line, offset - lineBegin + 1, piece.kind);
    base::appendJsonString(out, textOf(file, piece.span));
    out += '\n';
  }
  return out;
}

std::string dumpAst(const File& file, const base::SymbolTable& symbols, DumpStyle style) {
  std::string out;
  if (style == DumpStyle::Json) {
    base::JsonWriter json(out, 2);
    JsonShape shape(json, file.span.begin);
    json.beginObject().field("version", 1);
    json.key("file");
    shape.open({}, "File", file.span);
    Walk(shape, symbols).statements("items", file.items);
    shape.close();
    json.endObject();
  } else {
    TextShape shape(out);
    shape.open({}, "File", file.span);
    Walk(shape, symbols).statements("items", file.items);
  }
  return out += '\n';
}

std::string_view spell(Operator op) {
  switch (op) {
    case Operator::Or: return "Or";
    case Operator::And: return "And";
    case Operator::Eq: return "Eq";
    case Operator::Ne: return "Ne";
    case Operator::Lt: return "Lt";
    case Operator::Le: return "Le";
    case Operator::Gt: return "Gt";
    case Operator::Ge: return "Ge";
    case Operator::In: return "In";
    case Operator::Range: return "Range";
    case Operator::RangeBelow: return "RangeBelow";
    case Operator::Add: return "Add";
    case Operator::Subtract: return "Subtract";
    case Operator::Multiply: return "Multiply";
    case Operator::Divide: return "Divide";
    case Operator::Remainder: return "Remainder";
    case Operator::Negate: return "Negate";
    case Operator::Not: return "Not";
  }
  return {};
}

std::string_view spell(ExprKind kind) {
  switch (kind) {
    case ExprKind::Error: return "Error";
    case ExprKind::Null: return "Null";
    case ExprKind::Bool: return "Bool";
    case ExprKind::Int: return "Int";
    case ExprKind::Float: return "Float";
    case ExprKind::Suffixed: return "Suffixed";
    case ExprKind::String: return "String";
    case ExprKind::Template: return "Template";
    case ExprKind::NameRef: return "NameRef";
    case ExprKind::Member: return "Member";
    case ExprKind::Index: return "Index";
    case ExprKind::Call: return "Call";
    case ExprKind::Unary: return "Unary";
    case ExprKind::Binary: return "Binary";
    case ExprKind::Conditional: return "Conditional";
    case ExprKind::List: return "List";
    case ExprKind::Map: return "Map";
    case ExprKind::ForList: return "ForList";
    case ExprKind::ForMap: return "ForMap";
    case ExprKind::Spread: return "Spread";
  }
  return {};
}

std::string_view spell(StatementKind kind) {
  switch (kind) {
    case StatementKind::Error: return "Error";
    case StatementKind::Stack: return "Stack";
    case StatementKind::Import: return "Import";
    case StatementKind::Param: return "Param";
    case StatementKind::Let: return "Let";
    case StatementKind::Kind: return "Kind";
    case StatementKind::Component: return "Component";
    case StatementKind::For: return "For";
    case StatementKind::If: return "If";
    case StatementKind::Assert: return "Assert";
    case StatementKind::Output: return "Output";
    case StatementKind::Allow: return "Allow";
    case StatementKind::External: return "External";
    case StatementKind::Object: return "Object";
    case StatementKind::Spread: return "Spread";
    case StatementKind::Field: return "Field";
    case StatementKind::Use: return "Use";
  }
  return {};
}

std::string_view spell(TypeExprKind kind) {
  switch (kind) {
    case TypeExprKind::Error: return "Error";
    case TypeExprKind::Named: return "Named";
    case TypeExprKind::Enum: return "Enum";
    case TypeExprKind::Record: return "Record";
    case TypeExprKind::Union: return "Union";
  }
  return {};
}

}  // namespace mlstack::syntax
