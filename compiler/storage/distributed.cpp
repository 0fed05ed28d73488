// Headless services and names of pods.

#include "storage/distributed.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/mend.h"

namespace mlstack::storage {

namespace {

std::optional<std::int64_t> numberOf(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// The last statement counts, as the last argument and the last assignment do.
void state(Stated& into, const Argument& from) {
  const std::string_view text = from.value;
  const auto colon = text.find(':');
  const auto least = numberOf(text.substr(0, colon));
  const auto most = colon == std::string_view::npos ? least : numberOf(text.substr(colon + 1));
  into = {};
  if (!least || !most || *least < 1) return;
  into = {*least, *most, &from};
}

enum class Says : std::uint8_t { Nodes, World, Processes, Port, Address };

struct Row {
  std::string_view key;
  Says what;
};
// torchrun, torch.distributed, Accelerate, DeepSpeed, Lightning, JAX, SGLang: names as their documentation has them, folded.
constexpr std::array<Row, 20> kWords{{
    {"nnodes", Says::Nodes},
    {"numnodes", Says::Nodes},
    {"nummachines", Says::Nodes},
    {"worldsize", Says::World},
    {"numprocesses", Says::World},
    {"jaxnumprocesses", Says::World},
    {"nprocpernode", Says::Processes},
    {"numprocpernode", Says::Processes},
    {"numgpus", Says::Processes},
    {"masterport", Says::Port},
    {"mainprocessport", Says::Port},
    {"masteraddr", Says::Address},
    {"masteraddress", Says::Address},
    {"mainprocessip", Says::Address},
    {"rdzvendpoint", Says::Address},
    {"coordinatoraddress", Says::Address},
    {"jaxcoordinatoraddress", Says::Address},
    {"distinitaddr", Says::Address},
    {"initmethod", Says::Address},
    {"distributedinitmethod", Says::Address},
}};

void setAddress(Gang& gang, const Argument& from) {
  std::string_view text = from.value;
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    if (text.substr(0, scheme) != "tcp") return;   // env://, file://
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find('/'));
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    const auto port = numberOf(text.substr(colon + 1));
    if (port) gang.port = {*port, *port, &from};
    text = text.substr(0, colon);
  }
  gang.address = &from;
  gang.host = text;
}

}  // namespace

void readGang(Words& words) {
  words.gangWords.clear();
  for (std::uint32_t i = 0; i < words.arguments.size(); ++i) {
    const auto& one = words.arguments[i];
    if (one.positional || one.key.size() < 6) continue;
    // torchrun reads each of its arguments from a variable as well: PET_NNODES.
    const auto key = std::string_view(one.key).substr(one.environment && one.key.starts_with("pet") ? 3 : 0);
    const auto* row = std::find_if(kWords.begin(), kWords.end(), [&](const Row& candidate) { return candidate.key == key; });
    if (row != kWords.end()) words.gangWords.emplace_back(i, static_cast<std::uint32_t>(row - kWords.begin()));
  }
  readGangAgain(words);
}

void readGangAgain(Words& words) {
  auto& gang = words.gang;
  auto host = std::move(gang.host);   // its memory serves again
  host.clear();
  gang = {};
  gang.host = std::move(host);
  for (const auto& [number, row] : words.gangWords) {
    const auto& one = words.arguments[number];
    switch (kWords[row].what) {
      case Says::Nodes: state(gang.nodes, one); break;
      case Says::World: state(gang.world, one); break;
      case Says::Processes: state(gang.processes, one); break;
      case Says::Port: state(gang.port, one); break;
      case Says::Address: setAddress(gang, one); break;
    }
  }
}

std::int64_t devicesOf(const Context& context, const Container& container) {
  constexpr std::array<std::string_view, 5> kDevices{"/gpu", "/tpu", "/gaudi", "/neuroncore", "/npu"};
  std::int64_t most = 0;
  for (const auto& limit : ir::Children(context.keys.at<"resources.limits">(container.node))) {
    const auto name = context.model.text(limit.key);
    if (std::none_of(kDevices.begin(), kDevices.end(), [&](std::string_view device) { return name.ends_with(device); })) continue;
    if (const auto amount = quantityOf(&limit)) most = std::max(most, amount->ceiling());
  }
  return most;
}

