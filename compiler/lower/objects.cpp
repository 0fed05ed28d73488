// Resources as objects: the head that every object has, then what its kind says, then overlays.

#include <algorithm>

#include <fmt/format.h>

#include "lower/lowering.h"

namespace mlstack::lower {

namespace {

ir::Role roleOf(KindRole role) {
  switch (role) {
    case KindRole::Class: return ir::Role::Class;
    case KindRole::Volume: return ir::Role::Volume;
    case KindRole::Claim: return ir::Role::Claim;
    case KindRole::SnapshotClass: return ir::Role::SnapshotClass;
    case KindRole::Snapshot: return ir::Role::Snapshot;
    case KindRole::Workload: return ir::Role::Workload;
    case KindRole::Config: return ir::Role::Config;
    case KindRole::Secret: return ir::Role::Secret;
    case KindRole::Namespace: return ir::Role::Namespace;
    case KindRole::Service: return ir::Role::Service;
    case KindRole::Account: return ir::Role::Account;
    case KindRole::Plain: case KindRole::Part: case KindRole::Mount: case KindRole::ScratchMount: case KindRole::PodScratch:
    case KindRole::ClaimTemplate: case KindRole::Ephemeral: case KindRole::Source:
      return ir::Role::Other;
  }
  return ir::Role::Other;
}

/// What a raw object is, by its kind: the prelude knows, and whatever has pods is work.
ir::Role roleOfApi(std::string_view api) {
  for (const auto& kind : sema::preludeKinds()) {
    if (kind.api == api) return roleOf(kind.role);
  }
  return ir::Role::Other;
}

std::string_view text(const FieldValue* field) {
  return field != nullptr && field->value.kind == ValueKind::String ? field->value.text() : std::string_view();
}

std::optional<bool> truth(const FieldValue* field) {
  if (field == nullptr || field->value.kind != ValueKind::Bool) return std::nullopt;
  return field->value.boolean;
}

std::optional<base::Quantity> amount(const FieldValue* field) {
  if (field == nullptr || field->value.kind != ValueKind::Quantity) return std::nullopt;
  return *field->value.quantity;
}

}  // namespace

Lowering::Lowering(const sema::Program& program, const schema::Catalog& catalog, ir::Stack& stack, diag::Sink& sink)
    : program_(program), catalog_(catalog), stack_(stack), sink_(sink), symbols_(*program.symbols),
      builder_(stack.arena), settler_(stack), keys_(symbols_), plans_(symbols_) {}

void Lowering::begin() {
  stack_.symbols = program_.symbols;
  stack_.name = program_.name;
  stack_.nameSpace = program_.nameSpace;
  stack_.kubernetes = stack_.arena.copy(program_.kubernetes);
}

void Lowering::take(std::span<Instance* const> resources) {
  for (const auto* resource : resources) {
    if (resource->broken || (resource->kind != nullptr && resource->kind->broken)) continue;
    if (resource->kind != nullptr) {
      lowerResource(*resource);
    } else {
      lowerRaw(*resource);
    }
  }
  labelSelected();
}

void Lowering::takeTurn(std::span<Instance* const> resources, const base::Arena& arena) {
  builder_ = ir::Builder(building_, stack_.arena);
  turnBegin_ = static_cast<ir::ObjectId>(stack_.objects.size());
  beginLearning();
  take(resources);
  countTexts();
  for (auto id = turnBegin_; id < stack_.objects.size(); ++id) settler_.settle(stack_.objects[id]);
  if (learning_ && !learn()) repeated_.clear();
  learning_.reset();
  forget(resources, arena);
  turnBegin_ = ir::kNoObject;
  builder_ = ir::Builder(stack_.arena);
  lately_ = {};
  building_.recycle();
}

/// After this nothing is remembered by an address in `arena`.
void Lowering::forget(std::span<Instance* const> resources, const base::Arena& arena) {
  for (const auto* resource : resources) ids_.erase(resource);
  podLabels_.clear();
  toLabel_.clear();
  for (const auto index : keptLately_) {
    if (arena.contains(kept_[index].from)) kept_[index] = {};
  }
  keptLately_.clear();
  for (const auto index : namedLately_) {
    if (arena.contains(named_[index].from)) named_[index] = {};
  }
  namedLately_.clear();
  for (const auto index : volumeNamesLately_) {
    if (arena.contains(volumeNames_[index].from)) volumeNames_[index] = {};
  }
  volumeNamesLately_.clear();
  scratch_.recycle();
}

void Lowering::finish() {
  take(program_.resources);
  outputs();
  allowsOf(program_.allows.data(), program_.allows.size());
}

ir::Object& Lowering::addObject(const Instance& resource, Symbol apiVersion, Symbol kind, ir::Role role) {
  const auto id = static_cast<ir::ObjectId>(stack_.objects.size());
  auto& object = stack_.objects.emplace_back();
  ids_.emplace(&resource, id);
  object.role = role;
  // A secret's values never stand in a source, so there is nothing to emit.
  object.external = resource.external || role == ir::Role::Secret;
  object.isProtected = resource.isProtected;
  object.apiVersion = apiVersion;
  object.kind = kind;
  object.name = resource.name ? resource.name : resource.label;
  object.sourceName = resource.label;
  if (resource.library)
    object.sourceName = symbols_.intern(fmt::format("{}.{}", symbols_.text(resource.library), symbols_.text(resource.label)));
  object.span = resource.headSpan;
  object.order = id;
  return object;
}

void Lowering::stackEntries(Node& metadata, Symbol key, const Value& entries) {
  if (entries.kind != ValueKind::Map || entries.length == 0) return;
  auto* map = builder_.mapAt(metadata, key, entries.map()[0].keySpan);
  for (const auto& entry : entries.map()) {
    if (auto* value = textOf(entry.value, entry.span)) set(*map, entry.key, value);
  }
}

Node* Lowering::startObject(ir::Object& object, Span span, Span nameSpan) {
  auto* root = builder_.map(span);
  object.root = root;
  const auto head = object.span;
  ir::Builder::add(*root, keys_.apiVersion, builder_.string(symbols_.text(object.apiVersion), head));
  ir::Builder::add(*root, keys_.kind, builder_.string(symbols_.text(object.kind), head));
  auto* metadata = builder_.map(head);
  ir::Builder::add(*root, keys_.metadata, metadata);
  ir::Builder::add(*metadata, keys_.name, builder_.string(symbols_.text(object.name), nameSpan));
  if (object.nameSpace) {
    auto* nameSpace = builder_.string(symbols_.text(object.nameSpace), head);
    ir::Builder::add(*metadata, keys_.nameSpace, nameSpace);
  }
  if (!object.external) {
    stackEntries(*metadata, keys_.labels, program_.labels);
    stackEntries(*metadata, keys_.annotations, program_.annotations);
  }
  return root;
}

/// The version of a kind of ours that the targeted Kubernetes has: the prelude names the newest. Where there is none the
/// newest stays, and the check against the schemas tells.
Symbol Lowering::servedVersion(const KindPlan& plan) {
  if (!plan.builtin) return plan.apiVersion;
  const auto [known, fresh] = served_.try_emplace(&plan, plan.apiVersion);
  if (!fresh) return known->second;
  const auto target = schema::versionBit(program_.kubernetes);
  const auto wanted = symbols_.text(plan.apiVersion);
  const auto kind = symbols_.text(plan.kindName);
  const auto* info = catalog_.resource(wanted, kind);
  if (info == nullptr || (info->versions & target) != 0) return plan.apiVersion;
  const auto group = wanted.substr(0, wanted.find('/') + 1);
  for (const auto* other : catalog_.resources()) {
    if (other->kind != kind || (other->versions & target) == 0 || !other->apiVersion.starts_with(group)) continue;
    known->second = symbols_.intern(other->apiVersion);
    if (other->apiVersion.find("beta") != std::string_view::npos) break;   // before alpha
  }
  return known->second;
}

void Lowering::lowerResource(const Instance& resource) {
  const auto& plan = plans_.of(*resource.kind);
  resource_ = &resource;
  auto& object = addObject(resource, servedVersion(plan), plan.kindName, roleOf(resource.kind->role));
  bool namespaced = !resource.kind->clusterScoped;
  if (namespaced && !plan.builtin) {
    const auto* info = catalog_.resource(symbols_.text(plan.apiVersion), symbols_.text(plan.kindName));
    namespaced = info == nullptr || info->namespaced;
  }
  if (namespaced) object.nameSpace = nameSpaceFor(resource);
  const auto id = static_cast<ir::ObjectId>(object.order);
  const auto* name = resource.field("name");
  lately_ = {};
  auto* root = startObject(object, resource.span, name != nullptr && name->span.known() ? name->span : resource.labelSpan);
  Frame frame{.id = id, .resource = &resource, .name = asLabel(symbols_.text(object.name)),
              .isWorkload = resource.kind->role == KindRole::Workload, .external = object.external};
  if (frame.isWorkload) reserveVolumes(resource);
  lowerInstance(resource, *root, frame);
  if (frame.isWorkload && !frame.external) {
    attachVolumes(*root, plan, resource);
    completeSelectors(resource, plan, *root, frame);
  }
  if (object.role == ir::Role::Claim && !object.external) checkClaim(resource, "claim");
  if (resource.kind->api == "networking.k8s.io/v1/NetworkPolicy" && !object.external) {
    // No selector at all would be refused; an empty one means every pod.
    if (auto* spec = builder_.mapAt(*root, keys_.spec, object.span)) (void)builder_.mapAt(*spec, keys_.podSelector, object.span);
  }
  finishObject(object, resource, plan);
}

void Lowering::finishObject(ir::Object& object, const Instance& resource, const KindPlan& plan) {
  if (resource.overlays != nullptr) {
    overlay(resource.overlays, *object.root, typeOf(object));
    renameFromTree(object);
  }
  if (!resource.kind->podSpec.empty() && !object.external) checkContainers(resource, plan, *object.root);
  if (object.role == ir::Role::Class) factsOf(object, resource);
  if (!object.external) checkPortNames(resource);
  allowsOf(resource, object.order);
  if (object.role == ir::Role::Account && !object.external) grants(resource, object);
}

/// An overlay or a raw body may name the object otherwise.
void Lowering::renameFromTree(ir::Object& object) {
  const auto* metadata = ir::find(object.root, keys_.metadata);
  const auto take = [&](Symbol key, Symbol& into) {
    const auto* node = ir::find(metadata, key);
    if (node != nullptr && node->kind == ir::NodeKind::String) into = symbols_.intern(node->text());
  };
  take(keys_.name, object.name);
  take(keys_.nameSpace, object.nameSpace);
}

void Lowering::lowerRaw(const Instance& resource) {
  unsteady();
  const auto [apiVersion, kind] = splitApi(resource.api);
  const auto role = roleOfApi(resource.api);
  auto& object = addObject(resource, symbols_.intern(apiVersion), symbols_.intern(kind), role);
  object.external = resource.external;
  const auto* info = catalog_.resource(apiVersion, kind);
  if (info == nullptr || info->namespaced) object.nameSpace = program_.nameSpace;
  auto* root = startObject(object, resource.span, resource.labelSpan);
  for (const auto key : {keys_.apiVersion, keys_.kind}) {
    if (resource.apiSpan.known()) ir::find(root, key)->span = resource.apiSpan;
  }
  for (const auto& child : ir::Children(resource.raw)) {
    auto* copy = builder_.clone(child);
    if (child.key == keys_.metadata && copy->kind == ir::NodeKind::Map) {
      auto* metadata = ir::find(root, keys_.metadata);
      metadata->span = copy->span;
      metadata->flags |= ir::FlagRaw;
      set(*root, keys_.metadata, copy);
    } else {
      ir::Builder::set(*root, child.key, copy);
    }
  }
  root->flags |= ir::FlagRaw;
  renameFromTree(object);
  if (const auto* written = ir::find(root, keys_.apiVersion); written->kind == ir::NodeKind::String) object.apiVersion = symbols_.intern(written->text());
  if (const auto* written = ir::find(root, keys_.kind); written->kind == ir::NodeKind::String) object.kind = symbols_.intern(written->text());
  if (object.role == ir::Role::Other && !ir::podTemplates(object, symbols_).empty()) object.role = ir::Role::Workload;
  allowsOf(resource, object.order);
}

/// The facts of a class: those stated, and for a class of this stack what the API takes when nothing is said.
void Lowering::factsOf(ir::Object& object, const Instance& resource) {
  auto& facts = stack_.facts.emplace_back();
  const auto words = [&](std::string_view field) {
    std::vector<std::string_view> out;
    const auto* found = resource.field(field);
    if (found != nullptr && found->value.kind == ValueKind::String) out.push_back(keep(found->value.text()));
    if (found != nullptr && found->value.kind == ValueKind::List) {
      for (const auto& item : found->value.list()) {
        if (item.value.kind == ValueKind::String) out.push_back(keep(item.value.text()));
      }
    }
    return std::span<const std::string_view>(stack_.arena.copy(out));
  };
  facts.provisioner = keep(text(resource.field("provisioner")));
  facts.bindingMode = keep(text(resource.field("binding")));
  facts.topology = keep(text(resource.field("topology")));
  facts.reclaim = keep(text(resource.field("reclaim")));
  facts.source = keep(text(resource.field("source")));
  facts.expandable = truth(resource.field("expandable"));
  facts.snapshots = truth(resource.field("snapshots"));
  facts.clones = truth(resource.field("clones"));
  facts.block = truth(resource.field("block"));
  facts.onlineExpansion = truth(resource.field("online-expansion"));
  facts.offlineExpansion = truth(resource.field("offline-expansion"));
  facts.attachable = truth(resource.field("attachable"));
  facts.network = truth(resource.field("network"));
  facts.nodeLocal = truth(resource.field("node-local"));
  facts.staticOnly = truth(resource.field("static-only"));
  facts.capacityEnforced = truth(resource.field("capacity-enforced"));
  facts.roundsUp = truth(resource.field("rounds-up"));
  facts.fsGroupPolicy = keep(text(resource.field("fs-group")));
  facts.defaultFilesystem = keep(text(resource.field("filesystem")));
  facts.minimumSize = amount(resource.field("minimum-size"));
  facts.maximumSize = amount(resource.field("maximum-size"));
  facts.sizeStep = amount(resource.field("size-step"));
  facts.accessModes = words("modes");
  facts.blockModes = words("block-modes");
  if (!object.external) {
    if (facts.bindingMode.empty()) facts.bindingMode = "Immediate";
    if (facts.reclaim.empty()) facts.reclaim = "Delete";
    if (!facts.expandable) facts.expandable = false;
  }
  object.facts = &facts;
}

/// `allows` lines of an account: a Role of these rules, and a RoleBinding that gives it to the account.
void Lowering::grants(const Instance& account, const ir::Object& object) {
  std::vector<const Instance*> rules;
  for (const auto* part = account.parts; part != nullptr; part = part->next) {
    if (part->kind != nullptr && part->kind->name == "account-rule") rules.push_back(part);
  }
  if (rules.empty()) return;
  const auto name = object.name;
  const auto nameSpace = object.nameSpace;
  const auto make = [&](std::string_view kind) -> ir::Object& {
    auto& made = stack_.objects.emplace_back();
    made.apiVersion = symbols_.intern("rbac.authorization.k8s.io/v1");
    made.kind = symbols_.intern(kind);
    made.name = name;
    made.nameSpace = nameSpace;
    made.sourceName = account.label;
    made.span = rules.front()->headSpan;
    made.order = static_cast<std::uint32_t>(stack_.objects.size() - 1);
    (void)startObject(made, rules.front()->span, account.labelSpan);
    return made;
  };
  auto& role = make("Role");
  Frame frame{.id = role.order, .name = symbols_.text(name)};
  auto* list = builder_.listAt(*role.root, keys_.rules, rules.front()->headSpan);
  for (const auto* rule : rules) {
    auto* node = addElement(*list, rule->span);
    lowerInstance(*rule, *node, frame);
    completePart(*rule, *node, frame);
  }
  auto& binding = make("RoleBinding");
  const auto span = binding.span;
  auto* reference = builder_.mapAt(*binding.root, keys_.roleRef, span);
  ir::Builder::add(*reference, keys_.apiGroup, builder_.string("rbac.authorization.k8s.io", span));
  ir::Builder::add(*reference, keys_.kind, builder_.string("Role", span));
  ir::Builder::add(*reference, keys_.name, builder_.string(symbols_.text(name), span));
  Value self;
  self.kind = ValueKind::Ref;
  self.instance = &account;
  ir::Builder::add(*binding.root, keys_.subjects, subjects(self, span));
}

void Lowering::allowsOf(const sema::AllowValue* allows, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    stack_.allows.push_back({allows[i].code, keep(allows[i].reason), ir::kNoObject, allows[i].span});
  }
}

