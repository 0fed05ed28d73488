#pragma once
// One file an object in a folder, over many builds.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"
#include "emit/emit.h"

namespace mlstack::backend {

/// The name of the index that says which files of a folder belong to which stack. Hidden, and no
/// manifest to kubectl: a folder stays something that one can apply.
inline constexpr std::string_view kIndexName = ".mlstackc-files";

/// File name → stack. A line of `stack<TAB>file` each, sorted by file.
using FolderIndex = std::map<std::string, std::string, std::less<>>;
/// Empty when there is none.
[[nodiscard]] FolderIndex readFolderIndex(const std::string& folder);

/// Puts a file in place whole or not at all; base::writeFileAtomically, or what also minds signals.
using FileWriter = std::function<bool(const std::string& path, std::string_view bytes, base::ReadError& error)>;

struct FolderOptions {
  bool force = false;                   // replace files that the index does not list for this stack
  std::vector<std::string> kept{};      // files of this stack that are not made, stay, and stay its own
  std::vector<std::string> released{};  // file names that stay, and are this stack's no more
  FileWriter write = base::writeFileAtomically;
};

/// Writes `files` into `folder` (made when missing) and removes what an earlier build of the same
/// stack left there and this one does not make. Files that the index does not list for this stack
/// are never removed, and replaced only with `force`; in the way of one is MLS9014, and nothing is
/// written. The index always covers at least what is there, so that a build cut short can be repeated.
void writeFolder(const std::string& folder, std::string_view stack, const std::vector<emit::NamedFile>& files,
                 const FolderOptions& options, diag::Sink& sink);

}  // namespace mlstack::backend
