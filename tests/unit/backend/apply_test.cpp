#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backend/apply_body.h"
#include "backend/outputs.h"
#include "backend/seen.h"
#include "backend/status.h"
#include "backend/wait.h"
#include "yaml/yaml.h"

namespace mlstack::backend {
namespace {

class Objects : public ::testing::Test {
 protected:
  const ir::Node& read(const std::string& text) {
    const auto documents = yaml::readDocuments(sources_.add("object.yaml", text), symbols, builder_, sink_);
    EXPECT_EQ(documents.size(), 1u) << text;
    return *documents.at(0);
  }
  std::string verdict(const std::string& text, const JudgeOptions& options = {}) {
    const auto got = judge(read(text), symbols, options);
    const std::string word = got.health == Health::Good ? "good" : got.health == Health::Failed ? "failed" : got.vague ? "vague" : "waiting";
    return got.what.empty() ? word : word + ": " + got.what;
  }
  base::SymbolTable symbols;

 private:
  base::SourceSet sources_;
  base::Arena arena_;
  ir::Builder builder_{arena_};
  diag::Sink sink_;
};

TEST(ApplyBody, UidAndLabelArePutIntoCompactJson) {
  const std::string body = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"metadata","labels":{"a":"}\"{"}},"data":{"metadata":"{"}})";
  EXPECT_EQ(withUid(body, "u1"), R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"uid":"u1","name":"metadata","labels":{"a":"}\"{"}},"data":{"metadata":"{"}})");
  EXPECT_EQ(withLabel(body, "k", "v"), R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"metadata","labels":{"k":"v","a":"}\"{"}},"data":{"metadata":"{"}})");
  EXPECT_EQ(withLabel(body, "a", "v"), R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"metadata","labels":{"a":"v"}},"data":{"metadata":"{"}})");
  EXPECT_EQ(withLabel(R"({"metadata":{}})", "k", "v"), R"({"metadata":{"labels":{"k":"v"}}})");
  EXPECT_EQ(withLabel(R"({"metadata":{"labels":{}}})", "k", "v"), R"({"metadata":{"labels":{"k":"v"}}})");
  EXPECT_EQ(jsonMember(R"({"a":[1,{"b":2}],"c":"x"})", "c"), R"("x")");
  EXPECT_EQ(jsonMember(R"({"a":[1,{"b":2}],"c":"x"})", "b"), "");
}

using Seen = Objects;
TEST_F(Seen, StatusAndNotesOfServersDoNotCount) {
  const auto one = seenOf(read("{kind: Pod, metadata: {name: p, resourceVersion: '1', generation: 1, annotations: {a: b}}, spec: {x: [1, 2]}, status: {phase: Pending}}"), symbols);
  EXPECT_EQ(one, seenOf(read("{kind: Pod, status: {phase: Running}, metadata: {annotations: {a: b, deployment.kubernetes.io/revision: '2'}, resourceVersion: '7', managedFields: [{}], name: p}, spec: {nodeName: n, x: [1, 2]}}"), symbols));
  EXPECT_NE(one, seenOf(read("{kind: Pod, metadata: {name: p, annotations: {a: b}}, spec: {x: [2, 1]}}"), symbols));
  EXPECT_NE(one, seenOf(read("{kind: Pod, metadata: {name: p, annotations: {a: c}}, spec: {x: [1, 2]}}"), symbols));
  EXPECT_NE(one, seenOf(read("{kind: Pod, metadata: {name: p, annotations: {a: b}, deletionTimestamp: x}, spec: {x: [1, 2]}}"), symbols));
}

