// bench_parse [LINES]: how fast text becomes tokens, a tree and canonical text, on one core. Prints lines a second of the
// best of five runs, nanoseconds a byte for the lexer, and what tokens and tree take.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "base/symbol.h"
#include "format/format.h"
#include "parse/parse.h"

namespace {

using namespace mlstack;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class F>
double best(F run) {
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 5; ++i) {
    const double start = now();
    run();
    least = std::min(least, now() - start);
  }
  return least;
}

/// The body of the benchmark's `for`, written out until there are enough lines.
std::string program(std::size_t lines) {
  std::ostringstream read;
  read << std::ifstream(MLSTACK_SOURCE_DIR "/tests/bench/workloads.mlstack").rdbuf();
  const std::string all = read.str();
  const std::size_t begin = all.find("  volume disk");
  const std::string body = all.substr(begin, all.rfind('}') - begin);
  std::string out = "stack workloads\n";
  for (std::size_t have = 1; have < lines; have += static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n'))) {
    out += body;
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t lines = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
  base::SourceFile file;
  file.name = "workloads.mlstack";
  file.begin = 1;
  file.text = program(lines);
  const auto count = static_cast<double>(std::count(file.text.begin(), file.text.end(), '\n'));
  const auto bytes = static_cast<double>(file.text.size());

  diag::Sink sink;
  syntax::TokenList tokens;
  const double lexing = best([&] { tokens = parse::lex(file, sink); });
  std::size_t tree = 0;
  const double parsing = best([&] {
    base::SymbolTable symbols;
    tree = parse::parseTokens(file, tokens, symbols, sink)->arena.bytesReserved();
  });
  std::size_t size = 0;
  const double formatting = best([&] { size = format::formatFile(file, tokens).size(); });
  if (sink.hasErrors() || size == 0) return 1;

  fmt::print("{:.0f} lines, {:.1f} MB\n", count, bytes / 1e6);
  fmt::print("lex              {:>10.0f} lines/s  {:.2f} ns/byte\n", count / lexing, lexing * 1e9 / bytes);
  fmt::print("parse            {:>10.0f} lines/s\n", count / parsing);
  fmt::print("lex and parse    {:>10.0f} lines/s\n", count / (lexing + parsing));
  fmt::print("format           {:>10.0f} lines/s\n", count / formatting);
  fmt::print("tokens           {:>10.1f} bytes/line\n", static_cast<double>(tokens.tokens.size() * sizeof(syntax::Token)) / count);
  fmt::print("tree             {:>10.1f} bytes/line\n", static_cast<double>(tree) / count);
}
