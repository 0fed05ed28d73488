// Operands to units: which files a command line means.

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "driver/compile.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

namespace fs = std::filesystem;
using diag::Code;

constexpr std::string_view kSuffix = ".mlstack";

/// Only the head of the file is read: folders may hold large libraries.
bool fileBeginsWithStack(const std::string& path) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) return false;   // opening a pipe would wait for its writer
  std::ifstream in(path, std::ios::binary);
  std::string head(16 * 1024, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return beginsWithStack(head);
}

std::vector<std::string> sourcesIn(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
    if (at->path().extension() == kSuffix && !at->is_directory(failed)) out.push_back(at->path().string());
  std::ranges::sort(out);
  return out;
}

}  // namespace

bool beginsWithStack(std::string_view text) {
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < text.size()) {
    auto rest = text.substr(at);
    if (rest.starts_with("//")) {
      auto end = text.find('\n', at);
      if (end == std::string_view::npos) return false;
      at = end + 1;
    } else if (rest.starts_with("/*")) {
      auto end = text.find("*/", at + 2);
      if (end == std::string_view::npos) return false;
      at = end + 2;
    } else if (std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      return rest.starts_with("stack") &&
             (rest.size() == 5 || std::string_view(" \t\r\n/").find(rest[5]) != std::string_view::npos);
    }
  }
  return false;
}

std::vector<std::string> sourcesBelow(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code failed;
  auto skip = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, skip, failed), end; !failed && at != end;
       at.increment(failed)) {
    auto name = at->path().filename().string();
    if (at->is_directory(failed)) {
      if (name.starts_with('.')) at.disable_recursion_pending();
    } else if (at->path().extension() == kSuffix) {
      auto path = at->path().string();
      out.push_back(folder == "." && path.starts_with("./") ? path.substr(2) : path);
    }
  }
  std::ranges::sort(out);
  return out;
}

void Session::addUnit(const std::string& path, bool isStack) {
  const auto* file = files_.source(path, {}, sink);
  if (file != nullptr) addUnit(*file, isStack);
}

void Session::addUnit(const base::SourceFile& file, bool isStack) {
  for (const auto& unit : units)
    if (unit.source == &file) return;   // given twice, or in a folder and by name
  auto& unit = units.emplace_back();
  unit.source = &file;
  unit.isStack = isStack;
}

/// A file by its name, and by what is in it when the name does not tell: `-`, what a shell's <(…) gives.
void Session::addFile(const std::string& path) {
  const auto* file = files_.source(path, {}, sink);
  if (file == nullptr) return;
  const bool isManifest = isManifestName(path) || (!path.ends_with(kSuffix) && looksLikeManifest(file->text));
  if (isManifest) manifests_.add(*file, true);
  else addUnit(*file, true);
}

bool Session::open(const std::vector<std::string>& operands) {
  auto before = sink.errorCount();
  if (!settings.cluster.empty()) {
    if (const auto* file = files_.source(settings.cluster, {}, sink)) cluster_.read(*file, sink);
    if (settings.kubernetes.empty()) settings.kubernetes = cluster_.kubernetes();
    if (sink.errorCount() != before) return false;
  }
  operands_ = operands;
  return openOperands(operands);
}

bool Session::openOperands(const std::vector<std::string>& operands) {
  auto before = sink.errorCount();
  if (operands.empty()) {
    std::vector<std::string> stacks;
    auto all = sourcesIn("");
    if (all.empty()) all = sourcesIn(".");
    for (auto& path : all) {
      if (path.starts_with("./")) path.erase(0, 2);
      if (fileBeginsWithStack(path)) stacks.push_back(path);
    }
    if (stacks.size() == 1) {
      addUnit(stacks[0], true);
    } else if (stacks.empty()) {
      sink.add(diag::make<Code::NoStackFound>({}, ".", all.size())
                   .hint("name a file or a folder, or begin one with `mlstackc init`"));
    } else {
      sink.add(diag::make<Code::SeveralStacks>({}, ".", stacks.size(), fmt::format("{}", fmt::join(stacks, ", ")))
                   .hint("name the one that is meant, or `.` for all of them"));
    }
    return sink.errorCount() == before;
  }
  if (std::ranges::count(operands, "-") + settings.paramsFromStdin > 1) {
    sink.add(diag::make<Code::StdinTwice>({}));
    return false;
  }
  bool usable = true;
  for (const auto& operand : operands) {
    std::error_code failed;
    if (operand == "-" || !fs::is_directory(operand, failed)) {
      addFile(operand);
      continue;
    }
    auto all = sourcesBelow(operand);
    std::size_t stacks = 0;
    for (const auto& path : all) {
      bool isStack = fileBeginsWithStack(path);
      if (isStack) ++stacks;
      if (isStack || settings.libraries) addUnit(path, isStack);
    }
    std::vector<std::string> manifests;
    if (settings.manifestsInFolders && (stacks == 0 || settings.manifestsBesideStacks)) manifests = manifestsBelow(operand);
    for (const auto& path : manifests)
      if (const auto* file = files_.source(path, {}, sink)) manifests_.add(*file, false);
    if (stacks == 0 && manifests.empty() && !(settings.libraries && !all.empty())) {
      auto d = diag::make<Code::NoStackFound>({}, operand, all.size());
      if (settings.manifestsInFolders) d.help = "manifests are files named .yaml, .yml or .json that say `apiVersion`; there are none either";
      sink.add(std::move(d));
      usable = false;
    }
  }
  return usable;
}

}  // namespace mlstack::driver
