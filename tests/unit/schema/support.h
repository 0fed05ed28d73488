#pragma once
// Trees from YAML text and the diagnostics that a check gives for them.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"
#include "ir/node.h"
#include "schema/schema.h"
#include "yaml/yaml.h"

namespace mlstack::schema::test {

struct Trees {
  base::SourceSet sources;
  base::SymbolTable symbols;
  base::Arena arena;
  ir::Builder builder{arena};
  diag::Sink readSink;

  std::vector<ir::Node*> read(std::string text, std::string name = "test.yaml") {
    return yaml::readDocuments(sources.add(std::move(name), std::move(text)), symbols, builder, readSink);
  }

  /// The object that a manifest's document is.
  ir::Object object(ir::Node* root) {
    const auto text = [&](const ir::Node* map, std::string_view key) -> std::string_view {
      const ir::Node* node = map != nullptr ? ir::find(map, symbols.intern(key)) : nullptr;
      return node != nullptr && node->kind == ir::NodeKind::String ? node->text() : std::string_view{};
    };
    ir::Object object;
    object.root = root;
    object.span = root->span;
    object.apiVersion = symbols.intern(text(root, "apiVersion"));
    object.kind = symbols.intern(text(root, "kind"));
    const ir::Node* metadata = ir::find(root, symbols.intern("metadata"));
    if (metadata != nullptr && metadata->kind == ir::NodeKind::Map) object.name = symbols.intern(text(metadata, "name"));
    return object;
  }
};

/// One diagnostic as "MLS4005 message | help".
inline std::vector<std::string> check(const Catalog& catalog, std::string text, std::string_view version = "1.36") {
  Trees trees;
  diag::Sink sink;
  for (ir::Node* root : trees.read(std::move(text))) {
    checkObject(catalog, trees.object(root), trees.symbols, {.version = versionBit(version), .everything = true}, sink);
  }
  std::vector<std::string> out;
  for (const diag::Diagnostic& said : trees.readSink.all()) out.push_back(diag::codeText(said.code) + " " + said.message);
  for (const diag::Diagnostic& said : sink.all()) {
    out.push_back(diag::codeText(said.code) + " " + said.message + (said.help.empty() ? "" : " | " + said.help));
  }
  return out;
}

/// The shared material, when it lies beside the checkout or where MLSTACK_SHARED says.
inline std::optional<std::filesystem::path> sharedFolder(const char* part) {
  const char* named = std::getenv("MLSTACK_SHARED");
  std::filesystem::path folder = named != nullptr ? named : std::filesystem::path(MLSTACK_SOURCE_DIR) / "../shared";
  folder /= part;
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return std::nullopt;
  return folder;
}

inline std::string readWhole(const std::filesystem::path& path) {
  base::ReadError error;
  return base::readFile(path.string(), error).value_or(std::string());
}

}  // namespace mlstack::schema::test
