// Desired against live, by meaning and by who owns which field.

#include <gtest/gtest.h>

#include "backend/compare.h"
#include "yaml/yaml.h"

namespace mlstack::backend {
namespace {

struct Trees {
  ir::Node* read(std::string text) {
    const auto& file = sources.add("t.yaml", std::move(text));
    ir::Builder builder(arena);
    diag::Sink sink;
    auto documents = yaml::readDocuments(file, symbols, builder, sink);
    EXPECT_FALSE(sink.hasErrors()) << file.text;
    return documents.at(0);
  }
  Difference compare(std::string desired, std::string live) { return backend::compare(*read(std::move(desired)), *read(std::move(live)), catalog, symbols); }
  /// "path: before -> after" of each change.
  std::vector<std::string> changes(std::string desired, std::string live) {
    std::vector<std::string> out;
    for (const auto& change : compare(std::move(desired), std::move(live)).changes) out.push_back(change.path + ": " + change.before + " -> " + change.after);
    return out;
  }

  base::SourceSet sources;
  base::SymbolTable symbols;
  base::Arena arena;
  schema::Catalog catalog;
};
using Texts = std::vector<std::string>;

/// A live object with what we own of it.
std::string owned(std::string_view head, std::string_view fields, std::string_view rest, std::string_view others = {}) {
  return std::string(head) + "\nmetadata:\n  name: x\n  managedFields:\n  - {manager: mlstackc, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: " + std::string(fields) + "}\n" +
         std::string(others) + std::string(rest);
}
constexpr std::string_view kPod = "apiVersion: v1\nkind: Pod";
constexpr std::string_view kClaim = "apiVersion: v1\nkind: PersistentVolumeClaim";
constexpr std::string_view kConfig = "apiVersion: v1\nkind: ConfigMap";

TEST(Compare, quantitiesByAmountWhereTheSchemaSaysSo) {
  Trees t;
  const auto live = owned(kClaim, "{'f:spec': {'f:resources': {'f:requests': {'f:storage': {}}}}}", "spec: {resources: {requests: {storage: 1Gi}}}\n");
  EXPECT_TRUE(t.compare("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x}\nspec: {resources: {requests: {storage: 1024Mi}}}\n", live).none());
  EXPECT_EQ(t.changes("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x}\nspec: {resources: {requests: {storage: 2Gi}}}\n", live),
            (Texts{".spec.resources.requests.storage: 1Gi -> 2Gi"}));
}

TEST(Compare, freeTextIsNoQuantity) {
  Trees t;
  const auto live = owned(kConfig, "{'f:data': {'f:a': {}}}", "data: {a: 1Gi}\n");
  EXPECT_EQ(t.changes("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: 1024Mi}\n", live), (Texts{".data.a: 1Gi -> 1024Mi"}));
}

TEST(Compare, listMapsByKeyInAnyOrderAndDefaultedKeys) {
  Trees t;
  const auto live = owned(kPod,
                          R"({'f:spec': {'f:containers': {'k:{"name":"a"}': {'.': {}, 'f:name': {}, 'f:image': {}, 'f:ports': {'k:{"containerPort":80,"protocol":"TCP"}': {'.': {}, 'f:containerPort': {}}}}, 'k:{"name":"b"}': {'.': {}, 'f:name': {}, 'f:image': {}}}}})",
                          "spec: {containers: [{name: b, image: i, imagePullPolicy: Always}, {name: a, image: i, ports: [{containerPort: 80, protocol: TCP}]}]}\n");
  EXPECT_TRUE(t.compare("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: i, ports: [{containerPort: 80}]}, {name: b, image: i}]}\n", live).none());
  EXPECT_EQ(t.changes("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: j, ports: [{containerPort: 80}]}]}\n", live),
            (Texts{".spec.containers[name=a].image: i -> j", ".spec.containers[name=b]: {name: b, image: i, imagePullPolicy: Always} -> "}));
}

TEST(Compare, whatTheServerDropsIsOursAllTheSame) {
  Trees t;
  const std::string desired = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {hostNetwork: false, automountServiceAccountToken: false}\n";
  EXPECT_TRUE(t.compare(desired, owned(kPod, "{'f:spec': {'f:hostNetwork': {}, 'f:automountServiceAccountToken': {}}}", "spec: {automountServiceAccountToken: false}\n")).none());
  // Never applied: absent is not false.
  EXPECT_EQ(t.changes("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {automountServiceAccountToken: false, dnsPolicy: Default}\n", owned(kPod, "{'f:spec': {'f:dnsPolicy': {}}}", "spec: {dnsPolicy: Default}\n")),
            (Texts{".spec.automountServiceAccountToken:  -> false"}));
}

TEST(Compare, whatIsNoLongerSaidGoesUnlessAnotherOwnsItToo) {
  Trees t;
  const std::string desired = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: '1'}\n";
  constexpr std::string_view kFields = "{'f:data': {'f:a': {}, 'f:b': {}}}";
  const auto alone = t.compare(desired, owned(kConfig, kFields, "data: {a: '1', b: '2', c: '3'}\n"));
  ASSERT_EQ(alone.changes.size(), 1u);
  EXPECT_EQ(alone.changes[0].path, ".data.b");
  EXPECT_EQ(alone.changes[0].after, "");
  const auto shared = t.compare(desired, owned(kConfig, kFields, "data: {a: '1', b: '2'}\n", "  - {manager: other, operation: Update, fieldsV1: {'f:data': {'f:b': {}}}}\n"));
  EXPECT_TRUE(shared.changes.empty());
  EXPECT_TRUE(shared.ownershipChanges);
}

TEST(Compare, equalValuesThatWeDoNotOwnAreOwnership) {
  Trees t;
  const auto d = t.compare("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: '1'}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: '1'}\n");
  EXPECT_TRUE(d.changes.empty());
  EXPECT_TRUE(d.ownershipChanges);
}

TEST(Compare, conflictsNameTheManagerAndSecretsAreRedacted) {
  Trees t;
  const auto live = owned("apiVersion: v1\nkind: Secret", "{'f:data': {'f:b': {}}}", "data: {a: dGhlaXJz, b: Yg==}\n", "  - {manager: kubectl, operation: Update, fieldsV1: {'f:data': {'f:a': {}}}}\n");
  const auto d = t.compare("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: b3Vycw==, b: Yg==}\n", live);
  ASSERT_EQ(d.conflicts.size(), 1u);
  EXPECT_EQ(d.conflicts[0].manager, "kubectl");
  EXPECT_EQ(d.conflicts[0].theirs, "(secret)");
  EXPECT_TRUE(d.changes.at(0).redacted);
  EXPECT_EQ(d.changes.at(0).after.find("b3V"), std::string::npos);
}

TEST(Compare, atomicValuesCountAsAWhole) {
  Trees t;
  constexpr std::string_view kService = "apiVersion: v1\nkind: Service";
  const auto live = owned(kService, "{'f:spec': {'f:selector': {}}}", "spec: {selector: {app: a, tier: b}}\n");
  EXPECT_EQ(t.changes("apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {selector: {app: a}}\n", live), (Texts{".spec.selector.tier: b -> "}));
  constexpr std::string_view kSet = "apiVersion: apps/v1\nkind: StatefulSet";
  const auto set = owned(kSet, "{'f:spec': {'f:volumeClaimTemplates': {}}}",
                         "spec: {volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d, creationTimestamp: null}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, volumeMode: Filesystem}, status: {phase: Pending}}]}\n");
  EXPECT_TRUE(t.compare("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: x}\nspec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}}]}\n", set).none());
  const auto args = owned(kPod, R"({'f:spec': {'f:containers': {'k:{"name":"a"}': {'.': {}, 'f:name': {}, 'f:args': {}}}}})", "spec: {containers: [{name: a, args: [x, z]}]}\n");
  EXPECT_EQ(t.changes("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, args: [z, x]}]}\n", args), (Texts{".spec.containers[name=a].args: [x, z] -> [z, x]"}));
}

TEST(Compare, timesAndDurations) {
  Trees t;
  const auto live = owned("apiVersion: example.com/v1\nkind: Thing", "{'f:spec': {'f:at': {}, 'f:timeout': {}}}", "spec: {at: '2026-01-01T12:00:00Z', timeout: 1m30s}\n");
  EXPECT_TRUE(t.compare("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec: {at: '2026-01-01T13:00:00+01:00', timeout: 90s}\n", live).none());
  EXPECT_EQ(t.changes("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec: {at: '2026-01-01T13:00:00Z', timeout: 90s}\n", live).size(), 1u);
}

TEST(Compare, listsOfUnknownKindsByWhatIsOwnedInThem) {
  Trees t;
  const auto live = owned("apiVersion: example.com/v1\nkind: Thing", R"({'f:spec': {'f:parts': {'k:{"id":"a"}': {'.': {}, 'f:id': {}, 'f:v': {}}}, 'f:words': {'v:"a"': {}, 'v:"b"': {}}}})",
                          "spec: {parts: [{id: z, v: 1}, {id: a, v: 2}], words: [b, a, c]}\n");
  EXPECT_TRUE(t.compare("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec: {parts: [{id: a, v: 2}], words: [a, b]}\n", live).none());
  EXPECT_EQ(t.changes("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec: {parts: [{id: a, v: 3}], words: [a]}\n", live), (Texts{".spec.parts[id=a].v: 2 -> 3", ".spec.words[b]: b -> "}));
}

TEST(Compare, undoneIsWhatWasThere) {
  Trees t;
  auto* desired = t.read("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: j, args: [new]}], nodeName: n}\n");
  auto* live = t.read(owned(kPod, R"({'f:spec': {'f:containers': {'k:{"name":"a"}': {'.': {}, 'f:name': {}, 'f:image': {}, 'f:tty': {}}}}})", "spec: {containers: [{name: a, image: i, tty: true, stdin: true}]}\n"));
  const auto d = compare(*desired, *live, t.catalog, t.symbols);
  ir::Builder builder(t.arena);
  const auto* was = undone(*desired, d.undo, builder);
  EXPECT_TRUE(ir::sameValue(*was, *t.read("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: i, tty: true}]}\n")));
  EXPECT_EQ(d.changes.size(), d.undo.size());
}

TEST(Compare, wholeObjectsWithoutWhatServersWrite) {
  Trees t;
  const auto* before = t.read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, uid: a, resourceVersion: '1', labels: {a: b}}\ndata: {a: '1', b: '2'}\n");
  const auto* after = t.read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, uid: a, resourceVersion: '2', labels: {a: b, c: d}}\ndata: {a: '1'}\nstatus: {x: 1}\n");
  Texts paths;
  for (const auto& change : compareWhole(*before, *after, t.catalog, t.symbols)) paths.push_back(change.path);
  EXPECT_EQ(paths, (Texts{".metadata.labels.c", ".data.b"}));
}

