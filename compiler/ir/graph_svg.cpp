#include <algorithm>

#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/graph_layout.h"

namespace mlstack::ir {

namespace {

constexpr double kTop = 64;
constexpr double kTopUntitled = 28;
constexpr std::size_t kLongestText = 60;  // code points

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;  // XML 1.0 has no other controls
    }
  }
  return out;
}

/// Cut with an ellipsis; a name may have 253 characters.
std::string shortened(std::string_view text) {
  std::size_t points = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (++points > kLongestText) return std::string(text.substr(0, i)) + "…";
  }
  return std::string(text);
}

struct Paint {
  std::string_view name;
  std::string_view light;
  std::string_view dark;
};

constexpr Paint kShapes[] = {
    {"class", "#6b7280", "#9aa4b2"},    {"volume", "#0f766e", "#2dd4bf"},
    {"snapshot", "#0e7490", "#22d3ee"}, {"claim", "#1f6feb", "#58a6ff"},
    {"scratch", "#a16207", "#eab308"},  {"config", "#7c3aed", "#a78bfa"},
    {"secret", "#be185d", "#f472b6"},   {"outside", "#78716c", "#a8a29e"},
    {"workload", "#15803d", "#4ade80"},
};
constexpr Paint kFlows[] = {
    {"read", "#1f6feb", "#58a6ff"},       {"write", "#c2410c", "#fb923c"},
    {"checkpoint", "#7c3aed", "#a78bfa"}, {"scratch", "#a16207", "#eab308"},
    {"env", "#6b7280", "#9aa4b2"},        {"supply", "#6b7280", "#9aa4b2"},
};

class SvgWriter {
 public:
  explicit SvgWriter(const Stack& stack) : graph_(graphOf(stack)) {
    for (auto& node : graph_.nodes) {
      node.title = shortened(node.title);
      for (auto& line : node.lines) line = shortened(line);
    }
    for (auto& edge : graph_.edges) edge.label = shortened(edge.label);
    layout_ = layOut(graph_, graph_.title.empty() && !graph_.nodes.empty() ? kTopUntitled : kTop);
  }

