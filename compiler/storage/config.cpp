// Secrets and config: whether what is named is there, and has the key.

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "storage/made.h"
#include "storage/rule.h"

namespace mlstack::storage {

namespace {

/// One mention of a ConfigMap, Secret, claim, account or class by its name.
struct Mention {
  std::string_view kind;
  const ir::Node* at = nullptr;       // the name
  const ir::Node* key = nullptr;      // the key of it that is used; null: all of it
  const ir::Node* optional = nullptr;
};

/// Names that every namespace has.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kGiven{{
    {"ServiceAccount", "default"},
    {"ConfigMap", "kube-root-ca.crt"},
    {"PriorityClass", "system-cluster-critical"},
    {"PriorityClass", "system-node-critical"},
    {"ConfigMap", "openshift-service-ca.crt"},
}};

class Mentions {
 public:
  Mentions(const Context& context, const Pods& pods) : context_(context), keys_(context.keys), pods_(pods) {}

  std::vector<Mention> all() {
    constexpr std::size_t kMostly = 8;
    found_.reserve(kMostly);
    for (const auto& container : context_.model.containersOf(pods_)) ofContainer(*container.node);
    for (const auto& volume : context_.model.volumesOf(pods_)) ofVolume(volume);
    add("ServiceAccount", keys_.at<"serviceAccountName">(pods_.spec));
    add("PriorityClass", keys_.at<"priorityClassName">(pods_.spec));
    add("RuntimeClass", keys_.at<"runtimeClassName">(pods_.spec));
    return std::move(found_);
  }

 private:
  void add(std::string_view kind, const ir::Node* name, const ir::Node* key = nullptr, const ir::Node* optional = nullptr) {
    if (isText(name) && name->length != 0) found_.push_back({kind, name, key, optional});
  }

  void ofContainer(const ir::Node& container) {
    for (const auto& variable : ir::Children(keys_.at<"env">(&container))) {
      const auto* from = keys_.at<"valueFrom">(&variable);
      if (!from) continue;
      const auto* config = keys_.at<"configMapKeyRef">(from);
      add("ConfigMap", keys_.at<"name">(config), keys_.at<"key">(config), keys_.at<"optional">(config));
      const auto* secret = keys_.at<"secretKeyRef">(from);
      add("Secret", keys_.at<"name">(secret), keys_.at<"key">(secret), keys_.at<"optional">(secret));
    }
    for (const auto& source : ir::Children(keys_.at<"envFrom">(&container))) {
      const auto* config = keys_.at<"configMapRef">(&source);
      add("ConfigMap", keys_.at<"name">(config), nullptr, keys_.at<"optional">(config));
      const auto* secret = keys_.at<"secretRef">(&source);
      add("Secret", keys_.at<"name">(secret), nullptr, keys_.at<"optional">(secret));
    }
  }

  void source(std::string_view kind, const ir::Node* name, const ir::Node* from) {
    const auto* optional = keys_.at<"optional">(from);
    const auto* items = keys_.at<"items">(from);
    if (ir::Children(items).size() == 0) return add(kind, name, nullptr, optional);
    for (const auto& item : ir::Children(items)) add(kind, name, keys_.at<"key">(&item), optional);
  }

  void ofVolume(const Volume& volume) {
    if (volume.kind == VolumeKind::Claim && volume.field == "persistentVolumeClaim") add("PersistentVolumeClaim", keys_.at<"claimName">(volume.source));
    if (volume.kind == VolumeKind::ConfigMap) source("ConfigMap", keys_.at<"name">(volume.source), volume.source);
    if (volume.kind == VolumeKind::Secret) source("Secret", keys_.at<"secretName">(volume.source), volume.source);
    if (volume.kind != VolumeKind::Projected) return;
    for (const auto& one : ir::Children(keys_.at<"sources">(volume.source))) {
      const auto* config = keys_.at<"configMap">(&one);
      source("ConfigMap", keys_.at<"name">(config), config);
      const auto* secret = keys_.at<"secret">(&one);
      source("Secret", keys_.at<"name">(secret), secret);
    }
  }

