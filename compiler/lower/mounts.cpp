// How containers use state: mounts, the pod's volumes behind them, and what is noted for the storage analysis.

#include <fmt/format.h>

#include "lower/lowering.h"

namespace mlstack::lower {

std::string labelOf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (plain) {
      out.push_back(lower);
    } else if (!out.empty() && out.back() != '-') {
      out.push_back('-');
    }
    if (out.size() == 63) break;
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "volume" : out;
}

namespace {

std::string_view textField(const Instance& instance, std::string_view name) {
  const auto* field = instance.field(name);
  return field != nullptr && field->value.kind == ValueKind::String ? field->value.text() : std::string_view();
}

bool sameEntries(const FieldValue* a, const FieldValue* b) {
  if (a == nullptr || b == nullptr) return a == b;
  const auto left = a->value.map();
  const auto right = b->value.map();
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i].key != right[i].key || left[i].value.kind != right[i].value.kind) return false;
    if (left[i].value.kind == ValueKind::String && left[i].value.text() != right[i].value.text()) return false;
  }
  return true;
}

bool truth(const FieldValue* field) {
  return field != nullptr && field->value.kind == ValueKind::Bool && field->value.boolean;
}

/// Two mounts of one config or secret share a volume when they take the same files of it.
bool sameNarrowing(const Instance& a, const Instance& b) {
  return sameEntries(a.field("files"), b.field("files")) && textField(a, "file-mode") == textField(b, "file-mode") &&
         truth(a.field("optional")) == truth(b.field("optional"));
}

KindRole roleOf(const Instance& state) {
  if (state.kind != nullptr) return state.kind->role;
  const auto kind = splitApi(state.api).kind;
  if (kind == "PersistentVolumeClaim") return KindRole::Claim;
  if (kind == "ConfigMap") return KindRole::Config;
  if (kind == "Secret") return KindRole::Secret;
  return KindRole::Plain;
}

bool holdsFiles(KindRole role) { return role == KindRole::Config || role == KindRole::Secret; }

}  // namespace

Symbol Lowering::volumeName(std::string_view wanted, const Instance& mount) {
  const auto taken = [this](Symbol name) {
    for (const auto& volume : pod_.volumes) {
      if (volume.name == name) return &volume;
    }
    return static_cast<const PodVolume*>(nullptr);
  };
  if (const auto stated = textField(mount, "volume-name"); !stated.empty()) {
    const auto name = symbols_.intern(stated);
    const auto* other = taken(name);
    if (other == nullptr) return name;
    sink_.add(complain<diag::Code::VolumeNameTaken>(mount.field("volume-name")->span, stated)
                  .note(other->mount != nullptr ? other->mount->headSpan : other->state->headSpan, "the other volume comes from here"));
  }
  const auto index = static_cast<std::uint16_t>((reinterpret_cast<std::uintptr_t>(wanted.data()) >> 3) % volumeNames_.size());
  auto& known = volumeNames_[index];
  if (known.from != wanted.data() || known.length != wanted.size()) {
    volumeNamesLately_.push_back(index);
    known = {wanted.data(), static_cast<std::uint32_t>(wanted.size()), symbols_.intern(labelOf(wanted))};
  }
  auto name = known.symbol;
  const auto base = std::string(taken(name) == nullptr ? std::string_view() : symbols_.text(name));
  for (unsigned n = 2; taken(name) != nullptr; ++n) {
    const auto number = fmt::format("-{}", n);
    name = symbols_.intern(base.substr(0, 63 - number.size()) + number);
  }
  return name;
}

void Lowering::configVolume(const Instance& mount, const Instance& state, Node& volume) {
  const bool secret = roleOf(state) == KindRole::Secret;
  auto* source = builder_.map(mount.headSpan);
  ir::Builder::add(*source, secret ? keys_.secretName : keys_.name, symbolNode(nameOf(state), mount.labelSpan));
  if (const auto* files = mount.field("files")) {
    auto* items = builder_.list(files->span);
    for (const auto& entry : files->value.map()) {
      auto* item = builder_.map(entry.span);
      ir::Builder::add(*item, keys_.key, symbolNode(symbols_.text(entry.key), entry.keySpan));
      if (auto* path = nodeOf(entry.value, entry.span, false)) ir::Builder::add(*item, keys_.path, path);
      ir::Builder::append(*items, item);
    }
    ir::Builder::add(*source, keys_.items, items);
  }
  if (const auto mode = textField(mount, "file-mode"); !mode.empty()) {
    std::int64_t number = 0;
    for (const char digit : mode) number = number * 8 + (digit - '0');
    ir::Builder::add(*source, keys_.defaultMode, builder_.integer(number, mount.field("file-mode")->span));
  }
  if (const auto* optional = mount.field("optional")) {
    ir::Builder::add(*source, keys_.optional, nodeOf(optional->value, optional->span, false));
  }
  ir::Builder::add(volume, secret ? keys_.secret : keys_.configMap, source);
}

