// What must be the same in all processes of a run, and what must differ; and whether they can reach each other.

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "storage/distributed.h"

namespace mlstack::storage {

namespace {

/// Kinds whose pods of one template are processes of one run.
bool isOneRun(const Context& context, const Pods& pods) {
  return isJob(context, *pods.workload) || context.model.kindOf(*pods.workload) == "StatefulSet";
}

bool isLauncher(const Argument& one) {
  const auto name = std::string_view(one.value).substr(one.value.rfind('/') + 1);
  return !one.environment && ((one.positional && name == "torchrun") || (one.key == "m" && (name == "torch.distributed.run" || name == "torch.distributed.launch")));
}

bool usesTorchrun(const std::vector<Argument>& arguments) { return std::any_of(arguments.begin(), arguments.end(), isLauncher); }

/// MLS3271: without an address torchrun meets at 127.0.0.1
/// (https://docs.pytorch.org/docs/stable/elastic/run.html: rdzv_backend static, master_addr 127.0.0.1).
void noMeetingPoint(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || pods.workload->external || pods.replicas < 2 || !isOneRun(context, pods)) return;
  if (context.keys.at<"envFrom">(container.node)) return;
  const auto& arguments = context.wordsOf(container).arguments;
  const auto& gang = context.wordsOf(container).gang;
  if (!gang.nodes || gang.nodes.value < 2 || gang.address || !usesTorchrun(arguments)) return;
  for (const auto& one : arguments) {
    if (one.environment && one.key.starts_with("pet") && one.key != "petnnodes" && one.key != "petnprocpernode") return;
    if (one.environment) continue;
    if (one.key.find("rdzv") != std::string::npos || one.key.find("master") != std::string::npos || one.key == "standalone") return;
    if (one.positional && one.value.find('$') != std::string::npos) return;   // may hold what is missed
  }
  for (const auto& variable : ir::Children(context.keys.at<"env">(container.node)))
    if (context.keys.text<"name">(&variable).starts_with("PET_") && context.keys.at<"valueFrom">(&variable)) return;
  auto d = diag::make<Code::NoMeetingPoint>(gang.nodes.at->node->span, context.nameOf(*pods.workload), gang.nodes.value, pods.replicas);
  d.help = fmt::format("pass `--rdzv_backend=c10d --rdzv_endpoint={}-0.SERVICE:29500`, with a headless Service that names the pods", context.model.text(pods.workload->name));
  context.report(std::move(d), {pods.workload});
}

/// MLS3272: one number for all of several pods.
void sameRank(Context& context, const Pods& pods, const Container& container) {
  constexpr std::array<std::string_view, 6> kRanks{"rank", "noderank", "machinerank", "processid", "jaxprocessid", "grouprank"};
  if (container.phase != Phase::Main || pods.workload->external || pods.replicas < 2 || !isOneRun(context, pods)) return;
  const auto& arguments = context.wordsOf(container).arguments;
  const auto& gang = context.wordsOf(container).gang;
  const auto wanted = gang.nodes ? gang.nodes.value : gang.world ? gang.world.value : 0;
  if (wanted < 2) return;
  const bool launcher = usesTorchrun(arguments);
  const Argument* found = nullptr;
  for (const auto& one : arguments) {
    if (one.positional) continue;
    const auto key = std::string_view(one.key).substr(one.environment && one.key.starts_with("pet") ? 3 : 0);
    if (std::find(kRanks.begin(), kRanks.end(), key) == kRanks.end()) continue;
    // torchrun sets RANK of its processes itself, and meets by other means than numbers when it has a backend.
    if (launcher && one.environment && !one.key.starts_with("pet")) continue;
    found = &one;
  }
  if (!found || found->value.empty() || !std::all_of(found->value.begin(), found->value.end(), [](char c) { return c >= '0' && c <= '9'; })) return;
  if (launcher && std::any_of(arguments.begin(), arguments.end(), [](const Argument& one) { return one.key.ends_with("rdzvbackend") && one.value != "static"; })) return;
  auto d = diag::make<Code::SameRank>(found->node->span, found->word, found->value, pods.replicas, context.nameOf(*pods.workload));
  d.help = context.model.kindOf(*pods.workload) == "StatefulSet" ? "read it from the label `apps.kubernetes.io/pod-index` by a fieldRef" : "use $(JOB_COMPLETION_INDEX) of an Indexed Job";
  context.report(std::move(d), {pods.workload});
}

/// MLS3273: processes of one rendezvous have one id (https://docs.pytorch.org/docs/stable/elastic/run.html#note-on-rendezvous-backend).
void runIdDiffers(Context& context, const Pods& pods, const Container& container) {
  constexpr std::array<std::string_view, 8> kEach{"$HOSTNAME", "${HOSTNAME", "$(HOSTNAME", "$(hostname", "$POD_NAME", "$(POD_NAME", "$RANDOM", "JOB_COMPLETION_INDEX"};
  if (container.phase != Phase::Main || pods.workload->external || pods.replicas < 2) return;
  const auto& arguments = context.wordsOf(container).arguments;
  const auto& gang = context.wordsOf(container).gang;
  if (!gang.nodes || gang.nodes.most < 2) return;
  for (const auto& one : arguments) {
    if (one.key != "rdzvid" && one.key != "petrdzvid") continue;
    if (std::none_of(kEach.begin(), kEach.end(), [&](std::string_view each) { return one.value.find(each) != std::string::npos; })) continue;
    auto d = diag::make<Code::RunIdDiffers>(one.node->span, one.word, one.value, pods.replicas, context.nameOf(*pods.workload));
    d.help = fmt::format("use one word for all, the name of the run: `{}`", context.model.text(pods.workload->name));
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// MLS3274: the variables that LeaderWorkerSet sets (lws, pkg/utils/pod/pod_utils.go: AddLWSVariables), and no others.
void unknownVariable(Context& context, const Pods& pods, const Container& container) {
  constexpr std::array<std::string_view, 4> kSet{"LWS_LEADER_ADDRESS", "LWS_GROUP_SIZE", "LWS_WORKER_INDEX", "LWS_SUBGROUP_INDEX"};
  if (pods.workload->external || context.model.kindOf(*pods.workload) != "LeaderWorkerSet" || context.keys.at<"envFrom">(container.node)) return;
  for (const auto* list : {context.keys.at<"command">(container.node), context.keys.at<"args">(container.node)}) {
    for (const auto& word : ir::Children(list)) {
      const auto text = textOf(&word);
      for (auto at = text.find("LWS_"); at != std::string_view::npos; at = text.find("LWS_", at + 4)) {
        const bool refers = at >= 1 && (text[at - 1] == '$' || (at >= 2 && text[at - 2] == '$' && (text[at - 1] == '{' || text[at - 1] == '(')));
        auto end = at;
        while (end < text.size() && ((text[end] >= 'A' && text[end] <= 'Z') || (text[end] >= '0' && text[end] <= '9') || text[end] == '_')) ++end;
        const auto name = text.substr(at, end - at);
        if (!refers || std::find(kSet.begin(), kSet.end(), name) != kSet.end() || text.find(fmt::format("{}=", name)) != std::string_view::npos) continue;
        if (end < text.size() && (text[end] == ':' || text[end] == '-') && at >= 1 && text[at - 1] == '{') continue;   // it knows what to do without
        bool own = false;
        for (const auto& variable : ir::Children(context.keys.at<"env">(container.node))) own = own || context.keys.text<"name">(&variable) == name;
        if (own) continue;
        auto d = diag::make<Code::UnknownVariable>(word.span, container.name, name, fmt::format("{}, {} and {}", kSet[0], kSet[1], kSet[2]));
        if (const auto meant = diag::nearest(name, std::vector<std::string_view>(kSet.begin(), kSet.end())); !meant.empty()) d.help = fmt::format("did you mean `{}`?", meant);
        context.report(std::move(d), {pods.workload});
        return;
      }
    }
  }
}

/// MLS3277: `lo` reaches the pod itself and no other
/// (https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html#nccl-socket-ifname).
void loopbackOnly(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || pods.workload->external) return;
  const auto& arguments = context.wordsOf(container).arguments;
  const Argument* found = nullptr;
  for (const auto& one : arguments)
    if (one.environment && (one.key == "ncclsocketifname" || one.key == "gloosocketifname")) {
      if (one.value == "lo" || one.value == "=lo") found = &one;
    }
  if (!found) return;
  std::int64_t sum = 0;
  for (const auto& other : context.model.podsOf(pods.object)) sum += other.replicas;
  const auto& gang = context.wordsOf(container).gang;
  if (sum < 2 || !((gang.nodes && gang.nodes.most > 1) || (gang.world && gang.world.value > 1))) return;
  auto d = diag::make<Code::LoopbackOnly>(found->node->span, found->word, sum, context.nameOf(*pods.workload));
  d.help = "name the interface of the pod, `eth0` for example, or leave it out";
  context.report(std::move(d), {pods.workload});
}

/// Whether a policy takes pods and lets nobody in.
bool closes(const Context& context, const ir::Object& policy, const Pods& pods) {
  const auto* spec = context.keys.at<"spec">(policy.root);
  if (!spec || ir::Children(context.keys.at<"ingress">(spec)).size() > 0) return false;
  if (const auto* types = context.keys.at<"policyTypes">(spec)) {
    bool ingress = false;
    for (const auto& type : ir::Children(types)) ingress = ingress || textOf(&type) == "Ingress";
    if (!ingress) return false;
  }
  const auto* selector = context.keys.at<"podSelector">(spec);
  if (!selector || ir::Children(context.keys.at<"matchExpressions">(selector)).size() > 0) return false;
  const auto* labels = context.keys.at<"matchLabels">(selector);
  if (ir::Children(labels).size() == 0) return true;   // every pod of its namespace
  return selectionBy(context, labels, pods).answer == Selection::Answer::Yes;
}

/// MLS3276: pods that a policy selects are reached by what some policy allows, and nothing else
/// (https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation).
void policyClosesGang(Context& context) {
  std::vector<const ir::Object*> closed;
  std::vector<const ir::Object*> opening;
  for (const auto& object : context.stack.objects) {
    if (context.model.kindOf(object) != "NetworkPolicy" || !object.root) continue;
    (ir::Children(context.keys.at<"spec.ingress">(object.root)).size() > 0 ? opening : closed).push_back(&object);
  }
  if (closed.empty()) return;
  for (const auto& pods : context.model.pods) {
    if (pods.replicas < 2 || pods.workload->external || !isOneRun(context, pods) || context.keys.isTrue<"hostNetwork">(pods.spec)) continue;
    const auto space = context.model.nameSpaceOf(*pods.workload);
    if (std::any_of(opening.begin(), opening.end(), [&](const ir::Object* one) { return context.model.nameSpaceOf(*one) == space; })) continue;
    const auto by = std::find_if(closed.begin(), closed.end(), [&](const ir::Object* one) { return context.model.nameSpaceOf(*one) == space && closes(context, *one, pods); });
    if (by == closed.end()) continue;
    for (const auto& container : context.model.containersOf(pods)) {
      if (container.phase != Phase::Main) continue;
      const auto& gang = context.wordsOf(container).gang;
      if (!gang.address || !((gang.nodes && gang.nodes.most > 1) || (gang.world && gang.world.value > 1))) continue;
      auto d = diag::make<Code::PolicyClosesGang>((*by)->span, context.nameOf(**by), pods.replicas, context.nameOf(*pods.workload));
      d.related.push_back({gang.address->node->span, "where they are to meet"});
      d.help = "add a policy that allows ingress from the same pods";
      context.report(std::move(d), {*by, pods.workload});
      break;
    }
  }
}

// --- Ray -------------------------------------------------------------------------------------

struct RayImage {
  std::string_view version{};   // "2.9.0"
  std::string_view python{};    // "310" of "-py310"
};

/// Of an image of the Ray project: its tag begins with the version.
std::optional<RayImage> rayImage(std::string_view image) {
  if (image.find("rayproject/ray") == std::string_view::npos) return std::nullopt;
  image = image.substr(0, image.find('@'));
  const auto colon = image.rfind(':');
  if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) return std::nullopt;
  const auto tag = image.substr(colon + 1);
  RayImage found;
  found.version = tag.substr(0, std::min(tag.find_first_not_of("0123456789."), tag.size()));
  if (std::count(found.version.begin(), found.version.end(), '.') != 2) return std::nullopt;   // "latest", "nightly", "2.9"
  if (const auto at = tag.find("-py"); at != std::string_view::npos) {
    const auto rest = tag.substr(at + 3);
    found.python = rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size()));
  }
  return found;
}