  const Context& context_;
  const Keys& keys_;
  const Pods& pods_;
  std::vector<Mention> found_;
};

/// What is declared here and made by controllers: the secrets of ExternalSecret, SealedSecret and Certificate, the claims of
/// StatefulSets and JobSets.
class Made {
 public:
  explicit Made(const Context& context) : context_(context) {
    const auto& keys = context.keys;
    for (const auto& object : context.stack.objects) {
      const auto kind = context.model.kindOf(object);
      if (kind == "ExternalSecret" || kind == "SealedSecret" || kind == "Certificate" || kind == "VaultStaticSecret" || kind == "SecretProviderClass") {
        add(object, "Secret", context.model.text(object.name));
        add(object, "Secret", keys.text<"spec.target.name">(object.root));
        add(object, "Secret", keys.text<"spec.secretName">(object.root));
        add(object, "Secret", keys.text<"spec.destination.name">(object.root));
        for (const auto& made : ir::Children(keys.at<"spec.secretObjects">(object.root))) add(object, "Secret", keys.text<"secretName">(&made));
      }
      if (kind == "Bundle") add(object, "ConfigMap", context.model.text(object.name));
      if (kind == "Dataset" || kind == "ObjectBucketClaim") {   // Fluid makes a claim, Rook a config and a secret of its own name
        for (const auto made : {"PersistentVolumeClaim", "ConfigMap", "Secret"}) add(object, made, context.model.text(object.name));
      }
    }
    for (const auto& state : context.model.states)
      if (state.kind == StateKind::Template) templates_.insert({context.model.nameSpaceOf(*state.object).id, state.name, context.model.text(state.object->name)});
  }

  [[nodiscard]] bool has(const ir::Object& from, std::string_view kind, std::string_view name) const {
    if (made_.count({context_.model.nameSpaceOf(from).id, kind, name})) return true;
    if (kind != "PersistentVolumeClaim") return false;
    // "<template>-<set>-<n>" of a StatefulSet, "<template>-<set>" of a JobSet.
    const auto space = context_.model.nameSpaceOf(from).id;
    for (auto dash = name.find('-'); dash != std::string_view::npos && !templates_.empty(); dash = name.find('-', dash + 1))
      if (ownsBeginning(space, name.substr(0, dash), name.substr(dash + 1))) return true;
    return false;
  }

 private:
  /// Whether a text begins with the name of an owner of that template. Owners are sorted, so the last one that is not
  /// behind the text begins as it does, or shows how much of it can be one.
  [[nodiscard]] bool ownsBeginning(std::uint32_t space, std::string_view claim, std::string_view text) const {
    for (;;) {
      auto at = templates_.upper_bound({space, claim, text});
      if (at == templates_.begin()) return false;
      const auto& [otherSpace, otherClaim, owner] = *--at;
      if (otherSpace != space || otherClaim != claim) return false;
      if (text.starts_with(owner)) return true;
      const auto differs = std::mismatch(text.begin(), text.end(), owner.begin(), owner.end()).first;
      text = text.substr(0, static_cast<std::size_t>(differs - text.begin()));
    }
  }

  void add(const ir::Object& object, std::string_view kind, std::string_view name) {
    if (!name.empty()) made_.insert({context_.model.nameSpaceOf(object).id, kind, name});
  }

  const Context& context_;
  std::set<std::tuple<std::uint32_t, std::string_view, std::string_view>> made_;
  std::set<std::tuple<std::uint32_t, std::string_view, std::string_view>> templates_;
};

std::string_view wordOf(std::string_view kind) {
  if (kind == "PersistentVolumeClaim") return "claim";
  if (kind == "ConfigMap") return "config map";
  if (kind == "Secret") return "secret";
  if (kind == "ServiceAccount") return "service account";
  if (kind == "PriorityClass") return "priority class";
  return "runtime class";
}

