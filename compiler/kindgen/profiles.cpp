#include "kindgen/profiles.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/quantity.h"
#include "kindgen/write.h"

namespace mlstack::kindgen {

namespace {

using syntax::Expr;
using syntax::ExprKind;
using syntax::Statement;
using syntax::StatementKind;

/// How a field of a profile becomes a member of ir::Facts.
enum class Form : std::uint8_t { Text, Flag, Amount, Words, Groups, Singles };
struct Column {
  std::string_view field;
  std::string_view member;
  Form form;
};

// In the order of ir::Facts, as designated initialisers must be.
constexpr std::array<Column, 29> kColumns{{
    {"title", "title", Form::Text},
    {"", "provisioner", Form::Text},
    {"modes", "accessModes", Form::Words},
    {"block-modes", "blockModes", Form::Words},
    {"expandable", "expandable", Form::Flag},
    {"online-expansion", "onlineExpansion", Form::Flag},
    {"offline-expansion", "offlineExpansion", Form::Flag},
    {"snapshots", "snapshots", Form::Flag},
    {"clones", "clones", Form::Flag},
    {"block", "block", Form::Flag},
    {"attachable", "attachable", Form::Flag},
    {"network", "network", Form::Flag},
    {"node-local", "nodeLocal", Form::Flag},
    {"static-only", "staticOnly", Form::Flag},
    {"capacity-enforced", "capacityEnforced", Form::Flag},
    {"inline", "inlineVolumes", Form::Flag},
    {"fs-group", "fsGroupPolicy", Form::Text},
    {"filesystem", "defaultFilesystem", Form::Text},
    {"topology", "topology", Form::Text},
    {"topology-keys", "topologyKeys", Form::Words},
    {"minimum-size", "minimumSize", Form::Amount},
    {"maximum-size", "maximumSize", Form::Amount},
    {"size-step", "sizeStep", Form::Amount},
    {"rounds-up", "roundsUp", Form::Flag},
    {"parameters", "parameters", Form::Words},
    {"required", "required", Form::Words},
    {"values", "values", Form::Groups},
    {"defaults", "defaults", Form::Singles},
    {"fold-case", "foldCase", Form::Flag},
}};

/// The fields of one block, as stated.
using Fields = std::map<std::string_view, const Expr*>;

/// One name by which a row is found, and what else that name says.
struct Name {
  std::string text;
  std::string_view csiDriver{};
  std::string_view removed{};
};

class Profiles {
 public:
  Profiles(const sema::Kind& provisioner, const sema::Kind& variant, const base::SymbolTable& symbols, const Complain& complain)
      : provisioner_(provisioner), variant_(variant), symbols_(symbols), complain_(complain) {}

  void file(const syntax::File& tree) {
    for (const auto* statement : tree.items) {
      if (statement->kind == StatementKind::Use && head(*statement) == "provisioner" && statement->hasBody) {
        profile(*statement);
      } else if (statement->kind != StatementKind::Error) {
        complain_(statement->span, "only `provisioner NAME { … }` stands in a file of profiles");
      }
    }
  }

  std::string text() && {
    return fmt::format("// Written by mlstack_kindgen from stdlib/provisioners.\n{}{}{}{}", constants_,
                       rows("Drivers", drivers_), rows("Prefixed", prefixed_), rows("Sources", sources_));
  }

 private:
  using Rows = std::map<std::string, std::string>;

  static std::string rows(std::string_view name, const Rows& rows) {
    std::string out = fmt::format("constexpr Facts k{}[] = {{\n", name);
    for (const auto& [key, row] : rows) out += "  " + row + ",\n";
    out += fmt::format("}};\nconstexpr std::string_view k{}Names[] = {{\n", name);
    for (const auto& [key, row] : rows) out += fmt::format("  {},\n", quoted(key));
    return out + "};\n";
  }

  std::string_view head(const Statement& statement) const {
    return statement.head.size() == 1 ? symbols_.text(statement.head[0].symbol) : std::string_view();
  }

  std::string shared(std::string_view type, const std::string& items) {
    auto& name = names_[fmt::format("{} {}", type, items)];
    if (name.empty()) {
      name = fmt::format("k{}{}", type.substr(type.rfind(':') + 1), names_.size());
      constants_ += fmt::format("constexpr {} {}[] = {{{}}};\n", type, name, items);
    }
    return name;
  }