void Lowering::allowsOf(const Instance& instance, ir::ObjectId id) {
  for (const auto* allow = instance.allows; allow != nullptr; allow = allow->next) {
    stack_.allows.push_back({allow->code, keep(allow->reason), id, allow->span});
  }
  for (const auto* part = instance.parts; part != nullptr; part = part->next) allowsOf(*part, id);
}

void Lowering::outputs() {
  for (const auto& output : program_.outputs) {
    ir::Output made{.name = output.name, .type = keep(output.type), .span = output.span};
    if (output.value.kind == ValueKind::Cluster) {
      const auto found = ids_.find(output.value.instance);
      if (found == ids_.end()) continue;
      made.object = found->second;
      made.fieldPath = keep(output.value.second());
    } else {
      made.value = nodeOf(output.value, output.span, false);
      if (made.value == nullptr) continue;
    }
    stack_.outputs.push_back(made);
  }
}

std::unique_ptr<ir::Stack> lowerProgram(const sema::Program& program, const schema::Catalog& catalog, diag::Sink& sink) {
  Steps steps(catalog, sink);
  auto stack = steps.finish(program);
  ir::link(*stack);
  return stack;
}

struct Steps::Impl {
  const schema::Catalog& catalog;
  diag::Sink& sink;
  std::unique_ptr<ir::Stack> stack = std::make_unique<ir::Stack>();
  std::unique_ptr<Lowering> lowering;

  Lowering& of(const sema::Program& program) {
    if (lowering == nullptr) {
      lowering = std::make_unique<Lowering>(program, catalog, *stack, sink);
      lowering->begin();
    }
    return *lowering;
  }
};

Steps::Steps(const schema::Catalog& catalog, diag::Sink& sink) : impl_(new Impl{catalog, sink}) {}
Steps::~Steps() = default;

void Steps::take(const sema::Program& program, std::span<Instance* const> resources, const base::Arena* vanishing) {
  auto& lowering = impl_->of(program);
  if (vanishing != nullptr) lowering.takeTurn(resources, *vanishing);
  else lowering.take(resources);
}

bool Steps::repeat(std::span<const std::string_view> texts) { return impl_->lowering != nullptr && impl_->lowering->repeat(texts); }

std::unique_ptr<ir::Stack> Steps::finish(const sema::Program& program) {
  impl_->of(program).finish();
  impl_->lowering.reset();
  return std::move(impl_->stack);
}

}  // namespace mlstack::lower
