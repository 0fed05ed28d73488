#include <set>

#include <gtest/gtest.h>

#include "schema/describe.h"
#include "schema/tables.h"
#include "support.h"

namespace mlstack::schema {
namespace {

TypeRef at(const Catalog& catalog, std::string_view apiVersion, std::string_view kind, std::string_view path) {
  const ResourceInfo* resource = catalog.resource(apiVersion, kind);
  return resource != nullptr ? catalog.walk(resource->type, path) : TypeRef{};
}

TEST(Versions, KnowTheirBits) {
  EXPECT_EQ(versionBit("1.31"), 1);
  EXPECT_EQ(versionBit("1.36"), 32);
  for (std::string_view text : {"", "1.", "1.30", "1.37", "1.031", "1.3x", "2.31", "1.36.2", "v1.36"}) {
    EXPECT_EQ(versionBit(text), 0) << text;
  }
  EXPECT_EQ(versionText(versionBit("1.34")), "1.34");
}

TEST(Tables, HoldTogether) {
  const table::Tables& tables = table::builtin();
  ASSERT_FALSE(tables.types.empty());
  const table::Store store(tables);
  for (std::size_t name = 1; name < tables.nameEnds.size(); ++name) {
    ASSERT_LT(store.name(static_cast<table::Index>(name - 1)), store.name(static_cast<table::Index>(name)));
  }
  EXPECT_EQ(tables.nameEnds.back(), tables.blob.size());
  for (const table::TypeRow& type : tables.types) {
    ASSERT_LT(type.element, tables.types.size());
    ASSERT_LT(type.name, tables.nameEnds.size());
    ASSERT_LT(type.limits, tables.limits.size());
    ASSERT_LE(type.fields + type.fieldCount, tables.fields.size());
    ASSERT_LE(static_cast<std::size_t>(type.enums) + type.enumCount, tables.lists.size());
    ASSERT_LE(static_cast<std::size_t>(type.keys) + type.keyCount, tables.lists.size());
    const auto fields = store.fields(type);
    for (std::size_t field = 1; field < fields.size(); ++field) ASSERT_LT(fields[field - 1].name, fields[field].name);
  }
  for (const table::FieldRow& field : tables.fields) {
    ASSERT_LT(field.type, tables.types.size());
    ASSERT_NE(field.versions, 0);
  }
}

TEST(Tables, StaySmall) {
  std::uintmax_t size = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MLSTACK_SOURCE_DIR "/compiler/schema/tables")) {
    size += entry.file_size();
  }
  EXPECT_LT(size, 600'000u);
}

TEST(Catalog, FindsEveryResource) {
  const Catalog catalog;
  const auto all = catalog.resources();
  EXPECT_GT(all.size(), 130u);
  for (const ResourceInfo* resource : all) {
    EXPECT_EQ(catalog.resource(resource->apiVersion, resource->kind), resource);
    EXPECT_TRUE(resource->type);
    EXPECT_FALSE(resource->plural.empty());
    EXPECT_EQ(catalog.shape(catalog.walk(resource->type, "metadata.labels")), Shape::Map) << resource->kind;
  }
  EXPECT_EQ(catalog.resource("apps/v1", "Pod"), nullptr);
  EXPECT_EQ(catalog.resource("v1", "pod"), nullptr);
}

TEST(Catalog, KnowsScopePluralAndVersions) {
  const Catalog catalog;
  const ResourceInfo* set = catalog.resource("apps/v1", "StatefulSet");
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->plural, "statefulsets");
  EXPECT_TRUE(set->namespaced);
  EXPECT_FALSE(set->custom);
  EXPECT_EQ(set->versions, kAllVersions);
  EXPECT_FALSE(catalog.resource("v1", "PersistentVolume")->namespaced);
  EXPECT_EQ(catalog.resource("storage.k8s.io/v1", "VolumeAttributesClass")->versions, kAllVersions & ~7);
  const ResourceInfo* endpoints = catalog.resource("v1", "Endpoints");
  EXPECT_EQ(endpoints->deprecatedIn, kAllVersions & ~3);
  EXPECT_NE(endpoints->deprecated.find("EndpointSlice"), std::string_view::npos);
  const ResourceInfo* ray = catalog.resource("ray.io/v1", "RayCluster");
  ASSERT_NE(ray, nullptr);
  EXPECT_TRUE(ray->custom);
  EXPECT_EQ(ray->versions, 0);
  EXPECT_TRUE(ray->deprecated.empty());
  EXPECT_EQ(catalog.resource("snapshot.storage.k8s.io/v1beta1", "VolumeSnapshot"), nullptr) << "not served";
}

