#include "backend/inventory.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <random>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backend/blocking.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/sha256.h"
#include "diag/cluster.h"

namespace mlstack::backend {
namespace {

using ir::Node;

constexpr std::string_view kTool = "mlstackc";
constexpr std::string_view kVersion =
#include "version.inc"
    ;

// What the parent's data holds beside the annotations of an ApplySet.
constexpr std::string_view kLastApply = "lastApply";
constexpr std::string_view kAppliedBy = "appliedBy";
constexpr std::string_view kMembers = "members";
constexpr std::string_view kOutputs = "outputs";

/// Base64 with the alphabet for URLs and file names (RFC 4648, section 5), without padding.
std::string base64Url(std::string_view bytes) {
  auto text = base::encodeBase64(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::set<std::string> commaList(std::string_view text) {
  std::set<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    if (end != 0) out.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// A member whose name holds dots, which textAt would take for steps.
std::string_view textOf(const Node* map, std::string_view key, const base::SymbolTable& symbols) {
  for (const Node& item : ir::Children(map)) {
    if (item.kind == ir::NodeKind::String && symbols.text(item.key) == key) return item.text();
  }
  return {};
}

ObjectRef parentOf(const Inventory& inventory) { return {"v1", "ConfigMap", inventory.nameSpace, inventory.name}; }

struct Parent {
  Inventory inventory;
  std::string id;        // as labelled
  std::string tooling;
  [[nodiscard]] bool whole() const { return id == inventory.id(); }
  [[nodiscard]] bool ours() const { return std::string_view(tooling).substr(0, tooling.rfind('/')) == kTool; }
};

Parent readParent(const Node& object, const base::SymbolTable& symbols) {
  Parent parent;
  auto& inventory = parent.inventory;
  const auto* labels = ir::findPath(&object, "metadata.labels", symbols);
  const auto* annotations = ir::findPath(&object, "metadata.annotations", symbols);
  const auto* data = ir::findPath(&object, "data", symbols);
  inventory.name = textAt(&object, "metadata.name", symbols);
  inventory.nameSpace = textAt(&object, "metadata.namespace", symbols);
  inventory.uid = textAt(&object, "metadata.uid", symbols);
  inventory.resourceVersion = textAt(&object, "metadata.resourceVersion", symbols);
  inventory.stack = textOf(labels, kStackLabel, symbols);
  inventory.origin = textOf(annotations, kOriginAnnotation, symbols);
  inventory.kinds = commaList(textOf(annotations, kKindsAnnotation, symbols));
  inventory.nameSpaces = commaList(textOf(annotations, kNamespacesAnnotation, symbols));
  inventory.lastApply = textOf(data, kLastApply, symbols);
  inventory.appliedBy = textOf(data, kAppliedBy, symbols);
  inventory.outputs = textOf(data, kOutputs, symbols);
  const auto members = textOf(data, kMembers, symbols);
  std::from_chars(members.data(), members.data() + members.size(), inventory.members);
  parent.id = textOf(labels, kSetIdLabel, symbols);
  parent.tooling = textOf(annotations, kToolingAnnotation, symbols);
  return parent;
}

Failure listParents(Api& api, std::string_view nameSpace, const std::string& labels, std::vector<Parent>& found) {
  const auto* resource = api.resource("v1", "ConfigMap");
  if (resource == nullptr) return {Outcome::Answered, 404, "NotFound", "the server serves no ConfigMaps", {}};
  ListQuery query;
  query.resource = resource;
  query.nameSpace = nameSpace;
  query.labels = labels;
  return blockingList(api, query, [&](Node& item, const std::shared_ptr<Document>&) { found.push_back(readParent(item, api.symbols())); });
}

/// One list of members: a kind in a namespace.
struct MemberList {
  const Resource* resource = nullptr;
  std::string nameSpace;
};

std::vector<MemberList> memberLists(const Api& api, const Inventory& inventory, std::vector<std::string>& unknownKinds) {
  std::vector<MemberList> lists;
  for (const auto& groupKind : inventory.kinds) {
    const auto dot = groupKind.find('.');
    const auto kind = std::string_view(groupKind).substr(0, dot);
    const auto group = dot == std::string::npos ? std::string_view() : std::string_view(groupKind).substr(dot + 1);
    const auto* resource = api.preferred(group, kind);
    if (resource == nullptr || !resource->canList) {
      unknownKinds.push_back(groupKind);
    } else if (!resource->namespaced) {
      lists.push_back({resource, {}});
    } else {
      lists.push_back({resource, inventory.nameSpace});
      for (const auto& nameSpace : inventory.nameSpaces) {
        if (nameSpace != inventory.nameSpace) lists.push_back({resource, nameSpace});
      }
    }
  }
  return lists;
}

using Member = std::function<void(const Resource&, Node&, const std::shared_ptr<Document>&)>;

Failure runLists(Api& api, const Inventory& inventory, const std::vector<MemberList>& lists, bool metadataOnly, const Member& member) {
  struct State {
    std::size_t left = 0;
    Failure failure;
    bool open = true;
    std::unordered_set<std::string> uids;
  };
  const auto state = std::make_shared<State>();
  state->left = lists.size();
  for (const auto& list : lists) {
    ListQuery query;
    query.resource = list.resource;
    query.nameSpace = list.nameSpace;
    query.labels = fmt::format("{}={}", kPartOfLabel, inventory.id());
    query.metadataOnly = metadataOnly;
    api.list(
        query,
        [state, &member, &api, resource = list.resource](Node& item, const std::shared_ptr<Document>& document) {
          if (!state->open) return;
          if (state->uids.emplace(textAt(&item, "metadata.uid", api.symbols())).second) member(*resource, item, document);
        },
        [] {},
        [state](Failure failure, const std::string&) {
          --state->left;
          if (failure.failed() && !state->failure.failed()) state->failure = std::move(failure);
        });
  }
  if (state->left != 0) api.run([&] { return state->left == 0; });
  state->open = false;
  return state->left != 0 && !state->failure.failed() ? unanswered(api) : state->failure;
}

std::string parentJson(const Inventory& inventory) {
  std::string text;
  base::JsonWriter out(text);
  auto others = inventory.nameSpaces;
  others.erase(inventory.nameSpace);
  out.beginObject().field("apiVersion", "v1").field("kind", "ConfigMap");
  out.key("metadata").beginObject().field("name", inventory.name).field("namespace", inventory.nameSpace);
  out.key("labels").beginObject().field(kSetIdLabel, inventory.id()).field(kStackLabel, inventory.stack).endObject();
  out.key("annotations")
      .beginObject()
      .field(kToolingAnnotation, fmt::format("{}/{}", kTool, kVersion.substr(0, kVersion.find('\n'))))
      .field(kKindsAnnotation, fmt::format("{}", fmt::join(inventory.kinds, ",")))
      .field(kNamespacesAnnotation, fmt::format("{}", fmt::join(others, ",")))
      .field(kOriginAnnotation, inventory.origin)
      .endObject();
  if (!inventory.uid.empty()) out.field("uid", inventory.uid);   // the one that was read, not another of its name
  out.endObject();
  out.key("data").beginObject();
  if (!inventory.lastApply.empty()) out.field(kLastApply, inventory.lastApply);
  if (!inventory.appliedBy.empty()) out.field(kAppliedBy, inventory.appliedBy);
  if (inventory.members != 0) out.field(kMembers, fmt::format("{}", inventory.members));
  if (!inventory.outputs.empty()) out.field(kOutputs, inventory.outputs);
  out.endObject().endObject();
  return text;
}

}  // namespace

std::string Inventory::id() const {
  const auto digest = base::sha256(fmt::format("{}.{}.ConfigMap.", name, nameSpace));
  return fmt::format("applyset-{}-v1", base64Url({reinterpret_cast<const char*>(digest.data()), digest.size()}));
}

Inventory newInventory(std::string_view stack, std::string_view nameSpace, std::string_view origin) {
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";   // as Kubernetes makes names: no words come out
  constexpr std::size_t kRandom = 8;
  constexpr std::size_t kLongest = 253;
  std::random_device random;
  std::uniform_int_distribution<std::size_t> letter(0, kLetters.size() - 1);
  Inventory inventory;
  inventory.stack = stack;
  inventory.nameSpace = nameSpace;
  inventory.origin = origin;
  inventory.name = fmt::format("{}-", stack.substr(0, kLongest - kRandom - 1));
  for (std::size_t i = 0; i < kRandom; ++i) inventory.name += kLetters[letter(random)];
  return inventory;
}

Failure findInventory(Api& api, std::string_view stack, std::string_view nameSpace, Inventory& found) {
  found = {};
  std::vector<Parent> parents;
  if (auto failure = listParents(api, nameSpace, fmt::format("{}={},{}", kStackLabel, stack, kSetIdLabel), parents); failure.failed()) return failure;
  const auto broken = std::stable_partition(parents.begin(), parents.end(), [](const Parent& parent) { return parent.whole(); });
  if (broken == parents.begin() && broken != parents.end()) {
    const auto& one = parents.front();
    return {Outcome::Answered, 0, "Ambiguous", fmt::format("the label `{}` of ConfigMap `{}` is not the one that its name gives: it is a copy of another inventory", kSetIdLabel, one.inventory.name), {}};
  }
  parents.erase(broken, parents.end());   // copies: members carry the id of the original
  if (parents.empty()) return {};
  std::sort(parents.begin(), parents.end(), [](const Parent& a, const Parent& b) { return a.inventory.name < b.inventory.name; });
  if (const auto other = std::find_if(parents.begin(), parents.end(), [](const Parent& parent) { return !parent.ours(); }); other != parents.end())
    return {Outcome::Answered, 0, "OtherTool", fmt::format("ConfigMap `{}` belongs to `{}`, not to {}", other->inventory.name, other->tooling, kTool), {}};
  if (parents.size() == 1) {
    found = std::move(parents.front().inventory);
    return {};
  }
  std::vector<std::string> used;
  for (const auto& parent : parents) {
    bool any = false;
    std::vector<std::string> unknown;
    const auto lists = memberLists(api, parent.inventory, unknown);
    if (auto failure = runLists(api, parent.inventory, lists, true, [&](const Resource&, Node&, const std::shared_ptr<Document>&) { any = true; }); failure.failed()) return failure;
    // What a group has that does not answer is not known, which is not "nothing".
    const bool unclear = std::any_of(unknown.begin(), unknown.end(), [&](std::string_view kind) {
      const auto dot = kind.find('.');
      return api.unknownGroup(dot == std::string_view::npos ? std::string_view() : kind.substr(dot + 1));
    });
    if (!any && !unclear) continue;
    used.push_back(parent.inventory.name);
    found = parent.inventory;
  }
  if (used.size() > 1) {
    found = {};
    return {Outcome::Answered, 0, "Ambiguous", fmt::format("the ConfigMaps {} are all inventories of it, and each has members or may have some", fmt::join(used, ", ")), {}};
  }
  if (used.empty()) found = std::move(parents.front().inventory);
  return {};
}

Failure listInventories(Api& api, std::string_view nameSpace, std::vector<Inventory>& found) {
  std::vector<Parent> parents;
  auto failure = listParents(api, nameSpace, fmt::format("{},{}", kStackLabel, kSetIdLabel), parents);
  for (auto& parent : parents) {
    if (parent.whole() && parent.ours()) found.push_back(std::move(parent.inventory));
  }
  return failure;
}

Failure saveInventory(Api& api, Inventory& inventory) {
  ApplyFlags flags;
  flags.force = true;   // it is ours alone
  auto answer = blocking(api, [&](Api::Done done) { api.apply(parentOf(inventory), parentJson(inventory), flags, std::move(done)); });
  if (!answer.ok()) return answer.failure;
  inventory.uid = textAt(answer.document->root, "metadata.uid", api.symbols());
  inventory.resourceVersion = textAt(answer.document->root, "metadata.resourceVersion", api.symbols());
  return {};
}

Failure removeInventory(Api& api, const Inventory& inventory) {
  DeleteFlags flags;
  flags.uid = inventory.uid;
  auto answer = blocking(api, [&](Api::Done done) { api.remove(parentOf(inventory), flags, std::move(done)); });
  return answer.ok() || answer.failure.notFound() ? Failure{} : answer.failure;
}

Failure listMembers(Api& api, const Inventory& inventory, const Member& member, std::vector<std::string>& unknownKinds) {
  return runLists(api, inventory, memberLists(api, inventory, unknownKinds), false, member);
}

Failure listMemberNames(Api& api, const Inventory& inventory, const Member& member, std::vector<std::string>& unknownKinds) {
  return runLists(api, inventory, memberLists(api, inventory, unknownKinds), true, member);
}

bool findStack(Api& api, std::string_view stack, std::string_view nameSpace, Inventory& found, diag::Sink& sink) {
  using diag::ClusterCode;
  if (const auto failure = findInventory(api, stack, nameSpace, found); failure.failed()) {
    const bool unclear = failure.reason == "Ambiguous" || failure.reason == "OtherTool";
    sink.add(unclear ? diag::make<ClusterCode::InventoryUnclear>({}, stack, failure.message) : report(failure, "read the inventory"));
    return false;
  }
  if (!found.name.empty()) return true;
  sink.add(diag::make<ClusterCode::NoSuchStack>({}, stack, nameSpace).hint("`mlstackc apply` makes it; --namespace and --context choose where to look"));
  return false;
}

}  // namespace mlstack::backend
