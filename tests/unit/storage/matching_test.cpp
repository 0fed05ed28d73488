// Which volume each claim takes, against what the PV controller and the scheduler of Kubernetes do.

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/model.h"
#include "storage/profiles.h"
#include "yaml/yaml.h"

namespace mlstack::storage {
namespace {

/// Volumes and claims in few words.
std::string volume(std::string_view name, std::string_view size, std::string_view modes, std::string_view more = {}, std::string_view labels = {}) {
  return fmt::format("---\n{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: {}, labels: {{{}}}}}, spec: {{storageClassName: manual, capacity: {{storage: {}}}, accessModes: [{}], nfs: {{server: a, path: /}}{}}}}}\n",
                     name, labels, size, modes, more);
}
std::string claim(std::string_view name, std::string_view size, std::string_view modes, std::string_view more = {}) {
  return fmt::format("---\n{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {}}}, spec: {{storageClassName: manual, resources: {{requests: {{storage: {}}}}}, accessModes: [{}]{}}}}}\n", name, size, modes, more);
}

struct Matched {
  explicit Matched(std::string text, std::vector<std::string_view> complete = {}) {
    stack.symbols = &symbols;
    const auto& file = sources.add("stack.yaml", std::move(text));
    ir::Builder builder(stack.arena);
    for (auto* document : yaml::readDocuments(file, symbols, builder, sink)) ir::addManifest(stack, document);
    for (const auto kind : complete) stack.completeKinds.push_back(symbols.intern(kind));
    ir::link(stack);
    applyProfiles(stack);
    model.emplace(stack);
  }
  const Binding& of(std::string_view name) const {
    for (const auto& state : model->states)
      if (state.name == name) return model->bindingOf(state);
    ADD_FAILURE() << name;
    return model->matching.bindings.front();
  }
  /// The name of the volume that it takes, or that is refused; "-" for none.
  std::string taken(std::string_view name) const { return nameOf(of(name).volume); }
  std::string nameOf(std::uint32_t number) const {
    return number == Binding::kNone ? "-" : std::string(symbols.text(model->matching.volumes[number].object->name));
  }

  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  ir::Stack stack;
  std::optional<Model> model;
};

TEST(Matching, SmallestThatFits) {
  const Matched m(volume("big", "100Gi", "ReadWriteOnce") + volume("mid", "20Gi", "ReadWriteOnce") + volume("small", "5Gi", "ReadWriteOnce") + claim("c", "10Gi", "ReadWriteOnce"));
  EXPECT_EQ(m.taken("c"), "mid");
  EXPECT_EQ(m.of("c").outcome, Outcome::Binds);
}

TEST(Matching, FewestModesComeBeforeSize) {
  const Matched m(volume("big", "1Ti", "ReadWriteOnce") + volume("fits", "10Gi", "ReadWriteOnce, ReadOnlyMany") + claim("c", "10Gi", "ReadWriteOnce"));
  EXPECT_EQ(m.taken("c"), "big");
  EXPECT_EQ(m.nameOf(m.of("c").smaller), "fits");
}

TEST(Matching, TheSchedulerLooksAtSizeAlone) {
  const std::string lazy = "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: manual}, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer}\n";
  const Matched m(lazy + volume("big", "1Ti", "ReadWriteOnce") + volume("fits", "10Gi", "ReadWriteOnce, ReadOnlyMany") + claim("c", "10Gi", "ReadWriteOnce"));
  EXPECT_EQ(m.taken("c"), "fits");
  EXPECT_EQ(m.of("c").outcome, Outcome::Waits);
}

TEST(Matching, EveryModeMustBeListed) {
  const Matched m(volume("rwx", "10Gi", "ReadWriteMany") + claim("c", "10Gi", "ReadWriteOnce"));
  EXPECT_EQ(m.taken("c"), "-");
  EXPECT_EQ(m.nameOf(m.of("c").nearest), "rwx");
  EXPECT_EQ(m.of("c").nearestMisfits, LacksMode);
}

TEST(Matching, ANamedVolumeIsCheckedAlone) {
  const Matched m(volume("small", "5Gi", "ReadWriteOnce") + volume("fits", "10Gi", "ReadWriteOnce") + claim("c", "10Gi", "ReadWriteOnce", ", volumeName: small"));
  EXPECT_EQ(m.of("c").outcome, Outcome::Never);
  EXPECT_EQ(m.of("c").misfits, TooSmall);
  EXPECT_EQ(m.nameOf(m.of("c").alternative), "fits");
}

TEST(Matching, BothSidesNamedIsUnchecked) {
  const Matched m(volume("v", "1Gi", "ReadWriteOnce", ", volumeMode: Block, claimRef: {namespace: default, name: c}") + claim("c", "100Gi", "ReadWriteMany", ", volumeName: v"));
  EXPECT_EQ(m.of("c").outcome, Outcome::Binds);
  EXPECT_EQ(m.of("c").misfits, TooSmall | LacksMode | OtherVolumeMode);
}

TEST(Matching, AReservationIsNotAskedForItsClassOrLabels) {
  const Matched m(volume("v", "10Gi", "ReadWriteOnce", ", claimRef: {namespace: default, name: c}") + volume("w", "10Gi", "ReadWriteOnce", "", "a: b") +
                  claim("c", "10Gi", "ReadWriteOnce", ", selector: {matchLabels: {a: b}}"));
  EXPECT_EQ(m.taken("c"), "v");
  EXPECT_TRUE(m.of("c").reserved);
  EXPECT_EQ(m.of("c").misfits, NotSelected);
}

TEST(Matching, AReservationForAnotherIsPassedOver) {
  const Matched m(volume("v", "10Gi", "ReadWriteOnce", ", claimRef: {namespace: other, name: c}") + claim("c", "10Gi", "ReadWriteOnce"));
  EXPECT_EQ(m.taken("c"), "-");
  EXPECT_EQ(m.of("c").nearestMisfits, Reserved);
}

TEST(Matching, AReservationWithoutNamespaceMeansNobody) {
  const Matched m(volume("v", "10Gi", "ReadWriteOnce", ", claimRef: {name: c}") + claim("c", "10Gi", "ReadWriteOnce"));
  EXPECT_EQ(m.taken("c"), "-");
}

TEST(Matching, EachVolumeOnce) {
  const Matched m(volume("a", "10Gi", "ReadWriteOnce") + volume("b", "20Gi", "ReadWriteOnce") + claim("one", "10Gi", "ReadWriteOnce") + claim("two", "10Gi", "ReadWriteOnce") + claim("three", "10Gi", "ReadWriteOnce"));
  EXPECT_EQ(m.taken("one"), "a");
  EXPECT_EQ(m.taken("two"), "b");
  EXPECT_EQ(m.taken("three"), "-");
  EXPECT_TRUE(m.of("three").nearestMisfits & Taken);
}

TEST(Matching, ANamedVolumeIsNotLeftToOthers) {
  const Matched m(volume("a", "10Gi", "ReadWriteOnce") + claim("any", "10Gi", "ReadWriteOnce") + claim("named", "10Gi", "ReadWriteOnce", ", volumeName: a"));
  EXPECT_EQ(m.taken("named"), "a");
  EXPECT_EQ(m.taken("any"), "-");
}

TEST(Matching, Selectors) {
  const std::string volumes = volume("a", "10Gi", "ReadWriteOnce", "", "tier: hot, zone: x") + volume("b", "10Gi", "ReadWriteOnce", "", "tier: cold");
  const auto with = [&](std::string_view selector) { return Matched(volumes + claim("c", "10Gi", "ReadWriteOnce", fmt::format(", selector: {}", selector))).taken("c"); };
  EXPECT_EQ(with("{matchLabels: {tier: cold}}"), "b");
  EXPECT_EQ(with("{matchLabels: {tier: hot, zone: y}}"), "-");
  EXPECT_EQ(with("{matchExpressions: [{key: tier, operator: In, values: [cold, warm]}]}"), "b");
  EXPECT_EQ(with("{matchExpressions: [{key: zone, operator: DoesNotExist}]}"), "b");
  EXPECT_EQ(with("{matchExpressions: [{key: zone, operator: Exists}, {key: tier, operator: NotIn, values: [cold]}]}"), "a");
  EXPECT_EQ(with("{}"), "a");
}

TEST(Matching, AttributesClassesAreEqualWhenBothAreNone) {
  EXPECT_EQ(Matched(volume("v", "1Gi", "ReadWriteOnce") + claim("c", "1Gi", "ReadWriteOnce", ", volumeAttributesClassName: \"\"")).taken("c"), "v");
  const Matched m(volume("v", "1Gi", "ReadWriteOnce") + claim("c", "1Gi", "ReadWriteOnce", ", volumeAttributesClassName: gold"));
  EXPECT_EQ(m.of("c").nearestMisfits, OtherAttributes);
}

TEST(Matching, VolumesThatGoOrWereUsed) {
  auto deleting = volume("v", "1Gi", "ReadWriteOnce");
  deleting.replace(deleting.find("labels"), 6, "deletionTimestamp: \"2026-01-01T00:00:00Z\", labels");
  EXPECT_EQ(Matched(deleting + claim("c", "1Gi", "ReadWriteOnce")).taken("c"), "-");
  auto released = volume("v", "1Gi", "ReadWriteOnce");
  released.replace(released.find(", spec:"), 7, ", status: {phase: Released}, spec:");
  EXPECT_EQ(Matched(released + claim("c", "1Gi", "ReadWriteOnce")).of("c").nearestMisfits, Unavailable);
}

TEST(Matching, AVolumeThatItsClaimHasLeft) {
  auto released = volume("v", "1Gi", "ReadWriteOnce", ", claimRef: {namespace: default, name: c, uid: u}");
  released.replace(released.find(", spec:"), 7, ", status: {phase: Released}, spec:");
  const Matched m(released + claim("c", "1Gi", "ReadWriteOnce", ", volumeName: v"));
  EXPECT_EQ(m.of("c").outcome, Outcome::Never);
  EXPECT_EQ(m.of("c").misfits, Unavailable | Reserved);
}

TEST(Matching, AClassThatMakesVolumes) {
  const std::string fast = "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: manual}, provisioner: ebs.csi.aws.com}\n";
  EXPECT_EQ(Matched(fast + claim("c", "1Gi", "ReadWriteOnce")).of("c").outcome, Outcome::Provisioned);
  EXPECT_EQ(Matched(fast + volume("v", "1Gi", "ReadWriteOnce") + claim("c", "1Gi", "ReadWriteOnce")).taken("c"), "v");
}

TEST(Matching, UnknownClassesAreNotGuessed) {
  EXPECT_EQ(Matched(claim("c", "1Gi", "ReadWriteOnce")).of("c").outcome, Outcome::Unknown);
  EXPECT_EQ(Matched(claim("c", "1Gi", "ReadWriteOnce"), {"StorageClass"}).of("c").outcome, Outcome::Never);
}

TEST(Matching, WithoutAClassTheDefaultDecides) {
  auto classless = claim("c", "1Gi", "ReadWriteOnce");
  classless.erase(classless.find("storageClassName: manual, "), 26);
  auto own = volume("v", "1Gi", "ReadWriteOnce");
  own.erase(own.find("storageClassName: manual, "), 26);
  const Matched open(own + classless);
  EXPECT_EQ(open.of("c").outcome, Outcome::Unknown);
  EXPECT_EQ(open.nameOf(open.of("c").alternative), "v");
  EXPECT_EQ(Matched(own + classless, {"StorageClass"}).taken("c"), "v");
  const std::string fast = "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: \"true\"}}, provisioner: ebs.csi.aws.com}\n";
  EXPECT_EQ(Matched(fast + own + classless).of("c").outcome, Outcome::Provisioned);
}

TEST(Matching, TemplatesTakeAVolumeForEachPod) {
  const std::string set = R"(---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: s}
spec:
  replicas: 3
  template: {spec: {containers: [{name: c, image: x, volumeMounts: [{name: data, mountPath: /data}]}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: manual, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
)";
  const Matched two(volume("a", "1Gi", "ReadWriteOnce") + volume("b", "1Gi", "ReadWriteOnce") + set);
  EXPECT_EQ(two.of("data").unserved, 1);
  const Matched reserved(volume("a", "1Gi", "ReadWriteOnce") + volume("b", "1Gi", "ReadWriteOnce") + volume("k", "1Gi", "ReadWriteOnce", ", claimRef: {namespace: default, name: data-s-2}") + set);
  EXPECT_EQ(reserved.of("data").unserved, 0);
}

TEST(Matching, NodesThatReachTheVolume) {
  const std::string lazy = "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: manual}, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer}\n";
  const auto on = [](std::string_view node) { return fmt::format(", nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [{}]}}]}}]}}}}", node); };
  const std::string pod = "---\n{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {nodeSelector: {kubernetes.io/hostname: b}, containers: [{name: c, image: x}], volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}}\n";
  const Matched m(lazy + volume("on-a", "1Gi", "ReadWriteOnce", on("a")) + volume("on-b", "2Gi", "ReadWriteOnce", on("b")) + claim("c", "1Gi", "ReadWriteOnce") + pod);
  EXPECT_EQ(m.taken("c"), "on-b");
}

TEST(Matching, TwentyThousandOfEachInLittleTime) {
  std::string text;
  constexpr int kCount = 20000;
  for (int i = 0; i < kCount; ++i) text += volume(fmt::format("v{}", i), fmt::format("{}Gi", 1 + i % 50), "ReadWriteOnce", "", fmt::format("k: \"{}\"", i));
  for (int i = 0; i < kCount; ++i) text += claim(fmt::format("c{}", i), fmt::format("{}Gi", 1 + i % 50), "ReadWriteOnce", i % 4 == 0 ? fmt::format(", selector: {{matchLabels: {{k: \"{}\"}}}}", i) : "");
  const Matched m(std::move(text));
  std::size_t bound = 0;
  for (const auto& binding : m.model->matching.bindings) bound += binding.outcome == Outcome::Binds ? 1 : 0;
  EXPECT_GT(bound, kCount * 9 / 10);
  const auto start = std::chrono::steady_clock::now();
  const Model again(m.stack);
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_LT(took, 10.0);   // claims times volumes would be minutes in a build with sanitizers
  EXPECT_EQ(again.matching.bindings.size(), static_cast<std::size_t>(kCount));
}

}  // namespace
}  // namespace mlstack::storage
