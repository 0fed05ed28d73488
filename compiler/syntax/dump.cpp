#include "syntax/dump.h"

#include <fmt/format.h>

namespace mlstack::syntax {
namespace {

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
  return "";
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
  return "";
}

std::string_view spell(Operator op) {
  switch (op) {
    case Operator::Or: return "||";
    case Operator::And: return "&&";
    case Operator::Eq: return "==";
    case Operator::Ne: return "!=";
    case Operator::Lt: return "<";
    case Operator::Le: return "<=";
    case Operator::Gt: return ">";
    case Operator::Ge: return ">=";
    case Operator::In: return "in";
    case Operator::Range: return "..";
    case Operator::RangeBelow: return "..<";
    case Operator::Add: return "+";
    case Operator::Subtract:
    case Operator::Negate: return "-";
    case Operator::Multiply: return "*";
    case Operator::Divide: return "/";
    case Operator::Remainder: return "%";
    case Operator::Not: return "!";
  }
  return "";
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto b = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (b < 0x20 || b == 0x7f) {
      out += fmt::format("\\x{:02x}", b);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

class Dumper {
 public:
  Dumper(const File& file, const base::SymbolTable& symbols) : symbols_(symbols), begin_(file.span.begin) {}

  void statements(std::span<Statement* const> items) {
    for (const auto* item : items) statement(*item);
  }

  std::string out;

 private:
  const base::SymbolTable& symbols_;
  base::Pos begin_;
  std::size_t depth_ = 0;

  /// Everything that is written while one lives is a level deeper.
  struct Deeper {
    explicit Deeper(Dumper& of) : dumper(of) { ++dumper.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper() { --dumper.depth_; }
    Dumper& dumper;
  };

  void line(std::string_view text, base::Span span) {
    out.append(depth_ * 2, ' ');
    out += text;
    if (span.known()) out += fmt::format(" {}-{}", span.begin - begin_, span.end - begin_);
    out += '\n';
  }
  void heading(std::string_view text) { line(text, {}); }

  std::string_view name(base::Symbol symbol) const { return symbols_.text(symbol); }

  std::string path(std::span<const Name> names) const {
    std::string text;
    for (const auto& part : names) text += fmt::format("{}{}", text.empty() ? "" : ".", name(part.symbol));
    return text;
  }

  void labelled(std::string_view label, const Expr* expr) {
    if (expr == nullptr) return;
    heading(label);
    Deeper deeper(*this);
    expression(*expr);
  }

  void type(const TypeExpr* type) {
    if (type == nullptr) return;
    Deeper deeper(*this);
    auto mark = type->optional ? "?" : "";
    switch (type->kind) {
      case TypeExprKind::Error: line("Type Error", type->span); break;
      case TypeExprKind::Named: line(fmt::format("Type {}{}", path(type->path), mark), type->span); break;
      case TypeExprKind::Enum: line(fmt::format("Type enum({}){}", words(type->words), mark), type->span); break;
      case TypeExprKind::Record: line(fmt::format("Type record{}", mark), type->span); break;
      case TypeExprKind::Union: line(fmt::format("Type union{}", mark), type->span); break;
    }
    for (const auto* argument : type->arguments) this->type(argument);
    for (const auto& field : type->fields) {
      Deeper inner(*this);
      line(fmt::format("Field {}", name(field.name.symbol)), field.name.span);
      this->type(field.type);
      labelled("default", field.value);
    }
  }

  std::string words(std::span<const Name> names) const {
    std::string text;
    for (const auto& word : names) text += fmt::format("{}{}", text.empty() ? "" : ", ", name(word.symbol));
    return text;
  }

  void member(const KindMember& member) {
    std::string text = fmt::format("Member {}", name(member.name.symbol));
    if (!member.target.empty()) text += " ->";
    for (const auto& step : member.target) {
      text += fmt::format("{}{}", &step == member.target.data() ? " " : ".", name(step.name.symbol));
      if (step.isList) text += fmt::format("[{}]", name(step.key.symbol));
    }
    if (member.via.symbol) text += fmt::format(" via {}", name(member.via.symbol));
    line(text, member.span);
    type(member.type);
    Deeper deeper(*this);
    labelled("in", member.range);
    labelled("matches", member.pattern);
    labelled("=", member.value);
  }

  void statement(const Statement& item) {
    std::string text(spell(item.kind));
    if (!item.head.empty()) text += fmt::format(" {}", item.quotedHead ? quoted(path(item.head)) : path(item.head));
    if (item.name.symbol) text += fmt::format(" {}", name(item.name.symbol));
    if (item.second.symbol) text += fmt::format(", {}", name(item.second.symbol));
    line(text, item.span);
    type(item.type);
    Deeper deeper(*this);
    if (!item.doc.empty()) heading(fmt::format("doc {}", quoted(item.doc)));
    labelled("label", item.label);
    labelled("in", item.range);
    labelled("matches", item.pattern);
    labelled("value", item.value);
    labelled("at", item.at);
    for (const auto& part : item.members) member(part);
    if (item.hasBody) {
      heading("body");
      Deeper inner(*this);
      statements(item.body);
    }
    if (!item.otherwise.empty()) {
      heading("else");
      Deeper inner(*this);
      statements(item.otherwise);
    }
  }

  std::string detail(const Expr& expr) const {
    switch (expr.kind) {
      case ExprKind::Bool: return expr.flag ? " true" : " false";
      case ExprKind::Int:
      case ExprKind::Float:
      case ExprKind::Suffixed: return fmt::format(" {}", expr.text);
      case ExprKind::String: return fmt::format(" {}{}", expr.flag ? "block " : "", quoted(expr.text));
      case ExprKind::NameRef:
      case ExprKind::Member:
      case ExprKind::ForList:
      case ExprKind::ForMap:
        return fmt::format(" {}{}{}", name(expr.name), expr.second ? ", " : "", expr.second ? name(expr.second) : "");
      case ExprKind::Unary:
      case ExprKind::Binary: return fmt::format(" {}", spell(expr.op));
      case ExprKind::Error:
      case ExprKind::Null:
      case ExprKind::Template:
      case ExprKind::Index:
      case ExprKind::Call:
      case ExprKind::Conditional:
      case ExprKind::List:
      case ExprKind::Map:
      case ExprKind::Spread: return {};
    }
    return {};
  }

  void entry(const MapEntry& entry) {
    if (entry.key != nullptr) {
      heading("entry");
      Deeper deeper(*this);
      expression(*entry.key);
    } else {
      line(fmt::format("entry {}", path(entry.path)), entry.span);
    }
    Deeper deeper(*this);
    if (entry.value != nullptr) expression(*entry.value);
  }

  void expression(const Expr& expr) {
    line(fmt::format("{}{}", spell(expr.kind), detail(expr)), expr.span);
    Deeper deeper(*this);
    for (const auto* child : {expr.left, expr.right, expr.third, expr.value})
      if (child != nullptr) expression(*child);
    for (const auto* item : expr.items) expression(*item);
    for (const auto& argument : expr.arguments) {
      if (argument.name.symbol) heading(fmt::format("{} =", name(argument.name.symbol)));
      if (argument.value != nullptr) expression(*argument.value);
    }
    for (const auto& item : expr.entries) entry(item);
  }
};

void tokenLine(std::string& out, std::string_view kind, base::Span span, const base::SourceSet& sources) {
  auto place = sources.place(span.begin);
  if (place) out += fmt::format("{}:{} ", place->line, place->column);
  out += kind;
  if (auto text = sources.text(span); !text.empty()) out += fmt::format(" {}", quoted(text));
  out += '\n';
}

}  // namespace

std::string dumpTokens(const TokenList& tokens, const base::SourceSet& sources) {
  std::string out;
  std::size_t comment = 0;
  for (const auto& token : tokens.tokens) {
    for (; comment < tokens.comments.size() && tokens.comments[comment].span.begin < token.span.begin; ++comment)
      tokenLine(out, "Comment", tokens.comments[comment].span, sources);
    tokenLine(out, spell(token.kind), token.span, sources);
  }
  return out;
}

std::string dumpFile(const File& file, const base::SymbolTable& symbols) {
  Dumper dumper(file, symbols);
  dumper.statements(file.items);
  return std::move(dumper.out);
}

}  // namespace mlstack::syntax