using Judge = Objects;
TEST_F(Judge, Workloads) {
  const std::string deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 2}, spec: {replicas: 3}, status: ";
  EXPECT_EQ(verdict(deployment + "{observedGeneration: 1, updatedReplicas: 3, replicas: 3, availableReplicas: 3}}"), "waiting: its controller has not looked at it yet");
  EXPECT_EQ(verdict(deployment + "{observedGeneration: 2, updatedReplicas: 1, replicas: 4, availableReplicas: 3}}"), "waiting: 1 of 3 replicas are new");
  EXPECT_EQ(verdict(deployment + "{observedGeneration: 2, updatedReplicas: 3, replicas: 4, availableReplicas: 3}}"), "waiting: 1 old replica has to end");
  EXPECT_EQ(verdict(deployment + "{observedGeneration: 2, updatedReplicas: 3, replicas: 3, availableReplicas: 2}}"), "waiting: 2 of 3 replicas are available");
  EXPECT_EQ(verdict(deployment + "{observedGeneration: 2, updatedReplicas: 3, replicas: 3, availableReplicas: 3}}"), "good");
  EXPECT_EQ(verdict(deployment + "{observedGeneration: 2, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, message: too slow}]}}"), "failed: ProgressDeadlineExceeded: too slow");
  const std::string set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {generation: 1}, spec: {replicas: 2, updateStrategy: {type: RollingUpdate}}, status: ";
  EXPECT_EQ(verdict(set + "{observedGeneration: 1, readyReplicas: 1}}"), "waiting: 1 of 2 replicas are ready");
  EXPECT_EQ(verdict(set + "{observedGeneration: 1, readyReplicas: 2, updatedReplicas: 1, currentRevision: a, updateRevision: b}}"), "waiting: 1 of 2 replicas are new");
  EXPECT_EQ(verdict(set + "{observedGeneration: 1, readyReplicas: 2, updatedReplicas: 2, currentRevision: b, updateRevision: b}}"), "good");
}

TEST_F(Judge, JobsAreGoodOnceTheyRunUnlessTheyAreToComplete) {
  JudgeOptions complete;
  complete.jobsToCompletion = true;
  const std::string job = "{apiVersion: batch/v1, kind: Job, spec: {completions: 2}, status: ";
  EXPECT_EQ(verdict(job + "{}}"), "waiting: has not begun");
  EXPECT_EQ(verdict(job + "{active: 1}}"), "good: has begun");
  EXPECT_EQ(verdict(job + "{active: 1, succeeded: 1}}", complete), "waiting: 1 of 2 completions");
  EXPECT_EQ(verdict(job + "{conditions: [{type: Complete, status: 'True'}]}}", complete), "good: is complete");
  EXPECT_EQ(verdict(job + "{conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: twice}]}}"), "failed: BackoffLimitExceeded: twice");
}

TEST_F(Judge, ClaimsWaitForWhatTheirClassNeeds) {
  const std::set<std::string> lateClasses = {"late"};
  JudgeOptions options;
  options.lateClasses = &lateClasses;
  options.defaultClass = "late";
  const std::string claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: ";
  EXPECT_EQ(verdict(claim + "{storageClassName: late}, status: {phase: Pending}}", options), "good: bound when its first pod is placed");
  EXPECT_EQ(verdict(claim + "{}, status: {phase: Pending}}", options), "good: bound when its first pod is placed");
  EXPECT_EQ(verdict(claim + "{storageClassName: ''}, status: {phase: Pending}}", options), "waiting: waits for a volume without a class");
  EXPECT_EQ(verdict(claim + "{storageClassName: now}, status: {phase: Pending}}", options), "waiting: waits for a volume of the class `now`");
  EXPECT_EQ(verdict(claim + "{volumeName: v}, status: {phase: Pending}}", options), "waiting: waits for the volume `v`");
  EXPECT_EQ(verdict(claim + "{storageClassName: x}, status: {phase: Pending}}"), "vague: waits for a volume");
  EXPECT_EQ(verdict(claim + "{volumeName: v}, status: {phase: Lost}}", options), "failed: its volume `v` is gone");
  const std::string grown = claim + "{resources: {requests: {storage: 20Gi}}}, status: {phase: Bound, capacity: {storage: 10Gi}";
  EXPECT_EQ(verdict(grown + "}}", options), "waiting: grows from 10Gi to 20Gi");
  EXPECT_EQ(verdict(grown + ", conditions: [{type: FileSystemResizePending, status: 'True'}]}}", options), "good: the volume has grown; its file system grows to 20Gi when a pod mounts it");
  EXPECT_EQ(verdict(grown + ", allocatedResourceStatuses: {storage: ControllerResizeInfeasible}}}", options), "failed: it cannot grow from 10Gi to 20Gi: ControllerResizeInfeasible");
}

