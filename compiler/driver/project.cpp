#include "driver/project.h"

#include <algorithm>
#include <filesystem>

#include "driver/terminal.h"
#include "parse/parse.h"

namespace mlstack::driver {
namespace {

namespace fs = std::filesystem;
using diag::Code;

struct LibraryRow {
  std::string_view path;   // "aws.mlstack"
  std::string_view text;
};
constexpr LibraryRow kLibrary[] = {
#include "stdlib_embed.inc"
};

constexpr std::string_view kSuffix = ".mlstack";
constexpr std::string_view kStd = "std/";

/// The folder part of a shown name: "" for the current folder, else with its slash.
std::string_view folderOf(std::string_view name) {
  auto slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash + 1);
}

/// `path` seen from the folder of `from`, without "./" and inner "..".
std::string beside(const base::SourceFile& from, std::string_view path) {
  std::string joined(folderOf(from.name));
  joined += path;
  return fs::path(joined).lexically_normal().string();
}

bool isLibraryFile(const base::SourceFile& file) { return file.name.starts_with(kStd); }

bool present(const fs::path& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

bool under(const fs::path& path, const fs::path& folder) {
  auto [end, _] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

/// The first byte that makes a file no text: a NUL (an image, UTF-16) or bad UTF-8.
std::size_t firstOddByte(std::string_view text) {
  return std::min(text.find('\0'), base::firstBadUtf8(text));
}

}  // namespace

const std::string_view* libraryText(std::string_view importPath) {
  if (!importPath.starts_with(kStd)) return nullptr;
  importPath.remove_prefix(kStd.size());
  for (const auto& row : kLibrary) {
    if (row.path.find('/') != row.path.npos || !row.path.ends_with(kSuffix)) continue;   // the prelude
    if (row.path.substr(0, row.path.size() - kSuffix.size()) == importPath) return &row.text;
  }
  return nullptr;
}

std::vector<std::string_view> libraryNames() {
  std::vector<std::string_view> names;
  for (const auto& row : kLibrary)
    if (row.path.find('/') == row.path.npos && row.path.ends_with(kSuffix))
      names.push_back(row.path.substr(0, row.path.size() - kSuffix.size()));
  return names;
}

std::string projectRoot(const std::string& file) {
  std::error_code failed;
  fs::path folder = file == "-" ? fs::current_path(failed)
                                : fs::weakly_canonical(fs::absolute(file, failed), failed).parent_path();
  for (const auto* marker : {".mlstack", ".git"})
    for (fs::path at = folder;; at = at.parent_path()) {
      if (present(at / marker)) return at.string();
      if (at == at.parent_path()) break;
    }
  return folder.string();
}

// --- sources ---------------------------------------------------------------------------------

const base::SourceFile* Sources::source(const std::string& path, base::Span at, diag::Sink& sink) {
  auto report = [&](diag::Diagnostic d) {
    d.file = path;
    sink.add(std::move(d));
    return nullptr;
  };
  std::error_code failed;
  std::string key = path;
  // What a shell's <(…) gives has no path of its own.
  if (path != "-" && path != "/dev/stdin" && !path.starts_with("/dev/fd/")) {
    auto real = fs::canonical(path, failed);
    if (failed == std::errc::no_such_file_or_directory)
      return report(diag::make<Code::FileNotFound>(at, path));
    if (failed) return report(diag::make<Code::UnreadableFile>(at, path, reason(failed.value())));
    key = real.string();
    if (auto found = byPath_.find(key); found != byPath_.end()) return found->second;
    auto size = fs::is_regular_file(real, failed) ? fs::file_size(real, failed) : 0;
    if (!failed && size > kMaxSource) return report(diag::make<Code::FileTooLarge>(at, path, size, kMaxSource));
  }
  base::ReadError error;
  auto text = base::readFile(path, error, kMaxSource);
  if (!text) return report(diag::make<Code::UnreadableFile>(at, path, error.message));
  if (auto nul = text->find('\0'); nul != std::string::npos) {
    // One message instead of one for each odd byte. Bad UTF-8 alone is shown at its place by the lexer.
    auto odd = firstOddByte(*text);
    auto d = diag::make<Code::NotText>(at, path, odd, static_cast<unsigned char>((*text)[odd]));
    if (text->starts_with("\xff\xfe") || text->starts_with("\xfe\xff"))
      d.help = "this looks like UTF-16: save it as UTF-8";
    return report(std::move(d));
  }
  const auto& file = set_.add(path, std::move(*text));
  byPath_.emplace(std::move(key), &file);
  return &file;
}

const base::SourceFile* Sources::library(std::string_view importPath, std::string_view text) {
  if (auto found = byPath_.find(importPath); found != byPath_.end()) return found->second;
  const auto& file = set_.add(std::string(importPath), std::string(text));
  byPath_.emplace(std::string(importPath), &file);
  return &file;
}

// --- imports ---------------------------------------------------------------------------------

sema::FileAccess Imports::access() {
  return {.import = [this](std::string_view path, const base::SourceFile& from, base::Span at,
                           const base::SourceFile*& file) { return import(path, from, at, file); },
          .read = [this](std::string_view path, const base::SourceFile& from, base::Span at) {
            return read(path, from, at);
          }};
}

const syntax::File* Imports::import(std::string_view path, const base::SourceFile& from, base::Span at,
                                    const base::SourceFile*& file) {
  file = find(path, from, at);
  if (file == nullptr) return nullptr;
  auto& tree = trees_[file];
  if (!tree) tree = parse::parseFile(*file, symbols_, sink_);
  return tree.get();
}

const base::SourceFile* Imports::find(std::string_view path, const base::SourceFile& from, base::Span at) {
  bool relative = path.starts_with("./") || path.starts_with("../");
  std::string shown = relative ? beside(from, path) : std::string(path);
  if (shown.starts_with(kStd) && (!relative || isLibraryFile(from))) {
    if (const auto* text = libraryText(shown)) return sources_.library(shown, *text);
    auto names = libraryNames();
    auto d = diag::make<Code::UnknownLibrary>(at, shown);
    auto near = diag::nearest(shown.substr(kStd.size()), names);
    d.help = near.empty() ? fmt::format("it has std/{}", fmt::join(names, ", std/"))
                          : fmt::format("did you mean `std/{}`?", near);
    sink_.add(std::move(d));
    return nullptr;
  }
  if (!relative) {
    auto d = diag::make<Code::ImportPath>(at, path);
    if (present(beside(from, path))) d.help = fmt::format("write `./{}`", path);
    sink_.add(std::move(d));
    return nullptr;
  }
  if (!present(shown)) {
    auto d = diag::make<Code::ImportNotFound>(at, shown);
    if (present(shown + std::string(kSuffix))) d.help = fmt::format("did you mean `{}{}`?", path, kSuffix);
    sink_.add(std::move(d));
    return nullptr;
  }
  return inProject(shown, path, at) ? sources_.source(shown, at, sink_) : nullptr;
}

bool Imports::inProject(const std::string& path, std::string_view shown, base::Span at) {
  std::error_code failed;
  // Symbolic links are resolved first: one that points out of the project leads out of it.
  auto real = fs::weakly_canonical(fs::absolute(path, failed), failed);
  if (failed) {
    sink_.add(diag::make<Code::UnreadableFile>(at, shown, reason(failed.value())));
    return false;
  }
  if (under(real, root_)) return true;
  sink_.add(diag::make<Code::FileOutsideProject>(at, shown, root_)
                .hint("an empty folder `.mlstack` marks the top of a project"));
  return false;
}

std::optional<std::string_view> Imports::read(std::string_view path, const base::SourceFile& from, base::Span at) {
  if (path.starts_with('/') || isLibraryFile(from)) {
    sink_.add(diag::make<Code::FilePath>(at, path));
    return std::nullopt;
  }
  auto resolved = beside(from, path);
  auto [slot, fresh] = embedded_.try_emplace(resolved);
  if (fresh || !slot->second.good) slot->second.good = load(resolved, path, at, slot->second.bytes);
  if (!slot->second.good) return std::nullopt;
  return slot->second.bytes;
}

bool Imports::load(const std::string& path, std::string_view shown, base::Span at, std::string& bytes) {
  if (!inProject(path, shown, at)) return false;
  base::ReadError error;
  auto text = base::readFile(path, error, kMaxSource);
  if (!text) {
    sink_.add(diag::make<Code::UnreadableFile>(at, shown, error.message));
    return false;
  }
  if (auto odd = firstOddByte(*text); odd != std::string::npos) {
    sink_.add(diag::make<Code::NotText>(at, shown, odd, static_cast<unsigned char>((*text)[odd]))
                  .hint("manifests hold text only; encode bytes as base64 first"));
    return false;
  }
  bytes = std::move(*text);
  return true;
}

}  // namespace mlstack::driver
