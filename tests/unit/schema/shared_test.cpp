// The tables against what they were made from, and the check against real manifests. Passes
// without the shared material.

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "schema/structural.h"
#include "support.h"

namespace mlstack::schema {
namespace {

using test::Trees;

/// Holds one version's OpenAPI definitions against the catalog, from a resource downwards.
class Comparison {
 public:
  Comparison(const Catalog& catalog, Trees& trees, const ir::Node& document, VersionSet version, bool newest)
      : catalog_(catalog), trees_(trees), definitions_(member(&document, "definitions", trees.symbols)),
        version_(version), newest_(newest) {}

  void definition(std::string_view name, TypeRef type) {
    if (!seen_.insert(std::string(name)).second) return;
    const ir::Node* schema = member(definitions_, name, trees_.symbols);
    ASSERT_NE(schema, nullptr) << name;
    object(std::string(name), *schema, type);
  }

  std::size_t fieldsCompared = 0;
  std::set<std::string> seen_;

 private:
  void object(const std::string& name, const ir::Node& schema, TypeRef type) {
    const ir::Node* properties = member(&schema, "properties", trees_.symbols);
    if (properties == nullptr) return opaque(name, type);
    ASSERT_EQ(catalog_.shape(type), Shape::Object) << name;
    std::set<std::string_view> ours;
    for (const FieldInfo& field : catalog_.fields(type)) {
      if ((field.versions & version_) != 0) ours.insert(field.name);
    }
    std::set<std::string_view> required;
    if (const ir::Node* list = member(&schema, "required", trees_.symbols)) {
      for (const ir::Node& item : ir::Children(list)) required.insert(item.text());
    }
    for (const ir::Node& property : ir::Children(properties)) {
      const std::string_view fieldName = trees_.symbols.text(property.key);
      const std::string path = name + "." + std::string(fieldName);
      ASSERT_EQ(ours.erase(fieldName), 1u) << path;
      const FieldInfo* field = catalog_.field(type, fieldName);
      EXPECT_EQ((field->requiredIn & version_) != 0, required.contains(fieldName)) << path;
      ++fieldsCompared;
      value(path, property, field->type);
    }
    EXPECT_TRUE(ours.empty()) << name << " has too many fields, " << *ours.begin();
  }

  void opaque(const std::string& name, TypeRef type) {
    const Shape shape = catalog_.shape(type);
    if (name.ends_with(".Quantity")) { EXPECT_EQ(shape, Shape::Quantity); }
    if (name.ends_with(".IntOrString")) { EXPECT_EQ(shape, Shape::IntOrString); }
    if (name.ends_with("Time")) { EXPECT_EQ(shape, Shape::String); }
    if (name.ends_with("RawExtension") || name.ends_with(".JSON")) { EXPECT_TRUE(catalog_.keepsUnknownFields(type)); }
  }

  void value(const std::string& path, const ir::Node& schema, TypeRef type) {
    const auto text = [&](std::string_view key) { return memberText(&schema, key, trees_.symbols); };
    if (const std::string_view ref = text("$ref"); !ref.empty()) {
      return definition(ref.substr(std::string_view("#/definitions/").size()), type);
    }
    const std::string_view kind = text("type");
    const Shape shape = catalog_.shape(type);
    if (kind == "array") {
      ASSERT_EQ(shape, Shape::List) << path;
      list(path, schema, type);
    } else if (kind == "object") {
      const ir::Node* free = member(&schema, "additionalProperties", trees_.symbols);
      if (free == nullptr) return object(path, schema, type);
      ASSERT_EQ(shape, Shape::Map) << path;
      value(path + "{}", *free, catalog_.element(type));
    } else if (kind == "integer") {
      EXPECT_EQ(shape, Shape::Int) << path;
    } else if (kind == "boolean") {
      EXPECT_EQ(shape, Shape::Bool) << path;
    } else if (kind == "number") {
      EXPECT_EQ(shape, Shape::Float) << path;
    } else if (kind == "string") {
      EXPECT_EQ(shape, Shape::String) << path;
      enumerators(path, schema, type);
    } else {
      EXPECT_EQ(shape, Shape::Any) << path;
    }
  }

  void list(const std::string& path, const ir::Node& schema, TypeRef type) {
    if (newest_) {   // list semantics follow the newest version
      const std::string_view listType = memberText(&schema, "x-kubernetes-list-type", trees_.symbols);
      const ListType wanted = listType == "map" ? ListType::Map : listType == "set" ? ListType::Set : ListType::Atomic;
      EXPECT_EQ(catalog_.listType(type), wanted) << path;
      std::vector<std::string_view> keys;
      if (const ir::Node* node = member(&schema, "x-kubernetes-list-map-keys", trees_.symbols)) {
        for (const ir::Node& key : ir::Children(node)) keys.push_back(key.text());
      }
      EXPECT_EQ(catalog_.listKeys(type), keys) << path;
    }
    value(path + "[]", *member(&schema, "items", trees_.symbols), catalog_.element(type));
  }