TEST(Catalog, KnowsFields) {
  const Catalog catalog;
  const TypeRef claim = at(catalog, "v1", "PersistentVolumeClaim", "spec");
  ASSERT_TRUE(claim);
  EXPECT_EQ(catalog.describe(claim), "PersistentVolumeClaimSpec");
  EXPECT_EQ(catalog.describe(catalog.field(claim, "resources")->type), "VolumeResourceRequirements");
  EXPECT_EQ(catalog.describe(catalog.walk(claim, "resources.requests")), "map of quantity");
  EXPECT_EQ(catalog.shape(catalog.walk(claim, "resources.requests[storage]")), Shape::Quantity);
  EXPECT_EQ(catalog.field(claim, "noSuchField"), nullptr);
  const auto modes = catalog.enumerators(catalog.walk(claim, "accessModes[]"));
  EXPECT_EQ(modes, (std::vector<std::string_view>{"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"}));
  const TypeRef containers = at(catalog, "apps/v1", "Deployment", "spec.template.spec.containers");
  EXPECT_EQ(catalog.describe(containers), "list of Container");
  EXPECT_EQ(catalog.listType(containers), ListType::Map);
  EXPECT_EQ(catalog.listKeys(containers), std::vector<std::string_view>{"name"});
  EXPECT_TRUE(catalog.field(catalog.element(containers), "name")->required);
  EXPECT_EQ(catalog.shape(catalog.walk(containers, "[main].livenessProbe.httpGet.port")), Shape::IntOrString);
  const FieldInfo* service = catalog.field(at(catalog, "apps/v1", "StatefulSet", "spec"), "serviceName");
  EXPECT_FALSE(service->required);
  EXPECT_EQ(service->requiredIn, 3) << "required before 1.33";
}

TEST(Catalog, ReachesPodsInsideCustomResources) {
  const Catalog catalog;
  const TypeRef claims = at(catalog, "ray.io/v1", "RayCluster", "spec.workerGroupSpecs[].template.spec.volumes[].persistentVolumeClaim");
  ASSERT_TRUE(claims);
  EXPECT_TRUE(catalog.field(claims, "claimName")->required);
  const TypeRef job = at(catalog, "jobset.x-k8s.io/v1alpha2", "JobSet", "spec.replicatedJobs[].template.spec.template.spec.containers[].resources.limits[x]");
  EXPECT_EQ(catalog.shape(job), Shape::Quantity);
  EXPECT_EQ(catalog.describe(at(catalog, "jobset.x-k8s.io/v1alpha2", "JobSet", "metadata")), "ObjectMeta");
}

TEST(Catalog, AnswersNothingForForeignHandles) {
  const Catalog one;
  const Catalog other;
  const TypeRef spec = at(one, "v1", "Pod", "spec");
  EXPECT_TRUE(other.fields(spec).empty());
  EXPECT_EQ(one.fields({}).size(), 0u);
  EXPECT_FALSE(one.element(spec));
  EXPECT_FALSE(one.walk(spec, "containers[.name"));
  EXPECT_FALSE(one.walk(spec, "nope.nope"));
}

TEST(Describe, FindsSubjects) {
  const Catalog catalog;
  const Subject pod = findSubject(catalog, "v1/Pod.spec.containers");
  ASSERT_NE(pod.resource, nullptr);
  EXPECT_EQ(pod.path, "spec.containers");
  const std::string text = describeType(catalog, pod.type, 1, versionBit("1.36"));
  EXPECT_NE(text.find("imagePullPolicy  "), std::string::npos);
  EXPECT_NE(text.find("string: \"Always\" | \"IfNotPresent\" | \"Never\""), std::string::npos);
  EXPECT_NE(text.find("list of EnvVar"), std::string::npos);
  EXPECT_EQ(findSubject(catalog, "networking.k8s.io/v1/Ingress").path, "");
  EXPECT_NE(findSubject(catalog, "networking.k8s.io/v1/Ingress").resource, nullptr);
  EXPECT_EQ(findSubject(catalog, "Pod").resource, nullptr);
  EXPECT_EQ(findSubject(catalog, "").resource, nullptr);
  EXPECT_FALSE(findSubject(catalog, "v1/Pod.nope").type);
  EXPECT_EQ(describeType(catalog, findSubject(catalog, "v1/Pod.spec.nodeName").type, 3, 0), "string\n");
  EXPECT_EQ(describeResource(*catalog.resource("apps/v1", "StatefulSet")), "apps/v1/StatefulSet  statefulsets, namespaced");
}

TEST(Describe, EveryTypeAtEveryDepth) {
  const Catalog catalog;
  for (const ResourceInfo* resource : catalog.resources()) {
    EXPECT_FALSE(describeType(catalog, resource->type, 3, 0).empty());
    EXPECT_FALSE(describeResource(*resource).empty());
  }
}

}  // namespace
}  // namespace mlstack::schema