TEST_F(Judge, CustomResourcesByTheirConditions) {
  const std::string custom = "{apiVersion: example.com/v1, kind: Thing, metadata: {generation: 2}, status: ";
  EXPECT_EQ(verdict("{apiVersion: example.com/v1, kind: Thing}"), "vague: no controller has said anything about it");
  EXPECT_EQ(verdict(custom + "{observedGeneration: 1, conditions: [{type: Ready, status: 'True'}]}}"), "waiting: its controller has not looked at it yet");
  EXPECT_EQ(verdict(custom + "{conditions: [{type: Ready, status: 'True'}]}}"), "good");
  EXPECT_EQ(verdict(custom + "{conditions: [{type: Ready, status: 'False', reason: R, message: m}]}}"), "waiting: R: m");
  EXPECT_EQ(verdict(custom + "{conditions: [{type: Ready, status: 'True'}, {type: Stalled, status: 'True', message: m}]}}"), "failed: m");
  EXPECT_EQ(verdict(custom + "{conditions: [{type: Succeeded, status: 'True'}]}}"), "good: is complete");
  EXPECT_EQ(verdict(custom + "{phase: Error}}"), "failed: its phase is `Error`");
  EXPECT_EQ(verdict("{apiVersion: networking.k8s.io/v1, kind: Ingress, status: {}}"), "good");
}

using Troubles = Objects;
TEST_F(Troubles, OfContainersAtTheirFields) {
  const auto image = podTroubles(read("{status: {containerStatuses: [{name: a, state: {waiting: {reason: ImagePullBackOff, message: no such}}}]}}"), symbols);
  ASSERT_EQ(image.size(), 1u);
  EXPECT_EQ(image[0].text, "container `a`: ImagePullBackOff: no such");
  EXPECT_EQ(image[0].field, "containers[name=\"a\"].image");
  const auto crash = podTroubles(read("{status: {initContainerStatuses: [{name: i, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]}}"), symbols);
  ASSERT_EQ(crash.size(), 1u);
  EXPECT_EQ(crash[0].text, "container `i`: CrashLoopBackOff: OOMKilled (exit code 137)");
  EXPECT_EQ(crash[0].field, "initContainers[name=\"i\"]");
  EXPECT_TRUE(podTroubles(read("{status: {containerStatuses: [{name: a, state: {waiting: {reason: ContainerCreating}}}, {name: b, state: {terminated: {exitCode: 0, reason: Completed}}}]}}"), symbols).empty());
}

TEST_F(Troubles, OfPlacingNameTheClaim) {
  const auto placed = podTroubles(read("{status: {conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: 'persistentvolumeclaim \"data\" not found'}]}}"), symbols);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].claim, "data");
}

TEST_F(Troubles, OfEvents) {
  const auto mount = eventTrouble(read("{type: Warning, reason: FailedMount, message: 'MountVolume.SetUp failed for volume \"data\" : no such host', involvedObject: {kind: Pod, name: p}}"), symbols);
  EXPECT_EQ(mount.field, "volumes[name=\"data\"]");
  const auto made = eventTrouble(read("{type: Warning, reason: ProvisioningFailed, message: quota, involvedObject: {kind: PersistentVolumeClaim, name: model}}"), symbols);
  EXPECT_EQ(made.claim, "model");
  EXPECT_EQ(made.text, "ProvisioningFailed: quota");
  EXPECT_TRUE(eventTrouble(read("{type: Normal, reason: Scheduled, message: m}"), symbols).text.empty());
}

TEST_F(Troubles, RestartsAndLastEnds) {
  const auto& pod = read("{status: {containerStatuses: [{restartCount: 2, lastState: {terminated: {exitCode: 1, reason: Error, finishedAt: '2026-01-01T00:00:00Z'}}}, {restartCount: 1, lastState: {terminated: {exitCode: 137, reason: OOMKilled, finishedAt: '2026-01-02T00:00:00Z'}}}]}}");
  EXPECT_EQ(restartsOf(pod, symbols), 3);
  EXPECT_EQ(lastBadEnd(pod, symbols), "OOMKilled (exit code 137)");
}