TEST(NodeAt, pathsAsServersWriteThem) {
  Trees t;
  const auto* pod = t.read("apiVersion: v1\nkind: Pod\nmetadata: {labels: {a.b/c: one, a: two}}\nspec: {containers: [{name: x, ports: [{containerPort: 80}]}, {name: 'y', image: i}], words: [p, q]}\n");
  const auto text = [&](std::string_view path) {
    const auto* node = nodeAt(*pod, path, t.symbols);
    return node->kind == ir::NodeKind::String ? std::string(node->text()) : node->kind == ir::NodeKind::Int ? std::to_string(node->integer) : "?" + std::string(t.symbols.text(node->key));
  };
  EXPECT_EQ(text(".spec.containers[name=\"y\"].image"), "i");
  EXPECT_EQ(text("spec.containers[1].image"), "i");
  EXPECT_EQ(text("spec.containers[name=y].image"), "i");
  EXPECT_EQ(text("metadata.labels[a.b/c]"), "one");
  EXPECT_EQ(text(".metadata.labels.a.b/c"), "one");
  EXPECT_EQ(text(".metadata.labels.a"), "two");
  EXPECT_EQ(text("spec.containers[0].ports[containerPort=80,protocol=\"TCP\"].containerPort"), "80");
  EXPECT_EQ(text(".spec.words[=\"q\"]"), "q");
  EXPECT_EQ(text("spec.nothing.here"), "?spec");
  EXPECT_EQ(exactAt(*pod, "spec.nothing.here", t.symbols), nullptr);
  EXPECT_EQ(nodeAt(*pod, "[", t.symbols), pod);
  EXPECT_EQ(nodeAt(*pod, "spec.containers[99999999999999].x", t.symbols)->kind, ir::NodeKind::List);
}

}  // namespace
}  // namespace mlstack::backend
