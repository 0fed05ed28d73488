// What drivers can do: every profile names its source, parameters choose among variants, and what a class, a
// volume or the cluster's CSIDriver states itself comes first.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "ir/stack.h"
#include "storage/profiles.h"
#include "yaml/yaml.h"

namespace {

using namespace mlstack;

struct Manifests {
  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  ir::Stack stack;

  explicit Manifests(std::string text) {
    stack.symbols = &symbols;
    ir::Builder builder(stack.arena);
    for (auto* document : yaml::readDocuments(sources.add("test.yaml", std::move(text)), symbols, builder, sink))
      ir::addManifest(stack, document);
    ir::link(stack);
    storage::applyProfiles(stack);
  }

  const ir::Facts& facts(std::string_view name) const {
    for (const auto& object : stack.objects)
      if (symbols.text(object.name) == name && object.facts != nullptr) return *object.facts;
    ADD_FAILURE() << name << " has no facts";
    static const ir::Facts none{};
    return none;
  }
};

std::string storageClass(std::string_view provisioner, std::string_view rest = {}) {
  return "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: c\nprovisioner: " + std::string(provisioner) + "\n" +
         std::string(rest);
}

bool has(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

TEST(Profiles, EveryOneSaysWhereItsFactsAreWrittenDown) {
  std::set<std::string_view> names;
  const auto check = [](const ir::Facts& facts) {
    EXPECT_TRUE(facts.source.starts_with("https://")) << facts.title << facts.provisioner;
    EXPECT_FALSE(facts.title.empty()) << facts.provisioner;
    for (const auto& value : facts.values) EXPECT_TRUE(storage::knowsParameter(facts, value.parameter).value_or(true)) << value.parameter;
    for (const auto name : facts.required) EXPECT_TRUE(storage::knowsParameter(facts, name).value_or(true)) << name;
    EXPECT_FALSE(facts.minimumSize && facts.maximumSize && *facts.maximumSize < *facts.minimumSize) << facts.title;
    EXPECT_FALSE(facts.network.value_or(false) && facts.nodeLocal.value_or(false)) << facts.title;
    EXPECT_FALSE(facts.block == false && !facts.blockModes.empty()) << facts.title;
  };
  EXPECT_GT(storage::profiles().size(), 40u);
  for (const auto& facts : storage::profiles()) {
    EXPECT_TRUE(names.insert(facts.provisioner).second) << facts.provisioner;
    EXPECT_EQ(storage::profileOf(facts.provisioner), &facts);
    check(facts);
    for (const auto& variant : facts.variants) {
      ASSERT_NE(variant.facts, nullptr);
      EXPECT_FALSE(variant.when.empty());
      EXPECT_EQ(variant.facts->provisioner, facts.provisioner);
      check(*variant.facts);
    }
  }
  for (const auto& facts : storage::sourceProfiles()) check(facts);
}

TEST(Profiles, EveryClassOfTheLibraryHasOne) {
  const std::regex line(R"re(\n  provisioner\s*=\s*"([^"]*)")re");
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MLSTACK_SOURCE_DIR "/stdlib")) {
    if (entry.path().extension() != ".mlstack") continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const auto all = text.str();
    for (std::sregex_iterator at(all.begin(), all.end(), line), end; at != end; ++at, ++found)
      EXPECT_NE(storage::profileOf((*at)[1].str()), nullptr) << entry.path() << ": " << (*at)[1];
  }
  EXPECT_GT(found, 20u);
}

TEST(Profiles, AnUnknownNameIsNeverGuessed) {
  EXPECT_EQ(storage::profileOf("ebs.csi.example.com"), nullptr);
  EXPECT_EQ(storage::profileOf(""), nullptr);
  EXPECT_EQ(storage::profileOf(".rbd.csi.ceph.com"), nullptr);
  EXPECT_EQ(storage::sourceProfile("csi"), nullptr);
  const Manifests one(storageClass("csi.example.com", "allowVolumeExpansion: true\n"));
  EXPECT_EQ(one.facts("c").provisioner, "csi.example.com");
  EXPECT_TRUE(one.facts("c").accessModes.empty());
  EXPECT_EQ(one.facts("c").attachable, std::nullopt);
  EXPECT_EQ(one.facts("c").expandable, true);
}

TEST(Profiles, InTreeNamesAreThoseOfTheirDriver) {
  const auto* inTree = storage::profileOf("kubernetes.io/aws-ebs");
  ASSERT_NE(inTree, nullptr);
  EXPECT_EQ(inTree->csiDriver, "ebs.csi.aws.com");
  EXPECT_EQ(inTree->provisioner, "kubernetes.io/aws-ebs");
  EXPECT_TRUE(storage::profileOf("ebs.csi.aws.com")->csiDriver.empty());
  ASSERT_NE(storage::sourceProfile("awsElasticBlockStore"), nullptr);
  EXPECT_EQ(storage::sourceProfile("awsElasticBlockStore")->csiDriver, "ebs.csi.aws.com");
  EXPECT_EQ(storage::sourceProfile("rbd")->removedIn, "1.31");
}

TEST(Profiles, RookPutsTheNamespaceOfItsOperatorFirst) {
  ASSERT_NE(storage::profileOf("rook-ceph.rbd.csi.ceph.com"), nullptr);
  EXPECT_EQ(storage::profileOf("rook-ceph.rbd.csi.ceph.com")->attachable, true);
  EXPECT_EQ(storage::profileOf("storage.cephfs.csi.ceph.com")->attachable, false);
  const Manifests one(storageClass("rook-ceph.rbd.csi.ceph.com"));
  EXPECT_EQ(one.facts("c").provisioner, "rook-ceph.rbd.csi.ceph.com");
}

TEST(Profiles, ParametersChooseAmongVariants) {
  const auto size = [](std::string_view text) { return base::parseQuantity(text); };
  EXPECT_EQ(Manifests(storageClass("ebs.csi.aws.com")).facts("c").maximumSize, size("64Ti"));   // gp3, the default
  EXPECT_EQ(Manifests(storageClass("ebs.csi.aws.com", "parameters: {type: st1}\n")).facts("c").minimumSize, size("125Gi"));
  EXPECT_EQ(Manifests(storageClass("ebs.csi.aws.com", "parameters: {Type: ST1}\n")).facts("c").minimumSize, size("125Gi"));
  const Manifests io2(storageClass("ebs.csi.aws.com", "parameters: {type: io2}\n"));
  EXPECT_TRUE(has(io2.facts("c").blockModes, "ReadWriteMany"));
  EXPECT_FALSE(has(io2.facts("c").accessModes, "ReadWriteMany"));
  const Manifests hdd(storageClass("fsx.csi.aws.com", "parameters: {storageType: HDD, perUnitStorageThroughput: \"12\"}\n"));
  EXPECT_EQ(hdd.facts("c").sizeStep, size("6000Gi"));
  EXPECT_EQ(Manifests(storageClass("ebs.csi.aws.com", "parameters: {type: [gp2]}\n")).facts("c").maximumSize, std::nullopt);
}

TEST(Profiles, WhatAClassStatesComesFirst) {
  const Manifests stated(storageClass("efs.csi.aws.com", "allowVolumeExpansion: true\nreclaimPolicy: Retain\nvolumeBindingMode: WaitForFirstConsumer\n"));
  EXPECT_EQ(stated.facts("c").expandable, true);
  EXPECT_EQ(stated.facts("c").reclaim, "Retain");
  EXPECT_EQ(stated.facts("c").bindingMode, "WaitForFirstConsumer");
  EXPECT_EQ(stated.facts("c").capacityEnforced, false);
  const Manifests silent(storageClass("ebs.csi.aws.com"));
  EXPECT_EQ(silent.facts("c").expandable, false);
  EXPECT_EQ(silent.facts("c").reclaim, "Delete");
  EXPECT_EQ(silent.facts("c").bindingMode, "Immediate");
}

TEST(Profiles, AVolumeHasTheFactsOfItsSource) {
  const std::string head = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v}\nspec:\n  capacity: {storage: 1Gi}\n  accessModes: [ReadWriteMany]\n";
  const Manifests nfs(head + "  nfs: {server: s, path: /}\n");
  EXPECT_EQ(nfs.facts("v").network, true);
  EXPECT_EQ(nfs.facts("v").staticOnly, true);
  EXPECT_EQ(nfs.facts("v").reclaim, "Retain");
  const Manifests csi(head + "  persistentVolumeReclaimPolicy: Delete\n  csi: {driver: s3.csi.aws.com, volumeHandle: h}\n");
  EXPECT_EQ(csi.facts("v").provisioner, "s3.csi.aws.com");
  EXPECT_EQ(csi.facts("v").reclaim, "Delete");
  EXPECT_FALSE(has(csi.facts("v").accessModes, "ReadWriteOnce"));
  const Manifests local(head + "  local: {path: /mnt}\n");
  EXPECT_EQ(local.facts("v").nodeLocal, true);
}

TEST(Profiles, TheClustersDriverObjectComesBeforeItsManual) {
  const std::string driver = "---\napiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: {name: NAME}\nspec:\n  attachRequired: false\n  fsGroupPolicy: None\n";
  const auto named = [&driver](std::string_view name) { return std::regex_replace(driver, std::regex("NAME"), std::string(name)); };
  const Manifests known(storageClass("ebs.csi.aws.com") + named("ebs.csi.aws.com"));
  EXPECT_EQ(known.facts("c").attachable, false);
  EXPECT_EQ(known.facts("c").fsGroupPolicy, "None");
  EXPECT_EQ(known.facts("c").snapshots, true);
  const Manifests inTree(storageClass("kubernetes.io/aws-ebs") + named("ebs.csi.aws.com"));
  EXPECT_EQ(inTree.facts("c").attachable, false);
  const Manifests unknown(storageClass("csi.example.com") + named("csi.example.com"));
  EXPECT_EQ(unknown.facts("c").attachable, false);
  EXPECT_EQ(unknown.facts("c").snapshots, std::nullopt);
}

TEST(Profiles, KnownParameters) {
  const auto& ebs = *storage::profileOf("ebs.csi.aws.com");
  EXPECT_EQ(storage::knowsParameter(ebs, "IOPSperGB"), true);
  EXPECT_EQ(storage::knowsParameter(ebs, "tagSpecification_1"), true);
  EXPECT_EQ(storage::knowsParameter(ebs, "csi.storage.k8s.io/fstype"), true);
  EXPECT_EQ(storage::knowsParameter(ebs, "volumeType"), false);
  const auto& efs = *storage::profileOf("efs.csi.aws.com");
  EXPECT_EQ(storage::knowsParameter(efs, "fileSystemId"), true);
  EXPECT_EQ(storage::knowsParameter(efs, "filesystemid"), false);
  EXPECT_EQ(storage::knowsParameter(*storage::profileOf("rook-ceph.rbd.csi.ceph.com"), "anything"), std::nullopt);
}

}  // namespace