void Lowering::checkNarrowing(const Instance& mount, const Value& state) {
  const bool files = state.kind == ValueKind::Ref && holdsFiles(roleOf(*state.instance));
  if (files && mount.kind->word != "read") {
    sink_.add(complain<diag::Code::FilesAreReadOnly>(mount.headSpan, nameOf(*state.instance),
                                                 roleOf(*state.instance) == KindRole::Secret ? "secret" : "config")
                  .note(state.instance->headSpan, "declared here")
                  .hint("write `read`; a program that must change the file copies it to a `scratch` first"));
  }
  if (files) return;
  for (const auto name : {"files", "file-mode", "optional"}) {
    if (const auto* field = mount.field(name)) {
      sink_.add(complain<diag::Code::NarrowsNothing>(field->keySpan, name).hint("`subpath` narrows any state"));
    }
  }
}

Symbol Lowering::stateVolume(const Instance& mount, const Instance& state) {
  const auto role = roleOf(state);
  sameNamespace(state, mount.labelSpan);
  const auto stated = textField(mount, "volume-name");
  for (const auto& volume : pod_.volumes) {
    if (volume.state != &state) continue;
    if (!stated.empty() && stated != symbols_.text(volume.name)) continue;
    if (!holdsFiles(role) || sameNarrowing(*volume.mount, mount)) return volume.name;
  }
  PodVolume made{.state = &state, .mount = &mount};
  if (role == KindRole::ClaimTemplate || role == KindRole::PodScratch || role == KindRole::Ephemeral) {
    made.name = state.name ? state.name : state.label;   // declared elsewhere: the graph's check tells
    pod_.volumes.push_back(made);
    return made.name;
  }
  made.name = volumeName(symbols_.text(state.label ? state.label : state.name), mount);
  made.node = builder_.map(mount.headSpan);
  made.node->flags |= ir::FlagImplied;
  ir::Builder::add(*made.node, keys_.name, symbolNode(symbols_.text(made.name), mount.labelSpan));
  if (holdsFiles(role)) {
    configVolume(mount, state, *made.node);
  } else {
    auto* claim = builder_.map(mount.headSpan);
    ir::Builder::add(*claim, keys_.claimName, symbolNode(nameOf(state), mount.labelSpan));
    ir::Builder::add(*made.node, keys_.persistentVolumeClaim, claim);
  }
  pod_.volumes.push_back(made);
  return made.name;
}

Symbol Lowering::fragmentVolume(const Instance& mount, const Instance& fragment) {
  auto* node = builder_.map(mount.headSpan);
  node->flags |= ir::FlagImplied;
  auto* name = textNode({}, mount.labelSpan);
  ir::Builder::add(*node, keys_.name, name);
  Frame frame;
  lowerInstance(fragment, *node, frame);
  const auto stated = textField(mount, "volume-name");
  for (const auto& volume : pod_.volumes) {
    if (volume.state != nullptr || volume.node == nullptr || volume.scratch) continue;
    if (!stated.empty() && stated != symbols_.text(volume.name)) continue;
    auto* other = ir::find(volume.node, keys_.name);
    name->chars = other->chars;
    name->length = other->length;
    unsteady();
    if (ir::sameValue(*volume.node, *node)) return volume.name;
  }
  PodVolume made{.mount = &mount, .node = node};
  made.name = volumeName(textField(mount, "at"), mount);
  const auto text = symbols_.text(made.name);
  name->chars = text.data();
  name->length = static_cast<std::uint32_t>(text.size());
  pod_.volumes.push_back(made);
  return made.name;
}

