#include <algorithm>
#include <fstream>
#include <map>
#include <numeric>
#include <stdexcept>

#include <fmt/format.h>

#include "schema/generate/model.h"

namespace mlstack::schemagen {

using schema::table::Index;
using schema::table::Store;

namespace {

/// Collects rows and breaks lines, so that a changed row is a small diff.
class Lines {
 public:
  void add(std::string_view item) {
    if (column_ + item.size() > 118) {
      text_ += '\n';
      column_ = 0;
    }
    text_ += item;
    column_ += item.size();
  }
  void write(const std::string& path) {
    if (column_ != 0) text_ += '\n';
    std::ofstream out(path, std::ios::binary);
    out << text_;
    if (!out.flush()) throw std::runtime_error("cannot write " + path);
  }

 private:
  std::string text_;
  std::size_t column_ = 0;
};

/// "{1,2,0,0}," without the trailing zeros, which aggregate initialisation fills in.
std::string row(std::vector<std::int64_t> values) {
  while (values.size() > 1 && values.back() == 0) values.pop_back();
  return fmt::format("{{{}}},", fmt::join(values, ","));
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c < 0x20 || c > 0x7e) throw std::runtime_error("a name that is not printable ASCII: " + std::string(text));
    out += c;
    if (c == '?') out += "\"\"";   // no trigraphs
  }
  return out;
}

class Writer {
 public:
  Writer(const Store& store, std::string folder) : store_(store), folder_(std::move(folder)) {
    const std::size_t count = store.ownNames().size();
    sorted_.resize(count);
    std::iota(sorted_.begin(), sorted_.end(), Index{0});
    std::sort(sorted_.begin(), sorted_.end(), [&](Index a, Index b) { return store_.name(a) < store_.name(b); });
    rank_.resize(count);
    for (std::size_t at = 0; at < count; ++at) rank_[sorted_[at]] = static_cast<Index>(at);
  }

  void names() {
    Lines blob;
    Lines ends;
    std::size_t end = 0;
    for (Index index : sorted_) {
      const std::string_view text = store_.name(index);
      blob.add("\"" + escaped(text) + "\" ");
      end += text.size();
      ends.add(fmt::format("{},", end));
    }
    blob.write(folder_ + "/names.inc");
    ends.write(folder_ + "/name_ends.inc");
  }

  void types() {
    Lines lines;
    for (const auto& type : store_.ownTypes()) {
      lines.add(row({type.shape, type.flags, type.listType, type.keyCount, type.element, rank_[type.name], type.enums,
                     type.enumCount, type.keys, type.limits, type.fieldCount, type.fields}));
    }
    lines.write(folder_ + "/types.inc");
  }

  void fields() {
    Lines lines;
    for (const auto& field : store_.ownFields()) {
      lines.add(row({rank_[field.name], field.type, field.versions, field.required, field.defaulted}));
    }
    lines.write(folder_ + "/fields.inc");
  }

  void lists() {
    Lines lines;
    for (Index item : store_.ownLists()) lines.add(fmt::format("{},", rank_[item]));
    lines.write(folder_ + "/lists.inc");
    Lines limits;
    const schema::table::LimitRow open;
    for (const auto& limit : store_.ownLimits()) {
      limits.add(fmt::format("{{{},{},{}}},", limit.minimum == open.minimum ? "kMin" : std::to_string(limit.minimum),
                             limit.maximum == open.maximum ? "kMax" : std::to_string(limit.maximum),
                             rank_[limit.pattern]));
    }
    limits.write(folder_ + "/limits.inc");
  }

  void resources() {
    auto rows = store_.ownResources();
    std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
      return std::pair(store_.name(a.apiVersion), store_.name(a.kind)) <
             std::pair(store_.name(b.apiVersion), store_.name(b.kind));
    });
    Lines lines;
    for (const auto& resource : rows) {
      lines.add(row({rank_[resource.apiVersion], rank_[resource.kind], rank_[resource.plural], resource.type,
                     rank_[resource.deprecated], resource.deprecatedIn, resource.versions, resource.namespaced}));
    }
    lines.write(folder_ + "/resources.inc");
  }

 private:
  const Store& store_;
  std::string folder_;
  std::vector<Index> sorted_;
  std::vector<Index> rank_;
};

}  // namespace

void writeTables(const Store& store, const std::string& folder) {
  if (!store.sound()) throw std::runtime_error("the tables outgrew their 16-bit indices");
  Writer writer(store, folder);
  writer.names();
  writer.types();
  writer.fields();
  writer.lists();
  writer.resources();
}

}  // namespace mlstack::schemagen
