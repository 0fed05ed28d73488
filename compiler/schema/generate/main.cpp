// mlstack_schemagen: openapi-1.NN.json and crds/*.yaml in, compiler/schema/tables/*.inc out.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "schema/generate/load.h"
#include "schema/generate/model.h"
#include "schema/crd.h"

namespace {

using namespace mlstack;

void generate(const std::filesystem::path& schemas, const std::string& tables) {
  base::SymbolTable symbols;
  base::Arena arena;
  ir::Builder builder(arena);
  schemagen::Model model(symbols);
  for (int minor = schema::kFirstMinor; minor <= schema::kLastMinor; ++minor) {
    model.add(*schemagen::loadFile(schemas / fmt::format("openapi-1.{}.json", minor), symbols, builder).at(0));
  }
  schema::table::Store store{schema::table::Tables{}};
  schema::table::Index objectMeta = schema::table::kAnyType;
  schemagen::buildTypes(model, symbols, store, objectMeta);

  std::vector<std::filesystem::path> crds;
  for (const auto& entry : std::filesystem::directory_iterator(schemas / "crds")) {
    if (entry.path().extension() == ".yaml") crds.push_back(entry.path());
  }
  std::sort(crds.begin(), crds.end());
  for (const auto& path : crds) {
    for (const ir::Node* document : schemagen::loadFile(path, symbols, builder)) {
      const schema::CrdResult result = schema::readCrd(*document, symbols, store, objectMeta);
      if (result.problem != schema::CrdProblem::None) throw std::runtime_error("not a usable CRD: " + path.string());
    }
  }
  std::filesystem::create_directories(tables);
  schemagen::writeTables(store, tables);
  fmt::print("{} types, {} fields, {} resources, {} names\n", store.ownTypes().size(), store.ownFields().size(),
             store.ownResources().size(), store.ownNames().size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: mlstack_schemagen SCHEMAS TABLES\n");
    return 64;
  }
  try {
    generate(argv[1], argv[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mlstack_schemagen: {}\n", error.what());
    return 1;
  }
  return 0;
}
