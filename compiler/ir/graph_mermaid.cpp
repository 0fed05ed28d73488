#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/graph.h"

namespace mlstack::ir {

namespace {

/// Inside double quotes Mermaid reads entities, Markdown and HTML.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "#quot;";
        break;
      case '<':
        out += "#lt;";
        break;
      case '>':
        out += "#gt;";
        break;
      case '&':
        out += "#amp;";
        break;
      case '#':
        out += "#35;";
        break;
      case ';':
        out += "#59;";
        break;
      case '`':
        out += "#96;";
        break;
      case '*':
        out += "#42;";
        break;
      case '_':
        out += "#95;";
        break;
      case '\n':
        out += ' ';
        break;
      default:
        out += c;
    }
  }
  return out;
}

struct Brackets {
  std::string_view open;
  std::string_view close;
};

Brackets bracketsOf(Shape shape) {
  switch (shape) {
    case Shape::Volume:
    case Shape::Claim:
    case Shape::Snapshot:
      return {"[(", ")]"};
    case Shape::Class:
      return {"{{", "}}"};
    case Shape::Scratch:
      return {"([", "])"};
    case Shape::Config:
    case Shape::Secret:
    case Shape::Outside:
      return {"[/", "/]"};
    case Shape::Workload:
      return {"[", "]"};
  }
  return {"[", "]"};
}

}  // namespace

std::string graphMermaid(const Stack& stack) {
  const auto graph = graphOf(stack);
  std::string out = "flowchart LR\n";
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& node = graph.nodes[i];
    auto label = fmt::format("<b>{}</b>", escaped(node.title));
    if (node.shape != Shape::Workload) label = fmt::format("{} {}", word(node.shape), label);
    for (const auto& line : node.lines) label += fmt::format("<br/>{}", escaped(line));
    const auto brackets = bracketsOf(node.shape);
    out += fmt::format("  n{}{}\"{}\"{}:::{}\n", i, brackets.open, label, brackets.close,
                       fmt::format("{}Node", word(node.shape)));
  }
  for (const auto& edge : graph.edges) {
    std::string_view arrow;
    auto from = edge.state;
    auto to = edge.work;
    switch (edge.flow) {
      case Flow::Read:
      case Flow::Environment:
        arrow = "-->";
        break;
      case Flow::Write:
        std::swap(from, to);
        arrow = "==>";
        break;
      case Flow::Scratch:
        std::swap(from, to);
        arrow = "-->";
        break;
      case Flow::Checkpoint:
        arrow = "<==>";
        break;
      case Flow::Supply:
        arrow = "-.->";
        break;
    }
    out += edge.label.empty()
               ? fmt::format("  n{} {} n{}\n", from, arrow, to)
               : fmt::format("  n{} {}|\"{}\"| n{}\n", from, arrow, escaped(edge.label), to);
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].external) out += fmt::format("  style n{} stroke-dasharray: 5 4\n", i);
  }
  out +=
      "  classDef classNode fill:#eef0f3,stroke:#6b7280,color:#1f2328\n"
      "  classDef volumeNode fill:#d9f2ee,stroke:#0f766e,color:#1f2328\n"
      "  classDef snapshotNode fill:#daf1f8,stroke:#0e7490,color:#1f2328\n"
      "  classDef claimNode fill:#dbeafe,stroke:#1f6feb,color:#1f2328\n"
      "  classDef scratchNode fill:#fdf0d0,stroke:#a16207,color:#1f2328\n"
      "  classDef configNode fill:#ece5fb,stroke:#7c3aed,color:#1f2328\n"
      "  classDef secretNode fill:#fbe2ea,stroke:#be185d,color:#1f2328\n"
      "  classDef outsideNode fill:#f4f1ec,stroke:#78716c,color:#1f2328\n"
      "  classDef workloadNode fill:#def3e0,stroke:#15803d,color:#1f2328\n";
  return out;
}

}  // namespace mlstack::ir
