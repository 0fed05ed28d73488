#include <gtest/gtest.h>

#include "emit/emit.h"
#include "support.h"

namespace mlstack {
namespace {

constexpr const char* kStack = R"(
apiVersion: batch/v1
kind: Job
metadata: {name: train, namespace: ml}
spec:
  template:
    spec:
      serviceAccountName: trainer
      containers:
      - name: main
        env:
        - name: TOKEN
          valueFrom: {secretKeyRef: {name: hub, key: token}}
        volumeMounts:
        - {name: data, mountPath: /data, readOnly: true}
        - {name: ckpt, mountPath: /ckpt}
      volumes:
      - name: data
        persistentVolumeClaim: {claimName: imagenet}
      - name: ckpt
        persistentVolumeClaim: {claimName: checkpoints}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: checkpoints, namespace: ml}
spec: {storageClassName: fast, accessModes: [ReadWriteMany], resources: {requests: {storage: 10Gi}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: ml}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: x
)";

class Pieces final : public emit::Writer {
 public:
  explicit Pieces(int limit) : left_(limit) {}
  [[nodiscard]] bool write(std::string_view bytes) override {
    text += bytes;
    return --left_ > 0;
  }
  std::string text;

 private:
  int left_;
};

TEST(Emit, OneStreamInApplyOrder) {
  ManifestStack given(kStack);
  Pieces out(1000);
  ASSERT_TRUE(emit::emitYaml(given.stack, out));
  std::vector<std::size_t> places;
  for (const auto* kind :
       {"kind: Namespace", "kind: StorageClass", "kind: PersistentVolumeClaim", "kind: Job"})
    places.push_back(out.text.find(kind));
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
  EXPECT_NE(places.back(), std::string::npos);
  EXPECT_EQ(out.text.find("---"), out.text.find("---\n"));
  EXPECT_NE(out.text.substr(0, 3), "---");
  Pieces again(1000);
  ASSERT_TRUE(emit::emitYaml(given.stack, again));
  EXPECT_EQ(out.text, again.text);
}

TEST(Emit, ExternalsAreNotWritten) {
  ManifestStack given(kStack);
  given.object("fast").external = true;
  Pieces out(1000);
  ASSERT_TRUE(emit::emitYaml(given.stack, out));
  EXPECT_EQ(out.text.find("StorageClass"), std::string::npos);
  EXPECT_EQ(emit::emitFiles(given.stack, false).size(), 3u);
}

TEST(Emit, JsonIsOneList) {
  ManifestStack given(kStack);
  Pieces out(1000);
  ASSERT_TRUE(emit::emitJson(given.stack, out));
  ManifestStack again(out.text);
  EXPECT_EQ(again.stack.objects.size(), 4u);
  std::string before;
  std::string after;
  emit::appendJson(before, *given.object("train").root, given.symbols);
  emit::appendJson(after, *again.object("train").root, again.symbols);
  EXPECT_EQ(before, after);
}

TEST(Emit, FilesSortInApplyOrder) {
  ManifestStack given(kStack);
  const auto files = emit::emitFiles(given.stack, false);
  ASSERT_EQ(files.size(), 4u);
  EXPECT_EQ(files[0].name, "010-namespace-ml.yaml");
  EXPECT_EQ(files[3].name, "160-ml_job-train.yaml");
  EXPECT_EQ(emit::emitFiles(given.stack, true)[1].name, "030-storageclass-fast.json");
}

TEST(Emit, AWriterThatRefusesEndsIt) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += fmt::format(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{}}}\ndata: {{a: "
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}}\n---\n",
        i);
  ManifestStack given(text);
  Pieces out(2);
  EXPECT_FALSE(emit::emitYaml(given.stack, out));
  EXPECT_LT(out.text.size(), 200'000u);
}

std::vector<std::string> proof(ManifestStack& given) {
  diag::Sink sink;
  emit::proveComplete(given.stack, sink);
  std::vector<std::string> codes;
  for (const auto& d : sink.all()) codes.push_back(diag::codeText(d.code));
  return codes;
}

TEST(Prove, AWholeStackIsWhole) {
  ManifestStack given(kStack);
  EXPECT_TRUE(proof(given).empty());
}

TEST(Prove, ALostMountIsFound) {
  ManifestStack given(kStack);
  auto* containers =
      ir::findPath(given.object("train").root, "spec.template.spec.containers", given.symbols);
  auto& container = *ir::Children(containers).begin();
  ir::Builder::remove(container, given.symbols.intern("volumeMounts"));
  EXPECT_EQ(proof(given), (std::vector<std::string>{"MLS4901", "MLS4901"}));
}

TEST(Prove, AMountOfAnotherClaimIsFound) {
  ManifestStack given(kStack);
  auto* volumes =
      ir::findPath(given.object("train").root, "spec.template.spec.volumes", given.symbols);
  auto& volume = *ir::Children(volumes).begin();
  ir::Builder builder(given.stack.arena);
  auto* source = ir::find(&volume, given.symbols.intern("persistentVolumeClaim"));
  ir::Builder::set(*source, given.symbols.intern("claimName"),
                   builder.string("data"));  // the volume's own name
  EXPECT_EQ(proof(given), (std::vector<std::string>{"MLS4901"}));
}

TEST(Prove, AStatedMountThatNothingMadeIsFound) {
  ManifestStack given(kStack);
  given.stack.mountIntents.push_back({.object = 0,
                                      .container = given.symbols.intern("main"),
                                      .path = "/other",
                                      .intent = ir::Intent::Read,
                                      .contract = nullptr,
                                      .span = {}});
  EXPECT_EQ(proof(given), (std::vector<std::string>{"MLS4901"}));
}

TEST(Prove, ALostReferenceIsFound) {
  ManifestStack given(kStack);
  auto* spec = ir::findPath(given.object("train").root, "spec.template.spec", given.symbols);
  ir::Builder::remove(*spec, given.symbols.intern("serviceAccountName"));
  EXPECT_EQ(proof(given), (std::vector<std::string>{"MLS4902"}));
}

TEST(Prove, AnObjectWithoutItsTreeIsFound) {
  ManifestStack given(kStack);
  given.object("checkpoints").root = nullptr;
  EXPECT_EQ(proof(given), (std::vector<std::string>{"MLS4903"}));
}

}  // namespace
}  // namespace mlstack
