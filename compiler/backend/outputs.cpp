#include "backend/outputs.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "backend/blocking.h"
#include "backend/inventory.h"
#include "base/json.h"
#include "base/source.h"
#include "diag/cluster.h"
#include "diag/printable.h"
#include "yaml/yaml.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;
using ir::NodeKind;

namespace {

constexpr std::string_view kSecretKeepsIt = "a Secret holds it: `kubectl get secret` shows it to who may see it";

/// "status.loadBalancer.ingress[0].ip".
const Node* nodeAlong(const Node* node, std::string_view path, const base::SymbolTable& symbols) {
  while (node != nullptr && !path.empty()) {
    const auto end = std::min(path.find_first_of(".["), path.size());
    if (end != 0) {
      const auto key = path.substr(0, end);
      const Node* next = nullptr;
      for (const Node& child : ir::Children(node->kind == NodeKind::Map ? node : nullptr)) {
        if (symbols.text(child.key) == key) next = &child;
      }
      node = next;
    }
    path.remove_prefix(end);
    if (path.starts_with('.')) {
      path.remove_prefix(1);
    } else if (path.starts_with('[')) {
      const auto close = std::min(path.find(']'), path.size());
      std::size_t index = 0;
      const auto digits = path.substr(1, close - 1);
      if (std::from_chars(digits.data(), digits.data() + digits.size(), index).ec != std::errc()) return nullptr;
      const Node* item = nullptr;
      for (const Node& child : ir::Children(node != nullptr && node->kind == NodeKind::List ? node : nullptr)) {
        if (index-- == 0) {
          item = &child;
          break;
        }
      }
      node = item;
      path.remove_prefix(std::min(close + 1, path.size()));
    }
  }
  return node;
}

void setValue(OutputValue& output, const Node& value, const base::SymbolTable& symbols) {
  appendCompactJson(output.json, value, symbols);
  output.text = value.kind == NodeKind::String ? std::string(value.text()) : output.json;
}

/// An output that the cluster knows.
struct Asked {
  std::size_t index = 0;
  std::string path;
};

}  // namespace

std::string outputDefinitions(const ir::Stack& stack) {
  if (stack.outputs.empty()) return {};
  const auto& symbols = *stack.symbols;
  std::string text;
  base::JsonWriter out(text);
  out.beginArray();
  for (const auto& output : stack.outputs) {
    out.beginObject().field("name", symbols.text(output.name)).field("type", output.type);
    if (output.object == ir::kNoObject) {
      std::string value;
      if (output.value != nullptr) appendCompactJson(value, *output.value, symbols);
      out.key("value").raw(value.empty() ? "null" : value);
    } else if (const auto& object = stack.objects[output.object]; object.role == ir::Role::Secret) {
      out.field("why", kSecretKeepsIt);
    } else if (object.generated) {
      out.field("why", fmt::format("the server gives each {} a name of its own", symbols.text(object.kind)));
    } else {
      out.key("object")
          .beginObject()
          .field("apiVersion", symbols.text(object.apiVersion))
          .field("kind", symbols.text(object.kind))
          .field("namespace", symbols.text(object.nameSpace ? object.nameSpace : stack.nameSpace))
          .field("name", symbols.text(object.name))
          .endObject()
          .field("path", output.fieldPath);
    }
    out.endObject();
  }
  out.endArray();
  return text;
}

