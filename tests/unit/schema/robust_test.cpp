// Wrong values everywhere: nothing may crash, and every wrong value is said.

#include <set>

#include <gtest/gtest.h>

#include "support.h"

namespace mlstack::schema {
namespace {

constexpr ir::NodeKind kKinds[] = {ir::NodeKind::Null,   ir::NodeKind::Bool, ir::NodeKind::Int, ir::NodeKind::Float,
                                   ir::NodeKind::String, ir::NodeKind::List, ir::NodeKind::Map};

class Wrecker {
 public:
  Wrecker(const Catalog& catalog, test::Trees& trees) : catalog_(catalog), trees_(trees) {}

  /// For each field below `type`: a tree down to it that ends in each kind of node.
  void visit(const ResourceInfo& resource, TypeRef type, std::vector<std::string_view>& path) {
    if (!seen_.insert(type.index).second || path.size() > 12) return;
    for (const FieldInfo& field : catalog_.fields(type)) {
      path.push_back(field.name);
      for (ir::NodeKind kind : kKinds) checkOne(resource, path, kind);
      TypeRef inner = field.type;
      std::size_t steps = 0;
      for (TypeRef next = catalog_.element(inner); next; next = catalog_.element(inner)) {
        path.push_back(catalog_.shape(inner) == Shape::List ? "[]" : "key");
        ++steps;
        for (ir::NodeKind kind : kKinds) checkOne(resource, path, kind);
        inner = next;
      }
      if (catalog_.shape(inner) == Shape::Object) visit(resource, inner, path);
      path.resize(path.size() - steps - 1);
    }
  }

  std::size_t checks = 0;
  std::size_t wrongTypes = 0;

 private:
  ir::Node* leaf(ir::Builder& builder, ir::NodeKind kind) {
    switch (kind) {
      case ir::NodeKind::Null: return builder.null();
      case ir::NodeKind::Bool: return builder.boolean(true);
      case ir::NodeKind::Int: return builder.integer(-7'000'000'000'000);
      case ir::NodeKind::Float: return builder.real(1e300);
      case ir::NodeKind::String: return builder.copyString("\xff odd \xc3\xa9 text\n with two lines and more than forty bytes");
      case ir::NodeKind::List: {
        ir::Node* list = builder.list();
        for (ir::NodeKind inner : {ir::NodeKind::Null, ir::NodeKind::Int, ir::NodeKind::Int, ir::NodeKind::String}) {
          ir::Builder::append(*list, leaf(builder, inner));
        }
        return list;
      }
      case ir::NodeKind::Map: {
        ir::Node* map = builder.map();
        ir::Builder::add(*map, trees_.symbols.intern("no such.key"), builder.integer(1));
        return map;
      }
    }
    return nullptr;
  }

  void checkOne(const ResourceInfo& resource, const std::vector<std::string_view>& path, ir::NodeKind kind) {
    base::Arena arena;
    ir::Builder builder(arena);
    ir::Node* node = leaf(builder, kind);
    for (auto step = path.rbegin(); step != path.rend(); ++step) {
      ir::Node* outer = *step == "[]" ? builder.list() : builder.map();
      if (*step == "[]") ir::Builder::append(*outer, node);
      else ir::Builder::add(*outer, trees_.symbols.intern(*step), node);
      node = outer;
    }
    ir::Object object;
    object.root = node;
    object.apiVersion = trees_.symbols.intern(resource.apiVersion);
    object.kind = trees_.symbols.intern(resource.kind);
    diag::Sink sink;
    checkObject(catalog_, object, trees_.symbols, {.version = 0, .everything = true}, sink);
    ++checks;
    for (const diag::Diagnostic& said : sink.all()) wrongTypes += said.code == diag::Code::WrongFieldType;
  }

  const Catalog& catalog_;
  test::Trees& trees_;
  std::set<std::uint32_t> seen_;
};

TEST(Robust, WrongTypesAtEveryField) {
  const Catalog catalog;
  test::Trees trees;
  Wrecker wrecker(catalog, trees);
  for (const ResourceInfo* resource : catalog.resources()) {
    std::vector<std::string_view> path;
    wrecker.visit(*resource, resource->type, path);
  }
  EXPECT_GT(wrecker.checks, 40'000u);
  EXPECT_GT(wrecker.wrongTypes, 20'000u);
}

TEST(Robust, ObjectsWithoutAnything) {
  const Catalog catalog;
  test::Trees trees;
  diag::Sink sink;
  ir::Object object;
  checkObject(catalog, object, trees.symbols, {}, sink);
  EXPECT_TRUE(sink.all().empty());
  object.root = trees.builder.null();
  checkObject(catalog, object, trees.symbols, {}, sink);
  object.apiVersion = trees.symbols.intern("v1");
  object.kind = trees.symbols.intern("Pod");
  checkObject(catalog, object, trees.symbols, {.version = 0, .everything = true}, sink);
  object.root = trees.builder.copyString("text");
  checkObject(catalog, object, trees.symbols, {.version = 0, .everything = true}, sink);
  EXPECT_EQ(sink.errorCount(), 3u);
}

}  // namespace
}  // namespace mlstack::schema
