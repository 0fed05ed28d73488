#pragma once
// One file an object in a folder, over many builds.

#include <string>
#include <string_view>
#include <vector>

#include "diag/diag.h"
#include "emit/emit.h"

namespace mlstack::driver {

/// The name of the index that says which files of a folder belong to which stack. Hidden, and no
/// manifest to kubectl: a folder stays something that one can apply.
inline constexpr std::string_view kIndexName = ".mlstackc-files";

/// Writes `files` into `folder` (made when missing) and removes what an earlier build of the same
/// stack left there and this one does not make. Files that the index does not list for this stack
/// are never removed, and replaced only with `force`; in the way of one is MLS9014, and nothing is
/// written. The index always covers at least what is there, so that a build cut short can be repeated.
void writeFolder(const std::string& folder, std::string_view stack, const std::vector<emit::NamedFile>& files,
                 bool force, diag::Sink& sink);

}  // namespace mlstack::driver
