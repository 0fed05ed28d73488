#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/graph.h"

namespace mlstack::ir {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out += '"';
}

std::string_view fillOf(Shape shape) {
  switch (shape) {
    case Shape::Class:
      return "#eef0f3";
    case Shape::Volume:
      return "#d9f2ee";
    case Shape::Snapshot:
      return "#daf1f8";
    case Shape::Claim:
      return "#dbeafe";
    case Shape::Scratch:
      return "#fdf0d0";
    case Shape::Config:
      return "#ece5fb";
    case Shape::Secret:
      return "#fbe2ea";
    case Shape::Outside:
      return "#f4f1ec";
    case Shape::Workload:
      return "#def3e0";
  }
  return "white";
}

std::string_view strokeOf(Flow flow) {
  switch (flow) {
    case Flow::Read:
      return "#1f6feb";
    case Flow::Write:
      return "#c2410c";
    case Flow::Checkpoint:
      return "#7c3aed";
    case Flow::Scratch:
      return "#a16207";
    case Flow::Environment:
    case Flow::Supply:
      return "#6b7280";
  }
  return "black";
}

}  // namespace

std::string graphDot(const Stack& stack) {
  const auto graph = graphOf(stack);
  std::string out = fmt::format(
      "digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", "
      "fontname=\"Helvetica\", fontsize=11];\n"
      "  edge [fontname=\"Helvetica\", fontsize=10];\n",
      quoted(graph.title));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& node = graph.nodes[i];
    auto label = fmt::format("{} {}", word(node.shape), node.title);
    for (const auto& line : node.lines) label += fmt::format("\n{}", line);
    out +=
        fmt::format("  n{} [label={}, fillcolor=\"{}\"{}];\n", i, quoted(label), fillOf(node.shape),
                    node.external ? ", style=\"rounded,filled,dashed\"" : "");
  }
  // Work in one column, whatever it uses.
  out += "  { rank=same;";
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].shape == Shape::Workload) out += fmt::format(" n{};", i);
  }
  out += " }\n";
  for (const auto& edge : graph.edges) {
    std::string_view direction;
    if (edge.flow == Flow::Write || edge.flow == Flow::Scratch) direction = ", dir=back";
    if (edge.flow == Flow::Checkpoint) direction = ", dir=both";
    out += fmt::format("  n{} -> n{} [label={}, color=\"{}\", fontcolor=\"{}\"{}{}];\n", edge.state,
                       edge.work, quoted(edge.label), strokeOf(edge.flow), strokeOf(edge.flow),
                       direction, edge.flow == Flow::Supply ? ", style=dotted" : "");
  }
  return out + "}\n";
}

}  // namespace mlstack::ir
