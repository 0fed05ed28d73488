// run_cases FOLDER [--check]: compiles every case below it and holds each against what it expects of itself.
// MLSTACK_UPDATE=1 rewrites the cases instead. Prints `N passed, N failed`. With --check, parameters that
// a stack needs may be missing: it is then checked for every value, and not lowered.
//
// A valid case must also: format to a fixed point with the same tokens, emit the same bytes twice,
// and be read back by the YAML reader as the very trees that were emitted.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "driver/command.h"
#include "driver/compile.h"
#include "format/format.h"
#include "ir/dump.h"
#include "parse/parse.h"
#include "support/case_file.h"
#include "support/read_back.h"

namespace mlstack::tests {

namespace fs = std::filesystem;

namespace {

bool isYaml(const fs::path& path) { return path.extension() == ".yaml"; }

/// `NAME.cluster.yaml` of `NAME.yaml` or `NAME.mlstack`: what belongs to a case and is none.
bool isBeside(const fs::path& path) {
  const auto part = path.stem().extension().string();
  return part == ".lib" || part == ".was" || part == ".cluster" || part.starts_with(".original");
}

/// The path of the file beside a case, or nothing when there is none.
std::string beside(const fs::path& path, std::string_view part, std::string_view extension) {
  auto other = path.parent_path() / fmt::format("{}.{}{}", path.stem().string(), part, extension);
  return fs::exists(other) ? other.string() : std::string();
}

/// The command line that a case's directives stand for.
driver::Invocation invocationOf(const CaseFile& file, const fs::path& folder, diag::Sink& sink) {
  std::vector<std::string> words;
  for (const auto& directive : file.directives()) {
    const auto space = directive.find(' ');
    const auto word = directive.substr(0, space);
    const auto rest = space == std::string::npos ? std::string() : directive.substr(space + 1);
    if (word == "set") words.insert(words.end(), {"--set", rest});
    if (word == "params") words.insert(words.end(), {"--params", (folder / rest).string()});
    if (word == "kubernetes") words.insert(words.end(), {"--kubernetes", rest});
  }
  return driver::parseWords(*driver::findCommand("build"), words, [](const char*) -> const char* { return nullptr; }, sink);
}

/// What must hold of every valid case, whatever it shows. Each breach is a sentence.
std::vector<std::string> breachesOf(const ir::Stack& stack, const std::string& yaml) {
  auto breaches = readBackBreaches(stack, yaml);
  if (yamlOf(stack) != yaml) breaches.emplace_back("two emissions differ");
  return breaches;
}

/// Formatting twice is formatting once, and keeps every token and comment.
std::vector<std::string> formatBreaches(const base::SourceFile& file) {
  diag::Sink sink;
  const auto tokens = parse::lex(file, sink);
  if (sink.hasErrors()) return {};
  base::SourceSet sources;
  const auto& once = sources.add("once", format::formatFile(file, tokens));
  const auto onceTokens = parse::lex(once, sink);
  const auto twice = format::formatFile(once, onceTokens);
  std::vector<std::string> breaches;
  if (sink.hasErrors()) breaches.emplace_back("the formatted text has errors");
  if (twice != once.text) breaches.emplace_back("formatting twice differs from formatting once");
  if (onceTokens.tokens.size() != tokens.tokens.size() || onceTokens.comments.size() != tokens.comments.size())
    breaches.emplace_back("formatting changed the tokens or comments");
  return breaches;
}

struct Outcome {
  std::string rendered;
  std::vector<std::string> breaches;
};

Outcome runCase(const fs::path& path, const CaseFile& file, bool checkOnly) {
  driver::Session session;
  session.configure(invocationOf(file, path.parent_path(), session.sink));
  session.settings.missingParamsAreUnknown = checkOnly || file.has("check");
  session.settings.was = beside(path, "was", path.extension().string());
  session.settings.cluster = beside(path, "cluster", ".yaml");
  Outcome outcome;
  if (!session.open({path.string()})) {
    outcome.breaches.emplace_back("the case cannot be read");
    return outcome;
  }
  session.compile();
  session.sink.sort();
  if (isYaml(path)) {
    const auto& files = session.sources.files();
    const auto main = std::find_if(files.begin(), files.end(), [&](const auto& each) { return each.name == path.string(); });
    std::vector<Section> sections;
    for (const auto& unit : session.units)
      if (file.value("emit") == "ir" && unit.stack) sections.push_back({"ir", ir::dumpText(*unit.stack, session.sources)});
    outcome.rendered = file.render(session.sink.all(), session.sources, &*main, sections);
    return outcome;
  }
  const auto& unit = session.units.front();
  std::vector<Section> sections;
  const auto emit = file.value("emit");
  if (unit.stack && !session.sink.hasErrors()) {
    const auto yaml = yamlOf(*unit.stack);
    if (emit == "yaml") sections.push_back({"yaml", yaml});
    if (emit == "ir") sections.push_back({"ir", ir::dumpText(*unit.stack, session.sources)});
    outcome.breaches = breachesOf(*unit.stack, yaml);
  }
  if (!file.has("unformatted")) {
    const auto more = formatBreaches(*unit.source);
    outcome.breaches.insert(outcome.breaches.end(), more.begin(), more.end());
  }
  outcome.rendered = file.render(session.sink.all(), session.sources, unit.source, sections);
  return outcome;
}

/// The first line in which two texts differ, for the failure message.
std::string firstDifference(std::string_view expected, std::string_view actual) {
  std::size_t line = 1;
  while (true) {
    const auto a = expected.substr(0, expected.find('\n'));
    const auto b = actual.substr(0, actual.find('\n'));
    if (a != b) return fmt::format("line {}:\n  expected: {}\n  actual:   {}", line, a, b);
    if (a.size() == expected.size() || b.size() == actual.size()) return fmt::format("line {}: one text ends", line);
    expected.remove_prefix(a.size() + 1);
    actual.remove_prefix(b.size() + 1);
    ++line;
  }
}

std::vector<fs::path> casesBelow(const fs::path& root) {
  std::vector<fs::path> paths;
  if (fs::is_regular_file(root)) return {root};
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto& path = entry.path();
    if (isBeside(path) || (path.extension() != ".mlstack" && !isYaml(path))) continue;
    base::ReadError error;
    // Values of parameters are no manifests.
    if (isYaml(path) && base::readFile(path.string(), error).value_or("").find("apiVersion") == std::string::npos) continue;
    paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

int runAll(const fs::path& root, bool checkOnly) {
  const bool update = std::getenv("MLSTACK_UPDATE") != nullptr;
  int passed = 0;
  int failed = 0;
  for (const auto& path : casesBelow(root)) {
    base::ReadError error;
    const auto text = base::readFile(path.string(), error);
    const CaseFile file(text.value_or(""), isYaml(path) ? CaseFile::Language::Yaml : CaseFile::Language::Mlstack);
    auto outcome = runCase(path, file, checkOnly);
    if (text && outcome.rendered != *text && update && outcome.breaches.empty()) {
      if (base::writeFileAtomically(path.string(), outcome.rendered, error)) fmt::print("updated {}\n", path.string());
    } else if (text && outcome.rendered != *text) {
      outcome.breaches.push_back(firstDifference(*text, outcome.rendered));
    }
    for (const auto& breach : outcome.breaches) fmt::print("{}: {}\n", path.string(), breach);
    ++(outcome.breaches.empty() ? passed : failed);
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace mlstack::tests

int main(int count, char** words) {
  const bool checkOnly = count == 3 && std::string_view(words[2]) == "--check";
  if (count != 2 && !checkOnly) {
    fmt::print(stderr, "usage: run_cases FOLDER [--check]\n");
    return 64;
  }
  return mlstack::tests::runAll(words[1], checkOnly);
}