const ir::CheckpointContract* Lowering::contractOf(const Instance& mount) {
  if (mount.kind->word != "checkpoint") return nullptr;
  auto& contract = stack_.contracts.emplace_back();
  const auto duration = [&mount](std::string_view name, std::optional<std::int64_t>& into) {
    const auto* field = mount.field(name);
    if (field != nullptr && field->value.kind == ValueKind::Duration) into = field->value.integer;
  };
  duration("every", contract.everyMs);
  duration("flush", contract.flushMs);
  if (const auto* keep = mount.field("keep"); keep != nullptr && keep->value.kind == ValueKind::Int) contract.keep = keep->value.integer;
  if (const auto* size = mount.field("size"); size != nullptr && size->value.kind == ValueKind::Quantity) contract.size = *size->value.quantity;
  return &contract;
}

void Lowering::noteIntent(const Instance& mount, const Node& container, const Node& path, const Frame& frame) {
  ir::MountIntent intent;
  intent.object = frame.id;
  const auto* name = ir::find(&container, keys_.name);
  if (name != nullptr && name->kind == ir::NodeKind::String) intent.container = symbolOf(name->text());
  intent.path = path.text();
  const auto word = mount.kind->word;
  intent.intent = mount.kind->role == KindRole::ScratchMount ? ir::Intent::Scratch
                  : word == "read"                           ? ir::Intent::Read
                  : word == "checkpoint"                     ? ir::Intent::Checkpoint
                                                             : ir::Intent::Write;
  intent.contract = contractOf(mount);
  intent.span = mount.kind->role == KindRole::Mount && mount.labelSpan.known() ? mount.labelSpan : mount.headSpan;
  stack_.mountIntents.push_back(intent);
}

/// The entry of `volumeMounts` or `volumeDevices`, named; the path is checked against the entries before it.
void Lowering::placeMount(const Instance& mount, const MemberPlan& plan, Node& container, Symbol volume, Frame& frame) {
  auto* list = builder_.listAt(container, plan.steps.back().key, mount.headSpan);
  if (list == nullptr) return;
  auto* entry = builder_.map(mount.span);
  ir::Builder::add(*entry, keys_.name, symbolNode(symbols_.text(volume), mount.labelSpan.known() ? mount.labelSpan : mount.headSpan));
  lowerInstance(mount, *entry, frame);
  const auto pathKey = plan.steps.back().key == keys_.volumeDevices ? keys_.devicePath : keys_.mountPath;
  const auto* path = ir::find(entry, pathKey);
  const bool known = path != nullptr && path->kind == ir::NodeKind::String;
  if (known) {
    for (const auto& other : ir::Children(list)) {
      const auto* taken = ir::find(&other, pathKey);
      if (taken == nullptr || taken->kind != ir::NodeKind::String || taken->text() != path->text()) continue;
      sink_.add(complain<diag::Code::SameMountPath>(path->span, path->text()).note(taken->span, "the first is mounted here"));
      return;   // left out, so that no later check says it again
    }
  }
  const Value* state = mount.labelValue.kind == ValueKind::Ref ? &mount.labelValue : nullptr;
  const bool claimed = state != nullptr && !holdsFiles(roleOf(*state->instance));
  const bool source = mount.labelValue.kind == ValueKind::Fragment && mount.labelValue.instance->kind->word == "volume-source";
  if (mount.kind->word == "read" && (claimed || source)) {
    ir::Builder::add(*entry, keys_.readOnly, builder_.boolean(true, mount.headSpan));
  }
  if (mount.overlays != nullptr) overlay(mount.overlays, *entry, typeOf(mount));
  ir::Builder::append(*list, entry);
  if (known) noteIntent(mount, container, *path, frame);
}

void Lowering::lowerMount(const Instance& mount, const MemberPlan& plan, Node& container, Frame& frame) {
  const auto& state = mount.labelValue;
  if (state.kind != ValueKind::Ref && state.kind != ValueKind::Fragment) return;
  checkNarrowing(mount, state);
  const auto volume = state.kind == ValueKind::Ref ? stateVolume(mount, *state.instance) : fragmentVolume(mount, *state.instance);
  placeMount(mount, plan, container, volume, frame);
}

