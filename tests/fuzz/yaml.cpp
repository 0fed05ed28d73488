// The other door: any bytes as YAML or JSON, documents as manifests, the graph, the schemas of the oldest and
// the newest version, the storage rules, and what is said about them. Nothing may crash, hang or leak; a graph
// without errors keeps its promises and is read back as emitted.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "diag/render.h"
#include "ir/dump.h"
#include "ir/stack.h"
#include "schema/schema.h"
#include "storage/storage.h"
#include "support/read_back.h"
#include "yaml/yaml.h"

namespace {

using namespace mlstack;

void mustHold(bool condition) {
  if (!condition) std::abort();
}

/// Two objects of one name are the user's fault; every other breach is ours.
bool keepsPromises(const ir::Stack& stack) {
  for (const auto& breach : ir::verify(stack))
    if (breach.find(" stands twice in namespace ") == std::string::npos) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const schema::Catalog catalog;
  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  ir::Stack stack;
  stack.symbols = &symbols;
  ir::Builder builder(stack.arena);
  const auto& file = sources.add("fuzz.yaml", std::string(reinterpret_cast<const char*>(bytes), size));
  // Small limits: a bomb must be met by them, not by the fuzzer's own.
  for (auto* document : yaml::readDocuments(file, symbols, builder, sink, {.maxNodes = 200'000}))
    (void)ir::addManifest(stack, document);
  const bool whole = !sink.hasErrors();
  ir::link(stack);
  for (const std::string_view version : {"1.31", "1.36"}) {
    stack.kubernetes = version;
    schema::checkObjects(catalog, stack, {.version = schema::versionBit(version), .everything = true}, sink);
  }
  (void)storage::analyse(stack, sources, whole, sink);
  sink.sort();
  for (const auto format : {diag::Format::Text, diag::Format::Json, diag::Format::Sarif, diag::Format::GitHub})
    (void)diag::render(sink.all(), sources, {.format = format, .color = false});
  mustHold(keepsPromises(stack));
  if (whole) {
    mustHold(tests::readBackBreaches(stack, tests::yamlOf(stack)).empty());
  }
  (void)ir::dumpText(stack, sources);
  (void)ir::graphSvg(stack);
  return 0;
}
