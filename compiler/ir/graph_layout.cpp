#include "ir/graph_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace mlstack::ir {

namespace {

constexpr std::size_t kColumns = 4;
constexpr double kMargin = 28;
constexpr double kGap = 22;   // between boxes of a column
constexpr double kPort = 18;  // between lines that arrive at one side of a box
constexpr double kBend = 90;  // room between columns for lines to bend
constexpr int kSweeps = 6;

std::size_t columnOf(Shape shape) {
  switch (shape) {
    case Shape::Class:
      return 0;
    case Shape::Volume:
    case Shape::Snapshot:
      return 1;
    case Shape::Claim:
    case Shape::Scratch:
    case Shape::Config:
    case Shape::Secret:
    case Shape::Outside:
      return 2;
    case Shape::Workload:
      return 3;
  }
  return 0;
}

/// A box, or the place where a long line passes a column.
struct Place {
  std::size_t column = 0;
  std::size_t node = 0;
  bool isBox = true;
  double width = 0, height = 0, y = 0;
  std::size_t rank = 0;                  // within its column
  std::vector<std::size_t> left, right;  // segments
};

/// A line between neighbouring columns.
struct Segment {
  std::size_t from = 0, to = 0;  // places, left to right
  std::size_t edge = 0;
  double fromY = 0, toY = 0;  // offsets of the ports within the places
};

class Layouter {
 public:
  explicit Layouter(const Graph& graph)
      : graph_(graph), backward_(graph.edges.size(), false), segmentsOf_(graph.edges.size()) {}

  Layout run(double top) {
    makePlaces();
    makeSegments();
    order();
    placePorts();
    placeRows(top);
    return finish(top);
  }

