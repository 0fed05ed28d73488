#include "backend/folder_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace mlstack::backend {
namespace {

namespace fs = std::filesystem;
using diag::Code;

constexpr std::string_view kHead = "# Files that mlstackc wrote here; it replaces and removes no others. Version 1.\n";

FolderIndex readIndex(const std::string& path) {
  FolderIndex index;
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

std::string indexText(const FolderIndex& index) {
  std::string text(kHead);
  for (const auto& [name, stack] : index) text += fmt::format("{}\t{}\n", stack, name);
  return text;
}

bool writeOne(const FileWriter& write, const std::string& path, std::string_view bytes, diag::Sink& sink) {
  base::ReadError error;
  if (write(path, bytes, error)) return true;
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

FolderIndex readFolderIndex(const std::string& folder) { return readIndex((fs::path(folder) / kIndexName).string()); }

void writeFolder(const std::string& folder, std::string_view stack, const std::vector<emit::NamedFile>& files,
                 const FolderOptions& options, diag::Sink& sink) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) {
    sink.add(diag::make<Code::CannotWrite>({}, folder, failed.message()));
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
    if (own || options.force || !fs::exists(fs::symlink_status(at(file.name), failed))) continue;
    sink.add(diag::make<Code::ForeignFile>({}, at(file.name), stack)
                 .hint("choose another folder, or replace such files with `--force`"));
    blocked = true;
  }
  if (blocked) return;

  FolderIndex during = before;
  for (const auto& file : files) during[file.name] = stack;
  if (during != before && !writeOne(options.write, indexPath, indexText(during), sink)) return;
  for (const auto& file : files)
    if (!sameContent(at(file.name), file.bytes) && !writeOne(options.write, at(file.name), file.bytes, sink)) return;
  FolderIndex after = during;
  for (const auto& [name, owner] : during) {
    if (owner != stack || made.contains(name) || std::ranges::find(options.kept, name) != options.kept.end()) continue;
    if (std::ranges::find(options.released, name) != options.released.end()) {
      after.erase(name);
      continue;
    }
    fs::remove(at(name), failed);
    if (failed) {
      sink.add(diag::make<Code::CannotWrite>({}, at(name), failed.message()));
      return;
    }
    after.erase(name);
  }
  if (after != during) (void)writeOne(options.write, indexPath, indexText(after), sink);
}

}  // namespace mlstack::backend