bool isClusterWide(std::string_view kind) { return kind == "PriorityClass" || kind == "RuntimeClass"; }

bool holds(const Context& context, const ir::Object& object, std::string_view key) {
  const auto& keys = context.keys;
  for (const auto* field : {keys.at<"data">(object.root), keys.at<"binaryData">(object.root), keys.at<"stringData">(object.root)}) {
    for (const auto& entry : ir::Children(field))
      if (context.model.text(entry.key) == key) return true;
  }
  return false;
}

std::vector<std::string_view> keysOf(const Context& context, const ir::Object& object) {
  std::vector<std::string_view> names;
  for (const auto field : {"data", "binaryData", "stringData"})
    for (const auto& entry : ir::Children(ir::findPath(object.root, field, *context.stack.symbols))) names.push_back(context.model.text(entry.key));
  return names;
}

/// What is declared, by kind: made when the first name is missing.
class Declared {
 public:
  explicit Declared(const Context& context) : context_(context) {}

  /// The name of that kind that is nearest; empty when none is near. Comparing every missing name with every declared
  /// one is a square: after a million comparisons in a run nothing is suggested any more.
  [[nodiscard]] std::string_view nearest(const ir::Object& from, std::string_view kind, std::string_view wrong) {
    fill();
    const auto found = names_.find({isClusterWide(kind) ? 0u : context_.model.nameSpaceOf(from).id, kind});
    if (found == names_.end() || found->second.size() > left_) return {};
    left_ -= found->second.size();
    const auto near = diag::nearest(wrong, found->second);
    return isSlip(wrong, near) ? near : std::string_view{};
  }

  /// A claim of that name in whatever namespace.
  [[nodiscard]] const ir::Object* claim(std::string_view name) {
    fill();
    const auto found = claims_.find(name);
    return found == claims_.end() ? nullptr : found->second;
  }

 private:
  void fill() {
    if (filled_) return;
    filled_ = true;
    for (const auto& object : context_.stack.objects) {
      const auto kind = context_.model.kindOf(object);
      if (object.generated || std::none_of(kMentioned.begin(), kMentioned.end(), [&](std::string_view one) { return one == kind; })) continue;
      names_[{isClusterWide(kind) ? 0u : context_.model.nameSpaceOf(object).id, kind}].push_back(context_.model.text(object.name));
      if (object.role == ir::Role::Claim) claims_.emplace(context_.model.text(object.name), &object);
    }
  }

  static constexpr std::array<std::string_view, 6> kMentioned{"ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount", "PriorityClass", "RuntimeClass"};
  const Context& context_;
  bool filled_ = false;
  std::size_t left_ = 1'000'000;
  std::map<std::pair<std::uint32_t, std::string_view>, std::vector<std::string_view>> names_;
  std::unordered_map<std::string_view, const ir::Object*> claims_;
};

/// MLS3381: a pod that names a key which is not there stays in CreateContainerConfigError or ContainerCreating
/// (pkg/kubelet/kubelet_pods.go, pkg/volume/configmap, pkg/volume/secret).
void missingKey(Context& context, const Pods& pods, const Mention& mention, const ir::Object& object) {
  if (!mention.key || !isText(mention.key) || isTrue(mention.optional) || object.external || !object.root) return;
  if (holds(context, object, mention.key->text())) return;
  const auto keys = keysOf(context, object);
  if (keys.empty() && mention.kind == "Secret") return;   // filled by someone else, as token secrets are
  auto d = diag::make<Code::MissingKey>(mention.key->span, context.objectText(object), mention.key->text(), context.nameOf(*pods.workload));
  d.related.push_back({object.span, "declared here"});
  const auto near = diag::nearest(mention.key->text(), keys);
  if (!near.empty()) {
    d.help = fmt::format("did you mean `{}`?", near);
    d.fixes.push_back({fmt::format("write {}", near), {{mention.key->span, std::string(near)}}});
  } else if (keys.size() <= 8) {
    d.help = fmt::format("it has {}", fmt::join(keys, ", "));
  }
  context.report(std::move(d), {pods.workload, &object});
}

