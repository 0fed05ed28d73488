#include <array>
#include <span>
#include <string>
#include <vector>

#include "emit/buffer.h"
#include "emit/emit.h"
#include "emit/scalar.h"

namespace mlstack::emit {

namespace {

using ir::Node;
using ir::NodeKind;

/// A longer key needs the explicit `? key` form: parsers give up looking for its colon.
constexpr std::size_t kLongestSimpleKey = 900;

/// The document of a pattern's objects, without the scalars that vary.
struct Form {
  struct Gap {
    std::size_t at = 0;   // in `text`
    unsigned indent = 0;
  };
  std::string text;
  std::vector<Gap> gaps;
};

class YamlWriter {
 public:
  YamlWriter(Buffer& out, const base::SymbolTable& symbols)
      : out_(out), symbols_(symbols), keyStyles_(symbols.size(), kUnknown) {}

  void document(const Node& root) {
    if (root.kind == NodeKind::Map && root.length) {
      map(root, 0);
    } else if (root.kind == NodeKind::List && root.length) {
      list(root, 0);
    } else {
      scalar(root);
      out_.put('\n');
    }
  }

  /// The form that `object` has with the others of its pattern.
  [[nodiscard]] static Form formOf(const ir::Object& object, std::uint32_t varying, const base::SymbolTable& symbols) {
    Form form;
    StringWriter writer(form.text);
    Buffer buffer(writer);
    YamlWriter yaml(buffer, symbols);
    yaml.form_ = &form;
    yaml.varying_ = {object.varying, varying};
    yaml.document(*object.root);
    buffer.flush();
    return form;
  }

  void document(const Form& form, const Node* const* varying) {
    std::size_t from = 0;
    const std::string_view text = form.text;
    for (const auto& gap : form.gaps) {
      out_.put(text.substr(from, gap.at - from));
      leaf(**varying++, gap.indent);
      from = gap.at;
    }
    out_.put(text.substr(from));
  }

 private:
  static constexpr std::uint8_t kUnknown = 0xff;
  static constexpr std::size_t kAhead = 1024;

  /// The cursor stands at column `indent`; ends after a newline.
  void map(const Node& node, unsigned indent) {
    bool first = true;
    for (const auto& child : ir::Children(&node)) {
      // Trees lie in the arena nearly in the order of writing; the walk by pointers hides that from
      // the processor.
      __builtin_prefetch(reinterpret_cast<const char*>(&child) + kAhead);
      if (!first) out_.spaces(indent);
      first = false;
      key(child.key, indent);
      value(child, indent);
    }
  }

  void list(const Node& node, unsigned indent) {
    bool first = true;
    for (const auto& child : ir::Children(&node)) {
      if (!first) out_.spaces(indent);
      first = false;
      out_.put('-');
      if (child.length && child.kind == NodeKind::Map) {
        out_.put(' ');
        map(child, indent + 2);
      } else if (child.length && child.kind == NodeKind::List) {
        out_.put(' ');
        list(child, indent + 2);
      } else {
        leaf(child, indent);
      }
    }
  }

  void key(base::Symbol symbol, unsigned indent) {
    const auto text = symbols_.text(symbol);
    auto& style = keyStyles_[symbol.id];
    if (style == kUnknown) style = static_cast<std::uint8_t>(keyStyleOf(text));
    if (text.size() > kLongestSimpleKey) {
      out_.put("? ");
      putScalar(out_, text, Style::Double);
      out_.put('\n');
      out_.spaces(indent);
    } else if (style == static_cast<std::uint8_t>(Style::Plain)) {
      out_.put(text);
    } else {
      putScalar(out_, text, static_cast<Style>(style));
    }
    out_.put(':');
  }

  /// After the colon of a key at column `indent`.
  void value(const Node& node, unsigned indent) {
    if (node.length && node.kind == NodeKind::Map) {
      out_.put('\n');
      out_.spaces(indent + 2);
      return map(node, indent + 2);
    }
    if (node.length && node.kind == NodeKind::List) {
      out_.put('\n');
      out_.spaces(indent);  // items stand under their key, as kubectl writes them
      return list(node, indent);
    }
    leaf(node, indent);
  }

