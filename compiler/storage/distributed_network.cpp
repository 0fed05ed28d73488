// Where processes of one run meet: addresses, ports, host network, proxies.

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

#include "storage/distributed.h"
#include "storage/mend.h"

namespace mlstack::storage {

namespace {

bool isLocal(std::string_view host) { return host == "localhost" || host.starts_with("127.") || host == "0.0.0.0" || host == "::1"; }

bool isIndexed(const Context& context, const Pods& pods) {
  if (context.model.kindOf(*pods.workload) == "StatefulSet") return true;
  return context.keys.text<"completionMode">(jobSpecOf(context, *pods.workload)) == "Indexed";
}

std::int64_t podsNamed(const Context& context, const Pods& pods) {
  const auto completions = intOf(context.keys.at<"completions">(jobSpecOf(context, *pods.workload)));
  return completions ? std::max(*completions, pods.replicas) : pods.replicas;
}

std::int64_t firstOrdinal(const Context& context, const Pods& pods) { return intOf(context.keys.at<"spec.ordinals.start">(pods.workload->root)).value_or(0); }

/// MLS3255: a pod of an Indexed Job has its name as host name, and a record below its subdomain if it has one
/// (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-hostname-and-subdomain-fields).
bool withoutName(Context& context, const Pods& pods, const Gang& gang, const Host& host) {
  const auto name = context.model.text(pods.workload->name);
  if (!ordinalOf(host.first, name) || host.isService) return false;
  const auto kind = context.model.kindOf(*pods.workload);
  const bool random = !isIndexed(context, pods);
  if (random && !isJob(context, *pods.workload) && kind != "Deployment" && kind != "DaemonSet" && kind != "ReplicaSet") return false;
  if (random && context.keys.at<"hostname">(pods.spec)) return false;
  if (context.model.find(pods.workload, "Service", host.first)) return false;   // a service for each pod
  if (!host.third.empty() && host.third != context.model.text(context.model.nameSpaceOf(*pods.workload))) return false;
  const auto governor = governorOf(context, pods);
  if (!random && host.second == governor.name && !governor.name.empty()) return false;
  const bool isJobs = isJob(context, *pods.workload);
  std::string why;
  if (random) why = isJobs ? "the pods of a Job that is not Indexed have names that no one knows before" : fmt::format("the pods of a {} have names that no one knows before", kind);
  else if (governor.name.empty()) why = isJobs ? "its pods have no `subdomain`, and so no names" : "it has no `serviceName`, and so its pods have no names";
  else if (host.second.empty()) why = fmt::format("its pods are known as {}.{}", host.first, governor.name);
  else why = fmt::format("its pods have their names below `{}`", governor.name);
  auto d = diag::make<Code::NoSuchHost>(gang.address->node->span, gang.address->word, gang.host, why);
  if (governor.at) d.related.push_back({governor.at->entrySpan(), "the service that names them"});
  const auto below = governor.name.empty() ? (host.second.empty() ? name : host.second) : governor.name;
  d.help = governor.name.empty() ? fmt::format("set `{}: {}`, with a headless Service of that name, and meet at {}.{}", isJobs ? "subdomain" : "serviceName", below, host.first, below)
                                 : fmt::format("write {}.{}", host.first, below);
  if (random) d.help = isJobs ? "set `completionMode: Indexed`, and a `subdomain` with a headless Service of that name" : "use a StatefulSet or an Indexed Job";
  context.report(std::move(d), {pods.workload});
  return true;
}

/// MLS3255 for a pod below the right service that is not there.
bool noSuchPod(Context& context, const Pods& pods, const Gang& gang, const Host& host) {
  const auto governor = governorOf(context, pods);
  if (governor.name.empty() || host.second != governor.name || !isIndexed(context, pods)) return false;
  const auto name = context.model.text(pods.workload->name);
  const auto ordinal = ordinalOf(host.first, name);
  const auto count = podsNamed(context, pods);
  const auto start = firstOrdinal(context, pods);
  if (ordinal && *ordinal >= start && *ordinal < start + count) return false;
  if (!ordinal) {
    // Another workload may have names below the same service.
    const auto dash = host.first.rfind('-');
    if (dash == std::string_view::npos || context.model.find(pods.workload, "StatefulSet", host.first.substr(0, dash)) || context.model.find(pods.workload, "Job", host.first.substr(0, dash))) return false;
    if (diag::nearest(host.first.substr(0, dash), {name}).empty()) return false;
  }
  auto d = diag::make<Code::NoSuchHost>(gang.address->node->span, gang.address->word, gang.host,
                                        fmt::format("the pods of `{}` are {}-{} to {}-{}", context.nameOf(*pods.workload), name, start, name, start + count - 1));
  d.help = fmt::format("write {}-{}.{}", name, start, governor.name);
  context.report(std::move(d), {pods.workload});
  return true;
}

/// MLS3255 for pods of a JobSet: "<set>-<job>-<number>-<index>.<subdomain>", unless it asks for no names.
/// https://jobset.sigs.k8s.io/docs/concepts/#pod-dns-records
bool noSuchPodOfSet(Context& context, const Pods& pods, const Gang& gang, const Host& host) {
  if (context.model.kindOf(*pods.workload) != "JobSet") return false;
  const auto* root = pods.workload->root;
  const auto name = context.model.text(pods.workload->name);
  const auto stated = context.keys.text<"spec.network.subdomain">(root);
  const auto below = stated.empty() ? name : stated;
  if (!host.first.starts_with(name) || host.first.size() == name.size()) return false;
  const auto* enabled = context.keys.at<"spec.network.enableDNSHostnames">(root);
  std::string why;
  std::string first;
  if (isFalse(enabled)) why = "the set asks for no names of its pods";
  for (const auto& job : ir::Children(context.keys.at<"spec.replicatedJobs">(root))) {
    const auto stem = fmt::format("{}-{}", name, context.keys.text<"name">(&job));
    if (first.empty()) first = fmt::format("{}-0-0.{}", stem, below);
    const auto dash = host.first.rfind('-');
    const auto number = ordinalOf(host.first.substr(0, dash), stem);
    if (!number || !why.empty()) continue;
    const auto index = ordinalOf(host.first, host.first.substr(0, dash));
    const auto* spec = context.keys.at<"template.spec">(&job);
    const auto jobs = intOf(context.keys.at<"replicas">(&job)).value_or(1);
    const auto count = intOf(context.keys.at<"completions">(spec)).value_or(intOf(context.keys.at<"parallelism">(spec)).value_or(1));
    if (context.keys.text<"completionMode">(spec) == "NonIndexed") {
      why = "a job that is NonIndexed gives its pods random names";
    } else if (*number < jobs && index && *index < count) {
      if (host.second == below) return false;
      why = host.second.empty() ? fmt::format("its pods are known as {}.{}", host.first, below) : fmt::format("its pods have their names below `{}`", below);
    } else {
      why = fmt::format("`{}` makes the pods {}-0-0 to {}-{}-{}", context.nameOf(*pods.workload), stem, stem, jobs - 1, count - 1);
    }
  }
  if (why.empty()) {
    if (host.second != below) return false;
    why = "none of the set's jobs makes a pod of that name";
  }
  auto d = diag::make<Code::NoSuchHost>(gang.address->node->span, gang.address->word, gang.host, why);
  if (isFalse(enabled)) d.related.push_back({enabled->entrySpan(), "names are turned off here"});
  d.help = isFalse(enabled) ? "leave `enableDNSHostnames` at its default, true" : why.find("NonIndexed") != std::string::npos ? "leave `completionMode` at the default of a JobSet, Indexed" : fmt::format("the first pod is {}", first);
  context.report(std::move(d), {pods.workload});
  return true;
}

/// MLS3257: a Service leads to any of its pods; only one of them listens.
void anyPod(Context& context, const Pods& pods, const Gang& gang, const Host& host) {
  if (pods.together() < 2 || !host.inCluster || (!host.second.empty() && host.second != context.model.text(context.model.nameSpaceOf(*pods.workload)))) return;
  const auto* service = context.model.find(pods.workload, "Service", host.first);
  if (!service || service->role != ir::Role::Service || selection(context, *service, pods).answer != Selection::Answer::Yes) return;
  const auto name = context.model.text(pods.workload->name);
  auto d = diag::make<Code::MeetsAnyPod>(gang.address->node->span, gang.address->word, host.first, pods.replicas, context.nameOf(*pods.workload));
  d.related.push_back({service->span, "it selects all of them"});
  d.help = isIndexed(context, pods) ? fmt::format("name one pod: {}-{}.{}", name, firstOrdinal(context, pods), host.first) : "name one pod, of a StatefulSet or an Indexed Job below a headless Service";
  context.report(std::move(d), {pods.workload, service});
}

/// MLS3258: each pod meets itself.
bool meetsItself(Context& context, const Pods& pods, const Gang& gang) {
  if (!isLocal(gang.host) || gang.host == "0.0.0.0") return false;
  const auto each = gang.processes ? gang.processes.value : std::max<std::int64_t>(pods.gpus, 1);
  const bool several = (gang.nodes && gang.nodes.value > 1) || (gang.world && gang.processes && gang.world.value > each);
  if (several && pods.together() > 1) {
    auto d = diag::make<Code::MeetsItself>(gang.address->node->span, gang.address->word, gang.host, pods.replicas, context.nameOf(*pods.workload));
    d.help = "name the first pod: of a StatefulSet or an Indexed Job, below a headless Service";
    context.report(std::move(d), {pods.workload});
  }
  return true;
}

/// Port numbers of a list of `ports`, by field.
template <FieldName Field>
std::vector<const ir::Node*> portsOf(const Context& context, const ir::Node* list) {
  std::vector<const ir::Node*> ports;
  for (const auto& port : ir::Children(list))
    if (const auto* number = context.keys.at<Field>(&port); intOf(number)) ports.push_back(number);
  return ports;
}

bool holds(const std::vector<const ir::Node*>& ports, std::int64_t port) {
  return std::any_of(ports.begin(), ports.end(), [&](const ir::Node* one) { return one->integer == port; });
}

/// MLS3259: a Service with an address of its own passes on its ports only; a headless one passes on nothing and the
/// numbers matter to policies and readers alone.
void meetingPort(Context& context, const Pods& pods, const Container& container, const Gang& gang) {
  if (!gang.port || pods.onePerNode) return;
  const auto port = gang.port.value;
  auto governor = governorOf(context, pods);
  const ir::Object* service = gang.address ? context.model.find(pods.workload, "Service", hostOf(gang.host).first) : nullptr;
  if (!service) service = governor.service;
  if (!service || service->role != ir::Role::Service || selection(context, *service, pods).answer == Selection::Answer::No) return;
  const auto* list = context.keys.at<"spec.ports">(service->root);
  const auto served = portsOf<"port">(context, list);
  if (served.empty() || holds(served, port)) return;
  const bool headless = context.keys.text<"spec.clusterIP">(service->root) == "None";
  const auto opened = portsOf<"containerPort">(context, context.keys.at<"ports">(container.node));
  if (headless && (holds(opened, port) || opened.empty())) return;
  auto d = diag::make<Code::MeetingPort>(gang.port.at->node->span, gang.port.at->word, port, context.model.text(service->name), served.front()->integer);
  if (!headless && gang.address && hostOf(gang.host).first == context.model.text(service->name)) d.severity = diag::Severity::Error;
  d.related.push_back({served.front()->span, headless ? "no traffic goes through it; policies and meshes go by it" : "other ports lead nowhere"});
  if (!opened.empty() && !holds(opened, port)) d.related.push_back({opened.front()->span, "the container states another one"});
  d.help = fmt::format("use {} in all places", port);
  context.report(std::move(d), {pods.workload, service});
}

void meeting(Context& context, const Pods& pods, const Container& container) {
  if (container.phase != Phase::Main || pods.workload->external) return;
  const auto& gang = context.wordsOf(container).gang;
  if (!gang.address && !gang.port) return;
  meetingPort(context, pods, container, gang);
  if (!gang.address || gang.host.empty() || gang.host.find_first_of("$<{ ") != std::string::npos) return;
  if (meetsItself(context, pods, gang)) return;
  const auto host = hostOf(gang.host);
  if (!host.inCluster) return;
  if (noSuchPodOfSet(context, pods, gang, host) || withoutName(context, pods, gang, host) || noSuchPod(context, pods, gang, host)) return;
  anyPod(context, pods, gang, host);
}

// --- proxies and other company ---------------------------------------------------------------

struct Mesh {
  std::string_view key;
  std::string_view on;
  std::string_view title;
  std::string_view native;     // the annotation that makes its proxy a sidecar that ends with the pod
};
// https://istio.io/latest/docs/reference/config/annotations/, https://linkerd.io/2/reference/proxy-configuration/,
// https://kuma.io/docs/latest/reference/kubernetes-annotations/
constexpr std::array<Mesh, 3> kMeshes{{
    {"sidecar.istio.io/inject", "true", "Istio", "sidecar.istio.io/nativeSidecar"},
    {"linkerd.io/inject", "enabled", "Linkerd", "config.beta.linkerd.io/proxy-enable-native-sidecar"},
    {"kuma.io/sidecar-injection", "enabled", "Kuma", ""},
}};

const ir::Node* entryNamed(const Context& context, const ir::Node* map, std::string_view key) {
  for (const auto& entry : ir::Children(map))
    if (context.model.text(entry.key) == key) return &entry;
  return nullptr;
}

bool isOn(const ir::Node* node, std::string_view word) { return textOf(node) == word || (word == "true" && isTrue(node)); }

/// Scripts that end the proxy themselves.
bool endsProxy(const Context& context, const Pods& pods) {
  for (const auto& container : context.model.containersOf(pods))
    for (const auto* list : {context.keys.at<"command">(container.node), context.keys.at<"args">(container.node)})
      for (const auto& word : ir::Children(list))
        for (const std::string_view call : {"quitquitquit", "/shutdown", "linkerd-await", "scuttle", "pkill"})
          if (textOf(&word).find(call) != std::string_view::npos) return true;
  return false;
}

/// MLS3265: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers
void meshOnJob(Context& context, const Pods& pods) {
  if (!isJob(context, *pods.workload) || pods.workload->external) return;
  const auto* labels = context.keys.at<"labels">(pods.metadata);
  const auto* annotations = context.keys.at<"annotations">(pods.metadata);
  const auto* space = context.model.find(nullptr, "Namespace", context.model.text(context.model.nameSpaceOf(*pods.workload)));
  for (const auto& mesh : kMeshes) {
    if (!mesh.native.empty() && isOn(entryNamed(context, annotations, mesh.native), "true")) return;
    const auto* own = entryNamed(context, labels, mesh.key);
    if (!own) own = entryNamed(context, annotations, mesh.key);
    const ir::Node* at = own;
    if (!own && space) {
      at = entryNamed(context, context.keys.at<"metadata.annotations">(space->root), mesh.key);
      if (!at) at = entryNamed(context, context.keys.at<"metadata.labels">(space->root), mesh.key);
      if (!at && mesh.title == "Istio" && context.keys.text<"metadata.labels.istio-injection">(space->root) == "enabled") at = context.keys.at<"metadata.labels.istio-injection">(space->root);
      if (!at || !(isOn(at, mesh.on) || at->text() == "enabled")) continue;
    }
    if (!at || (own && !isOn(own, mesh.on)) || endsProxy(context, pods)) continue;
    auto d = diag::make<Code::ProxyKeepsJob>(at->entrySpan(), context.nameOf(*pods.workload), mesh.title);
    d.help = mesh.native.empty() ? fmt::format("keep the proxy away: `{}: disabled`", mesh.key) : fmt::format("keep the proxy away, or make it end with the pod: `{}: \"true\"`", mesh.native);
    if (own) d.fixes.push_back({"keep the proxy away", {{own->span, mesh.on == "true" ? "\"false\"" : "disabled"}}});
    context.report(std::move(d), {pods.workload, space});
  }
}

/// Programs that serve others in the pod until they are stopped, by the last part of their image's name.
constexpr std::array<std::string_view, 16> kCompanions{"cloud-sql-proxy", "gce-proxy",    "alloydb-auth-proxy", "fluent-bit", "fluentd",      "filebeat", "vector",           "promtail",
                                                       "oauth2-proxy",    "cloudflared", "proxyv2",            "envoy",      "dcgm-exporter", "statsd-exporter", "tensorboard", "git-sync"};

/// MLS3266: a Job's pod is complete when all its containers have ended; only sidecars (init containers with restartPolicy
/// Always) are stopped then.
void companionKeepsJob(Context& context, const Pods& pods) {
  if (!isJob(context, *pods.workload) || pods.workload->external || context.keys.isTrue<"shareProcessNamespace">(pods.spec)) return;
  std::size_t mains = 0;
  for (const auto& container : context.model.containersOf(pods)) mains += container.phase == Phase::Main ? 1 : 0;
  if (mains < 2) return;
  for (const auto& container : context.model.containersOf(pods)) {
    if (container.phase != Phase::Main) continue;
    auto image = container.image;
    image = image.substr(0, image.find('@'));
    image = image.substr(image.rfind('/') + 1);
    image = image.substr(0, image.find(':'));
    if (std::find(kCompanions.begin(), kCompanions.end(), image) == kCompanions.end() || endsProxy(context, pods)) continue;
    bool ends = false;
    for (const auto& one : context.wordsOf(container).arguments) ends = ends || one.key == "onetime" || one.key == "quitquitquit" || one.key == "exitzeroonsigterm";
    if (ends) continue;
    auto d = diag::make<Code::CompanionKeepsJob>(container.node->span, container.name, image, context.nameOf(*pods.workload));
    d.help = "make it a sidecar: an init container with `restartPolicy: Always`, which Kubernetes stops after the others";
    context.report(std::move(d), {pods.workload});
  }
}

// --- host network ----------------------------------------------------------------------------

/// MLS3267: https://kubernetes.io/docs/concepts/configuration/overview/ (hostPort); the scheduler keeps two pods with one
/// host port apart (plugins/nodeports), and knows of declared ports only.
void hostPorts(Context& context, const Pods& pods) {
  if (pods.together() < 2 || pods.onePerNode || pods.separateNodes || pods.workload->external) return;
  const bool hostNetwork = context.keys.isTrue<"hostNetwork">(pods.spec);
  for (const auto& container : context.model.containersOf(pods)) {
    if (container.phase != Phase::Main && container.phase != Phase::Sidecar) continue;
    // A host's TPU chips are one pod's.
    if (ir::find(context.keys.at<"resources.limits">(container.node), context.keys.symbol<"google.com/tpu">())) return;
    const auto* list = context.keys.at<"ports">(container.node);
    auto ports = portsOf<"hostPort">(context, list);
    if (ports.empty() && hostNetwork) ports = portsOf<"containerPort">(context, list);
    const auto gang = hostNetwork && ports.empty() ? context.wordsOf(container).gang : Gang{};
    if (ports.empty() && !gang.port) continue;
    const auto span = ports.empty() ? gang.port.at->node->span : ports.front()->span;
    const auto port = ports.empty() ? gang.port.value : ports.front()->integer;
    auto d = diag::make<Code::HostPortEach>(span, counted(pods.replicas, "pod"), context.nameOf(*pods.workload), port,
                                            ports.empty() ? "no port is declared, so that nothing keeps two of them off one node, where the second fails" : "one node can run one of them, and the others wait for more nodes");
    // Controllers of the cluster are meant to be one a node.
    if (context.keys.text<"priorityClassName">(pods.spec).starts_with("system-")) d.severity = diag::Severity::Note;
    d.help = ports.empty() ? fmt::format("declare `containerPort: {}`, so that the scheduler knows", port) : "leave the host's port out, or spread the pods over nodes by a required podAntiAffinity";
    if (hostNetwork && !context.keys.at<"dnsPolicy">(pods.spec)) d.help += "; names of Services resolve with `dnsPolicy: ClusterFirstWithHostNet` only";
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// MLS3268: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy
void hostDns(Context& context, const Pods& pods) {
  if (!context.keys.isTrue<"hostNetwork">(pods.spec) || pods.workload->external) return;
  const auto* policy = context.keys.at<"dnsPolicy">(pods.spec);
  if (policy && textOf(policy) != "ClusterFirst") return;
  for (const auto& container : context.model.containersOf(pods)) {
    for (const auto& one : context.wordsOf(container).arguments) {
      std::string_view value = one.value;
      if (const auto scheme = value.find("://"); scheme != std::string_view::npos) value.remove_prefix(scheme + 3);
      const auto host = value.substr(0, value.find_first_of(":/ ,"));
      if (host.size() < 2 || host.front() == '-' || host.front() == '$') continue;
      const auto parts = hostOf(host);
      const bool named = host.find(".svc") != std::string_view::npos;
      const auto* service = named || host.find('.') != std::string_view::npos ? nullptr : context.model.find(pods.workload, "Service", host);
      const auto governor = governorOf(context, pods);
      const bool peer = !governor.name.empty() && parts.second == governor.name;
      if (!named && !service && !peer) continue;
      auto d = diag::make<Code::HostDns>(one.node->span, context.nameOf(*pods.workload), host);
      d.related.push_back({context.keys.at<"hostNetwork">(pods.spec)->entrySpan(), "with the host's network comes the host's DNS"});
      d.help = "set `dnsPolicy: ClusterFirstWithHostNet`";
      if (policy) d.fixes.push_back({"ask the cluster's DNS", {{policy->span, "ClusterFirstWithHostNet"}}});
      else mend(d, "ask the cluster's DNS", entryInto(context.sources, pods.spec, "dnsPolicy: ClusterFirstWithHostNet"));
      context.report(std::move(d), {pods.workload, service});
      return;
    }
  }
}

constexpr Rule kRules[] = {meeting, meshOnJob, companionKeepsJob, hostPorts, hostDns};

}  // namespace

std::span<const Rule> networkRules() { return kRules; }

}  // namespace mlstack::storage