void Lowering::lowerScratch(const Instance& mount, const MemberPlan& plan, Node& container, Frame& frame) {
  const auto& label = mount.labelValue;
  if (label.kind == ValueKind::Error || label.kind == ValueKind::Unknown) return;
  if (label.kind == ValueKind::Ref) return placeMount(mount, plan, container, stateVolume(mount, *label.instance), frame);
  auto* directory = builder_.map(mount.headSpan);
  if (const auto* medium = mount.field("medium")) ir::Builder::add(*directory, keys_.medium, nodeOf(medium->value, medium->span, false));
  if (label.kind == ValueKind::Quantity) ir::Builder::add(*directory, keys_.sizeLimit, nodeOf(label, mount.labelSpan, false));
  PodVolume made{.mount = &mount};
  made.scratch = true;
  made.name = volumeName(textField(mount, "at"), mount);
  made.node = builder_.map(mount.headSpan);
  made.node->flags |= ir::FlagImplied;
  ir::Builder::add(*made.node, keys_.name, symbolNode(symbols_.text(made.name), mount.headSpan));
  ir::Builder::add(*made.node, keys_.emptyDir, directory);
  pod_.volumes.push_back(made);
  placeMount(mount, plan, container, made.name, frame);
}

/// State that the workload declares takes its names before any mount asks for one.
void Lowering::reserveVolumes(const Instance& workload) {
  pod_.volumes.clear();
  for (const auto* part = workload.parts; part != nullptr; part = part->next) {
    if (part->kind == nullptr) continue;
    const auto role = part->kind->role;
    if (role != KindRole::ClaimTemplate && role != KindRole::PodScratch && role != KindRole::Ephemeral) continue;
    PodVolume volume;
    volume.state = part;
    volume.name = part->name ? part->name : part->label;
    for (const auto& other : pod_.volumes) {
      if (other.name != volume.name) continue;
      sink_.add(complain<diag::Code::VolumeNameTaken>(part->labelSpan, symbols_.text(volume.name))
                    .note(other.state->headSpan, "the other volume comes from here"));
    }
    pod_.volumes.push_back(volume);
  }
}

void Lowering::declareVolume(const Instance& part, Node& node) {
  for (auto& volume : pod_.volumes) {
    if (volume.state != &part) continue;
    volume.node = &node;
    return;
  }
  pod_.volumes.push_back({.state = &part, .mount = &part, .name = part.name ? part.name : part.label, .node = &node});
}

void Lowering::attachVolumes(Node& root, const KindPlan& plan, const Instance& workload) {
  if (plan.podSpec.empty()) return;
  Node* spec = nullptr;
  Node* list = nullptr;
  for (const auto& volume : pod_.volumes) {
    if (volume.node == nullptr) continue;
    if (list == nullptr) {
      std::vector<StepPlan> steps;
      for (const auto key : plan.podSpec) steps.push_back({key, false, {}});
      spec = stepTo(root, steps, workload.headSpan, 0, {});
      list = spec == nullptr ? nullptr : builder_.listAt(*spec, keys_.volumes, volume.node->span);
      if (list == nullptr) return;
    }
    ir::Builder::append(*list, volume.node);
  }
}

/// A workload runs something: the API takes no pod without a container, and no container without an image.
void Lowering::checkContainers(const Instance& resource, const KindPlan& plan, const Node& root) {
  const Node* spec = &root;
  for (const auto key : plan.podSpec) spec = ir::find(spec, key);
  const auto* containers = ir::find(spec, keys_.containers);
  if (containers == nullptr || containers->length == 0) {
    sink_.add(complain<diag::Code::NothingRuns>(resource.headSpan, nameOf(resource))
                  .hint("state `image = …`, or write a `container NAME { … }`"));
    return;
  }
  for (const auto& container : ir::Children(containers)) {
    const auto* name = ir::find(&container, keys_.name);
    if (ir::find(&container, keys_.image) != nullptr || name == nullptr || name->kind != ir::NodeKind::String) continue;
    if ((name->flags & ir::FlagImplied) == 0) continue;   // a block of its own: told there
    sink_.add(complain<diag::Code::ContainerWithoutImage>(resource.headSpan, name->text())
                  .hint("fields of a container that stand in the workload belong to its first container: state `image = …` there, or move them into the `container` block"));
  }
}

}  // namespace mlstack::lower