  // --- reading ---

  static const sema::Member* member(const sema::Kind& kind, std::string_view name) {
    const auto found = std::find_if(kind.members.begin(), kind.members.end(), [name](const auto& m) { return m.name == name; });
    return found == kind.members.end() ? nullptr : &*found;
  }

  Fields fields(const Statement& block, const sema::Kind& kind) {
    Fields out;
    for (const auto* line : block.body) {
      const auto name = head(*line);
      const auto* declared = member(kind, name);
      if (declared == nullptr) {
        complain_(line->span, fmt::format("`{}` has no member `{}`", kind.name, name));
      } else if (!declared->part.empty()) {
        if (line->kind != StatementKind::Use || !line->hasBody) complain_(line->span, fmt::format("`{}` is a block", name));
      } else if (line->kind != StatementKind::Field) {
        complain_(line->span, fmt::format("`{}` takes a value: `{} = …`", name, name));
      } else if (check(*declared->type, *line->value) && !out.emplace(name, line->value).second) {
        complain_(line->span, fmt::format("`{}` is stated twice", name));
      }
    }
    for (const auto& m : kind.members)
      if (m.required && out.count(m.name) == 0) complain_(block.headSpan, fmt::format("`{}` is missing", m.name));
    return out;
  }

  bool fail(const Expr& expr, std::string_view wanted) {
    complain_(expr.span, fmt::format("{} stands here", wanted));
    return false;
  }

  bool check(const sema::Type& type, const Expr& expr) {
    switch (type.kind) {
      case sema::TypeKind::Bool: return expr.kind == ExprKind::Bool || fail(expr, "`true` or `false`");
      case sema::TypeKind::Quantity:
        return (expr.kind == ExprKind::Suffixed && base::parseQuantity(expr.text).has_value()) || fail(expr, "an amount with its unit");
      case sema::TypeKind::Enum: {
        const auto word = expr.kind == ExprKind::NameRef ? symbols_.text(expr.name) : std::string_view();
        return std::find(type.words.begin(), type.words.end(), word) != type.words.end() || fail(expr, "one of the words of this enum");
      }
      case sema::TypeKind::List:
        if (expr.kind != ExprKind::List) return fail(expr, "a list");
        return std::all_of(expr.items.begin(), expr.items.end(), [&](const Expr* item) { return check(*type.element, *item); });
      case sema::TypeKind::Map:
        if (expr.kind != ExprKind::Map) return fail(expr, "a map");
        return std::all_of(expr.entries.begin(), expr.entries.end(), [&](const syntax::MapEntry& entry) {
          return entry.value != nullptr && (entry.path.size() == 1 || isText(entry.key)) ? check(*type.element, *entry.value) : fail(expr, "a map of plain keys");
        });
      default: return isText(&expr) || fail(expr, "a text");
    }
  }

  static bool isText(const Expr* expr) { return expr != nullptr && expr->kind == ExprKind::String; }

  std::string_view word(const Expr& expr) const {
    return expr.kind == ExprKind::NameRef ? symbols_.text(expr.name) : expr.text;
  }
  std::string_view key(const syntax::MapEntry& entry) const {
    return entry.key != nullptr ? entry.key->text : symbols_.text(entry.path[0].symbol);
  }
  std::string_view textOf(const Fields& fields, std::string_view name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string_view() : word(*found->second);
  }
  std::vector<std::string> wordsOf(const Fields& fields, std::string_view name) const {
    std::vector<std::string> out;
    const auto found = fields.find(name);
    if (found == fields.end()) return out;
    for (const auto* item : found->second->items) out.emplace_back(word(*item));
    return out;
  }

  // --- writing ---

  std::string words(const Expr& expr) {
    std::string items;
    if (expr.kind != ExprKind::List) return shared("std::string_view", quoted(word(expr)));
    for (const auto* item : expr.items) items += quoted(word(*item)) + ", ";
    return items.empty() ? "{}" : shared("std::string_view", items);
  }

