#include <fmt/format.h>

#include "base/json.h"
#include "ir/dump.h"
#include "ir/words.h"

namespace mlstack::ir {

namespace {

constexpr int kFormat = 1;

class JsonDump {
 public:
  JsonDump(const Stack& stack, const base::SourceSet& sources)
      : stack_(stack), symbols_(*stack.symbols), sources_(sources), json_(out_, 1) {}

  std::string run() {
    json_.beginObject();
    json_.field("version", kFormat);
    name("name", stack_.name);
    name("namespace", stack_.nameSpace);
    json_.field("kubernetes", stack_.kubernetes);
    json_.key("objects").beginArray();
    for (ObjectId id = 0; id < stack_.objects.size(); ++id) object(id);
    json_.endArray();
    json_.key("edges").beginArray();
    for (const auto& each : stack_.edges) edge(each);
    json_.endArray();
    json_.key("outputs").beginArray();
    for (const auto& each : stack_.outputs) output(each);
    json_.endArray();
    json_.key("allows").beginArray();
    for (const auto& each : stack_.allows) {
      json_.beginObject()
          .field("code", fmt::format("MLS{}", each.code))
          .field("reason", each.reason);
      reference("object", each.object);
      at(each.span);
      json_.endObject();
    }
    json_.endArray().endObject();
    out_ += '\n';
    return std::move(out_);
  }

 private:
  void name(std::string_view key, Symbol symbol) {
    if (symbol) json_.field(key, symbols_.text(symbol));
  }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) json_.field(key, value);
  }
  void reference(std::string_view key, ObjectId id) {
    if (id != kNoObject) json_.field(key, id);
  }
  /// "at": "file:line:column"; left out for what the compiler made.
  void at(base::Span span) {
    const auto place = span.known() ? sources_.place(span.begin) : std::nullopt;
    if (place)
      json_.field("at", fmt::format("{}:{}:{}", place->file->name, place->line, place->column));
  }

  void object(ObjectId id) {
    const auto& object = stack_.objects[id];
    json_.beginObject().field("id", id).field("role", word(object.role));
    name("apiVersion", object.apiVersion);
    name("kind", object.kind);
    name("name", object.name);
    name("namespace", object.nameSpace);
    name("source", object.sourceName);
    if (object.external) json_.field("external", true);
    if (object.isProtected) json_.field("protected", true);
    at(object.span);
    if (object.facts) facts(*object.facts);
    if (object.root) {
      json_.key("tree");
      node(*object.root);
    }
    json_.endObject();
  }

  void facts(const Facts& facts) {
    const auto flag = [&](std::string_view key, const std::optional<bool>& value) {
      if (value) json_.field(key, *value);
    };
    const auto amount = [&](std::string_view key, const std::optional<base::Quantity>& value) {
      if (value) json_.field(key, value->text());
    };
    const auto list = [&](std::string_view key, std::span<const std::string_view> values) {
      if (values.empty()) return;
      json_.key(key).beginArray();
      for (const auto value : values) json_.value(value);
      json_.endArray();
    };
    json_.key("facts").beginObject();
    text("title", facts.title);
    text("provisioner", facts.provisioner);
    text("csiDriver", facts.csiDriver);
    list("accessModes", facts.accessModes);
    list("blockModes", facts.blockModes);
    flag("expandable", facts.expandable);
    flag("onlineExpansion", facts.onlineExpansion);
    flag("offlineExpansion", facts.offlineExpansion);
    flag("snapshots", facts.snapshots);
    flag("clones", facts.clones);
    flag("block", facts.block);
    flag("attachable", facts.attachable);
    flag("network", facts.network);
    flag("nodeLocal", facts.nodeLocal);
    flag("staticOnly", facts.staticOnly);
    flag("capacityEnforced", facts.capacityEnforced);
    flag("inlineVolumes", facts.inlineVolumes);
    text("fsGroupPolicy", facts.fsGroupPolicy);
    text("defaultFilesystem", facts.defaultFilesystem);
    text("bindingMode", facts.bindingMode);
    text("topology", facts.topology);
    list("topologyKeys", facts.topologyKeys);
    text("reclaim", facts.reclaim);
    amount("minimumSize", facts.minimumSize);
    amount("maximumSize", facts.maximumSize);
    amount("sizeStep", facts.sizeStep);
    flag("roundsUp", facts.roundsUp);
    text("removedIn", facts.removedIn);
    text("source", facts.source);
    json_.endObject();
  }

  /// {"at": …, "value": …}, {"at": …, "list": […]} or {"at": …, "map": {…}}.
  void node(const Node& node) {
    json_.beginObject();
    at(node.span);
    if (node.flags & FlagImplied) json_.field("implied", true);
    if (node.kind == NodeKind::Map) {
      json_.key("map").beginObject();
      for (const auto& child : Children(&node)) {
        json_.key(symbols_.text(child.key));
        this->node(child);
      }
      json_.endObject();
    } else if (node.kind == NodeKind::List) {
      json_.key("list").beginArray();
      for (const auto& child : Children(&node)) this->node(child);
      json_.endArray();
    } else {
      json_.key("value");
      scalar(node);
    }
    json_.endObject();
  }

  void scalar(const Node& node) {
    switch (node.kind) {
      case NodeKind::Bool:
        json_.value(node.boolean);
        return;
      case NodeKind::Int:
        json_.value(node.integer);
        return;
      case NodeKind::Float:
        json_.value(node.real);
        return;
      case NodeKind::String:
        json_.value(node.text());
        return;
      case NodeKind::Null:
      case NodeKind::List:
      case NodeKind::Map:
        json_.null();
        return;
    }
  }

  void edge(const Edge& edge) {
    json_.beginObject().field("kind", word(edge.kind));
    reference("from", edge.from);
    reference("to", edge.to);
    name("name", edge.name);
    json_.field("role", word(edge.toRole));
    if (edge.intent != Intent::Unstated) json_.field("intent", word(edge.intent));
    if (edge.kind == EdgeKind::Mounts) json_.field("readOnly", edge.readOnly);
    name("container", edge.container);
    name("volume", edge.volumeName);
    text(edge.kind == EdgeKind::References ? "env" : "path", edge.path);
    text("subPath", edge.subPath);
    if (edge.contract) {
      json_.key("checkpoint").beginObject();
      if (edge.contract->everyMs) json_.field("everyMs", *edge.contract->everyMs);
      if (edge.contract->keep) json_.field("keep", *edge.contract->keep);
      if (edge.contract->size) json_.field("size", edge.contract->size->text());
      if (edge.contract->flushMs) json_.field("flushMs", *edge.contract->flushMs);
      json_.endObject();
    }
    at(edge.span);
    json_.endObject();
  }

  void output(const Output& output) {
    json_.beginObject();
    name("name", output.name);
    text("type", output.type);
    if (output.value) {
      json_.key("value");
      node(*output.value);
    }
    reference("object", output.object);
    text("field", output.fieldPath);
    at(output.span);
    json_.endObject();
  }

  const Stack& stack_;
  const base::SymbolTable& symbols_;
  const base::SourceSet& sources_;
  std::string out_;
  base::JsonWriter json_;
};

}  // namespace

std::string dumpJson(const Stack& stack, const base::SourceSet& sources) {
  return JsonDump(stack, sources).run();
}

}  // namespace mlstack::ir
