// Pods as wholes: mounts and the volumes they name, containers among each other, probes where none belong.
// Kubernetes: pkg/apis/core/validation/validation.go, ValidateVolumeMounts, ValidateVolumeDevices, validateInitContainers.

#include <algorithm>

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

/// One pod template, with where each container stands in it.
class PodJudge {
 public:
  PodJudge(Context& context, const Pods& pods) : context_(context), keys_(context.keys), pods_(pods) {}

  void judge() {
    names();
    hostPorts();
    const auto all = context_.model.containersOf(pods_);
    for (std::size_t i = 0; i < all.size(); ++i) {
      mounts(all[i], i);
      byPhase(all[i], i);
      sleeps(all[i], i);
      procMount(all[i], i);
      portsByName(all[i], i);
    }
    ephemeralAtCreation();
    gates();
    deviceClaims();
    wholePod();
    plugins();
    rootUsers();
    windows();
    appArmor();
  }

 private:
  /// Where each container stands, made when the first finding needs it.
  const std::string& placeOf(std::size_t container) {
    if (!places_.empty()) return places_[container];
    std::unordered_map<const Node*, std::string> known;
    for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
      std::size_t index = 0;
      for (const auto& entry : ir::Children(listOf(list))) known.emplace(&entry, fmt::format("{}.{}[{}]", pods_.path, list, index++));
    }
    for (const auto& one : context_.model.containersOf(pods_)) {
      const auto at = known.find(one.node);
      places_.push_back(at == known.end() ? pods_.path : at->second);
    }
    return places_[container];
  }

  [[nodiscard]] const Node* listOf(std::string_view name) const {
    return name == "containers" ? keys_.at<"containers">(pods_.spec) : name == "initContainers" ? keys_.at<"initContainers">(pods_.spec) : keys_.at<"ephemeralContainers">(pods_.spec);
  }
  [[nodiscard]] base::Span spanOf(const Node& node) const { return node.span.known() ? node.span : pods_.workload->span; }
  [[nodiscard]] base::Span keyOf(const Node& node) const { return node.knowsKey() ? node.keySpan(context_.model.text(node.key).size()) : spanOf(node); }
  void say(diag::Diagnostic d) { context_.report(std::move(d), {pods_.workload}); }
  void refuse(const Node* field, const std::string& at, std::string_view why) {
    if (isSet(field)) say(diag::make<Code::FieldRefused>(keyOf(*field), fmt::format("{}.{}", at, context_.model.text(field->key)), why));
  }

  /// Inside one list the schema tells names apart; across lists nobody does.
  void names() {
    const auto all = context_.model.containersOf(pods_);
    if (all.size() > 512) return namesOfMany(all);
    for (std::size_t i = 0; i < all.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (!all[i].name.empty() && all[i].name == all[j].name) sayName(all, i, j);
  }
  void namesOfMany(std::span<const Container> all) {
    std::unordered_map<std::string_view, std::size_t> seen;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].name.empty()) continue;
      const auto [known, isNew] = seen.emplace(all[i].name, i);
      if (!isNew) sayName(all, i, known->second);
    }
  }
  static std::string_view listIn(const std::string& place) {
    const auto end = place.rfind('[');
    const auto dot = place.rfind('.', end);
    return std::string_view(place).substr(dot + 1, end - dot - 1);
  }
  void sayName(std::span<const Container> all, std::size_t second, std::size_t first) {
    if (listIn(placeOf(second)) == listIn(placeOf(first))) return;
    const auto* name = keys_.at<"name">(all[second].node);
    if (!name) return;
    auto d = diag::make<Code::ContainerNamedTwice>(spanOf(*name), placeOf(second) + ".name", all[second].name, placeOf(first) + ".name");
    if (const auto* other = keys_.at<"name">(all[first].node); other && other->span.known()) d.related.push_back({other->span, "the other one stands here"});
    say(std::move(d));
  }

  /// A host port is one of the node's: no two containers of a pod have it. With `hostNetwork` each port is.
  void hostPorts() {
    const bool hostNetwork = keys_.isTrue<"hostNetwork">(pods_.spec);
    std::unordered_map<std::string, std::string> taken;
    const auto all = context_.model.containersOf(pods_);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].phase != Phase::Main) continue;   // init containers run one by one
      std::size_t index = 0;
      for (const auto& port : ir::Children(keys_.at<"ports">(all[i].node))) {
        const auto place = index++;
        const auto* hostAt = keys_.at<"hostPort">(&port);
        const auto* portAt = keys_.at<"containerPort">(&port);
        const auto host = intOf(hostAt).value_or(0);
        const auto inside = intOf(portAt).value_or(0);
        if (!hostNetwork && host == 0) continue;
        const auto at = fmt::format("{}.ports[{}]", placeOf(i), place);
        if (hostNetwork && host != 0 && host != inside)
          say(diag::make<Code::ValueRange>(spanOf(*hostAt), at + ".hostPort", fmt::format("{}", host), fmt::format("{}, the `containerPort`, with `hostNetwork`", inside)));
        const auto* holder = host != 0 ? hostAt : hostNetwork ? portAt : nullptr;
        const auto number = host != 0 ? host : inside;
        if (!holder || number == 0) continue;
        const auto protocol = keys_.text<"protocol">(&port);
        const auto [known, isNew] = taken.emplace(fmt::format("{}/{}/{}", protocol.empty() ? "TCP" : protocol, keys_.text<"hostIP">(&port), number), at);
        if (!isNew) say(diag::make<Code::HostPortTwice>(spanOf(*holder), at + (host != 0 ? ".hostPort" : ".containerPort"), number, fmt::format("`{}`", known->second)));
      }
    }
  }

  /// Volumes that a kind, or what a patch is laid over, adds itself: the mounts of those name none of the pod's.
  [[nodiscard]] bool addsVolumes() const {
    const auto group = groupOf(context_.model.text(pods_.workload->apiVersion));
    const auto kind = context_.model.kindOf(*pods_.workload);
    if (isPatch(context_, *pods_.workload)) return true;
    if (group.empty() || group == "apps" || group == "batch") return false;
    if (group == "jobset.x-k8s.io") return false;   // the model knows its claim templates
    if (group == "leaderworkerset.x-k8s.io") return isSet(keys_.at<"spec.leaderWorkerTemplate.volumeClaimTemplates">(pods_.workload->root));
    return !(group == "kubeflow.org" && kind != "Notebook" && kind != "MPIJob");
  }

  void mounts(const Container& container, std::size_t number) {
    std::size_t mountIndex = 0;
    std::size_t deviceIndex = 0;
    for (const auto& mount : context_.model.mountsOf(container)) {
      const auto index = mount.device ? deviceIndex++ : mountIndex++;
      const auto at = [&] { return fmt::format("{}.{}[{}]", placeOf(number), mount.device ? "volumeDevices" : "volumeMounts", index); };
      const auto* name = keys_.at<"name">(mount.node);
      const auto* volume = context_.model.volumeOf(mount);
      if (!volume) {
        if (isText(name) && name->length != 0 && !addsVolumes()) sayNoVolume(*name, at(), mount.name);
        continue;
      }
      if (volume->kind == VolumeKind::Image) {
        refuse(keys_.at<"subPath">(mount.node), at(), "for a volume that is an image");
        refuse(keys_.at<"subPathExpr">(mount.node), at(), "for a volume that is an image");
      }
      device(mount, *volume, name, at);
      propagation(container, mount, at);
    }
    if (deviceIndex != 0) bothWays(container, number);
  }

  void sayNoVolume(const Node& name, const std::string& at, std::string_view text) {
    auto d = diag::make<Code::MountWithoutVolume>(spanOf(name), at + ".name", text);
    std::vector<std::string_view> known;
    for (const auto& volume : context_.model.volumesOf(pods_)) known.push_back(volume.name);
    if (const auto near = diag::nearest(text, known); !near.empty()) {
      d.help = fmt::format("did you mean \"{}\"?", near);
      const auto written = name.span.known() ? context_.sources.text(name.span) : std::string_view{};
      if (written == text) d.fixes.push_back({fmt::format("write {}", near), {{name.span, std::string(near)}}});
      if (written == fmt::format("\"{}\"", text)) d.fixes.push_back({fmt::format("write \"{}\"", near), {{name.span, fmt::format("\"{}\"", near)}}});
    } else if (known.empty()) {
      d.help = "the pod has no `volumes`";
    } else {
      d.help = fmt::format("its volumes are {}", fmt::join(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(known.size(), 6)), ", "));
    }
    say(std::move(d));
  }

  /// Only a claim can be a raw device; whether it is one, the rules of classes say.
  template <class At>
  void device(const Mount& mount, const Volume& volume, const Node* name, const At& at) {
    if (!mount.device) return;
    const bool claim = volume.kind == VolumeKind::Claim || volume.kind == VolumeKind::Template || volume.kind == VolumeKind::Ephemeral;
    if (!claim && name) say(diag::make<Code::DeviceUnlikeVolume>(spanOf(*name), at() + ".name", mount.name, "and only a claim can be one"));
  }

  template <class At>
  void propagation(const Container& container, const Mount& mount, const At& at) {
    if (keys_.text<"mountPropagation">(mount.node) != "Bidirectional" || keys_.isTrue<"securityContext.privileged">(container.node)) return;
    refuse(keys_.at<"mountPropagation">(mount.node), at(), "to Bidirectional in a container that is not privileged");
  }

  /// One volume is a device or a file system in a container, not both.
  void bothWays(const Container& container, std::size_t number) {
    const auto all = context_.model.mountsOf(container);
    std::unordered_map<std::string_view, const Mount*> folders;
    for (const auto& mount : all)
      if (!mount.device && !mount.name.empty()) folders.emplace(mount.name, &mount);
    for (const auto& device : all) {
      if (!device.device) continue;
      const auto same = folders.find(device.name);
      const auto* volume = context_.model.volumeOf(device);
      if (volume && volume->state) continue;   // the rules of classes say which of the two it cannot be
      if (same != folders.end()) say(diag::make<Code::DeviceUnlikeVolume>(spanOf(*same->second->node), placeOf(number), device.name, "and mounts it as a file system too"));
    }
  }

  /// What an init container that runs to its end cannot have.
  void byPhase(const Container& container, std::size_t number) {
    const auto* restart = keys_.at<"restartPolicy">(container.node);
    if (container.phase == Phase::Init) {
      if (isText(restart) && restart->length != 0 && restart->text() != "Always" && !context_.since(34))
        say(diag::make<Code::ValueWord>(spanOf(*restart), placeOf(number) + ".restartPolicy", fmt::format("\"{}\"", restart->text()), "Always only, in an init container: it is a sidecar then"));
      constexpr std::string_view why = "on an init container that runs to its end (`restartPolicy: Always` makes it a sidecar)";
      for (const auto* field : {keys_.at<"lifecycle">(container.node), keys_.at<"livenessProbe">(container.node), keys_.at<"readinessProbe">(container.node),
                                keys_.at<"startupProbe">(container.node)})
        if (isSet(field)) refuse(field, placeOf(number), why);
    } else if (container.phase == Phase::Main && isSet(restart) && !context_.since(34)) {
      refuse(restart, placeOf(number), fmt::format("on a container that is no init container, before Kubernetes 1.34"));
    }
  }

  void sleeps(const Container& container, std::size_t number) {
    const auto* lifecycle = keys_.at<"lifecycle">(container.node);
    if (!lifecycle) return;
    const auto grace = intOf(keys_.at<"terminationGracePeriodSeconds">(pods_.spec)).value_or(30);
    for (const auto* hook : {keys_.at<"preStop">(lifecycle), keys_.at<"postStart">(lifecycle)}) {
      const auto* seconds = keys_.at<"sleep.seconds">(hook);
      const auto value = intOf(seconds);
      if (value && *value > grace)
        say(diag::make<Code::OrderOfValues>(spanOf(*seconds), fmt::format("{}.lifecycle.{}.sleep.seconds", placeOf(number), context_.model.text(hook->key)), *value, "above",
                                            quoted("terminationGracePeriodSeconds"), grace));
    }
  }

  /// The host's /proc as it is needs users of the pod's own.
  void procMount(const Container& container, std::size_t number) {
    const auto* mount = keys_.at<"securityContext.procMount">(container.node);
    if (textOf(mount) == "Unmasked" && context_.since(33) && !isFalse(keys_.at<"hostUsers">(pods_.spec)))
      refuse(mount, placeOf(number) + ".securityContext", "to Unmasked without `hostUsers: false`");
  }

  /// The kubelet looks a port's name up among the container's own; a probe without a port never succeeds, a hook never runs.
  /// Kubernetes: pkg/probe/util.go, ResolveContainerPort.
  void portsByName(const Container& container, std::size_t number) {
    for (const auto* action : {keys_.at<"livenessProbe">(container.node), keys_.at<"readinessProbe">(container.node), keys_.at<"startupProbe">(container.node),
                               keys_.at<"lifecycle.preStop">(container.node), keys_.at<"lifecycle.postStart">(container.node)}) {
      for (const auto* call : {keys_.at<"httpGet">(action), keys_.at<"tcpSocket">(action)}) {
        const auto* port = keys_.at<"port">(call);
        const auto name = textOf(port);
        if (name.empty() || name.find_first_of("{}<>$") != std::string_view::npos || name.find_first_not_of("0123456789") == std::string_view::npos || addsVolumes()) continue;
        std::vector<std::string_view> known;
        for (const auto& own : ir::Children(keys_.at<"ports">(container.node)))
          if (const auto each = keys_.text<"name">(&own); !each.empty()) known.push_back(each);
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const auto text = context_.model.text(action->key);
        const bool hook = text == "preStop" || text == "postStart";
        auto d = diag::make<Code::PortNotThere>(spanOf(*port), fmt::format("{}.{}{}.{}.port", placeOf(number), hook ? "lifecycle." : "", text, context_.model.text(call->key)),
                                                fmt::format("\"{}\"", name), fmt::format("container `{}`", container.name), "name");
        d.help = known.empty() ? std::string("name the port under `ports`, or write its number here") : fmt::format("its ports are called {}", fmt::join(known, ", "));
        say(std::move(d));
      }
    }
  }

  void ephemeralAtCreation() { refuse(keys_.at<"ephemeralContainers">(pods_.spec), pods_.path, "at creation: `kubectl debug` adds them to a pod that runs"); }

  /// Fields of features that are off by default in the targeted version.
  /// Kubernetes: pkg/features/kube_features.go.
  void gates() {
    for (const auto& volume : context_.model.volumesOf(pods_)) {
      if (volume.kind != VolumeKind::Image || context_.since(35) || volume.node->kind != ir::NodeKind::Map) continue;
      std::size_t index = 0;
      for (const auto& entry : ir::Children(keys_.at<"volumes">(pods_.spec))) {
        if (&entry == volume.node) break;
        ++index;
      }
      say(diag::make<Code::GateOff>(keyOf(*keys_.at<"image">(volume.node)), fmt::format("{}.volumes[{}].image", pods_.path, index), context_.stack.kubernetes,
                                    "the volume would have no source, and the API server refuses it"));
    }
    const auto* users = keys_.at<"hostUsers">(pods_.spec);
    if (isFalse(users) && !context_.since(33))
      say(diag::make<Code::GateOff>(keyOf(*users), pods_.path + ".hostUsers", context_.stack.kubernetes, "it is dropped without a word, and the pod runs with the node's users"));
  }

  /// A container uses the claims of devices that its pod lists.
  void deviceClaims() {
    std::vector<std::string_view> known;
    for (const auto& claim : ir::Children(keys_.at<"resourceClaims">(pods_.spec))) known.push_back(keys_.text<"name">(&claim));
    const auto all = context_.model.containersOf(pods_);
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::size_t index = 0;
      for (const auto& claim : ir::Children(keys_.at<"resources.claims">(all[i].node))) {
        const auto number = index++;
        const auto* name = keys_.at<"name">(&claim);
        if (!isText(name) || name->length == 0 || std::find(known.begin(), known.end(), name->text()) != known.end()) continue;
        say(diag::make<Code::ValueWord>(spanOf(*name), fmt::format("{}.resources.claims[{}].name", placeOf(i), number), fmt::format("\"{}\"", name->text()),
                                        known.empty() ? std::string("names of `spec.resourceClaims`, and there are none") : fmt::format("names of `spec.resourceClaims`: {}", fmt::join(known, ", "))));
      }
    }
  }

  /// Resources of a whole pod hold those of its containers.
  /// Kubernetes: pkg/apis/core/validation/validation.go, validatePodResourceConsistency.
  void wholePod() {
    const auto* resources = keys_.at<"resources">(pods_.spec);
    if (!isSet(resources) || !context_.since(34)) return;
    const auto all = context_.model.containersOf(pods_);
    for (const auto& limit : ir::Children(keys_.at<"limits">(resources))) {
      const auto most = quantityOf(&limit);
      for (std::size_t i = 0; most && i < all.size(); ++i) {
        const auto* own = ir::find(keys_.at<"resources.limits">(all[i].node), limit.key);
        const auto amount = quantityOf(own);
        if (all[i].phase == Phase::Main && amount && *most < *amount)
          say(diag::make<Code::RequestAboveLimit>(spanOf(*own), placeOf(i) + ".resources.limits", amount->text(), context_.model.text(limit.key), most->text() + " for the whole pod"));
      }
    }
    for (const auto& request : ir::Children(keys_.at<"requests">(resources))) {
      const auto most = quantityOf(&request);
      base::Quantity total;
      for (const auto& container : all)
        if (container.phase == Phase::Main || container.phase == Phase::Sidecar)
          if (const auto amount = quantityOf(ir::find(keys_.at<"resources.requests">(container.node), request.key))) total = total + *amount;
      if (most && *most < total)
        say(diag::make<Code::OrderOfValues>(spanOf(request), fmt::format("{}.resources.requests.{}", pods_.path, context_.model.text(request.key)), most->text(), "below",
                                            "the sum of its containers", total.text()));
    }
  }

  /// Numbers that plug-ins of the API server work out, and refuse when they are stated otherwise.
  /// Kubernetes: plugin/pkg/admission/priority/admission.go, plugin/pkg/admission/runtimeclass/admission.go.
  void plugins() {
    const auto* priority = keys_.at<"priority">(pods_.spec);
    const auto stated = intOf(priority);
    const auto className = keys_.text<"priorityClassName">(pods_.spec);
    if (stated && className.empty() && *stated != 0) {
      refuse(priority, pods_.path, "by hand: the API server takes it from `priorityClassName`");
    } else if (stated && !className.empty()) {
      const auto* priorityClass = context_.model.find(nullptr, "PriorityClass", className);
      const auto value = priorityClass ? intOf(keys_.at<"value">(priorityClass->root)) : std::nullopt;
      if (value && *value != *stated)
        say(diag::make<Code::ValueRange>(spanOf(*priority), pods_.path + ".priority", fmt::format("{}", *stated), fmt::format("{}, the value of the class {}, or nothing", *value, className)));
    }
    if (keys_.text<"runtimeClassName">(pods_.spec).empty()) refuse(keys_.at<"overhead">(pods_.spec), pods_.path, "without a `runtimeClassName`: the class states it");
  }

  /// The kubelet starts no container as root that says it is not.
  /// Kubernetes: pkg/kubelet/kuberuntime/security_context.go, verifyRunAsNonRoot.
  void rootUsers() {
    const auto* podNon = keys_.at<"securityContext.runAsNonRoot">(pods_.spec);
    const auto* podUser = keys_.at<"securityContext.runAsUser">(pods_.spec);
    const auto all = context_.model.containersOf(pods_);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto* ownNon = keys_.at<"securityContext.runAsNonRoot">(all[i].node);
      const auto* ownUser = keys_.at<"securityContext.runAsUser">(all[i].node);
      const auto* user = ownUser ? ownUser : podUser;
      if (!isTrue(ownNon ? ownNon : podNon) || intOf(user) != 0) continue;
      auto d = diag::make<Code::FieldRefused>(keyOf(*user), ownUser ? placeOf(i) + ".securityContext.runAsUser" : pods_.path + ".securityContext.runAsUser",
                                              fmt::format("to 0 with `runAsNonRoot`: the kubelet never starts the container `{}`", all[i].name));
      const auto* non = ownNon ? ownNon : podNon;
      if (non->span.known()) d.related.push_back({non->entrySpan(), "it is not to be root"});
      say(std::move(d));
    }
  }

  /// The annotations from before the field, one a container: they name one that is there and a profile of three forms, and say
  /// what its field says. Kubernetes: pkg/apis/core/validation/validation.go, ValidateAppArmorPodAnnotations and
  /// validateAppArmorAnnotationsAndFieldsMatchOnCreate.
  void appArmor() {
    constexpr std::string_view kPrefix = "container.apparmor.security.beta.kubernetes.io/";
    for (const auto& entry : ir::Children(keys_.at<"annotations">(pods_.metadata))) {
      const auto key = context_.model.text(entry.key);
      if (!key.starts_with(kPrefix) || !isText(&entry)) continue;
      const auto name = key.substr(kPrefix.size());
      const auto value = entry.text();
      const bool isForm = value == "runtime/default" || value == "unconfined" || (value.starts_with("localhost/") && value.size() > 10);
      if (!isForm) say(diag::make<Code::ValueForm>(spanOf(entry), fmt::format("the annotation `{}`", key), fmt::format("\"{}\"", value), "it is `runtime/default`, `unconfined`, or `localhost/` and a profile"));
      const auto all = context_.model.containersOf(pods_);
      const auto found = std::find_if(all.begin(), all.end(), [&](const Container& one) { return one.name == name; });
      if (found == all.end()) {
        say(diag::make<Code::ValueForm>(keyOf(entry), fmt::format("the annotation `{}`", key), fmt::format("\"{}\"", value), fmt::format("this pod has no container \"{}\"", name)));
        continue;
      }
      const auto type = keys_.text<"securityContext.appArmorProfile.type">(found->node);
      const bool agree = type.empty() || !isForm || (type == "RuntimeDefault" && value == "runtime/default") || (type == "Unconfined" && value == "unconfined") ||
                         (type == "Localhost" && value == fmt::format("localhost/{}", keys_.text<"securityContext.appArmorProfile.localhostProfile">(found->node)));
      if (!agree) say(diag::make<Code::FieldRefused>(keyOf(entry), fmt::format("annotation {}", key), fmt::format("to other than what the `appArmorProfile` of container `{}` says", name)));
    }
  }

  /// Of Linux alone.
  void windows() {
    if (keys_.text<"os.name">(pods_.spec) == "linux") refuse(keys_.at<"securityContext.windowsOptions">(pods_.spec), pods_.path + ".securityContext", "with `os.name` linux");
    if (keys_.text<"os.name">(pods_.spec) != "windows") return;
    constexpr std::string_view why = "with `os.name` windows";
    for (const auto* field : {keys_.at<"hostUsers">(pods_.spec), keys_.at<"hostPID">(pods_.spec), keys_.at<"hostIPC">(pods_.spec), keys_.at<"shareProcessNamespace">(pods_.spec)})
      refuse(field, pods_.path, why);
    for (const auto& field : ir::Children(keys_.at<"securityContext">(pods_.spec)))
      if (const auto name = context_.model.text(field.key); name != "windowsOptions" && name != "runAsNonRoot") refuse(&field, pods_.path + ".securityContext", why);
    const auto all = context_.model.containersOf(pods_);
    for (std::size_t i = 0; i < all.size(); ++i)
      for (const auto& field : ir::Children(keys_.at<"securityContext">(all[i].node)))
        if (const auto name = context_.model.text(field.key); name != "windowsOptions" && name != "runAsNonRoot") refuse(&field, placeOf(i) + ".securityContext", why);
  }

  Context& context_;
  const Keys& keys_;
  const Pods& pods_;
  std::vector<std::string> places_;
};

}  // namespace

void judgePods(Context& context, const Pods& pods) {
  if (!pods.spec || pods.spec->kind != ir::NodeKind::Map || !pods.workload) return;
  PodJudge(context, pods).judge();
}

}  // namespace mlstack::storage::admission