const ir::Node* firstImage(const Context& context, const ir::Node* group) {
  const auto containers = ir::Children(context.keys.at<"template.spec.containers">(group));
  return containers.size() > 0 ? context.keys.at<"image">(&*containers.begin()) : nullptr;
}

/// MLS3275: processes of one cluster have one version of Ray and of Python (ray, python/ray/_private/utils.py: check_version_info);
/// what KubeRay does for a cluster depends on `rayVersion`.
void rayVersions(Context& context, const ir::Object& object) {
  const auto kind = context.model.kindOf(object);
  const auto* spec = context.keys.at<"spec">(object.root);
  if (kind == "RayJob") spec = context.keys.at<"rayClusterSpec">(spec);
  if (kind == "RayService") spec = context.keys.at<"rayClusterConfig">(spec);
  const auto* headAt = firstImage(context, context.keys.at<"headGroupSpec">(spec));
  const auto head = rayImage(textOf(headAt));
  if (!head) return;
  for (const auto& group : ir::Children(context.keys.at<"workerGroupSpecs">(spec))) {
    const auto* at = firstImage(context, &group);
    const auto worker = rayImage(textOf(at));
    if (!worker) continue;
    const bool python = !head->python.empty() && !worker->python.empty() && head->python != worker->python;
    if (worker->version == head->version && !python) continue;
    const bool ofRay = worker->version != head->version;
    auto d = diag::make<Code::RayVersions>(at->span, context.nameOf(object), fmt::format("{} {}", ofRay ? "Ray" : "Python", ofRay ? head->version : head->python), ofRay ? worker->version : worker->python,
                                           "the workers cannot join the head");
    d.related.push_back({headAt->entrySpan(), "the head"});
    d.help = "use one image for both";
    context.report(std::move(d), {&object});
  }
  const auto* stated = context.keys.at<"rayVersion">(spec);
  const auto text = textOf(stated);
  if (text.empty() || text == head->version || std::count(text.begin(), text.end(), '.') != 2 || text.find_first_not_of("0123456789.") != std::string_view::npos) return;
  auto d = diag::make<Code::RayVersions>(stated->span, context.nameOf(object), fmt::format("Ray {}", head->version), text, "the operator treats it as the version that `rayVersion` states");
  d.related.push_back({headAt->entrySpan(), "the head"});
  d.help = fmt::format("write `rayVersion: {}`", head->version);
  context.report(std::move(d), {&object});
}

