// The kinds table against the schemas of Kubernetes: every target is a place that exists, of a fitting shape.

#include <functional>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "schema/schema.h"
#include "sema/kind.h"

namespace mlstack::lower {
namespace {

using schema::Shape;
using schema::TypeRef;
using sema::Cardinality;
using sema::Kind;
using sema::KindRole;
using sema::Member;
using sema::TypeKind;
using sema::Via;

class TableCheck {
 public:
  explicit TableCheck(const schema::Catalog& catalog) : catalog_(catalog) {}

  std::vector<std::string> faults;

  TypeRef step(TypeRef from, std::string_view key) const {
    if (!from) return {};
    if (catalog_.shape(from) == Shape::Map) return catalog_.element(from);
    const auto* field = catalog_.field(from, key);
    return field == nullptr ? TypeRef{} : field->type;
  }

  TypeRef walk(TypeRef from, std::span<const sema::Step> steps) const {
    for (const auto& each : steps) {
      from = step(from, each.key);
      if (each.isList) from = from ? catalog_.element(from) : TypeRef{};
    }
    return from;
  }

  bool fits(const sema::Type& type, Shape shape) const {
    if (shape == Shape::Any) return true;
    switch (type.kind) {
      case TypeKind::Any: case TypeKind::Raw: return true;
      case TypeKind::Bool: return shape == Shape::Bool;
      case TypeKind::Int: return shape == Shape::Int || shape == Shape::IntOrString || shape == Shape::Quantity;
      case TypeKind::Float: return shape == Shape::Float;
      case TypeKind::Port: return shape == Shape::IntOrString;
      case TypeKind::String: case TypeKind::Path: case TypeKind::Image: case TypeKind::Name: case TypeKind::Cron:
      case TypeKind::Enum: case TypeKind::Ref: case TypeKind::Duration:
        return shape == Shape::String || shape == Shape::IntOrString;
      case TypeKind::Quantity: return shape == Shape::Quantity;
      case TypeKind::List: return shape == Shape::List;
      case TypeKind::Map: return shape == Shape::Map || shape == Shape::Object;
      case TypeKind::Record: case TypeKind::Fragment: return shape == Shape::Object;
      case TypeKind::Union:
        for (const auto* alternative : type.alternatives) {
          if (!fits(*alternative, shape)) return false;
        }
        return true;
      case TypeKind::Parts: return false;
    }
    return false;
  }

  bool viaFits(const Member& member, Shape shape) const {
    switch (member.via) {
      case Via::Plain: return fits(*member.type, shape);
      case Via::Seconds: return shape == Shape::Int;
      case Via::Text: return shape == Shape::String || (shape == Shape::Map && member.type->kind == TypeKind::Map);
      case Via::EnvFrom: case Via::Script: case Via::NamedRefs: case Via::Subjects: return shape == Shape::List;
      case Via::Gpus: case Via::RequestAndLimit: return shape == Shape::Map;
      case Via::Selector: return shape == Shape::Map;
      case Via::Merge: case Via::EnvValue: case Via::DataSource: case Via::ClaimRef: case Via::ObjectRef: case Via::NodeSelector:
        return shape == Shape::Object;
      case Via::Facts: case Via::Self: return true;
    }
    return false;
  }

  void kind(const Kind& each, TypeRef type, const std::string& place, unsigned depth = 0) {
    ASSERT_LT(depth, 12u) << place;
    for (const auto& member : each.members) this->member(each, member, type, place, depth);
  }

  void member(const Kind& each, const Member& member, TypeRef type, const std::string& place, unsigned depth) {
    const auto where = fmt::format("{}.{}", place, member.name);
    if (member.via == Via::Facts || member.via == Via::Self) return;
    if (member.target.empty() && member.via != Via::Merge && member.via != Via::EnvValue) {
      const bool operand = member.name == "label" || member.name == "value" || member.name == "at";
      if (!operand && member.part.empty()) faults.push_back(where + " has no target");
      return;
    }
    // `allows` of an account stands for objects of their own.
    if (each.role == KindRole::Account && member.part == "account-rule") return;
    const auto target = walk(type, member.target);
    if (!target) {
      faults.push_back(where + ": no such place");
      return;
    }
    if (member.cardinality == Cardinality::Field) {
      if (!viaFits(member, catalog_.shape(target))) faults.push_back(fmt::format("{}: {} there", where, catalog_.describe(target)));
      return;
    }
    const auto* part = sema::preludeKind(member.part);
    if (part == nullptr) {
      faults.push_back(where + ": no such part");
    } else if (part->role != KindRole::Mount && part->role != KindRole::ScratchMount) {
      kind(*part, target, where, depth + 1);
    } else {
      for (const auto& inner : part->members) {
        if (inner.name != "label") this->member(*part, inner, target, where, depth + 1);
      }
    }
  }

