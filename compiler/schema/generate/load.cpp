#include "schema/generate/load.h"

#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string>

#include <yaml-cpp/yaml.h>

namespace mlstack::schemagen {

namespace {

ir::Node* scalar(const YAML::Node& node, ir::Builder& builder) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return builder.copyString(text);   // quoted
  if (text == "true" || text == "false") return builder.boolean(text == "true");
  if (text.empty() || text == "null" || text == "~") return builder.null();
  std::int64_t integer = 0;
  const char* end = text.data() + text.size();
  if (auto [at, error] = std::from_chars(text.data(), end, integer); error == std::errc{} && at == end) {
    return builder.integer(integer);
  }
  return builder.copyString(text);
}

ir::Node* convert(const YAML::Node& node, base::SymbolTable& symbols, ir::Builder& builder) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar: return scalar(node, builder);
    case YAML::NodeType::Sequence: {
      ir::Node* list = builder.list();
      for (const auto& item : node) ir::Builder::append(*list, convert(item, symbols, builder));
      return list;
    }
    case YAML::NodeType::Map: {
      ir::Node* map = builder.map();
      for (const auto& entry : node) {
        ir::Builder::add(*map, symbols.intern(entry.first.Scalar()), convert(entry.second, symbols, builder));
      }
      return map;
    }
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined: break;
  }
  return builder.null();
}

}  // namespace

std::vector<ir::Node*> loadFile(const std::filesystem::path& path, base::SymbolTable& symbols, ir::Builder& builder) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  std::vector<ir::Node*> out;
  for (const YAML::Node& document : YAML::LoadAll(in)) out.push_back(convert(document, symbols, builder));
  return out;
}

}  // namespace mlstack::schemagen