  void enumerators(const std::string& path, const ir::Node& schema, TypeRef type) {
    if (!newest_) return;
    std::vector<std::string_view> values;
    if (const ir::Node* node = member(&schema, "enum", trees_.symbols)) {
      for (const ir::Node& item : ir::Children(node)) values.push_back(item.text());
    }
    EXPECT_EQ(catalog_.enumerators(type), values) << path;
  }

  const Catalog& catalog_;
  Trees& trees_;
  const ir::Node* definitions_;
  VersionSet version_;
  bool newest_;
};

std::map<std::string, std::string> definitionsByKind(const ir::Node& document, const base::SymbolTable& symbols) {
  std::map<std::string, std::string> out;
  for (const ir::Node& definition : ir::Children(member(&document, "definitions", symbols))) {
    const ir::Node* names = member(&definition, "x-kubernetes-group-version-kind", symbols);
    if (names == nullptr) continue;
    for (const ir::Node& name : ir::Children(names)) {
      std::string group(memberText(&name, "group", symbols));
      if (!group.empty()) group += '/';
      out[group + std::string(memberText(&name, "version", symbols)) + " " + std::string(memberText(&name, "kind", symbols))] =
          symbols.text(definition.key);
    }
  }
  return out;
}

TEST(Shared, TablesSayWhatTheOpenApiDocumentsSay) {
  const auto folder = test::sharedFolder("kubernetes");
  if (!folder) GTEST_SKIP() << "no shared material";
  const Catalog catalog;
  for (int minor = kFirstMinor; minor <= kLastMinor; ++minor) {
    const std::string version = "1." + std::to_string(minor);
    Trees trees;
    const ir::Node* document = trees.read(test::readWhole(*folder / ("openapi-" + version + ".json"))).at(0);
    const auto names = definitionsByKind(*document, trees.symbols);
    Comparison comparison(catalog, trees, *document, versionBit(version), minor == kLastMinor);
    const ir::Node* resources = member(document, "resources", trees.symbols);
    std::size_t count = 0;
    for (const ir::Node& entry : ir::Children(resources)) {
      const std::string key(trees.symbols.text(entry.key));
      const ResourceInfo* info = catalog.resource(key.substr(0, key.find(' ')), key.substr(key.find(' ') + 1));
      ASSERT_NE(info, nullptr) << key;
      EXPECT_NE(info->versions & versionBit(version), 0) << key << " in " << version;
      EXPECT_EQ(info->plural, memberText(&entry, "resource", trees.symbols)) << key;
      EXPECT_EQ(info->namespaced, memberTrue(&entry, "namespaced", trees.symbols)) << key;
      comparison.definition(names.at(key), info->type);
      ++count;
    }
    const auto all = catalog.resources();
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [&](const ResourceInfo* info) { return (info->versions & versionBit(version)) != 0; }),
              static_cast<std::ptrdiff_t>(count));
    EXPECT_GT(comparison.fieldsCompared, 2'000u) << version;
  }
}

TEST(Shared, CustomResourcesAddedAtRunTimeEqualTheBuiltInOnes) {
  const auto folder = test::sharedFolder("kubernetes/crds");
  if (!folder) GTEST_SKIP() << "no shared material";
  const Catalog builtin;
  Catalog added;
  Trees trees;
  diag::Sink sink;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().extension() != ".yaml") continue;
    ASSERT_TRUE(added.addCrd(*trees.read(test::readWhole(entry.path())).at(0), trees.symbols, sink)) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 20u);
  EXPECT_EQ(added.resources().size(), builtin.resources().size());
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  const auto same = [&](auto&& self, TypeRef a, TypeRef b, const std::string& path) -> void {
    if (!seen.insert({a.index, b.index}).second) return;
    ASSERT_EQ(builtin.shape(a), added.shape(b)) << path;
    EXPECT_EQ(builtin.enumerators(a), added.enumerators(b)) << path;
    EXPECT_EQ(builtin.listKeys(a), added.listKeys(b)) << path;
    EXPECT_EQ(builtin.keepsUnknownFields(a), added.keepsUnknownFields(b)) << path;
    if (builtin.element(a)) self(self, builtin.element(a), added.element(b), path + "[]");
    const auto ours = builtin.fields(a);
    const auto theirs = added.fields(b);
    ASSERT_EQ(ours.size(), theirs.size()) << path;
    for (std::size_t at = 0; at < ours.size(); ++at) {
      ASSERT_EQ(ours[at].name, theirs[at].name) << path;
      EXPECT_EQ(ours[at].requiredIn, theirs[at].requiredIn) << path << "." << ours[at].name;
      self(self, ours[at].type, theirs[at].type, path + "." + std::string(ours[at].name));
    }
  };
  for (const ResourceInfo* info : builtin.resources()) {
    if (!info->custom) continue;
    const ResourceInfo* other = added.resource(info->apiVersion, info->kind);
    ASSERT_NE(other, nullptr);
    EXPECT_GE(other->type.index, info->type.index) << "the project's row wins";
    EXPECT_EQ(other->deprecated, info->deprecated);
    same(same, info->type, other->type, std::string(info->kind));
  }
}

