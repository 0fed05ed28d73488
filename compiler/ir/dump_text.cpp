#include <fmt/format.h>

#include "base/json.h"
#include "ir/dump.h"
#include "ir/words.h"

namespace mlstack::ir {

namespace {

class TextDump {
 public:
  TextDump(const Stack& stack, const base::SourceSet& sources)
      : stack_(stack), symbols_(*stack.symbols), sources_(sources) {}

  std::string run() {
    line("stack {}  kubernetes {}", symbols_.text(stack_.name), stack_.kubernetes);
    if (stack_.nameSpace) line("namespace {}", symbols_.text(stack_.nameSpace));
    for (ObjectId id = 0; id < stack_.objects.size(); ++id) object(id);
    if (!stack_.edges.empty()) out_ += "\nedges\n";
    for (const auto& each : stack_.edges) edge(each);
    if (!stack_.outputs.empty()) out_ += "\noutputs\n";
    for (const auto& each : stack_.outputs) output(each);
    if (!stack_.allows.empty()) out_ += "\nallows\n";
    for (const auto& each : stack_.allows) {
      line("  MLS{} on {}: {}{}", each.code,
           each.object == kNoObject ? "the stack" : title(each.object), each.reason, at(each.span));
    }
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  /// "  @ file:line:column"; nothing for what the compiler made.
  [[nodiscard]] std::string at(base::Span span) const {
    const auto place = span.known() ? sources_.place(span.begin) : std::nullopt;
    return place ? fmt::format("  @ {}:{}:{}", place->file->name, place->line, place->column)
                 : std::string{};
  }
  /// "  @line:column", with the file only when it is not the object's.
  [[nodiscard]] std::string nodeAt(base::Span span) const {
    const auto place = span.known() ? sources_.place(span.begin) : std::nullopt;
    if (!place) return {};
    if (place->file == objectFile_) return fmt::format("  @{}:{}", place->line, place->column);
    return fmt::format("  @{}:{}:{}", place->file->name, place->line, place->column);
  }
  [[nodiscard]] std::string title(ObjectId id) const {
    const auto& object = stack_.objects[id];
    return fmt::format("{}/{}", symbols_.text(object.kind), symbols_.text(object.name));
  }

  void object(ObjectId id) {
    const auto& object = stack_.objects[id];
    objectFile_ = object.span.known() ? sources_.fileAt(object.span.begin) : nullptr;
    out_ += '\n';
    line("{} {} {}{}{}{}", word(object.role), symbols_.text(object.apiVersion), title(id),
         object.external ? "  external" : "", object.isProtected ? "  protected" : "",
         at(object.span));
    if (object.facts) facts(*object.facts);
    if (object.root) {
      for (const auto& child : Children(object.root)) node(child, 1);
    }
  }

  void facts(const Facts& facts) {
    std::string text = "  facts:";
    const auto add = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) text += fmt::format(" {}={}", name, value);
    };
    const auto flag = [&](std::string_view name, const std::optional<bool>& value) {
      if (value) add(name, *value ? "true" : "false");
    };
    const auto amount = [&](std::string_view name, const std::optional<base::Quantity>& value) {
      if (value) add(name, value->text());
    };
    const auto list = [&](std::string_view name, std::span<const std::string_view> values) {
      add(name, fmt::format("{}", fmt::join(values, ",")));
    };
    add("provisioner", facts.provisioner);
    add("csi-driver", facts.csiDriver);
    list("access", facts.accessModes);
    list("block-access", facts.blockModes);
    flag("expandable", facts.expandable);
    flag("online-expansion", facts.onlineExpansion);
    flag("offline-expansion", facts.offlineExpansion);
    flag("snapshots", facts.snapshots);
    flag("clones", facts.clones);
    flag("block", facts.block);
    flag("attachable", facts.attachable);
    flag("network", facts.network);
    flag("node-local", facts.nodeLocal);
    flag("static-only", facts.staticOnly);
    flag("capacity-enforced", facts.capacityEnforced);
    flag("inline", facts.inlineVolumes);
    add("fs-group", facts.fsGroupPolicy);
    add("filesystem", facts.defaultFilesystem);
    add("binding", facts.bindingMode);
    add("topology", facts.topology);
    list("topology-keys", facts.topologyKeys);
    add("reclaim", facts.reclaim);
    amount("min", facts.minimumSize);
    amount("max", facts.maximumSize);
    amount("step", facts.sizeStep);
    flag("rounds-up", facts.roundsUp);
    add("removed", facts.removedIn);
    out_ += text + '\n';
  }

  void node(const Node& node, unsigned depth) {
    out_.append(depth * 2, ' ');
    out_ += node.key ? fmt::format("{}: ", symbols_.text(node.key)) : std::string("- ");
    scalar(node);
    if (node.flags & FlagBlock) out_ += "  block";
    if (node.flags & FlagImplied) out_ += "  implied";
    if (node.flags & FlagRaw) out_ += "  raw";
    out_ += nodeAt(node.span);
    out_ += '\n';
    for (const auto& child : Children(&node)) this->node(child, depth + 1);
  }

  void scalar(const Node& node) {
    base::JsonWriter json(out_);
    switch (node.kind) {
      case NodeKind::Null:
        json.null();
        return;
      case NodeKind::Bool:
        json.value(node.boolean);
        return;
      case NodeKind::Int:
        json.value(node.integer);
        return;
      case NodeKind::Float:
        json.value(node.real);
        return;
      case NodeKind::String:
        json.value(node.text());
        return;
      case NodeKind::List:
        out_ += fmt::format("list {}", node.length);
        return;
      case NodeKind::Map:
        out_ += fmt::format("map {}", node.length);
        return;
    }
  }

  void edge(const Edge& edge) {
    const auto end = [&](ObjectId id) {
      return id == kNoObject ? fmt::format("{} {} (not in the stack)", word(edge.toRole),
                                           symbols_.text(edge.name))
                             : title(id);
    };
    std::string text = fmt::format("  {} {} -> {}", word(edge.kind), end(edge.from), end(edge.to));
    const auto add = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) text += fmt::format("  {}={}", name, value);
    };
    if (edge.intent != Intent::Unstated) add("intent", word(edge.intent));
    if (edge.readOnly) text += "  read-only";
    add("container", symbols_.text(edge.container));
    add("volume", symbols_.text(edge.volumeName));
    add(edge.kind == EdgeKind::References ? "env" : "path", edge.path);
    add("subPath", edge.subPath);
    if (edge.contract) {
      if (edge.contract->everyMs) add("every", fmt::format("{}ms", *edge.contract->everyMs));
      if (edge.contract->keep) add("keep", fmt::format("{}", *edge.contract->keep));
      if (edge.contract->size) add("size", edge.contract->size->text());
      if (edge.contract->flushMs) add("flush", fmt::format("{}ms", *edge.contract->flushMs));
    }
    out_ += text + at(edge.span) + '\n';
  }

  void output(const Output& output) {
    out_ += fmt::format("  {}: {} = ", symbols_.text(output.name), output.type);
    if (output.value)
      scalar(*output.value);
    else if (output.object != kNoObject)
      out_ += fmt::format("{} {}", title(output.object), output.fieldPath);
    out_ += at(output.span) + '\n';
  }

  const Stack& stack_;
  const base::SymbolTable& symbols_;
  const base::SourceSet& sources_;
  const base::SourceFile* objectFile_ = nullptr;
  std::string out_;
};

}  // namespace

std::string dumpText(const Stack& stack, const base::SourceSet& sources) {
  return TextDump(stack, sources).run();
}

}  // namespace mlstack::ir