bool isJob(const Context& context, const ir::Object& object) {
  const auto kind = context.model.kindOf(object);
  return (kind == "Job" || kind == "CronJob") && context.model.text(object.apiVersion).starts_with("batch/v");
}

const ir::Node* jobSpecOf(const Context& context, const ir::Object& object) {
  if (!isJob(context, object)) return nullptr;
  return context.model.kindOf(object) == "Job" ? context.keys.at<"spec">(object.root) : context.keys.at<"spec.jobTemplate.spec">(object.root);
}

Host hostOf(std::string_view text) {
  Host host;
  std::size_t labels = 0;
  while (!text.empty()) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (label == "svc") {
      host.isService = labels < 3;
      break;
    }
    if (labels < 3) (labels == 0 ? host.first : labels == 1 ? host.second : host.third) = label;
    ++labels;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  if (labels > 3 || labels == 0) host.inCluster = false;
  return host;
}

std::optional<std::int64_t> ordinalOf(std::string_view name, std::string_view stem) {
  if (!name.starts_with(stem) || name.size() < stem.size() + 2 || name[stem.size()] != '-') return std::nullopt;
  std::int64_t value = 0;
  for (const char c : name.substr(stem.size() + 1)) {
    if (c < '0' || c > '9' || value > 1'000'000) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

Governor governorOf(const Context& context, const Pods& pods) {
  Governor governor;
  governor.at = context.model.kindOf(*pods.workload) == "StatefulSet" ? context.keys.at<"spec.serviceName">(pods.workload->root) : context.keys.at<"subdomain">(pods.spec);
  governor.name = textOf(governor.at);
  auto& lately = context.governed;
  if (lately.pods != &pods) lately = {&pods, context.model.find(pods.workload, "Service", governor.name)};
  governor.service = lately.service;
  return governor;
}

namespace {

/// Labels that controllers add to pods, whose values are not written anywhere.
bool isAdded(std::string_view key) {
  return key == "controller-uid" || key == "job-name" || key == "pod-template-hash" || key == "controller-revision-hash" || key.starts_with("batch.kubernetes.io/") ||
         key.starts_with("statefulset.kubernetes.io/") || key.starts_with("apps.kubernetes.io/");
}

/// Kinds whose pods have the labels of their template and those that `isAdded` knows, and no others.
bool hasPlainLabels(const Context& context, const ir::Object& workload) {
  constexpr std::array<std::string_view, 5> kKinds{"Pod", "Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"};
  const auto kind = context.model.kindOf(workload);
  return isJob(context, workload) || std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

}  // namespace

Selection selection(const Context& context, const ir::Object& service, const Pods& pods) {
  return selectionBy(context, context.keys.at<"spec.selector">(service.root), pods);
}

Selection selectionBy(const Context& context, const ir::Node* selector, const Pods& pods) {
  if (!hasPlainLabels(context, *pods.workload) || ir::Children(selector).size() == 0) return {};
  const auto* labels = context.model.kindOf(*pods.workload) == "Pod" ? context.keys.at<"metadata.labels">(pods.workload->root) : context.keys.at<"labels">(pods.metadata);
  Selection result{Selection::Answer::Yes, nullptr};
  for (const auto& wanted : ir::Children(selector)) {
    if (!isText(&wanted)) return {};
    const auto* own = ir::find(labels, wanted.key);
    const auto key = context.model.text(wanted.key);
    const bool isJobName = (key == "job-name" || key == "batch.kubernetes.io/job-name") && context.model.kindOf(*pods.workload) == "Job";
    if (!own && isJobName) {
      if (wanted.text() != context.model.text(pods.workload->name)) return {Selection::Answer::No, &wanted};
      continue;
    }
    if (!own && isAdded(key)) {
      result.answer = Selection::Answer::Unknown;
      continue;
    }
    if (own && !isText(own)) return {};
    if (!own || own->text() != wanted.text()) return {Selection::Answer::No, &wanted};
  }
  return result;
}

namespace {

bool isHeadless(const Context& context, const ir::Object& service) { return context.keys.text<"spec.clusterIP">(service.root) == "None"; }

bool isSet(const Context& context, const Pods& pods) { return context.model.kindOf(*pods.workload) == "StatefulSet"; }

/// "trainer-0.ddp": what peers would call the first pod.
std::string firstPod(const Context& context, const Pods& pods, std::string_view below) {
  const auto* hostname = context.keys.at<"hostname">(pods.spec);
  const auto name = context.model.text(pods.workload->name);
  if (isText(hostname)) return fmt::format("{}.{}", hostname->text(), below);
  return isSet(context, pods) || isJob(context, *pods.workload) ? fmt::format("{}-0.{}", name, below) : fmt::format("{}.{}", name, below);
}

/// MLS3250: records of pods exist for what the Service selects (pkg/controller/endpointslice); nothing compares the two.
bool notSelected(Context& context, const Pods& pods, const Governor& governor) {
  const auto found = selection(context, *governor.service, pods);
  if (found.answer != Selection::Answer::No) return false;
  auto d = diag::make<Code::NotUnderService>(found.label->entrySpan(), governor.name, context.nameOf(*pods.workload), firstPod(context, pods, governor.name));
  if (isSet(context, pods) && pods.replicas < 2) d.severity = diag::Severity::Warning;
  d.related.push_back({governor.at->entrySpan(), "its pods are to have their names below this service"});
  d.help = fmt::format("give the pods the label `{}: {}`, or select the labels that they have", context.model.text(found.label->key), textOf(found.label));
  context.report(std::move(d), {governor.service, pods.workload});
  return true;
}

/// MLS3251: only the records of a headless Service name single pods
/// (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id).
bool hasAddressOfItsOwn(Context& context, const Pods& pods, const Governor& governor) {
  const auto type = context.keys.text<"spec.type">(governor.service->root);
  if (isHeadless(context, *governor.service) || type == "ExternalName" || !governor.service->root) return false;
  const auto* spec = context.keys.at<"spec">(governor.service->root);
  if (!spec || (governor.service->external && !governor.service->observed)) return false;
  const auto* at = context.keys.at<"clusterIP">(spec);
  auto d = diag::make<Code::NotHeadless>(at ? at->entrySpan() : governor.service->span, governor.name, firstPod(context, pods, governor.name));
  // One pod is what the address leads to; and nothing but names is a reason for a subdomain.
  if (!isSet(context, pods)) d.severity = diag::Severity::Error;
  else if (pods.replicas < 2) d.severity = diag::Severity::Note;
  d.related.push_back({governor.at->entrySpan(), "its pods are to have their names below this service"});
  d.help = type.empty() || type == "ClusterIP" ? "set `clusterIP: None`; clients that want one address take a second Service"
                                               : fmt::format("make a second Service with `clusterIP: None` for the names; this one stays of type {}", type);
  if (!at && type.empty()) mend(d, "make it headless", entryInto(context.sources, spec, "clusterIP: None"));
  context.report(std::move(d), {governor.service, pods.workload});
  return true;
}

/// A probe that decides when a pod is ready: readiness, or startup before it.
const ir::Node* readiness(const Context& context, const Pods& pods) {
  for (const auto& container : context.model.containersOf(pods)) {
    if (container.phase != Phase::Main) continue;
    for (const auto* probe : {context.keys.at<"readinessProbe">(container.node), context.keys.at<"startupProbe">(container.node)})
      if (probe) return probe;
  }
  return nullptr;
}

bool isGang(const Context& context, const Pods& pods) {
  for (const auto& container : context.model.containersOf(pods))
    if (container.phase == Phase::Main && context.wordsOf(container).gang.isPartOfMany()) return true;
  return false;
}

/// MLS3252, MLS3253: a pod that is ready when its peers are there, and peers that find it when it is ready.
/// https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ (publishNotReadyAddresses),
/// https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees
void waitsForPeers(Context& context, const Pods& pods, const Governor& governor) {
  if (pods.together() < 2 || pods.onePerNode) return;
  const auto* probe = readiness(context, pods);
  if (!probe) return;
  const auto name = context.nameOf(*pods.workload);
  const bool together = !isSet(context, pods) || context.keys.text<"spec.podManagementPolicy">(pods.workload->root) == "Parallel";
  if (!together) {
    if (!isGang(context, pods)) return;
    auto d = diag::make<Code::OneAfterAnother>(probe->entrySpan(), name, pods.replicas);
    d.help = "set `podManagementPolicy: Parallel`, and `publishNotReadyAddresses: true` on the service";
    context.report(std::move(d), {pods.workload});
    return;
  }
  const auto& service = *governor.service;
  if (!isHeadless(context, service) || context.keys.isTrue<"spec.publishNotReadyAddresses">(service.root)) return;
  auto d = diag::make<Code::HidesNotReady>(service.span, governor.name, name);
  // What is asked over HTTP is a server, which may do without the others.
  if (context.keys.at<"httpGet">(probe) && !isGang(context, pods)) d.severity = diag::Severity::Note;
  d.related.push_back({probe->entrySpan(), "ready only from then on"});
  d.help = "set `publishNotReadyAddresses: true` on the service";
  const auto* stated = context.keys.at<"spec.publishNotReadyAddresses">(service.root);
  if (stated) d.fixes.push_back({"publish pods that are not ready", {{stated->span, "true"}}});
  else mend(d, "publish pods that are not ready", entryInto(context.sources, context.keys.at<"spec">(service.root), "publishNotReadyAddresses: true"));
  context.report(std::move(d), {governor.service, pods.workload});
}

void governed(Context& context, const Pods& pods) {
  if (pods.workload->external) return;
  const auto governor = governorOf(context, pods);
  if (!governor.service || governor.service->role != ir::Role::Service) return;
  if (notSelected(context, pods, governor) || hasAddressOfItsOwn(context, pods, governor)) return;
  waitsForPeers(context, pods, governor);
}

/// MLS3254: the service that pods are to have their names below is another one than selects them, or is nowhere.
void ungoverned(Context& context) {
  std::unordered_map<ir::ObjectId, const ir::Object*> headless;     // by workload, one that selects it
  std::unordered_map<std::string_view, const ir::Object*> elsewhere;   // by name, in whatever namespace
  bool collected = false;
  for (const auto& pods : context.model.pods) {
    if (pods.workload->external) continue;
    const auto governor = governorOf(context, pods);
    if (governor.name.empty() || governor.service || governor.name.find('$') != std::string_view::npos) continue;
    if (!collected) {
      for (const auto& edge : context.stack.edges)
        if (edge.kind == ir::EdgeKind::Selects && edge.to != ir::kNoObject && context.stack.objects[edge.from].role == ir::Role::Service &&
            isHeadless(context, context.stack.objects[edge.from]))
          headless.emplace(edge.to, &context.stack.objects[edge.from]);
      for (const auto& object : context.stack.objects)
        if (object.role == ir::Role::Service && object.root && isHeadless(context, object)) elsewhere.emplace(context.model.text(object.name), &object);
      collected = true;
    }
    const auto other = headless.find(pods.object);
    const bool known = context.model.knowsAll("Service");
    const auto far = elsewhere.find(governor.name);
    if (other == headless.end() && far == elsewhere.end() && !known) continue;
    const auto name = context.nameOf(*pods.workload);
    auto d = diag::make<Code::NoSuchService>(governor.at->span, name, governor.name, firstPod(context, pods, governor.name));
    if (other != headless.end()) {
      const auto meant = context.model.text(other->second->name);
      d.related.push_back({other->second->span, "this headless service selects them"});
      d.help = fmt::format("did you mean `{}`?", meant);
      d.fixes.push_back({fmt::format("write {}", meant), {{governor.at->span, std::string(meant)}}});
    } else if (far != elsewhere.end()) {
      d.related.push_back({far->second->span, fmt::format("this one is in namespace `{}`, the pods in `{}`", context.model.text(context.model.nameSpaceOf(*far->second)), context.model.text(context.model.nameSpaceOf(*pods.workload)))});
      d.help = "a Service names pods of its own namespace only: put both into one";
    } else {
      d.help = fmt::format("declare a Service `{}` with `clusterIP: None`", governor.name);
    }
    context.report(std::move(d), {pods.workload, other == headless.end() ? nullptr : other->second});
  }
}

constexpr Rule kRules[] = {governed, ungoverned};

std::vector<Rule> all() {
  std::vector<Rule> rules(std::begin(kRules), std::end(kRules));
  for (const auto part : {gangRules(), networkRules(), runRules()}) rules.insert(rules.end(), part.begin(), part.end());
  return rules;
}

}  // namespace

std::span<const Rule> distributedRules() {
  static const std::vector<Rule> rules = all();
  return rules;
}

}  // namespace mlstack::storage