/// Whether an object can have that name: lower-case letters, digits, `-` and `.`, a letter or digit at both ends.
/// Kubernetes: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
bool canBeName(std::string_view name) {
  const auto inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  const auto edge = [&](char c) { return inner(c) && c != '-' && c != '.'; };
  return name.size() <= 253 && std::all_of(name.begin(), name.end(), inner) && edge(name.front()) && edge(name.back());
}

/// "MY_CLAIM": what somebody fills in before it is applied.
bool isPlaceholder(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// MLS3384: a name that nothing has, in no cluster. Reports whether it is one.
bool noName(Context& context, const Pods& pods, const Mention& mention) {
  const auto name = mention.at->text();
  const bool checked = mention.kind == "PersistentVolumeClaim" || mention.kind == "ConfigMap" || mention.kind == "Secret";
  if (!checked || canBeName(name) || isPlaceholder(name)) return false;
  auto d = diag::make<Code::NotInCluster>(mention.at->span, wordOf(mention.kind), name, context.nameOf(*pods.workload));
  d.help = "nothing can have this name: names are of lower-case letters, digits, `-` and `.`";
  context.report(std::move(d), {pods.workload});
  return true;
}

/// MLS3383: a claim of a set's template, with a number that none of its pods has.
void numberOfNoPod(Context& context, const Pods& pods, const Mention& mention) {
  if (mention.kind != "PersistentVolumeClaim") return;
  const auto made = madeClaim(context.model, *pods.workload, mention.at->text());
  if (!made || made->isMade() || made->count < 1) return;
  const auto& set = *made->state->object;
  const auto* replicas = context.keys.at<"spec.replicas">(set.root);
  if (!replicas) return;   // an autoscaler's, or another file's
  auto d = diag::make<Code::NearMiss>(mention.at->span, "claim", mention.at->text(), claimsText(made->state->name, context.model.text(set.name), made->first, made->count));
  d.related.push_back({replicas->entrySpan(), fmt::format("`{}` makes a claim for each of its pods", context.nameOf(set))});
  d.help = "name the claim of a pod that is there; one with this number is there only if the set was larger once";
  context.report(std::move(d), {pods.workload, &set});
}

/// MLS3380, MLS3383, MLS3384: a name that is not declared here. It may exist in the cluster, so it is an error only where the
/// cluster's facts say that it does not.
void undeclared(Context& context, Declared& declared, const Pods& pods, const Mention& mention) {
  const auto name = mention.at->text();
  const auto word = wordOf(mention.kind);
  const auto& workload = *pods.workload;
  if (context.model.knowsAll(mention.kind)) {
    context.report(diag::make<Code::NotInCluster>(mention.at->span, word, name, context.nameOf(workload)), {&workload});
    return;
  }
  const auto near = declared.nearest(workload, mention.kind, name);
  if (!near.empty()) {
    auto d = diag::make<Code::NearMiss>(mention.at->span, word, name, near);
    d.help = fmt::format("write `{}`, if that is meant", near);
    context.report(std::move(d), {&workload});
    return;
  }
  if (const auto* object = mention.kind == "PersistentVolumeClaim" ? declared.claim(name) : nullptr) {
    auto d = diag::make<Code::OtherNamespace>(mention.at->span, word, name, context.model.text(context.model.nameSpaceOf(*object)), context.model.text(context.model.nameSpaceOf(workload)));
    // What states no namespace goes where it is applied: perhaps into the same one.
    if (!object->nameSpace || !workload.nameSpace) d.severity = diag::Severity::Warning;
    d.related.push_back({object->span, "declared here"});
    d.help = "put both into one namespace: a pod can only use claims of its own";
    context.report(std::move(d), {&workload, object});
    return;
  }
  // In a stack what is not declared is referred to by a text, which says that it is elsewhere.
  if (!workload.manifest) return;
  auto d = diag::make<Code::NotDeclared>(mention.at->span, word, name);
  context.report(std::move(d), {&workload});
}

void mentions(Context& context) {
  const Made made(context);
  Declared declared(context);
  std::set<std::tuple<std::uint32_t, std::string_view, std::string_view>> told;
  for (const auto& pods : context.model.pods) {
    for (const auto& mention : Mentions(context, pods).all()) {
      const auto name = mention.at->text();
      const auto* object = context.model.find(isClusterWide(mention.kind) ? nullptr : pods.workload, mention.kind, name);
      if (object) {
        missingKey(context, pods, mention, *object);
        continue;
      }
      const bool given = std::any_of(kGiven.begin(), kGiven.end(), [&](const auto& row) { return row.first == mention.kind && row.second == name; });
      // What a template or a script fills in ("$(NAME)", "${NAME}", "<NAME>") names nothing yet.
      const bool filled = name.find_first_of("$<{") != std::string_view::npos;
      // Spark makes a claim for each executor that names this one. https://spark.apache.org/docs/latest/running-on-kubernetes.html
      const bool onDemand = mention.kind == "PersistentVolumeClaim" && name == "OnDemand";
      if (given || filled || onDemand || isTrue(mention.optional)) continue;
      const bool isMade = made.has(*pods.workload, mention.kind, name);
      if (!told.insert({context.model.nameSpaceOf(*pods.workload).id, mention.kind, name}).second) continue;
      if (isMade) numberOfNoPod(context, pods, mention);
      else if (!noName(context, pods, mention)) undeclared(context, declared, pods, mention);
    }
  }
}

/// MLS3385: a file of a ConfigMap mounted by `subPath` that it does not have: the runtime makes a folder of that name.
void subPathKeys(Context& context, const Pods& pods, const Container& container) {
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!volume || mount.subPath.empty() || mount.expandsSubPath || volume->object == ir::kNoObject) continue;
    if (volume->kind != VolumeKind::ConfigMap && volume->kind != VolumeKind::Secret) continue;
    const auto& object = context.stack.objects[volume->object];
    if (object.external || !object.root) continue;
    std::vector<std::string_view> files;
    for (const auto& item : ir::Children(context.keys.at<"items">(volume->source))) files.push_back(context.keys.text<"path">(&item));
    if (files.empty()) files = keysOf(context, object);
    const auto first = mount.subPath.substr(0, mount.subPath.find('/'));
    if (files.empty() || std::any_of(files.begin(), files.end(), [&](std::string_view file) { return file == mount.subPath || file.substr(0, file.find('/')) == first; })) continue;
    const auto* at = context.keys.at<"subPath">(mount.node);
    auto d = diag::make<Code::SubPathNoKey>(at ? at->span : mount.node->span, mount.subPath, context.objectText(object));
    d.related.push_back({object.span, "declared here"});
    const auto near = diag::nearest(mount.subPath, files);
    if (!near.empty()) d.help = fmt::format("did you mean `{}`?", near);
    context.report(std::move(d), {pods.workload, &object});
  }
}

