#include "driver/folder.h"

#include <filesystem>
#include <map>
#include <set>

#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

namespace fs = std::filesystem;
using diag::Code;

/// File name → stack. Text: a line of `stack<TAB>file` each, sorted by file.
using Index = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kHead = "# Files that mlstackc wrote here; it replaces and removes no others. Version 1.\n";

Index readIndex(const std::string& path) {
  Index index;
  base::ReadError error;
  auto text = base::readFile(path, error);
  if (!text) return index;
  std::string_view rest = *text;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    auto tab = line.find('\t');
    if (line.starts_with('#') || tab == std::string_view::npos) continue;
    auto name = line.substr(tab + 1);
    if (name.find('/') != std::string_view::npos) continue;   // never reach out of the folder
    index.emplace(name, line.substr(0, tab));
  }
  return index;
}

std::string indexText(const Index& index) {
  std::string text(kHead);
  for (const auto& [name, stack] : index) text += fmt::format("{}\t{}\n", stack, name);
  return text;
}

bool writeOne(const std::string& path, std::string_view bytes, diag::Sink& sink) {
  base::ReadError error;
  if (replaceFile(path, bytes, Sync::No, error)) return true;
  sink.add(diag::make<Code::CannotWrite>({}, path, error.message));
  return false;
}

/// A file that would not change keeps its time: build tools and watchers look at it.
bool sameContent(const std::string& path, std::string_view bytes) {
  std::error_code failed;
  if (fs::file_size(path, failed) != bytes.size() || failed) return false;
  base::ReadError error;
  auto old = base::readFile(path, error);
  return old && *old == bytes;
}

}  // namespace

void writeFolder(const std::string& folder, std::string_view stack, const std::vector<emit::NamedFile>& files,
                 bool force, diag::Sink& sink) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) {
    sink.add(diag::make<Code::CannotWrite>({}, folder, reason(failed.value())));
    return;
  }
  auto at = [&](std::string_view name) { return (fs::path(folder) / name).string(); };
  auto indexPath = at(kIndexName);
  auto before = readIndex(indexPath);

  std::set<std::string_view> made;
  bool blocked = false;
  for (const auto& file : files) {
    made.insert(file.name);
    auto owner = before.find(file.name);
    bool own = owner != before.end() && owner->second == stack;
    if (own || force || !fs::exists(fs::symlink_status(at(file.name), failed))) continue;
    sink.add(diag::make<Code::ForeignFile>({}, at(file.name), stack)
                 .hint("choose another folder, or replace such files with `--force`"));
    blocked = true;
  }
  if (blocked) return;

  Index during = before;
  for (const auto& file : files) during[file.name] = stack;
  if (during != before && !writeOne(indexPath, indexText(during), sink)) return;
  for (const auto& file : files)
    if (!sameContent(at(file.name), file.bytes) && !writeOne(at(file.name), file.bytes, sink)) return;
  Index after = during;
  for (const auto& [name, owner] : during) {
    if (owner != stack || made.contains(name)) continue;
    fs::remove(at(name), failed);
    if (failed) {
      sink.add(diag::make<Code::CannotWrite>({}, at(name), reason(failed.value())));
      return;
    }
    after.erase(name);
  }
  if (after != during) (void)writeOne(indexPath, indexText(after), sink);
}

}  // namespace mlstack::driver
