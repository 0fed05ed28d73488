// bench_analysis [N]: what the storage analysis takes of N workloads (workloads.mlstack, five objects each) beside reading
// them as YAML and emitting them. Prints milliseconds of the best of five runs and the ratio.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "driver/compile.h"
#include "emit/emit.h"
#include "storage/storage.h"
#include "yaml/yaml.h"

namespace {

using namespace mlstack;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

template <class F>
double best(F run) {
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 5; ++i) {
    const double start = now();
    run();
    least = std::min(least, now() - start);
  }
  return least * 1e3;
}

struct Text : emit::Writer {
  bool write(std::string_view bytes) override {
    all += bytes;
    return true;
  }
  std::string all;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string count = argc > 1 ? argv[1] : "10000";
  driver::Session session;
  session.settings.params.push_back({.name = "n", .text = count});
  if (!session.open({MLSTACK_SOURCE_DIR "/tests/bench/workloads.mlstack"})) return 1;
  session.compile();
  const auto& unit = session.units.front();
  if (!unit.stack) return 1;

  Text text;
  const double emitting = best([&] {
    text.all.clear();
    (void)emit::emitYaml(*unit.stack, text);
  });
  base::SourceFile file;
  file.name = "workloads.yaml";
  file.begin = 1;
  file.text = text.all;
  std::size_t documents = 0;
  const double reading = best([&] {
    base::SymbolTable symbols;
    base::Arena arena;
    ir::Builder builder(arena);
    diag::Sink sink;
    documents = yaml::readDocuments(file, symbols, builder, sink).size();
  });
  const double analysing = best([&] {
    diag::Sink sink;
    (void)storage::analyse(*unit.stack, session.sources, true, sink);
  });
  fmt::print("{} objects, {:.1f} MB of YAML\n", documents, static_cast<double>(text.all.size()) / 1e6);
  fmt::print("read as YAML     {:>8.1f} ms\n", reading);
  fmt::print("emit             {:>8.1f} ms\n", emitting);
  fmt::print("analyse          {:>8.1f} ms  {:.2f} of reading and emitting\n", analysing, analysing / (reading + emitting));
}