TEST_F(Troubles, ClaimsAndSelectorsOfPods) {
  EXPECT_EQ(claimsOf(read("{metadata: {name: p}, spec: {volumes: [{name: a, persistentVolumeClaim: {claimName: c}}, {name: e, ephemeral: {}}, {name: z, emptyDir: {}}]}}"), symbols), (std::vector<std::string>{"c", "p-e"}));
  EXPECT_EQ(podSelector(read("{spec: {selector: {matchLabels: {a: b}, matchExpressions: [{key: k, operator: In, values: [v, w]}, {key: m, operator: DoesNotExist}]}}}"), symbols), "a=b,k in (v,w),!m");
}

TEST(Status, TextIsOneScreen) {
  StackStatus status;
  status.stack = "train";
  status.nameSpace = "ml";
  status.members = 2;
  status.applied = 3;
  status.health = Health::Waiting;
  ClaimStatus claim;
  claim.object = {"v1", "PersistentVolumeClaim", "ml", "model"};
  claim.size = "10Gi";
  claim.wanted = "20Gi";
  claim.modes = "RWO";
  claim.storageClass = "fast";
  claim.volume = "pv1";
  claim.reclaim = "Delete";
  claim.usedBy = {"p"};
  status.claims.push_back(claim);
  WorkStatus work;
  work.object = {"apps/v1", "Deployment", "ml", "web\x1b[31m"};
  work.ready = 1;
  work.desired = 2;
  work.restarts = 1;
  work.lastReason = "Error (exit code 1)";
  work.health = Health::Waiting;
  work.what = "1 of 2 replicas are available";
  status.work.push_back(work);
  EXPECT_EQ(statusText(status, false),
            "… train in ml: 2 of 3 objects are there\n"
            "\nstate\n"
            "    claim  size         access  class  volume        used by\n"
            "  ✓ model  10Gi → 20Gi  RWO     fast   pv1 (Delete)  p\n"
            "\nwork\n"
            "  … Deployment/web\xef\xbf\xbd[31m  1/2 ready  1 restart  1 of 2 replicas are available; last end: Error (exit code 1)\n");
}

TEST(Outputs, DefinitionsHoldNoSecretAndReadAsJson) {
  base::SymbolTable symbols;
  ir::Stack stack;
  stack.symbols = &symbols;
  stack.nameSpace = symbols.intern("ml");
  const auto object = [&](ir::Role role, std::string_view kind, std::string_view name) {
    auto& made = stack.objects.emplace_back();
    made.role = role;
    made.apiVersion = symbols.intern("v1");
    made.kind = symbols.intern(kind);
    made.name = symbols.intern(name);
    return static_cast<ir::ObjectId>(stack.objects.size() - 1);
  };
  ir::Builder builder(stack.arena);
  stack.outputs.push_back({.name = symbols.intern("n"), .type = "int", .value = builder.integer(42)});
  stack.outputs.push_back({.name = symbols.intern("ip"), .type = "string", .object = object(ir::Role::Workload, "Pod", "p"), .fieldPath = "status.podIP"});
  stack.outputs.push_back({.name = symbols.intern("key"), .type = "string", .object = object(ir::Role::Secret, "Secret", "s"), .fieldPath = "data.key"});
  EXPECT_EQ(outputDefinitions(stack),
            R"([{"name":"n","type":"int","value":42},{"name":"ip","type":"string","object":{"apiVersion":"v1","kind":"Pod","namespace":"ml","name":"p"},"path":"status.podIP"},)"
            R"({"name":"key","type":"string","why":"a Secret holds it: `kubectl get secret` shows it to who may see it"}])");
}

TEST(Outputs, TextAndJson) {
  const std::vector<OutputValue> outputs = {{"n", "int", "42", "42", ""}, {"host", "string", "\"a\\u001b\"", "a\x1b", ""}, {"ip", "string", "", "", "Pod/p is not there"}};
  EXPECT_EQ(outputsText(outputs), "n    = 42\nhost = a\xef\xbf\xbd\nip   = (not known: Pod/p is not there)\n");
  const auto json = outputsJson(outputs);
  EXPECT_NE(json.find(R"("why": "Pod/p is not there")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("value": 42)"), std::string::npos) << json;
}

}  // namespace
}  // namespace mlstack::backend