  void leaf(const Node& node, unsigned indent) {
    if (form_ != nullptr && form_->gaps.size() < varying_.size() && varying_[form_->gaps.size()] == &node) {
      out_.flush();
      form_->gaps.push_back({form_->text.size(), indent});
      return;
    }
    out_.put(' ');
    if (node.kind == NodeKind::String) {
      const auto text = node.text();
      const auto style = node.flags & ir::FlagBlock ? styleOf(text, true) : styleAt(text);
      if (style == Style::Plain) {
        out_.put(text);
      } else if (style == Style::Literal) {
        putLiteral(out_, text, indent + 2);
      } else {
        putScalar(out_, text, style);
      }
    } else {
      scalar(node);
    }
    out_.put('\n');
  }

  /// Literals of a loop come by again in each turn, at the same place in memory.
  Style styleAt(std::string_view text) {
    const auto hash = (reinterpret_cast<std::uintptr_t>(text.data()) ^ text.size() << 4) * 0x9e3779b97f4a7c15ull;
    auto& slot = styles_[hash >> 54];
    if (slot.chars != text.data() || slot.length != text.size() || text.empty()) {
      slot = {text.data(), static_cast<std::uint32_t>(text.size()), styleOf(text)};
    }
    return slot.style;
  }

  /// Anything that stands on one line.
  void scalar(const Node& node) {
    switch (node.kind) {
      case NodeKind::Null:
        return out_.put("null");
      case NodeKind::Bool:
        return out_.put(node.boolean ? "true" : "false");
      case NodeKind::Int:
        return putInteger(out_, node.integer);
      case NodeKind::Float:
        return putFloat(out_, node.real);
      case NodeKind::List:
        return out_.put("[]");
      case NodeKind::Map:
        return out_.put("{}");
      case NodeKind::String: {
        const auto style = styleOf(node.text());
        return putScalar(out_, node.text(), style == Style::Literal ? Style::Double : style);
      }
    }
  }

  struct Judged {
    const char* chars = nullptr;
    std::uint32_t length = 0;
    Style style{};
  };

  Buffer& out_;
  const base::SymbolTable& symbols_;
  std::array<Judged, 1024> styles_{};
  std::vector<std::uint8_t> keyStyles_;  // by symbol: keys repeat, so each is judged once
  Form* form_ = nullptr;                 // to be filled
  std::span<const Node* const> varying_;
};

}  // namespace

void appendYaml(std::string& out, const ir::Node& root, const base::SymbolTable& symbols) {
  StringWriter writer(out);
  Buffer buffer(writer);
  YamlWriter(buffer, symbols).document(root);
  buffer.flush();
}

namespace {

/// Objects of one pattern lie far apart: asks for what the next ones need, step by step, before it is needed.
void lookAhead(const ir::Stack& stack, const std::vector<const ir::Object*>& order, std::size_t at) {
  const auto varying = [&](std::size_t distance) -> std::span<const Node* const> {
    const auto* object = at + distance < order.size() ? order[at + distance] : nullptr;
    if (object == nullptr || object->pattern == 0) return {};
    return {object->varying, stack.patterns[object->pattern - 1].varying};
  };
  if (const auto third = varying(3); !third.empty()) __builtin_prefetch(third.data());
  for (const auto* node : varying(2)) __builtin_prefetch(node);
  for (const auto* node : varying(1)) {
    if (node->kind == NodeKind::String) __builtin_prefetch(node->chars);
  }
}

}  // namespace

bool emitYaml(const ir::Stack& stack, Writer& writer) {
  Buffer buffer(writer);
  YamlWriter yaml(buffer, *stack.symbols);
  std::vector<Form> forms(stack.patterns.size());
  bool first = true;
  const auto order = ir::applyOrder(stack);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto* object = order[i];
    lookAhead(stack, order, i);
    if (!object->root) continue;
    if (!first) buffer.put("---\n");
    first = false;
    if (const auto pattern = ir::patternOf(stack, *object)) {
      auto& form = forms[*pattern];
      if (form.text.empty()) form = YamlWriter::formOf(*object, stack.patterns[*pattern].varying, *stack.symbols);
      yaml.document(form, object->varying);
    } else {
      yaml.document(*object->root);
    }
    if (!buffer.ok()) return false;
  }
  buffer.flush();
  return buffer.ok();
}

}  // namespace mlstack::emit
