// GPUs and other devices, memory, requests: what a pod asks for against what its program needs and nodes have.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

#include "storage/distributed.h"
#include "storage/mend.h"

namespace mlstack::storage {

namespace {

using Amounts = std::map<std::string_view, base::Quantity>;

// --- names of devices ------------------------------------------------------------------------

/// What device plugins offer, by their own documentation.
constexpr std::array<std::string_view, 10> kDevices{"nvidia.com/gpu",        "amd.com/gpu",       "google.com/tpu",           "habana.ai/gaudi",          "aws.amazon.com/neuron",
                                                    "aws.amazon.com/neuroncore", "gpu.intel.com/i915", "gpu.intel.com/xe", "vpc.amazonaws.com/efa", "rdma/hca"};

/// Lower case, letters and digits, without a plural: "GPUs" is "gpu".
std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  for (const std::string_view more : {"count", "num"})
    if (out.size() > more.size() && out.ends_with(more)) out.resize(out.size() - more.size());
  if (out.size() > 1 && out.back() == 's') out.pop_back();
  return out;
}

/// The device that a name means and misses; empty when it is one, or is not like any.
std::string_view meant(std::string_view name) {
  if (name == "alpha.kubernetes.io/nvidia-gpu" || name == "nvidia.com.gpu") return "nvidia.com/gpu";
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return {};
  const auto domain = name.substr(0, slash);
  const auto own = folded(name.substr(slash + 1));
  for (const auto device : kDevices) {
    if (device == name) return {};
    const auto there = device.find('/');
    if (folded(device.substr(there + 1)) != own) continue;
    const auto vendor = device.substr(0, there);
    const bool longEnough = vendor.size() >= 9;   // of short names too many are near
    if (domain == vendor || domain == vendor.substr(0, vendor.find('.')) || (longEnough && !diag::nearest(domain, {vendor}).empty())) return device;
  }
  return {};
}

/// MLS3280: any qualified name is a resource to the API server (validateContainerResourceName); no node has this one.
void deviceNames(Context& context, const Pods& pods, const Container& container) {
  for (const auto* list : {context.keys.at<"resources.limits">(container.node), context.keys.at<"resources.requests">(container.node)}) {
    for (const auto& entry : ir::Children(list)) {
      const auto name = context.model.text(entry.key);
      if (name.find_first_of("/.") == std::string_view::npos) continue;
      const auto device = meant(name);
      if (device.empty()) continue;
      const auto at = entry.keySpan(name.size());
      auto d = diag::make<Code::DeviceMisspelt>(entry.knowsKey() ? at : entry.entrySpan(), name, context.nameOf(*pods.workload));
      d.help = fmt::format("did you mean `{}`?", device);
      if (entry.knowsKey() && context.sources.text(at) == name) d.fixes.push_back({fmt::format("write {}", device), {{at, std::string(device)}}});
      context.report(std::move(d), {pods.workload});
    }
  }
}

// --- what the cluster's nodes have -----------------------------------------------------------

bool isDevice(std::string_view name) { return name.find('/') != std::string_view::npos && !name.starts_with("kubernetes.io/") && name.find("ephemeral-storage") == std::string_view::npos; }

/// Nodes of one shape count once: pools have many.
struct Shape {
  const ir::Object* node = nullptr;   // one of them
  const ir::Node* taints = nullptr;
  Amounts has;
};

struct Nodes {
  std::vector<Shape> shapes;
  std::set<std::pair<std::string_view, std::string_view>> labels;
  bool known = false;
};

Nodes nodesOf(const Context& context) {
  Nodes nodes;
  std::set<std::string> seen;
  for (const auto& object : context.stack.objects) {
    if (context.model.kindOf(object) != "Node" || !object.root) continue;
    Shape shape;
    shape.node = &object;
    shape.taints = context.keys.at<"spec.taints">(object.root);
    const auto* list = context.keys.at<"status.allocatable">(object.root);
    if (!list) list = context.keys.at<"status.capacity">(object.root);
    if (!list) continue;
    std::string key;
    for (const auto& entry : ir::Children(list)) {
      const auto amount = quantityOf(&entry);
      if (!amount) continue;
      const auto name = context.model.text(entry.key);
      shape.has[name] = *amount;
      key += fmt::format("{}={};", name, amount->text());
    }
    for (const auto& taint : ir::Children(shape.taints))
      key += fmt::format("{}={}:{};", context.keys.text<"key">(&taint), context.keys.text<"value">(&taint), context.keys.text<"effect">(&taint));
    for (const auto& label : ir::Children(context.keys.at<"metadata.labels">(object.root))) nodes.labels.emplace(context.model.text(label.key), textOf(&label));
    if (seen.insert(std::move(key)).second) nodes.shapes.push_back(std::move(shape));
  }
  nodes.known = !nodes.shapes.empty();
  return nodes;
}

/// What a pod needs on one node: containers and sidecars together, or the largest init container.
/// https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
Amounts requestsOf(const Context& context, const Pods& pods) {
  Amounts together;
  Amounts first;
  for (const auto& container : context.model.containersOf(pods)) {
    if (container.phase == Phase::Ephemeral) continue;
    Amounts own;
    for (const auto& entry : ir::Children(context.keys.at<"resources.limits">(container.node)))
      if (const auto amount = quantityOf(&entry)) own[context.model.text(entry.key)] = *amount;
    for (const auto& entry : ir::Children(context.keys.at<"resources.requests">(container.node)))
      if (const auto amount = quantityOf(&entry)) own[context.model.text(entry.key)] = *amount;
    for (const auto& [name, amount] : own) {
      auto& into = container.phase == Phase::Init ? first[name] : together[name];
      into = container.phase == Phase::Init ? std::max(into, amount) : into + amount;
    }
  }
  for (const auto& [name, amount] : first) together[name] = std::max(together[name], amount);
  return together;
}

base::Span placeOf(const Context& context, const Pods& pods, std::string_view resource) {
  for (const auto& container : context.model.containersOf(pods))
    for (const auto* list : {context.keys.at<"resources.requests">(container.node), context.keys.at<"resources.limits">(container.node)})
      for (const auto& entry : ir::Children(list))
        if (context.model.text(entry.key) == resource) return entry.entrySpan();
  return pods.spec->span;
}

/// MLS3281: no node has that much; the scheduler leaves the pod Pending (plugins/noderesources/fit.go).
bool beyondNodes(Context& context, const Pods& pods, const Nodes& nodes, const Amounts& needs) {
  std::string_view worst;
  base::Quantity has;
  for (const auto& shape : nodes.shapes) {
    std::string_view lacks;
    base::Quantity there;
    for (const auto& [name, amount] : needs) {
      const auto found = shape.has.find(name);
      const auto own = found == shape.has.end() ? base::Quantity{} : found->second;
      if (amount <= own) continue;
      // What the fewest nodes have says most: a device before memory.
      if (!lacks.empty() && !isDevice(name)) continue;
      lacks = name;
      there = own;
    }
    if (lacks.empty()) return false;
    if (worst.empty() || (lacks == worst && there > has) || (isDevice(worst) && !isDevice(lacks))) {
      worst = lacks;
      has = there;
    }
  }
  const auto& asked = needs.at(worst);
  auto d = diag::make<Code::BeyondNodes>(placeOf(context, pods, worst), context.nameOf(*pods.workload), asked.text(), worst, has.isZero() ? "no node that has the rest of what it asks for has any" : fmt::format("the node that comes nearest has {}", has.text()));
  d.help = "ask for less, or add such nodes; where an autoscaler adds them from nothing, `allow` this";
  context.report(std::move(d), {pods.workload});
  return true;
}

/// https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
bool tolerates(const Context& context, const ir::Node* tolerations, const ir::Node& taint) {
  const auto effect = context.keys.text<"effect">(&taint);
  if (effect != "NoSchedule" && effect != "NoExecute") return true;
  for (const auto& one : ir::Children(tolerations)) {
    const auto itsEffect = context.keys.text<"effect">(&one);
    if (!itsEffect.empty() && itsEffect != effect) continue;
    const auto key = context.keys.text<"key">(&one);
    const bool exists = context.keys.text<"operator">(&one) == "Exists";
    if (key.empty() && exists) return true;
    if (key != context.keys.text<"key">(&taint)) continue;
    if (exists || context.keys.text<"value">(&one) == context.keys.text<"value">(&taint)) return true;
  }
  return false;
}

/// MLS3282: every node with the device is tainted, and the pod tolerates that of none.
bool tainted(Context& context, const Pods& pods, const Nodes& nodes, const Amounts& needs) {
  const auto* tolerations = context.keys.at<"tolerations">(pods.spec);
  for (const auto& [name, amount] : needs) {
    if (!isDevice(name) || amount.isZero()) continue;
    const ir::Node* against = nullptr;
    const ir::Object* node = nullptr;
    bool open = false;
    for (const auto& shape : nodes.shapes) {
      const auto found = shape.has.find(name);
      if (found == shape.has.end() || found->second < amount) continue;
      const ir::Node* here = nullptr;
      for (const auto& taint : ir::Children(shape.taints))
        if (!tolerates(context, tolerations, taint)) here = &taint;
      open = open || !here;
      if (here) {
        against = here;
        node = shape.node;
      }
    }
    if (open || !against) continue;
    const auto key = context.keys.text<"key">(against);
    const auto effect = context.keys.text<"effect">(against);
    auto d = diag::make<Code::NotTolerated>(placeOf(context, pods, name), context.nameOf(*pods.workload), name, fmt::format("the nodes that have it are tainted with `{}` ({}), as `{}`", key, effect, context.model.text(node->name)));
    d.help = fmt::format("add the toleration `{{key: {}, operator: Exists, effect: {}}}`", key, effect);
    context.report(std::move(d), {pods.workload});
    return true;
  }
  return false;
}

bool toleratesTaintOf(const Context& context, const Pods& pods, std::string_view device) {
  for (const auto& one : ir::Children(context.keys.at<"tolerations">(pods.spec))) {
    const auto key = context.keys.text<"key">(&one);
    if (key == device) return true;
  }
  return false;
}

bool saysWhere(const Context& context, const Pods& pods) {
  return context.keys.at<"tolerations">(pods.spec) || context.keys.at<"nodeSelector">(pods.spec) || context.keys.at<"nodeName">(pods.spec) || context.keys.at<"affinity.nodeAffinity">(pods.spec);
}

/// MLS3282 without a cluster: whether other pods with the device tolerate a taint that these do not.
/// Where none does, one note stands for all pods of plain manifests; a stack that says `gpus` leaves taints to its cluster.
void byCustom(Context& context, const Pods& pods, const std::map<std::string_view, const ir::Object*>& custom, bool& noted) {
  if (saysWhere(context, pods)) return;
  for (const auto& [name, amount] : requestsOf(context, pods)) {
    if (!isDevice(name) || !name.ends_with("/gpu") || amount.isZero()) continue;
    const auto found = custom.find(name);
    if (found == custom.end() && (noted || !pods.workload->manifest)) return;
    noted = true;
    auto d = diag::make<Code::NotTolerated>(placeOf(context, pods, name), context.nameOf(*pods.workload), name,
                                            found != custom.end() ? "others here tolerate a taint of that name" : "nodes with it are often tainted to keep other pods away");
    if (found != custom.end()) d.related.push_back({found->second->span, "this one does"});
    else d.severity = diag::Severity::Note;
    d.help = fmt::format("add the toleration `{{key: {}, operator: Exists, effect: NoSchedule}}`, unless the cluster adds it (GKE does)", name);
    context.report(std::move(d), {pods.workload, found != custom.end() ? found->second : nullptr});
    return;
  }
}

/// MLS3283: a label that no node has.
void withoutNode(Context& context, const Pods& pods, const Nodes& nodes) {
  for (const auto& entry : ir::Children(context.keys.at<"nodeSelector">(pods.spec))) {
    const auto key = context.model.text(entry.key);
    if (!isText(&entry) || nodes.labels.count({key, entry.text()})) continue;
    std::vector<std::string_view> values;
    for (auto at = nodes.labels.lower_bound({key, ""}); at != nodes.labels.end() && at->first == key; ++at) values.push_back(at->second);
    auto d = diag::make<Code::NoSuchNode>(entry.entrySpan(), context.nameOf(*pods.workload), fmt::format("{}: {}", key, entry.text()));
    const auto near = diag::nearest(entry.text(), values);
    if (!near.empty()) d.help = fmt::format("did you mean `{}`?", near);
    else if (!values.empty() && values.size() < 6) d.help = fmt::format("nodes have {}", fmt::join(values, ", "));
    else d.help = values.empty() ? fmt::format("no node has a label `{}`", key) : std::string("choose a value that nodes have");
    context.report(std::move(d), {pods.workload});
  }
}

void onNodes(Context& context) {
  const auto nodes = nodesOf(context);
  std::map<std::string_view, const ir::Object*> custom;
  bool noted = false;
  for (const auto& pods : context.model.pods) {
    if (!nodes.known && pods.gpus > 0)
      for (const std::string_view device : {"nvidia.com/gpu", "amd.com/gpu"})
        if (toleratesTaintOf(context, pods, device)) custom.emplace(device, pods.workload);
  }
  for (const auto& pods : context.model.pods) {
    if (pods.workload->external) continue;
    if (!nodes.known) {
      if (pods.gpus > 0 && !pods.onePerNode) byCustom(context, pods, custom, noted);
      continue;
    }
    if (context.keys.at<"nodeName">(pods.spec)) continue;
    const auto needs = requestsOf(context, pods);
    if (context.model.knowsAll("Node")) {
      withoutNode(context, pods, nodes);
      if (!needs.empty() && beyondNodes(context, pods, nodes, needs)) continue;
    }
    tainted(context, pods, nodes, needs);
  }
}

// --- memory ----------------------------------------------------------------------------------

/// Namespaces in which a LimitRange fills in what containers leave open.
std::set<std::uint32_t> defaulted(const Context& context) {
  std::set<std::uint32_t> spaces;
  for (const auto& object : context.stack.objects) {
    if (context.model.kindOf(object) != "LimitRange") continue;
    for (const auto& limit : ir::Children(context.keys.at<"spec.limits">(object.root)))
      if (context.keys.text<"type">(&limit) == "Container" && (context.keys.at<"default">(&limit) || context.keys.at<"defaultRequest">(&limit) || context.keys.at<"max">(&limit)))
        spaces.insert(context.model.nameSpaceOf(object).id);
  }
  return spaces;
}

constexpr std::int64_t kWholeNode = 8;   // GPUs of the usual machine

/// MLS3284: devices do not count for the quality of service, and a BestEffort pod goes first.
/// https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
void bestEffort(Context& context, const Pods& pods, const std::set<std::uint32_t>& spaces) {
  if (pods.gpus < 1 || pods.workload->external || ir::Children(context.keys.at<"resources">(pods.spec)).size() > 0) return;
  const Container* with = nullptr;
  for (const auto& container : context.model.containersOf(pods)) {
    for (const auto* list : {context.keys.at<"resources.limits">(container.node), context.keys.at<"resources.requests">(container.node)})
      for (const auto& entry : ir::Children(list)) {
        const auto name = context.model.text(entry.key);
        if (name == "cpu" || name == "memory") return;
      }
    if (container.phase == Phase::Main && !with && devicesOf(context, container) > 0) with = &container;
  }
  if (!with || spaces.count(context.model.nameSpaceOf(*pods.workload).id) > 0) return;
  const auto* resources = context.keys.at<"resources">(with->node);
  auto d = diag::make<Code::BestEffort>(resources ? resources->entrySpan() : with->node->span, context.nameOf(*pods.workload), counted(pods.gpus, "GPU"));
  // A server has what it needs when it runs; and who has a node's GPUs has the node.
  if (!pods.runsToEnd || pods.gpus >= kWholeNode) d.severity = diag::Severity::Note;
  d.help = "request the memory that it needs, and limit it to the same";
  context.report(std::move(d), {pods.workload});
}

void withoutMemory(Context& context) {
  std::optional<std::set<std::uint32_t>> spaces;
  for (const auto& pods : context.model.pods) {
    if (pods.gpus < 1) continue;
    if (!spaces) spaces = defaulted(context);
    bestEffort(context, pods, *spaces);
  }
}

// --- devices that nobody asked for -----------------------------------------------------------

bool hasDevices(const Context& context, const Pods& pods) {
  if (context.keys.at<"resourceClaims">(pods.spec)) return true;
  for (const auto& container : context.model.containersOf(pods)) {
    for (const auto* list : {context.keys.at<"resources.limits">(container.node), context.keys.at<"resources.requests">(container.node)})
      for (const auto& entry : ir::Children(list))
        if (isDevice(context.model.text(entry.key))) return true;
  }
  return false;
}

/// Images whose program ends at once on a node without an accelerator, by their documentation.
constexpr std::array<std::string_view, 5> kNeedDevices{"vllm/vllm-openai", "huggingface/text-generation-inference", "lmsysorg/sglang", "nvcr.io/nim/", "nvidia/tensorrt-llm"};

bool isFor(std::string_view image, std::string_view part) {
  const auto at = image.find(part);
  if (at == std::string_view::npos || (at > 0 && image[at - 1] != '/')) return false;
  const auto rest = image.substr(at + part.size());
  return rest.empty() || rest.front() == ':' || rest.front() == '@' || part.back() == '/';
}

/// Kinds whose templates are the pods as they will be: operators of other kinds add devices themselves.
bool isPlain(const Context& context, const ir::Object& workload) {
  const auto group = context.model.text(workload.apiVersion);
  return group == "v1" || group.starts_with("apps/") || group.starts_with("batch/v");
}

/// MLS3285: the NVIDIA runtime goes by the variable, whatever the scheduler gave away.
/// https://github.com/NVIDIA/k8s-device-plugin/issues/61
void pastScheduler(Context& context, const Pods& pods, const Container& container) {
  if (pods.onePerNode || pods.workload->external || container.phase == Phase::Init || !isPlain(context, *pods.workload)) return;
  for (const auto& variable : ir::Children(context.keys.at<"env">(container.node))) {
    if (context.keys.text<"name">(&variable) != "NVIDIA_VISIBLE_DEVICES") continue;
    const auto value = context.keys.text<"value">(&variable);
    if (value.empty() || value == "none" || value == "void" || hasDevices(context, pods)) return;
    auto d = diag::make<Code::PastScheduler>(variable.span, container.name, value);
    d.help = "ask for them by `limits: {nvidia.com/gpu: …}`, which sets the variable, and leave it out here";
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// MLS3286: a program for accelerators in a pod that has none.
void withoutDevice(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || pods.onePerNode || pods.workload->external || container.image.find("cpu") != std::string_view::npos) return;
  if (std::none_of(kNeedDevices.begin(), kNeedDevices.end(), [&](std::string_view image) { return isFor(container.image, image); })) return;
  if (!isPlain(context, *pods.workload) || hasDevices(context, pods) || context.keys.at<"envFrom">(container.node)) return;
  const auto* command = context.keys.at<"command">(container.node);
  bool serves = !command;
  // Other words than options are another program of the image: `download-to-cache`.
  const auto* args = context.keys.at<"args">(container.node);
  if (!command && ir::Children(args).size() > 0 && !textOf(&*ir::Children(args).begin()).starts_with("-")) serves = false;
  for (const auto& one : context.wordsOf(container).arguments) {
    if (one.value == "cpu" || one.value == "bench" || one.value.find("nvidia-smi") != std::string::npos || one.word == "NVIDIA_VISIBLE_DEVICES") return;
    serves = serves || one.value == "serve" || one.value.find("api_server") != std::string::npos || one.value.find("launch_server") != std::string::npos;
  }
  if (!serves) return;
  const auto* at = context.keys.at<"image">(container.node);
  auto d = diag::make<Code::WithoutDevice>(at->entrySpan(), container.name, container.image.substr(0, container.image.find_first_of("@")));
  d.help = "add `limits: {nvidia.com/gpu: 1}`";
  context.report(std::move(d), {pods.workload});
}

// --- how many the program uses ---------------------------------------------------------------

struct Parallel {
  std::int64_t product = 1;
  const Argument* at = nullptr;
  bool otherNodes = false;
};

Parallel parallelOf(const std::vector<Argument>& arguments) {
  Parallel parallel;
  std::map<std::string_view, std::pair<std::int64_t, const Argument*>> sizes;   // the last one counts
  for (const auto& one : arguments) {
    if (one.positional) continue;
    std::string_view role;
    if (one.key == "tensorparallelsize" || one.key == "tp" || one.key == "tpsize" || one.key == "numshard") role = "tensor";
    else if (one.key == "pipelineparallelsize" || one.key == "pp" || one.key == "ppsize") role = "pipeline";
    else if (one.key == "dataparallelsize" || one.key == "dp" || one.key == "dpsize") role = "data";
    if (one.key == "distributedexecutorbackend" || one.key == "nnodes" || one.key == "rayaddress" || one.key == "dataparallelsizelocal" || one.key == "enabledpattention" || one.key == "noderank") parallel.otherNodes = true;
    if (role.empty()) continue;
    std::int64_t value = 0;
    for (const char c : one.value) value = c >= '0' && c <= '9' && value < 100'000 ? value * 10 + (c - '0') : -1'000'000;
    if (value > 0) sizes[role] = {value, &one};
    else parallel.otherNodes = true;   // filled in elsewhere
  }
  for (const auto& [role, size] : sizes) {
    parallel.product *= size.first;
    if (!parallel.at || role == "tensor") parallel.at = size.second;
  }
  return parallel;
}

bool servesModels(std::string_view image, const std::vector<Argument>& arguments) {
  for (const std::string_view part : {"vllm", "sglang", "text-generation-inference", "lmdeploy"})
    if (image.find(part) != std::string_view::npos) return true;
  return std::any_of(arguments.begin(), arguments.end(), [](const Argument& one) { return one.positional && (one.value == "vllm" || one.value.find("vllm.entrypoints") != std::string::npos); });
}

/// MLS3287 where the argument is left out: vLLM and SGLang then use one GPU. What the command line leaves to files and
/// variables is not known.
void usesOne(Context& context, const Pods& pods, const Container& container, const std::vector<Argument>& arguments, std::int64_t devices) {
  if (container.image.find("vllm") == std::string_view::npos && container.image.find("sglang") == std::string_view::npos) return;
  bool serves = false;
  for (const auto& one : arguments) {
    if (one.environment) continue;
    if (one.value.find('$') != std::string::npos || one.word.find('$') != std::string_view::npos || one.key == "config" || one.value.ends_with(".sh") || one.value == "ray" || one.value == "sleep") return;
    serves = serves || one.key == "model" || one.key == "modelpath" || (one.positional && one.value == "serve");
  }
  if (!serves || context.keys.at<"envFrom">(container.node)) return;
  const auto* image = context.keys.at<"image">(container.node);
  auto d = diag::make<Code::ParallelUnlikeDevices>(image->entrySpan(), container.name, "--tensor-parallel-size, which is 1 unless it is stated,", "1 GPU", counted(devices, "GPU"), "the others stay idle");
  d.help = fmt::format("pass `--tensor-parallel-size={}`, or ask for one GPU", devices);
  context.report(std::move(d), {pods.workload});
}

/// MLS3287: processes that each take a GPU by number, against the GPUs of their container.
void parallelUnlikeDevices(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || pods.workload->external) return;
  const auto devices = devicesOf(context, container);
  // A TPU host runs one process for all of its chips.
  if (devices < 1 || ir::find(context.keys.at<"resources.limits">(container.node), context.keys.symbol<"google.com/tpu">())) return;
  const auto& arguments = context.wordsOf(container).arguments;
  const Argument* at = nullptr;
  std::int64_t wants = 0;
  const auto& gang = context.wordsOf(container).gang;
  if (gang.processes) {
    at = gang.processes.at;
    wants = gang.processes.value;
  } else if (servesModels(container.image, arguments)) {
    const auto kind = context.model.kindOf(*pods.workload);
    const auto parallel = parallelOf(arguments);
    if (!parallel.at && !parallel.otherNodes && devices > 1 && kind != "LeaderWorkerSet" && !kind.starts_with("Ray")) return usesOne(context, pods, container, arguments, devices);
    if (!parallel.at || parallel.otherNodes || kind == "LeaderWorkerSet" || kind.starts_with("Ray")) return;
    at = parallel.at;
    wants = parallel.product;
  }
  if (!at || wants == devices || at->environment) return;
  auto d = diag::make<Code::ParallelUnlikeDevices>(at->node->span, container.name, at->word, counted(wants, "GPU"), counted(devices, "GPU"), wants > devices ? "it does not start" : "the others stay idle");
  if (wants > devices) d.severity = diag::Severity::Error;
  for (const auto& limit : ir::Children(context.keys.at<"resources.limits">(container.node)))
    if (isDevice(context.model.text(limit.key))) d.related.push_back({limit.entrySpan(), "what it has"});
  d.help = "make the two numbers the same";
  context.report(std::move(d), {pods.workload});
}

std::int64_t gpusIn(const Context& context, const ir::Node* resources) {
  std::int64_t most = 0;
  for (const auto* list : {context.keys.at<"limits">(resources), context.keys.at<"requests">(resources)})
    for (const auto& entry : ir::Children(list))
      if (context.model.text(entry.key).ends_with("/gpu"))
        if (const auto amount = quantityOf(&entry)) most = std::max(most, amount->ceiling());
  return most;
}

void judgeField(Context& context, const ir::Object& object, const ir::Node* field, std::string_view word, std::string_view whose, std::int64_t gpus) {
  const auto amount = quantityOf(field);   // some operators take a text
  if (!amount || gpus < 1) return;
  const auto wants = amount->ceiling();
  if (wants == gpus || wants < 1) return;
  auto d = diag::make<Code::ParallelUnlikeDevices>(field->entrySpan(), whose, word, counted(wants, "GPU"), counted(gpus, "GPU"), wants > gpus ? "there are not enough" : "the others stay idle");
  d.help = "make the two numbers the same";
  context.report(std::move(d), {&object});
}

std::int64_t gpusOfFirst(const Context& context, const ir::Node* podSpec) {
  std::int64_t most = 0;
  for (const auto& container : ir::Children(context.keys.at<"containers">(podSpec))) most = std::max(most, gpusIn(context, context.keys.at<"resources">(&container)));
  return most;
}

/// MLS3287 where an operator's field says how many processes a pod runs.
void processesOfOperator(Context& context, const ir::Object& object) {
  const auto kind = context.model.kindOf(object);
  if (kind == "PyTorchJob") {
    const auto* worker = context.keys.at<"spec.pytorchReplicaSpecs.Worker.template.spec">(object.root);
    judgeField(context, object, context.keys.at<"spec.nprocPerNode">(object.root), "nprocPerNode", "pytorch", gpusOfFirst(context, worker));
  } else if (kind == "MPIJob") {
    const auto* worker = context.keys.at<"spec.mpiReplicaSpecs.Worker.template.spec">(object.root);
    judgeField(context, object, context.keys.at<"spec.slotsPerWorker">(object.root), "slotsPerWorker", "Worker", gpusOfFirst(context, worker));
  } else if (kind == "TrainJob") {
    judgeField(context, object, context.keys.at<"spec.trainer.numProcPerNode">(object.root), "numProcPerNode", "trainer", gpusIn(context, context.keys.at<"spec.trainer.resourcesPerNode">(object.root)));
  } else {
    const auto* cluster = kind == "RayCluster" ? context.keys.at<"spec">(object.root) : kind == "RayJob" ? context.keys.at<"spec.rayClusterSpec">(object.root) : context.keys.at<"spec.rayClusterConfig">(object.root);
    for (const auto& group : ir::Children(context.keys.at<"workerGroupSpecs">(cluster)))
      judgeField(context, object, context.keys.at<"rayStartParams.num-gpus">(&group), "num-gpus", context.keys.text<"groupName">(&group), gpusOfFirst(context, context.keys.at<"template.spec">(&group)));
  }
}

/// MLS3291: a container numbers its GPUs from 0, whichever of the node's they are.
/// https://docs.nvidia.com/cuda/cuda-c-programming-guide/ (CUDA_VISIBLE_DEVICES)
void numbersBeyond(Context& context, const Pods& pods, const Container& container) {
  if (pods.gpus < 1) return;
  const auto amount = quantityOf(ir::find(context.keys.at<"resources.limits">(container.node), context.keys.symbol<"nvidia.com/gpu">()));
  if (!amount || amount->isZero()) return;
  for (const auto& variable : ir::Children(context.keys.at<"env">(container.node))) {
    if (context.keys.text<"name">(&variable) != "CUDA_VISIBLE_DEVICES") continue;
    const auto* value = context.keys.at<"value">(&variable);
    const auto has = amount->ceiling();
    std::int64_t entries = 0;
    std::int64_t visible = 0;    // those before the first that is not there
    std::int64_t missing = -1;
    for (std::string_view rest = textOf(value); !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      std::int64_t number = 0;
      for (const char c : rest.substr(0, comma)) {
        if (c == ' ') continue;
        if (c < '0' || c > '9' || number > 10'000) return;   // names of devices
        number = number * 10 + (c - '0');
      }
      ++entries;
      if (missing < 0 && number < has) ++visible;
      else if (missing < 0) missing = number;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (missing < 0 || visible >= std::min(entries, has)) return;
    auto d = diag::make<Code::NumbersBeyond>(value->span, container.name, missing, counted(has, "GPU"), visible == 0 ? std::string("none") : fmt::format("{}", visible));
    d.help = "leave the variable out: the container sees what it was given, and no more";
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// MLS3290: a CUDA program sees one MIG instance, however many its container has.
/// https://docs.nvidia.com/datacenter/tesla/mig-user-guide/ (application considerations)
void severalInstances(Context& context, const Pods& pods, const Container& container) {
  for (const auto& entry : ir::Children(context.keys.at<"resources.limits">(container.node))) {
    const auto name = context.model.text(entry.key);
    if (!name.starts_with("nvidia.com/mig-")) continue;
    const auto amount = quantityOf(&entry);
    if (!amount || amount->ceiling() < 2) continue;
    auto d = diag::make<Code::SeveralInstances>(entry.entrySpan(), container.name, amount->ceiling(), name);
    d.help = "ask for one larger instance, or run a pod for each";
    context.report(std::move(d), {pods.workload});
  }
}

// --- updates ---------------------------------------------------------------------------------

/// MLS3288: a surge pod takes devices that the old one has until the new one is ready.
/// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
void surge(Context& context, const Pods& pods) {
  if (pods.gpus < 1 || !pods.rolling || pods.replicas < 1 || pods.workload->external || context.model.kindOf(*pods.workload) != "Deployment") return;
  const auto* spec = context.keys.at<"spec">(pods.workload->root);
  const auto* update = context.keys.at<"strategy.rollingUpdate">(spec);
  const auto* more = context.keys.at<"maxSurge">(update);
  const auto* fewer = context.keys.at<"maxUnavailable">(update);
  const auto surges = more ? scaledOf(more, pods.replicas, true) : std::optional<std::int64_t>((pods.replicas + 3) / 4);
  const auto rests = fewer ? scaledOf(fewer, pods.replicas, false) : std::optional<std::int64_t>(pods.replicas / 4);
  if (!surges || !rests || *surges < 1 || *rests > 0) return;
  const auto* strategy = context.keys.at<"strategy">(spec);
  auto d = diag::make<Code::SurgeNeedsDevices>(strategy ? strategy->entrySpan() : placeOf(context, pods, "nvidia.com/gpu"), context.nameOf(*pods.workload), counted(pods.gpus * *surges, "GPU"));
  if (pods.gpus < 4) d.severity = diag::Severity::Note;
  d.help = pods.replicas == 1 ? "set `strategy: {type: Recreate}`, or `maxSurge: 0` and `maxUnavailable: 1`: it is away for as long as it starts"
                              : "set `maxSurge: 0` and `maxUnavailable: 1`";
  context.report(std::move(d), {pods.workload});
}

// --- slices of TPUs --------------------------------------------------------------------------

/// "2x2x4": 16; nothing when it is something else.
std::optional<std::int64_t> chipsOf(std::string_view topology) {
  std::int64_t product = 1;
  std::int64_t value = 0;
  for (const char c : topology) {
    if (c == 'x') {
      product *= value;
      value = 0;
    } else if (c >= '0' && c <= '9' && product < 1'000'000) {
      value = value * 10 + (c - '0');
    } else {
      return std::nullopt;
    }
  }
  product *= value;
  return product > 0 && topology.find('x') != std::string_view::npos ? std::optional(product) : std::nullopt;
}

/// MLS3289: all hosts of a slice must run for one of them to start.
/// https://cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus
void tpuSlice(Context& context, const Pods& pods) {
  const auto* topology = ir::find(context.keys.at<"nodeSelector">(pods.spec), context.keys.symbol<"cloud.google.com/gke-tpu-topology">());
  const auto slice = chipsOf(textOf(topology));
  if (!slice || pods.workload->external) return;
  const auto kind = context.model.kindOf(*pods.workload);
  if (!isJob(context, *pods.workload) && kind != "JobSet") return;
  std::int64_t chips = 0;
  for (const auto& container : context.model.containersOf(pods)) {
    const auto amount = quantityOf(ir::find(context.keys.at<"resources.limits">(container.node), context.keys.symbol<"google.com/tpu">()));
    if (amount && container.phase == Phase::Main) chips += amount->ceiling();
  }
  if (chips < 1) return;
  const auto total = chips * pods.replicas;
  if (total % *slice == 0 && *slice % chips == 0) return;
  auto d = diag::make<Code::SliceUnlikePods>(topology->entrySpan(), context.nameOf(*pods.workload), topology->text(), *slice, counted(pods.replicas, "pod"), chips);
  d.help = *slice % chips == 0 ? fmt::format("run {} for each slice", counted(*slice / chips, "pod")) : fmt::format("{} chips a pod do not divide {}", chips, *slice);
  context.report(std::move(d), {pods.workload});
}

constexpr Rule kRules[] = {deviceNames, onNodes, withoutMemory, pastScheduler, withoutDevice, parallelUnlikeDevices, severalInstances, numbersBeyond, surge, tpuSlice,
                            {"PyTorchJob", processesOfOperator}, {"MPIJob", processesOfOperator}, {"TrainJob", processesOfOperator}, {"RayCluster", processesOfOperator}, {"RayJob", processesOfOperator}, {"RayService", processesOfOperator}};

}  // namespace

std::span<const Rule> resourceRules() { return kRules; }

}  // namespace mlstack::storage