/// "Deployment:type:spec.replicas": the form of INDEX.jsonl.
std::string indexForm(const ir::Object& object, const base::SymbolTable& symbols, const diag::Diagnostic& said) {
  std::string what;
  std::vector<std::string> quoted;
  for (std::size_t at = 0; (at = said.message.find('`', at)) != std::string::npos;) {
    const std::size_t end = said.message.find('`', at + 1);
    if (end == std::string::npos) break;
    quoted.push_back(said.message.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  std::string path;
  const std::string kind(symbols.text(object.kind));
  if (said.code == diag::Code::UnknownField || said.code == diag::Code::MissingField) {
    what = said.code == diag::Code::UnknownField ? "unknown" : "missing";
    std::string all;
    for (std::size_t at = 1; at < quoted.size(); ++at) {
      all += (at > 1 ? "|" : "") + kind + ":" + what + ":" + quoted[0] + "." + quoted[at];
    }
    path = all;
  } else if (said.code == diag::Code::WrongFieldType) {
    path = kind + ":type:" + quoted.back();
  } else {
    return {};
  }
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '[' && path.compare(at, 2, "[\"") == 0) {
      const std::size_t end = path.find("\"]", at);
      out += "." + path.substr(at + 2, end - at - 2);
      at = end + 1;
    } else if (path[at] == '[') {
      out += ".[]";
      at = path.find(']', at);
    } else {
      out += path[at];
    }
  }
  return out;
}

TEST(Shared, RealManifestsHaveTheErrorsThatTheirIndexLists) {
  const auto folder = test::sharedFolder("corpus");
  if (!folder) GTEST_SKIP() << "no shared material";
  const Catalog catalog;
  Trees index;
  std::string lines = "[";
  const std::string text = test::readWhole(*folder / "INDEX.jsonl");
  for (char c : text) lines += c == '\n' ? std::string(",\n") : std::string(1, c);
  lines += "]";
  const ir::Node* entries = index.read(std::move(lines), "INDEX").at(0);
  std::size_t files = 0;
  for (const ir::Node& entry : ir::Children(entries)) {
    if (entry.kind != ir::NodeKind::Map) continue;
    const std::string file(memberText(&entry, "file", index.symbols));
    ++files;
    Trees trees;
    std::multiset<std::string> ours;
    std::set<std::string> unknownKinds;
    for (ir::Node* root : trees.read(test::readWhole(*folder / file), file)) {
      if (root->kind != ir::NodeKind::Map) continue;
      std::vector<ir::Node*> roots{root};
      if (const ir::Node* items = member(root, "items", trees.symbols); items != nullptr && memberText(root, "kind", trees.symbols) == "List") {
        roots.clear();
        for (ir::Node& item : ir::Children(items)) roots.push_back(&item);
      }
      for (ir::Node* each : roots) {
        const ir::Object object = trees.object(each);
        if (catalog.resource(trees.symbols.text(object.apiVersion), trees.symbols.text(object.kind)) == nullptr) {
          unknownKinds.emplace(trees.symbols.text(object.kind));
        }
        diag::Sink sink;
        checkObject(catalog, object, trees.symbols, {.version = versionBit("1.36"), .everything = true}, sink);
        for (const diag::Diagnostic& said : sink.all()) {
          std::string form = indexForm(object, trees.symbols, said);
          for (std::size_t at = 0; !form.empty(); form = at == std::string::npos ? "" : form.substr(at + 1)) {
            at = form.find('|');
            ours.insert(form.substr(0, at));
          }
        }
      }
    }
    std::multiset<std::string> theirs;
    for (const ir::Node& error : ir::Children(member(&entry, "schema_errors", index.symbols))) {
      const std::string form(error.text());
      // The index was made with more CRDs than the tables have.
      if (!unknownKinds.contains(form.substr(0, form.find(':')))) theirs.insert(form);
    }
    // A required field with a default is filled in before the API server validates; the index
    // counts it as missing.
    if (file.ends_with("maxtext/ray-cluster.tpu-multi-slice.yaml")) theirs.clear();
    constexpr std::size_t kListed = 10;   // the index stops there
    const bool same = theirs.size() < kListed ? ours == theirs
                                              : std::includes(ours.begin(), ours.end(), theirs.begin(), theirs.end());
    EXPECT_TRUE(same) << file << "\nours: " << testing::PrintToString(ours) << "\ntheirs: " << testing::PrintToString(theirs);
  }
  EXPECT_EQ(files, 424u);
}

}  // namespace
}  // namespace mlstack::schema
