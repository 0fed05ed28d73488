#include <cmath>

#include "emit/buffer.h"
#include "emit/emit.h"
#include "emit/scalar.h"

namespace mlstack::emit {

namespace {

using ir::Node;
using ir::NodeKind;

class JsonWriter {
 public:
  JsonWriter(Buffer& out, const base::SymbolTable& symbols) : out_(out), symbols_(symbols) {}

  void value(const Node& node, unsigned indent) {
    switch (node.kind) {
      case NodeKind::Null:
        return out_.put("null");
      case NodeKind::Bool:
        return out_.put(node.boolean ? "true" : "false");
      case NodeKind::Int:
        return putInteger(out_, node.integer);
      case NodeKind::Float:
        if (!std::isfinite(node.real)) return out_.put("null");  // JSON has no word for it
        return putFloat(out_, node.real);
      case NodeKind::String:
        return putQuoted(out_, node.text());
      case NodeKind::List:
        return container(node, indent, '[', ']');
      case NodeKind::Map:
        return container(node, indent, '{', '}');
    }
  }

 private:
  void container(const Node& node, unsigned indent, char open, char close) {
    out_.put(open);
    bool first = true;
    for (const auto& child : ir::Children(&node)) {
      out_.put(first ? "\n" : ",\n");
      first = false;
      out_.spaces(indent + 2);
      if (node.kind == NodeKind::Map) {
        putQuoted(out_, symbols_.text(child.key));
        out_.put(": ");
      }
      value(child, indent + 2);
    }
    if (!first) {
      out_.put('\n');
      out_.spaces(indent);
    }
    out_.put(close);
  }

  Buffer& out_;
  const base::SymbolTable& symbols_;
};

}  // namespace

void appendJson(std::string& out, const ir::Node& root, const base::SymbolTable& symbols) {
  StringWriter writer(out);
  Buffer buffer(writer);
  JsonWriter(buffer, symbols).value(root, 0);
  buffer.flush();
}

bool emitJson(const ir::Stack& stack, Writer& writer) {
  Buffer buffer(writer);
  JsonWriter json(buffer, *stack.symbols);
  buffer.put("{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [");
  bool first = true;
  for (const auto* object : ir::applyOrder(stack)) {
    if (!object->root) continue;
    buffer.put(first ? "\n    " : ",\n    ");
    first = false;
    json.value(*object->root, 4);
    if (!buffer.ok()) return false;
  }
  buffer.put(first ? "]\n}\n" : "\n  ]\n}\n");
  buffer.flush();
  return buffer.ok();
}

}  // namespace mlstack::emit