  std::string run() {
    const auto legend = legendWidth();
    const auto width =
        std::max({layout_.width, legend + 56, textWidth(graph_.title, 18, true) + 56});
    const auto height = layout_.height + 34;
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
        "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\">\n",
        width, height);
    const auto title = escaped(graph_.title);
    add("<title>Storage and work of {}</title>\n", title);
    style();
    add("<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n");
    add("<text class=\"head\" x=\"28\" y=\"38\">{}</text>\n", title);
    if (graph_.nodes.empty())
      add("<text class=\"line\" x=\"28\" y=\"64\">no storage and no work</text>\n");
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) line(graph_.edges[i], layout_.ways[i]);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) box(graph_.nodes[i], layout_.boxes[i]);
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) label(graph_.edges[i], layout_.ways[i]);
    drawLegend(height - 26);
    return out_ + "</svg>\n";
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  void style() {
    add("<style>\n"
        "text {{ font-family: system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; "
        "fill: #1f2328; }}\n"
        ".head {{ font-size: 18px; font-weight: 600; }}\n"
        ".title {{ font-size: 13px; font-weight: 600; }}\n"
        ".kind {{ font-size: 10px; letter-spacing: .04em; }}\n"
        ".line {{ font-size: 11px; fill: #59636e; }}\n"
        ".label {{ font-size: 11px; }}\n"
        ".page {{ fill: #ffffff; }}\n"
        ".card {{ fill: #f6f8fa; stroke: #d1d9e0; stroke-width: 1; }}\n"
        ".dashed {{ stroke-dasharray: 5 4; stroke: #848d97; }}\n"
        ".way {{ fill: none; stroke-width: 1.6; }}\n"
        ".way.supply, .way.env {{ stroke-dasharray: 3 4; stroke-width: 1.3; }}\n"
        ".way.checkpoint {{ stroke-width: 2.2; }}\n");
    for (const auto& shape : kShapes)
      add(".bar.{0}, .kind.{0} {{ fill: {1}; }}\n", shape.name, shape.light);
    for (const auto& flow : kFlows)
      add(".way.{0} {{ stroke: {1}; }} .tip.{0}, .label.{0} {{ fill: {1}; }}\n", flow.name,
          flow.light);
    add("@media (prefers-color-scheme: dark) {{\n"
        "text {{ fill: #e6edf3; }}\n.line {{ fill: #9198a1; }}\n.page {{ fill: #0d1117; }}\n"
        ".card {{ fill: #161b22; stroke: #30363d; }}\n.dashed {{ stroke: #6e7681; }}\n");
    for (const auto& shape : kShapes)
      add(".bar.{0}, .kind.{0} {{ fill: {1}; }}\n", shape.name, shape.dark);
    for (const auto& flow : kFlows)
      add(".way.{0} {{ stroke: {1}; }} .tip.{0}, .label.{0} {{ fill: {1}; }}\n", flow.name,
          flow.dark);
    add("}}\n</style>\n");
  }

  void box(const GraphNode& node, const Box& box) {
    const auto kind = word(node.shape);
    add("<g><rect class=\"card{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "rx=\"6\"/>\n",
        node.external ? " dashed" : "", box.x, box.y, box.width, box.height);
    add("<rect class=\"bar {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"4\" height=\"{:.1f}\" "
        "rx=\"2\"/>\n",
        kind, box.x, box.y, box.height);
    const auto textHeight = kLineHeight * static_cast<double>(1 + node.lines.size()) + 13;
    auto y = box.y + (box.height - textHeight) / 2 + 10;
    const auto x = box.x + kPadding + 3;
    add("<text class=\"kind {}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kind, x, y, kind);
    y += 16;
    add("<text class=\"title\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x, y, escaped(node.title));
    for (const auto& line : node.lines) {
      y += kLineHeight;
      add("<text class=\"line\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x, y, escaped(line));
    }
    add("</g>\n");
  }

  void line(const GraphEdge& edge, const Way& way) {
    const auto& points = way.points;
    add("<path class=\"way {}\" d=\"M{:.1f} {:.1f}", word(edge.flow), points[0].first,
        points[0].second);
    for (std::size_t i = 1; i < points.size(); ++i) {
      const auto [x0, y0] = points[i - 1];
      const auto [x1, y1] = points[i];
      if (y0 == y1) {
        add("H{:.1f}", x1);
        continue;
      }
      const auto middle = (x0 + x1) / 2;
      add("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", middle, y0, middle, y1, x1, y1);
    }
    add("\"/>\n");
    const auto isInto =
        edge.flow == Flow::Write || edge.flow == Flow::Scratch;  // the state is at the line's start
    if (!isInto) tip(edge.flow, points.back(), points[points.size() - 2]);
    if (isInto || edge.flow == Flow::Checkpoint) tip(edge.flow, points.front(), points[1]);
  }

  void tip(Flow flow, std::pair<double, double> at, std::pair<double, double> from) {
    const auto back = from.first < at.first ? -8.0 : 8.0;
    add("<path class=\"tip {}\" d=\"M{:.1f} {:.1f}l{:.0f} -4.5v9z\"/>\n", word(flow), at.first,
        at.second, back);
  }

  void label(const GraphEdge& edge, const Way& way) {
    if (edge.label.empty()) return;
    add("<text class=\"label {}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", word(edge.flow),
        way.labelX, way.labelY, escaped(edge.label));
  }

  [[nodiscard]] static std::string_view legendText(Flow flow) {
    switch (flow) {
      case Flow::Read:
        return "read";
      case Flow::Write:
        return "write";
      case Flow::Checkpoint:
        return "checkpoint: written, and resumed from";
      case Flow::Scratch:
        return "scratch: dies with the pod";
      case Flow::Environment:
        return "environment";
      case Flow::Supply:
        return "supplies";
    }
    return {};
  }
  [[nodiscard]] bool uses(Flow flow) const {
    return std::any_of(graph_.edges.begin(), graph_.edges.end(),
                       [&](const GraphEdge& edge) { return edge.flow == flow; });
  }
  static constexpr Flow kLegend[] = {Flow::Read,    Flow::Write,       Flow::Checkpoint,
                                     Flow::Scratch, Flow::Environment, Flow::Supply};

  [[nodiscard]] double legendWidth() const {
    double width = 0;
    for (const auto flow : kLegend) {
      if (uses(flow)) width += textWidth(legendText(flow), kLabelSize) + 56;
    }
    return width;
  }

  void drawLegend(double y) {
    double x = 28;
    for (const auto flow : kLegend) {
      if (!uses(flow)) continue;
      add("<path class=\"way {}\" d=\"M{:.1f} {:.1f}h26\"/><text class=\"line\" x=\"{:.1f}\" "
          "y=\"{:.1f}\">{}</text>\n",
          word(flow), x, y, x + 33, y + 4, legendText(flow));
      x += textWidth(legendText(flow), kLabelSize) + 56;
    }
  }

  Graph graph_;
  Layout layout_;
  std::string out_;
};

}  // namespace

std::string graphSvg(const Stack& stack) {
  return SvgWriter(stack).run();
}

}  // namespace mlstack::ir