namespace {

std::optional<std::vector<OutputValue>> readFrom(Api& api, std::string_view definitions, std::string_view home, diag::Sink& sink) {
  std::vector<OutputValue> outputs;
  if (definitions.empty()) return outputs;
  base::SourceSet sources;
  base::Arena arena;
  ir::Builder builder(arena);
  diag::Sink found;
  auto& symbols = api.symbols();
  const auto documents = yaml::readDocuments(sources.add("outputs", std::string(definitions)), symbols, builder, found);
  if (found.hasErrors() || documents.size() != 1 || documents[0]->kind != NodeKind::List) {
    sink.add(diag::make<ClusterCode::InventoryUnclear>({}, "its outputs", "what the inventory keeps of them is not readable").hint("`mlstackc apply` writes it anew"));
    return std::nullopt;
  }
  std::map<ObjectRef, std::vector<Asked>> asked;
  for (const Node& item : ir::Children(documents[0])) {
    auto& output = outputs.emplace_back();
    output.name = textAt(&item, "name", symbols);
    output.type = textAt(&item, "type", symbols);
    output.why = textAt(&item, "why", symbols);
    if (const auto* value = ir::findPath(&item, "value", symbols)) setValue(output, *value, symbols);
    const auto* object = ir::findPath(&item, "object", symbols);
    if (object == nullptr) continue;
    ObjectRef ref{std::string(textAt(object, "apiVersion", symbols)), std::string(textAt(object, "kind", symbols)), std::string(textAt(object, "namespace", symbols)), std::string(textAt(object, "name", symbols))};
    if (const auto* resource = api.resource(ref.apiVersion, ref.kind); resource != nullptr) {
      if (!resource->namespaced) ref.nameSpace.clear();
      else if (ref.nameSpace.empty()) ref.nameSpace = home;
    }
    if (ref.kind == "Secret") output.why = kSecretKeepsIt;
    else asked[ref].push_back({outputs.size() - 1, std::string(textAt(&item, "path", symbols))});
  }
  const auto answers = std::make_shared<std::map<ObjectRef, Answer>>();
  for (const auto& entry : asked) api.get(entry.first, [answers, ref = entry.first](Answer answer) { answers->emplace(ref, std::move(answer)); });
  if (!asked.empty()) api.run([&] { return answers->size() == asked.size(); });
  for (const auto& [ref, fields] : asked) {
    const auto at = answers->find(ref);
    const auto failure = at == answers->end() ? unanswered(api) : at->second.failure;
    if (failure.failed() && !failure.notFound() && failure.reason != "UnknownKind") {
      sink.add(report(failure, fmt::format("read {}", ref.text(home))));
      return std::nullopt;
    }
    for (const auto& field : fields) {
      auto& output = outputs[field.index];
      const auto* value = failure.failed() ? nullptr : nodeAlong(at->second.document->root, field.path, symbols);
      if (failure.failed()) output.why = fmt::format("{} is not there", ref.text(home));
      else if (value == nullptr || value->kind == NodeKind::Null) output.why = fmt::format("{} has no {} yet", ref.text(home), field.path);
      else setValue(output, *value, symbols);
    }
  }
  return outputs;
}

}  // namespace

std::optional<std::vector<OutputValue>> readOutputs(Api& api, std::string_view definitions, diag::Sink& sink) { return readFrom(api, definitions, {}, sink); }

std::optional<std::vector<OutputValue>> readOutputs(Api& api, std::string_view stack, std::string_view nameSpace, diag::Sink& sink) {
  Inventory inventory;
  if (!findStack(api, stack, nameSpace, inventory, sink)) return std::nullopt;
  return readFrom(api, inventory.outputs, nameSpace, sink);
}

std::string outputsText(const std::vector<OutputValue>& outputs) {
  std::size_t width = 0;
  for (const auto& output : outputs) width = std::max(width, output.name.size());
  std::string text;
  for (const auto& output : outputs) text += fmt::format("{:<{}} = {}\n", output.name, width, diag::printable(output.json.empty() ? fmt::format("(not known: {})", output.why) : output.text));
  return text;
}

std::string outputsJson(const std::vector<OutputValue>& outputs) {
  std::string text;
  base::JsonWriter out(text, 2);
  out.beginObject().field("version", 1).key("outputs").beginObject();
  for (const auto& output : outputs) {
    out.key(output.name).beginObject().field("type", output.type).key("value").raw(output.json.empty() ? "null" : output.json);
    if (output.json.empty()) out.field("why", output.why);
    out.endObject();
  }
  out.endObject().endObject();
  text += '\n';
  return text;
}

}  // namespace mlstack::backend