  std::string groups(const Expr& expr) {
    std::string items;
    for (const auto& entry : expr.entries) items += fmt::format("{{{}, {}}}, ", quoted(key(entry)), words(*entry.value));
    return items.empty() ? "{}" : shared("ParameterValues", items);
  }

  std::string value(Form form, const Expr& expr) {
    switch (form) {
      case Form::Text: return quoted(word(expr));
      case Form::Flag: return expr.flag ? "true" : "false";
      case Form::Amount: return fmt::format("bytes({}LL)", base::parseQuantity(expr.text)->ceiling());
      case Form::Words: return words(expr);
      case Form::Groups:
      case Form::Singles: return groups(expr);
    }
    return {};
  }

  /// A row of Facts: what `over` says, else what `base` says.
  std::string row(const Name& name, const Fields& base, const Fields& over, const std::string& variants) {
    std::string out = "{";
    const auto add = [&out](std::string_view member, std::string_view text) {
      out += fmt::format("{}.{} = {}", out.size() == 1 ? "" : ", ", member, text);
    };
    for (const auto& column : kColumns) {
      if (column.field.empty()) {
        if (!name.text.empty()) add(column.member, quoted(name.text));
        continue;
      }
      auto found = over.find(column.field);
      if (found == over.end()) {
        found = base.find(column.field);
        if (found == base.end()) continue;
      }
      add(column.member, value(column.form, *found->second));
    }
    if (!variants.empty()) add("variants", variants);
    if (!name.csiDriver.empty()) add("csiDriver", quoted(name.csiDriver));
    if (!name.removed.empty()) add("removedIn", quoted(name.removed));
    const auto source = over.count("source") != 0 ? textOf(over, "source") : textOf(base, "source");
    add("source", quoted(source));
    return out + "}";
  }

  std::string named(const Name& name, const Fields& base, const std::vector<Fields>& variants) {
    std::string items;
    for (const auto& variant : variants) {
      const auto when = variant.find("when");
      if (when == variant.end()) continue;   // complained about
      items += fmt::format("{{{}, {}}}, ", groups(*when->second), shared("Facts", row(name, base, variant, {})));
    }
    return row(name, base, {}, items.empty() ? items : shared("FactsVariant", items));
  }

  void add(Rows& rows, std::string key, std::string row, base::Span span) {
    if (!rows.emplace(key, std::move(row)).second) complain_(span, fmt::format("`{}` has a profile already", key));
  }

  void profile(const Statement& block) {
    const auto base = fields(block, provisioner_);
    if (base.count("source") == 0) complain_(block.headSpan, "a profile says where its facts are written down: `source = \"https://…\"`");
    std::vector<Fields> variants;
    for (const auto* line : block.body)
      if (head(*line) == "variant") variants.push_back(fields(*line, variant_));
    const auto driver = textOf(base, "driver");
    const auto removed = textOf(base, "removed");
    auto names = wordsOf(base, "aliases");
    if (!driver.empty()) names.emplace_back(driver);
    for (const auto& name : names) {
      const bool prefixed = name.starts_with("*.");
      add(prefixed ? prefixed_ : drivers_, prefixed ? name.substr(1) : name, named({prefixed ? std::string(driver) : name}, base, variants), block.headSpan);
    }
    const auto inTree = wordsOf(base, "in-tree");
    for (const auto& name : inTree)
      add(drivers_, name, named({name, driver, removed}, base, variants), block.headSpan);
    for (const auto& name : wordsOf(base, "fields"))
      add(sources_, name, named({std::string(driver), inTree.empty() ? std::string_view() : driver, removed}, base, variants), block.headSpan);
  }

  const sema::Kind& provisioner_;
  const sema::Kind& variant_;
  const base::SymbolTable& symbols_;
  const Complain& complain_;
  std::string constants_;
  std::map<std::string, std::string> names_;
  Rows drivers_, prefixed_, sources_;
};

}  // namespace

std::string profilesText(const std::vector<const syntax::File*>& files, const sema::Kind& provisioner,
                         const sema::Kind& variant, const base::SymbolTable& symbols, const Complain& complain) {
  Profiles profiles(provisioner, variant, symbols, complain);
  for (const auto* file : files) profiles.file(*file);
  return std::move(profiles).text();
}

}  // namespace mlstack::kindgen