 private:
  void makePlaces() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const auto& node = graph_.nodes[i];
      Place place;
      place.column = columnOf(node.shape);
      place.node = i;
      double text = textWidth(node.title, kTitleSize, true);
      for (const auto& line : node.lines) text = std::max(text, textWidth(line, kLineSize));
      place.width = std::max(120.0, text + 2 * kPadding + 6);
      place.height =
          2 * kPadding + kLineHeight * static_cast<double>(1 + 1 + node.lines.size()) - 6;
      add(place);
    }
  }

  void add(const Place& place) {
    columns_[place.column].push_back(places_.size());
    places_.push_back(place);
  }

  /// Splits lines at the columns that they pass. Lines within a column are drawn as arcs at its
  /// left.
  void makeSegments() {
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) {
      auto from = graph_.edges[i].state;
      auto to = graph_.edges[i].work;
      if (places_[from].column > places_[to].column) {
        std::swap(from, to);
        backward_[i] = true;
      }
      if (places_[from].column == places_[to].column) continue;
      auto last = from;
      for (auto column = places_[from].column + 1; column < places_[to].column; ++column) {
        if (columns_[column].empty()) continue;
        Place passing;
        passing.column = column;
        passing.isBox = false;
        passing.height = 6;
        add(passing);
        connect(last, places_.size() - 1, i);
        last = places_.size() - 1;
      }
      connect(last, to, i);
    }
  }

  void connect(std::size_t from, std::size_t to, std::size_t edge) {
    places_[from].right.push_back(segments_.size());
    places_[to].left.push_back(segments_.size());
    segmentsOf_[edge].push_back(segments_.size());
    segments_.push_back({from, to, edge, 0, 0});
  }

  void rank() {
    for (auto& column : columns_) {
      for (std::size_t i = 0; i < column.size(); ++i) places_[column[i]].rank = i;
    }
  }

  /// Each place goes to the mean rank of its neighbours, from either side in turn.
  void order() {
    rank();
    std::vector<double> wish(places_.size());
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const bool rightward = sweep % 2 == 0;
      for (std::size_t step = 0; step < kColumns; ++step) {
        auto& column = columns_[rightward ? step : kColumns - 1 - step];
        for (const auto index : column) {
          const auto& place = places_[index];
          const auto& near = rightward ? place.left : place.right;
          double sum = 0;
          for (const auto segment : near) {
            const auto& other =
                places_[rightward ? segments_[segment].from : segments_[segment].to];
            sum += static_cast<double>(other.rank) /
                   static_cast<double>(std::max<std::size_t>(columns_[other.column].size(), 1));
          }
          wish[index] = near.empty()
                            ? static_cast<double>(place.rank) / static_cast<double>(column.size())
                            : sum / static_cast<double>(near.size());
        }
        std::stable_sort(column.begin(), column.end(),
                         [&](std::size_t a, std::size_t b) { return wish[a] < wish[b]; });
        for (std::size_t i = 0; i < column.size(); ++i) places_[column[i]].rank = i;
      }
    }
  }

  /// Lines arrive at a side in the order of where they come from; boxes grow to give each its
  /// height.
  void placePorts() {
    for (auto& place : places_) {
      const auto byRank = [&](bool left) {
        return [this, left](std::size_t a, std::size_t b) {
          const auto& x = places_[left ? segments_[a].from : segments_[a].to];
          const auto& y = places_[left ? segments_[b].from : segments_[b].to];
          return x.column != y.column ? x.column > y.column : x.rank < y.rank;
        };
      };
      std::stable_sort(place.left.begin(), place.left.end(), byRank(true));
      std::stable_sort(place.right.begin(), place.right.end(), byRank(false));
      if (place.isBox) {
        const auto ports = static_cast<double>(std::max(place.left.size(), place.right.size()));
        place.height = std::max(place.height, ports * kPort + 12);
      }
      const auto spread = [&](const std::vector<std::size_t>& side, bool left) {
        const auto count = static_cast<double>(side.size());
        for (std::size_t i = 0; i < side.size(); ++i) {
          const auto offset = place.height / 2 + (static_cast<double>(i) - (count - 1) / 2) *
                                                     (place.isBox ? kPort : 0);
          (left ? segments_[side[i]].toY : segments_[side[i]].fromY) = offset;
        }
      };
      spread(place.left, true);
      spread(place.right, false);
    }
  }

  void placeRows(double top) {
    for (auto& column : columns_) {
      double y = top;
      for (const auto index : column) {
        places_[index].y = y;
        y += places_[index].height + kGap;
      }
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (std::size_t step = 0; step < kColumns; ++step)
        straighten(columns_[sweep % 2 == 0 ? step : kColumns - 1 - step], top);
    }
  }

  /// Moves the places of a column towards level lines, keeping order and gaps.
  void straighten(const std::vector<std::size_t>& column, double top) {
    std::vector<double> wish;
    for (const auto index : column) {
      const auto& place = places_[index];
      double sum = 0;
      for (const auto segment : place.left)
        sum +=
            places_[segments_[segment].from].y + segments_[segment].fromY - segments_[segment].toY;
      for (const auto segment : place.right)
        sum += places_[segments_[segment].to].y + segments_[segment].toY - segments_[segment].fromY;
      const auto count = place.left.size() + place.right.size();
      wish.push_back(count == 0 ? place.y : sum / static_cast<double>(count));
    }
    // Blocks of touching places move as one, to the mean of what they wish.
    struct Block {
      double y, height, wishes;
      std::size_t count;
    };
    std::vector<Block> blocks;
    for (std::size_t i = 0; i < column.size(); ++i) {
      const auto height = places_[column[i]].height + kGap;
      blocks.push_back({wish[i], height, wish[i], 1});
      while (blocks.size() > 1) {
        auto& upper = blocks[blocks.size() - 2];
        const auto& lower = blocks.back();
        if (upper.y + upper.height <= lower.y) break;
        upper.wishes += lower.wishes - upper.height * static_cast<double>(lower.count);
        upper.count += lower.count;
        upper.height += lower.height;
        upper.y = upper.wishes / static_cast<double>(upper.count);
        blocks.pop_back();
      }
    }
    std::size_t at = 0;
    double least = top;
    for (const auto& block : blocks) {
      auto y = std::max(block.y, least);
      for (std::size_t i = 0; i < block.count; ++i, ++at) {
        places_[column[at]].y = y;
        y += places_[column[at]].height + kGap;
      }
      least = y;
    }
  }

  Layout finish(double top) {
    Layout layout;
    layout.boxes.resize(graph_.nodes.size());
    double x = kMargin;
    double bottom = top;
    // A drawing whose first column was pushed down starts at the top all the same.
    double highest = 1e300;
    for (const auto& place : places_) highest = std::min(highest, place.y);
    std::array<double, kColumns> left{};
    std::array<double, kColumns> right{};
    for (std::size_t column = 0; column < kColumns; ++column) {
      if (columns_[column].empty()) continue;
      double width = 0;
      for (const auto index : columns_[column]) width = std::max(width, places_[index].width);
      x += labelRoom(column);
      left[column] = x;
      right[column] = x + width;
      for (const auto index : columns_[column]) {
        auto& place = places_[index];
        place.y += top - highest;
        bottom = std::max(bottom, place.y + place.height);
        if (!place.isBox) continue;
        // All boxes of a column share its width: the edge of the column is where lines start.
        layout.boxes[place.node] = {x, place.y, width, place.height};
      }
      x += width;
    }
    layout.width = x + kMargin;
    layout.height = bottom + kMargin;
    for (std::size_t i = 0; i < graph_.edges.size(); ++i)
      layout.ways.push_back(wayOf(i, layout, left, right));
    return layout;
  }

  /// Room left of a column: for bends, and for the labels that stand before its boxes.
  [[nodiscard]] double labelRoom(std::size_t column) const {
    bool isFirst = true;
    for (std::size_t i = 0; i < column; ++i) isFirst = isFirst && columns_[i].empty();
    if (isFirst) {
      for (const auto& edge : graph_.edges) {  // arcs within the column
        if (places_[edge.state].column == column && places_[edge.work].column == column)
          return kBend;
      }
      return 0;
    }
    double widest = 0;
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) {
      if (segmentsOf_[i].empty()) continue;
      const auto& last = segments_[segmentsOf_[i].back()];
      if (places_[last.to].column == column)
        widest = std::max(widest, textWidth(graph_.edges[i].label, kLabelSize));
    }
    return kBend + (widest > 0 ? widest + 20 : 0);
  }

  Way wayOf(std::size_t edge, const Layout& layout, const std::array<double, kColumns>& left,
            const std::array<double, kColumns>& right) {
    Way way;
    const auto& line = graph_.edges[edge];
    if (segmentsOf_[edge].empty()) {
      const auto& a = layout.boxes[line.state];
      const auto& b = layout.boxes[line.work];
      way.points = {{a.x, a.y + a.height / 2},
                    {a.x - kBend / 2, (a.y + a.height / 2 + b.y + b.height / 2) / 2},
                    {b.x, b.y + b.height / 2}};
      way.labelX = a.x - kBend / 2;
      way.labelY = way.points[1].second;
      return way;
    }
    for (const auto index : segmentsOf_[edge]) {
      const auto& segment = segments_[index];
      const auto& from = places_[segment.from];
      const auto& to = places_[segment.to];
      way.points.emplace_back(from.isBox ? right[from.column] : left[from.column],
                              from.y + segment.fromY);
      if (!from.isBox) way.points.emplace_back(right[from.column], from.y + segment.fromY);
      const auto y = to.y + segment.toY;
      if (!to.isBox) continue;
      const auto labelWidth = textWidth(line.label, kLabelSize);
      if (labelWidth > 0) {
        way.points.emplace_back(left[to.column] - labelWidth - 20, y);
        way.labelX = left[to.column] - labelWidth - 13;
        way.labelY = y - 4;
      }
      way.points.emplace_back(left[to.column], y);
    }
    if (backward_[edge]) std::reverse(way.points.begin(), way.points.end());
    return way;
  }

  const Graph& graph_;
  std::vector<Place> places_;  // the boxes first, as Graph::nodes
  std::vector<Segment> segments_;
  std::array<std::vector<std::size_t>, kColumns> columns_;
  std::vector<bool> backward_;
  std::vector<std::vector<std::size_t>> segmentsOf_;
};

}  // namespace

double textWidth(std::string_view text, double size, bool bold) {
  double em = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // the rest of a sequence
    if (byte >= 0x80)
      em += 0.75;
    else if (std::string_view("iljtfrI.,:;'|!()[] ").find(c) != std::string_view::npos)
      em += 0.33;
    else if (std::string_view("mwMW@%").find(c) != std::string_view::npos)
      em += 0.88;
    else if (c >= 'A' && c <= 'Z')
      em += 0.69;
    else
      em += 0.57;
  }
  return em * size * (bold ? 1.08 : 1.0);
}

Layout layOut(const Graph& graph, double top) {
  return Layouter(graph).run(top);
}

}  // namespace mlstack::ir
