#include "sema/targets.h"

#include <string>
#include <vector>

#include <fmt/format.h>

namespace mlstack::sema {

namespace {

using schema::Shape;
using schema::TypeRef;

class TargetCheck {
 public:
  TargetCheck(const Kind& kind, const schema::Catalog& catalog, const base::SymbolTable& symbols, diag::Sink& sink)
      : kind_(kind), catalog_(catalog), symbols_(symbols), sink_(sink) {}

  [[nodiscard]] bool run(const syntax::Statement& statement, TypeRef root) {
    for (const auto& member : statement.members) {
      if (member.type != nullptr && !member.target.empty()) follow(member, root);
    }
    return good_;
  }

 private:
  void follow(const syntax::KindMember& member, TypeRef type) {
    std::string path;
    for (const auto& step : member.target) {
      const auto name = symbols_.text(step.name.symbol);
      if (!into(type, name, path, step.name.span)) return;
      if (!path.empty()) path += '.';
      path += name;
      if (!step.isList || !type) continue;
      const auto shape = catalog_.shape(type);
      if (shape != Shape::List && shape != Shape::Any) {
        good_ = false;
        sink_.add(diag::make<diag::Code::KindForm>(step.name.span, fmt::format("`{}` is no list: write it without `[…]`", path)));
        return;
      }
      type = catalog_.element(type);
    }
  }

  /// One step down; false when there is no such field, which has been said then. An empty type takes anything.
  bool into(TypeRef& type, std::string_view name, const std::string& path, base::Span at) {
    if (!type) return true;
    const auto shape = catalog_.shape(type);
    if (shape == Shape::Map) {
      type = catalog_.element(type);
      return true;
    }
    if (const auto* field = catalog_.field(type, name)) {
      type = field->type;
      return true;
    }
    if (shape == Shape::Any || (shape == Shape::Object && catalog_.keepsUnknownFields(type))) {
      type = {};
      return true;
    }
    good_ = false;
    std::vector<std::string_view> names;
    if (shape == Shape::Object) {
      for (const auto& field : catalog_.fields(type)) names.push_back(field.name);
    }
    auto said = diag::make<diag::Code::UnknownField>(at, fmt::format("`{}`", path.empty() ? kind_.api : path), name);
    if (const auto near = diag::nearest(name, names); !near.empty()) {
      said.help = fmt::format("did you mean `{}`?", near);
      said.fixes.push_back({fmt::format("write `{}`", near), {{at, std::string(near)}}});
    } else if (shape == Shape::List) {
      said.help = fmt::format("it is a list: `{}[]` adds an element to it", path);
    }
    sink_.add(std::move(said));
    return false;
  }

  const Kind& kind_;
  const schema::Catalog& catalog_;
  const base::SymbolTable& symbols_;
  diag::Sink& sink_;
  bool good_ = true;
};

}  // namespace

bool checkTargets(const syntax::Statement& statement, const Kind& kind, const schema::Catalog& catalog,
                  schema::VersionSet version, const base::SymbolTable& symbols, diag::Sink& sink) {
  const auto slash = kind.api.rfind('/');
  if (slash == std::string_view::npos || statement.value == nullptr) return true;
  const auto apiVersion = kind.api.substr(0, slash);
  const auto name = kind.api.substr(slash + 1);
  if (!schema::checkApi(catalog, apiVersion, name, statement.value->span, version, sink)) return false;
  const auto* resource = catalog.resource(apiVersion, name);
  return resource == nullptr || TargetCheck(kind, catalog, symbols, sink).run(statement, resource->type);
}

}  // namespace mlstack::sema