/// MLS3387: only secrets of the two types for registries are read for pulling, whatever keys others have.
/// Kubernetes: pkg/credentialprovider/secrets/secrets.go#MakeDockerKeyring
void pullSecrets(Context& context, const Pods& pods) {
  for (const auto& entry : ir::Children(context.keys.at<"imagePullSecrets">(pods.spec))) {
    const auto* name = context.keys.at<"name">(&entry);
    const auto* secret = context.model.find(pods.workload, "Secret", textOf(name));
    if (!secret || secret->external || !secret->root) continue;
    const auto* typeAt = context.keys.at<"type">(secret->root);
    const auto type = typeAt ? textOf(typeAt) : std::string_view("Opaque");
    if (type.empty() || type == "kubernetes.io/dockerconfigjson" || type == "kubernetes.io/dockercfg") continue;
    auto d = diag::make<Code::PullSecretType>(name->span, context.nameOf(*pods.workload), context.objectText(*secret), type);
    d.related.push_back({typeAt ? typeAt->entrySpan() : secret->span, "declared here"});
    d.help = "make it of type kubernetes.io/dockerconfigjson, with the key `.dockerconfigjson` (`kubectl create secret docker-registry`)";
    context.report(std::move(d), {pods.workload, secret});
  }
}

/// Names of Kueue's objects. https://kueue.sigs.k8s.io/docs/concepts/
class Queues {
 public:
  explicit Queues(Context& context) : context_(context) {}