// --- groups ----------------------------------------------------------------------------------

/// MLS3287 of LeaderWorkerSets: a model is split over all GPUs of a group.
void groupTooSmall(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || pods.workload->external || context.model.kindOf(*pods.workload) != "LeaderWorkerSet") return;
  const auto size = intOf(context.keys.at<"spec.leaderWorkerTemplate.size">(pods.workload->root)).value_or(1);
  const auto devices = devicesOf(context, container);
  if (devices < 1 || size < 1) return;
  std::int64_t product = 1;
  const Argument* at = nullptr;
  for (const auto& one : context.wordsOf(container).arguments) {
    if (one.environment || (one.key != "tensorparallelsize" && one.key != "pipelineparallelsize" && one.key != "tp" && one.key != "pp" && one.key != "tpsize" && one.key != "ppsize")) continue;
    if (one.value.empty() || one.value.size() > 4 || one.value.find_first_not_of("0123456789") != std::string::npos) return;
    product *= std::stoll(one.value);
    if (!at || one.key.starts_with('t')) at = &one;
  }
  if (!at || product <= size * devices) return;
  auto d = diag::make<Code::ParallelUnlikeDevices>(at->node->span, container.name, at->word, counted(product, "GPU"), counted(size * devices, "GPU"),
                                                   fmt::format("a group is {} of {}", counted(size, "pod"), counted(devices, "GPU")));
  d.severity = diag::Severity::Error;
  if (const auto* sized = context.keys.at<"spec.leaderWorkerTemplate.size">(pods.workload->root)) d.related.push_back({sized->entrySpan(), "pods of a group"});
  d.help = "the product of tensor and pipeline parallelism is the number of GPUs of a group";
  context.report(std::move(d), {pods.workload});
}

constexpr Rule kRules[] = {
    noMeetingPoint, sameRank, runIdDiffers, unknownVariable, loopbackOnly, policyClosesGang, groupTooSmall, {"RayCluster", rayVersions}, {"RayJob", rayVersions}, {"RayService", rayVersions},
};

}  // namespace

std::span<const Rule> runRules() { return kRules; }

}  // namespace mlstack::storage