 private:
  const schema::Catalog& catalog_;
};

TEST(Table, EveryTargetIsAPlaceOfTheSchema) {
  const schema::Catalog catalog;
  TableCheck check(catalog);
  std::size_t objects = 0;
  for (const auto& kind : sema::preludeKinds()) {
    if (kind.api.empty()) continue;
    const auto slash = kind.api.rfind('/');
    const auto* resource = catalog.resource(kind.api.substr(0, slash), kind.api.substr(slash + 1));
    ASSERT_NE(resource, nullptr) << kind.api;
    EXPECT_EQ(resource->namespaced, !kind.clusterScoped) << kind.name;
    EXPECT_TRUE(resource->custom || (resource->versions & schema::versionBit("1.36")) != 0) << kind.name;
    check.kind(kind, resource->type, std::string(kind.name));
    if (!kind.podSpec.empty()) {
      EXPECT_TRUE(catalog.walk(resource->type, kind.podSpec)) << kind.name;
      EXPECT_TRUE(catalog.walk(resource->type, kind.podMetadata)) << kind.name;
    }
    ++objects;
  }
  EXPECT_GE(objects, 25u);
  for (const auto& fault : check.faults) ADD_FAILURE() << fault;
}

TEST(Table, AWrongTargetWouldBeSeen) {
  const schema::Catalog catalog;
  static constexpr sema::Type kText{.kind = TypeKind::String};
  static constexpr sema::Type kAmount{.kind = TypeKind::Quantity};
  static constexpr sema::Step kNowhere[] = {{"spec"}, {"hostNam"}};
  static constexpr sema::Step kHost[] = {{"spec"}, {"hostname"}};
  const Member members[] = {{.name = "a", .type = &kText, .target = kNowhere}, {.name = "b", .type = &kAmount, .target = kHost},
                            {.name = "c", .type = &kText, .target = kHost}};
  const Kind kind{.name = "wrong", .api = "v1/Pod", .members = members};
  TableCheck check(catalog);
  check.kind(kind, catalog.resource("v1", "Pod")->type, "wrong");
  EXPECT_EQ(check.faults.size(), 2u);
}

TEST(Table, FunctionsMakeWhatTheirPlaceTakes) {
  const schema::Catalog catalog;
  const auto* pod = catalog.resource("v1", "Pod");
  const auto* volume = catalog.resource("v1", "PersistentVolume");
  ASSERT_TRUE(pod != nullptr && volume != nullptr);
  const auto placesOf = [&](std::string_view word) -> std::vector<TypeRef> {
    if (word == "volume-source") return {catalog.walk(volume->type, "spec"), catalog.walk(pod->type, "spec.volumes[]")};
    if (word == "pod-source") return {catalog.walk(pod->type, "spec.volumes[]")};
    if (word == "projection") return {catalog.walk(pod->type, "spec.volumes[].projected.sources[]")};
    if (word == "env-source") return {catalog.walk(pod->type, "spec.containers[].env[].valueFrom")};
    if (word == "action") return {catalog.walk(pod->type, "spec.containers[].livenessProbe")};
    if (word == "probe-action") return {catalog.walk(pod->type, "spec.containers[].livenessProbe")};
    if (word == "hook-action") return {catalog.walk(pod->type, "spec.containers[].lifecycle.preStop")};
    return {};
  };
  for (const auto& kind : sema::preludeKinds()) {
    if (kind.role != KindRole::Source) continue;
    const auto places = placesOf(kind.word);
    ASSERT_FALSE(places.empty()) << kind.name << " makes a `" << kind.word << "`";
    for (const auto& member : kind.members) {
      bool found = false;
      std::string faults;
      for (const auto place : places) {
        TableCheck check(catalog);
        check.member(kind, member, place, std::string(kind.name), 0);
        found = found || check.faults.empty();
        for (const auto& fault : check.faults) faults += fault + "\n";
      }
      EXPECT_TRUE(found) << faults;
    }
  }
}

TEST(Table, IsSortedDocumentedAndSmall) {
  std::string_view before;
  for (const auto& kind : sema::preludeKinds()) {
    EXPECT_LT(before, kind.name);
    before = kind.name;
    EXPECT_EQ(sema::preludeKind(kind.name), &kind);
    EXPECT_LE(kind.members.size(), 128u) << kind.name;
    EXPECT_EQ(kind.members.size(), kind.order.size()) << kind.name;
    const bool fragment = kind.name == "object-common" || kind.name.ends_with("-spec") || kind.name.ends_with("-body") ||
                          kind.name == "mount-common";
    EXPECT_TRUE(fragment || !kind.doc.empty()) << kind.name << " lacks a line of documentation";
    for (const auto& member : kind.members) {
      EXPECT_EQ(kind.find(member.name), &member);
      const bool operand = member.name == "label" || member.name == "value";
      EXPECT_TRUE(operand || !member.doc.empty()) << kind.name << '.' << member.name;
      if (!member.part.empty()) { EXPECT_NE(sema::preludeKind(member.part), nullptr) << kind.name << '.' << member.name; }
    }
  }
}

}  // namespace
}  // namespace mlstack::lower