  void run() {
    for (const auto& object : context_.stack.objects) {
      const auto kind = context_.model.kindOf(object);
      if (kind == "LocalQueue") names_[{context_.model.nameSpaceOf(object).id, kind}].push_back(context_.model.text(object.name));
      else if (kind == "ClusterQueue" || kind == "ResourceFlavor") names_[{0, kind}].push_back(context_.model.text(object.name));
    }
    if (names_.empty()) return;
    for (const auto& object : context_.stack.objects) {
      if (object.external || !object.root) continue;
      const auto kind = context_.model.kindOf(object);
      if (kind == "LocalQueue") name(object, "ClusterQueue", context_.keys.at<"spec.clusterQueue">(object.root));
      if (kind == "ClusterQueue")
        for (const auto& group : ir::Children(context_.keys.at<"spec.resourceGroups">(object.root)))
          for (const auto& flavor : ir::Children(context_.keys.at<"flavors">(&group))) name(object, "ResourceFlavor", context_.keys.at<"name">(&flavor));
      name(object, "LocalQueue", ir::find(context_.keys.at<"metadata.labels">(object.root), context_.keys.symbol<"kueue.x-k8s.io/queue-name">()));
    }
  }

 private:
  void name(const ir::Object& from, std::string_view kind, const ir::Node* at) {
    if (!isText(at) || at->length == 0) return;
    const auto found = names_.find({kind == "LocalQueue" ? context_.model.nameSpaceOf(from).id : 0u, kind});
    if (found == names_.end()) return;
    const auto& declared = found->second;
    const auto wrong = at->text();
    if (std::find(declared.begin(), declared.end(), wrong) != declared.end()) return;
    auto near = diag::nearest(wrong, declared);
    // Of the only one that is declared a short name with one letter more or less is a slip, too.
    if (!isSlip(wrong, near)) near = declared.size() == 1 && oneLetter(wrong, declared[0]) ? declared[0] : std::string_view{};
    if (near.empty()) return;
    auto d = diag::make<Code::NearMiss>(at->span, kind, wrong, near);
    d.help = fmt::format("write `{}`, if that is meant: what names a queue that is not there waits without end", near);
    context_.report(std::move(d), {&from});
  }

  /// "qq" and "q", "cqq" and "cq".
  static bool oneLetter(std::string_view a, std::string_view b) {
    const auto longer = a.size() > b.size() ? a : b;
    const auto shorter = a.size() > b.size() ? b : a;
    const bool digit = !longer.empty() && longer.back() >= '0' && longer.back() <= '9';
    return longer.size() == shorter.size() + 1 && longer.starts_with(shorter) && !digit;
  }

  Context& context_;
  std::map<std::pair<std::uint32_t, std::string_view>, std::vector<std::string_view>> names_;
};

void queues(Context& context) { Queues(context).run(); }

constexpr Rule kRules[] = {mentions, subPathKeys, pullSecrets, queues};

}  // namespace

std::span<const Rule> configRules() { return kRules; }

}  // namespace mlstack::storage
