#include "storage/profiles.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace mlstack::storage {

namespace {

using ir::Facts;
using ir::FactsVariant;
using ir::Node;
using ir::NodeKind;
using ir::ParameterValues;

constexpr base::Quantity bytes(std::int64_t count) {
  return {static_cast<base::Int128>(count) * 1'000'000'000, base::QuantityFormat::BinarySI};
}

// kDrivers, kPrefixed and kSources, each with the names of its rows, sorted.
#include "profiles_table.inc"

const Facts* rowOf(std::span<const Facts> rows, std::span<const std::string_view> names, std::string_view name) {
  const auto found = std::lower_bound(names.begin(), names.end(), name);
  return found == names.end() || *found != name ? nullptr : &rows[static_cast<std::size_t>(found - names.begin())];
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool sameName(std::string_view a, std::string_view b, bool foldCase) {
  if (!foldCase) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// The value of a parameter as the driver sees it: as stated, else its default; empty when there is neither.
std::string_view valueOf(const Facts& profile, const Node* parameters, std::string_view name, const base::SymbolTable& symbols) {
  for (const auto& child : ir::Children(parameters)) {
    if (!sameName(symbols.text(child.key), name, profile.foldCase.value_or(false))) continue;
    if (child.kind == NodeKind::String) return child.text();
    return {};
  }
  for (const auto& given : profile.defaults)
    if (given.parameter == name && !given.values.empty()) return given.values.front();
  return {};
}

}  // namespace

const Facts* profileOf(std::string_view provisioner) {
  if (const auto* row = rowOf(kDrivers, kDriversNames, provisioner)) return row;
  // `NAMESPACE.rbd.csi.ceph.com`: the operator's namespace comes first.
  const auto dot = provisioner.find('.');
  return dot == 0 || dot == std::string_view::npos ? nullptr : rowOf(kPrefixed, kPrefixedNames, provisioner.substr(dot));
}

const Facts* profileOf(std::string_view provisioner, const Node* parameters, const base::SymbolTable& symbols) {
  const auto* profile = profileOf(provisioner);
  if (profile == nullptr) return nullptr;
  for (const auto& variant : profile->variants) {
    const bool holds = std::all_of(variant.when.begin(), variant.when.end(), [&](const ParameterValues& wanted) {
      const auto value = valueOf(*profile, parameters, wanted.parameter, symbols);
      return std::any_of(wanted.values.begin(), wanted.values.end(), [&](std::string_view one) { return sameName(one, value, true); });
    });
    if (holds) return variant.facts;
  }
  return profile;
}

const Facts* sourceProfile(std::string_view field) { return rowOf(kSources, kSourcesNames, field); }

std::span<const Facts> profiles() { return kDrivers; }

std::span<const Facts> sourceProfiles() { return kSources; }

bool isCommonParameter(std::string_view parameter) {
  // What sidecars take out before the driver sees it; `fstype` and the secrets' old names likewise.
  // https://kubernetes-csi.github.io/docs/external-provisioner.html
  static constexpr std::array<std::string_view, 9> kOld{
      "fstype", "csiProvisionerSecretName", "csiProvisionerSecretNamespace", "csiControllerPublishSecretName",
      "csiControllerPublishSecretNamespace", "csiNodeStageSecretName", "csiNodeStageSecretNamespace",
      "csiNodePublishSecretName", "csiNodePublishSecretNamespace"};
  return parameter.starts_with("csi.storage.k8s.io/") || std::find(kOld.begin(), kOld.end(), parameter) != kOld.end();
}

std::optional<bool> knowsParameter(const Facts& facts, std::string_view parameter) {
  if (facts.parameters.empty()) return std::nullopt;
  if (isCommonParameter(parameter)) return true;
  const bool foldCase = facts.foldCase.value_or(false);
  return std::any_of(facts.parameters.begin(), facts.parameters.end(), [&](std::string_view known) {
    if (!known.ends_with('*')) return sameName(known, parameter, foldCase);
    known.remove_suffix(1);
    return parameter.size() >= known.size() && sameName(known, parameter.substr(0, known.size()), foldCase);
  });
}

// --- facts of objects ------------------------------------------------------------------------

namespace {

/// `facts`, and from `profile` what they leave open. What belongs to a class or volume alone (binding, reclaim)
/// no profile knows; that a driver can let volumes grow says nothing of one class, that it cannot does.
void complete(Facts& facts, const Facts& profile) {
  const auto text = [&](std::string_view Facts::* member) {
    if ((facts.*member).empty()) facts.*member = profile.*member;
  };
  const auto list = [&](auto Facts::* member) {
    if ((facts.*member).empty()) facts.*member = profile.*member;
  };
  const auto value = [&](auto Facts::* member) {
    if (!(facts.*member)) facts.*member = profile.*member;
  };
  for (const auto member : {&Facts::title, &Facts::provisioner, &Facts::fsGroupPolicy, &Facts::defaultFilesystem, &Facts::topology,
                            &Facts::csiDriver, &Facts::removedIn, &Facts::source})
    text(member);
  // Modes that are stated say what its block volumes can do, too.
  if (facts.accessModes.empty() && facts.blockModes.empty()) facts.blockModes = profile.blockModes;
  list(&Facts::accessModes);
  list(&Facts::topologyKeys);
  list(&Facts::parameters);
  list(&Facts::required);
  list(&Facts::values);
  list(&Facts::defaults);
  for (const auto member : {&Facts::onlineExpansion, &Facts::offlineExpansion, &Facts::snapshots, &Facts::clones, &Facts::block,
                            &Facts::attachable, &Facts::network, &Facts::nodeLocal, &Facts::staticOnly, &Facts::capacityEnforced,
                            &Facts::inlineVolumes, &Facts::roundsUp, &Facts::foldCase})
    value(member);
  if (!facts.expandable && profile.expandable == false) facts.expandable = false;
  for (const auto member : {&Facts::minimumSize, &Facts::maximumSize, &Facts::sizeStep}) value(member);
}

class Applier {
 public:
  explicit Applier(ir::Stack& stack) : stack_(stack), symbols_(*stack.symbols) {}

  void run() {
    for (const auto& object : stack_.objects)
      if (isA(object, "CSIDriver")) drivers_.emplace(symbols_.text(object.name), &object);
    for (auto& object : stack_.objects) {
      if (object.role == ir::Role::Class) classFacts(object);
      if (object.role == ir::Role::Volume) volumeFacts(object);
    }
  }

 private:
  bool isA(const ir::Object& object, std::string_view kind) const { return symbols_.text(object.kind) == kind && object.root != nullptr; }

  const Node* at(const Node* map, std::string_view key) const {
    for (const auto& child : ir::Children(map))
      if (map->kind == NodeKind::Map && symbols_.text(child.key) == key) return &child;
    return nullptr;
  }
  std::string_view text(const Node* map, std::string_view key) const {
    const auto* node = at(map, key);
    return node != nullptr && node->kind == NodeKind::String ? node->text() : std::string_view();
  }
  std::optional<bool> flag(const Node* map, std::string_view key) const {
    const auto* node = at(map, key);
    return node != nullptr && node->kind == NodeKind::Bool ? std::optional(node->boolean) : std::nullopt;
  }

  /// What the cluster's CSIDriver says counts before what its manual does.
  void fromDriver(Facts& facts, std::string_view name) const {
    const auto found = drivers_.find(name);
    if (found == drivers_.end()) return;
    const auto* spec = at(found->second->root, "spec");
    // Defaults: attachRequired true, ReadWriteOnceWithFSType, Persistent only.
    // https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/csi-driver-v1/
    if (!facts.attachable) facts.attachable = flag(spec, "attachRequired").value_or(true);
    const auto policy = text(spec, "fsGroupPolicy");
    if (facts.fsGroupPolicy.empty()) facts.fsGroupPolicy = policy.empty() ? "ReadWriteOnceWithFSType" : policy;
    bool ephemeral = false;
    for (const auto& mode : ir::Children(at(spec, "volumeLifecycleModes"))) ephemeral = ephemeral || (mode.kind == NodeKind::String && mode.text() == "Ephemeral");
    if (!facts.inlineVolumes) facts.inlineVolumes = ephemeral;
  }

  void classFacts(ir::Object& object) {
    auto facts = object.facts != nullptr ? *object.facts : Facts{};
    if (facts.provisioner.empty()) facts.provisioner = text(object.root, "provisioner");
    if (isA(object, "StorageClass") && (!object.external || object.observed)) {
      const auto binding = text(object.root, "volumeBindingMode");
      const auto reclaim = text(object.root, "reclaimPolicy");
      facts.bindingMode = binding.empty() ? "Immediate" : binding;
      facts.reclaim = reclaim.empty() ? "Delete" : reclaim;
      facts.expandable = flag(object.root, "allowVolumeExpansion").value_or(false);
    }
    const auto* profile = profileOf(facts.provisioner, at(object.root, "parameters"), symbols_);
    finish(object, facts, profile, facts.provisioner);
  }

  void volumeFacts(ir::Object& object) {
    const auto* spec = at(object.root, "spec");
    const auto* csi = at(spec, "csi");
    auto facts = object.facts != nullptr ? *object.facts : Facts{};
    const auto driver = text(csi, "driver");
    const Facts* profile = csi != nullptr ? profileOf(driver) : nullptr;
    if (csi == nullptr) {
      for (const auto& child : ir::Children(spec))
        if (profile == nullptr) profile = sourceProfile(symbols_.text(child.key));
    } else {
      facts.provisioner = driver;
    }
    const auto reclaim = text(spec, "persistentVolumeReclaimPolicy");
    facts.reclaim = reclaim.empty() ? "Retain" : reclaim;
    // Volumes that state no facts mostly have those of the one before.
    const bool plain = object.facts == nullptr;
    if (plain && last_.facts != nullptr && last_.profile == profile && last_.isCsi == (csi != nullptr) && last_.facts->reclaim == facts.reclaim && last_.driver == driver) {
      object.facts = last_.facts;
      return;
    }
    finish(object, facts, profile, csi != nullptr ? driver : profile != nullptr ? profile->csiDriver : std::string_view());
    if (plain) last_ = {object.facts, profile, driver, csi != nullptr};
  }

  void finish(ir::Object& object, Facts& facts, const Facts* profile, std::string_view driver) {
    fromDriver(facts, driver);
    if (profile != nullptr && profile->csiDriver != driver) fromDriver(facts, profile->csiDriver);
    if (profile != nullptr) complete(facts, *profile);
    object.facts = &stack_.facts.emplace_back(facts);
  }

  /// The last volume without facts of its own: what they were made from.
  struct Last {
    const Facts* facts = nullptr;
    const Facts* profile = nullptr;
    std::string_view driver{};
    bool isCsi = false;
  };

  ir::Stack& stack_;
  const base::SymbolTable& symbols_;
  std::unordered_map<std::string_view, const ir::Object*> drivers_;
  Last last_;
};

}  // namespace

void applyProfiles(ir::Stack& stack) { Applier(stack).run(); }

}  // namespace mlstack::storage
