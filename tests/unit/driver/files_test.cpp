#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>

#include <gtest/gtest.h>

#include "driver/compile.h"
#include "driver/fixes.h"
#include "backend/folder_files.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  Files() {
    char name[] = "/tmp/mlstackc-test-XXXXXX";
    root = ::mkdtemp(name);
  }
  ~Files() override { fs::remove_all(root); }

  [[nodiscard]] std::string at(std::string_view name) const { return (root / name).string(); }
  void write(std::string_view name, std::string_view text) const {
    fs::create_directories((root / name).parent_path());
    std::ofstream(at(name)) << text;
  }
  [[nodiscard]] std::string read(std::string_view name) const {
    std::stringstream text;
    text << std::ifstream(at(name)).rdbuf();
    return text.str();
  }
  [[nodiscard]] std::vector<std::string> names(std::string_view folder = "") const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(root / folder)) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
  }

  fs::path root;
};

using Names = std::vector<std::string>;

TEST_F(Files, ReplacedWholeOrNotAtAll) {
  write("x", "old");
  base::ReadError error;
  {
    auto file = AtomicFile::create(at("x"), Sync::No, error);
    ASSERT_TRUE(file);
    StreamWriter out(file->descriptor());
    EXPECT_TRUE(out.write("new") && out.flush());
    EXPECT_EQ(read("x"), "old");
  }
  EXPECT_EQ(read("x"), "old");
  EXPECT_EQ(names(), Names{"x"});
  EXPECT_TRUE(replaceFile(at("x"), "new", Sync::Yes, error));
  EXPECT_EQ(read("x"), "new");
}

TEST_F(Files, LinksAndModesStay) {
  write("x", "old");
  fs::permissions(at("x"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("x", at("link"));
  base::ReadError error;
  EXPECT_TRUE(replaceFile(at("link"), "new", Sync::No, error));
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(read("x"), "new");
  EXPECT_EQ(fs::status(at("x")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Files, FolderAndMissingFolderAreErrors) {
  base::ReadError error;
  EXPECT_FALSE(replaceFile(root.string(), "x", Sync::No, error));
  EXPECT_FALSE(error.message.empty());
  EXPECT_FALSE(replaceFile(at("none/x"), "x", Sync::No, error));
}

TEST_F(Files, WriterStopsAfterAFailure) {
  StreamWriter out(-1);
  EXPECT_TRUE(out.write("x"));
  EXPECT_FALSE(out.flush());
  EXPECT_NE(out.error(), 0);
  EXPECT_FALSE(out.write("y"));
}

TEST_F(Files, FolderOfManifests) {
  diag::Sink sink;
  backend::writeFolder(at("out"), "one", {{"010-a.yaml", "a"}, {"020-b.yaml", "b"}}, {}, sink);
  EXPECT_EQ(names("out"), (Names{".mlstackc-files", "010-a.yaml", "020-b.yaml"}));
  write("out/kustomization.yaml", "mine");
  backend::writeFolder(at("out"), "one", {{"010-a.yaml", "A"}}, {}, sink);
  EXPECT_EQ(names("out"), (Names{".mlstackc-files", "010-a.yaml", "kustomization.yaml"}));
  EXPECT_EQ(read("out/010-a.yaml"), "A");
  backend::writeFolder(at("out"), "two", {{"010-c.yaml", "c"}}, {}, sink);
  EXPECT_FALSE(sink.hasErrors());
  backend::writeFolder(at("out"), "one", {}, {}, sink);
  EXPECT_EQ(names("out"), (Names{".mlstackc-files", "010-c.yaml", "kustomization.yaml"}));
  EXPECT_FALSE(sink.hasErrors());
}

TEST_F(Files, ForeignFilesAreLeftAlone) {
  diag::Sink sink;
  write("out/010-a.yaml", "mine");
  backend::writeFolder(at("out"), "one", {{"000-n.yaml", "n"}, {"010-a.yaml", "a"}}, {}, sink);
  ASSERT_EQ(sink.errorCount(), 1u);
  EXPECT_EQ(sink.all()[0].code, diag::Code::ForeignFile);
  EXPECT_EQ(names("out"), Names{"010-a.yaml"});
  EXPECT_EQ(read("out/010-a.yaml"), "mine");
  diag::Sink forced;
  backend::writeFolder(at("out"), "one", {{"010-a.yaml", "a"}}, {.force = true}, forced);
  EXPECT_FALSE(forced.hasErrors());
  EXPECT_EQ(read("out/010-a.yaml"), "a");
}

TEST_F(Files, AnIndexCannotReachOutOfItsFolder) {
  write("keep.yaml", "mine");
  write("out/.mlstackc-files", "one\t../keep.yaml\none\tgone.yaml\n");
  diag::Sink sink;
  backend::writeFolder(at("out"), "one", {{"010-a.yaml", "a"}}, {}, sink);
  EXPECT_FALSE(sink.hasErrors());
  EXPECT_EQ(read("keep.yaml"), "mine");
}

TEST_F(Files, ProjectRoot) {
  write("repo/.git/config", "");
  write("repo/envs/x.mlstack", "");
  EXPECT_EQ(projectRoot(at("repo/envs/x.mlstack")), fs::canonical(at("repo")).string());
  fs::create_directories(at("repo/envs/.mlstack"));
  EXPECT_EQ(projectRoot(at("repo/envs/x.mlstack")), fs::canonical(at("repo/envs")).string());
}

TEST_F(Files, SourcesBelowAreSortedAndNotHidden) {
  write("b.mlstack", "");
  write("a/c.mlstack", "");
  write("a/x.txt", "");
  write(".hidden/h.mlstack", "");
  fs::create_directory_symlink(root, root / "a" / "loop");
  EXPECT_EQ(sourcesBelow(root.string()), (Names{at("a/c.mlstack"), at("b.mlstack")}));
}

TEST(Stacks, AreKnownByTheirFirstStatement) {
  EXPECT_TRUE(beginsWithStack("stack demo"));
  EXPECT_TRUE(beginsWithStack("\xef\xbb\xbf// c\n/* d */ /// e\nstack demo {"));
  EXPECT_FALSE(beginsWithStack(""));
  EXPECT_FALSE(beginsWithStack("// stack demo"));
  EXPECT_FALSE(beginsWithStack("/* stack demo"));
  EXPECT_FALSE(beginsWithStack("stacks = 1"));
  EXPECT_FALSE(beginsWithStack("let x = 1\nstack demo"));
}

TEST(Library, IsKnownByName) {
  ASSERT_NE(libraryText("std/aws"), nullptr);
  EXPECT_EQ(libraryText("std/awz"), nullptr);
  EXPECT_EQ(libraryText("std/prelude/storage"), nullptr);
  EXPECT_EQ(libraryText("aws"), nullptr);
}

diag::Diagnostic withFix(const base::SourceFile& file, base::Pos begin, base::Pos end, std::string text) {
  return diag::make<diag::Code::UnknownName>({file.begin + begin, file.begin + end}, "x")
      .fix("replace", {file.begin + begin, file.begin + end}, std::move(text));
}

TEST(Fixes, ApplyFromBackToFrontAndNeverTwice) {
  base::SourceSet sources;
  const auto& file = sources.add("a.mlstack", "one two three");
  auto fixed = applyFixes({withFix(file, 8, 13, "3"), withFix(file, 0, 3, "1"), withFix(file, 0, 3, "1"),
                           withFix(file, 2, 5, "overlaps")},
                          sources);
  EXPECT_EQ(fixed.count, 2u);
  EXPECT_EQ(fixed.texts.at("a.mlstack"), "1 two 3");
}

TEST(Fixes, ChoicesAndForeignFilesAreLeft) {
  base::SourceSet sources;
  const auto& file = sources.add("a.mlstack", "one");
  const auto& library = sources.add("std/aws", "one");
  auto choice = withFix(file, 0, 3, "1").fix("or this", {file.begin, file.begin + 3}, "eins");
  auto fixed = applyFixes({std::move(choice), withFix(library, 0, 3, "1")}, sources);
  EXPECT_EQ(fixed.count, 0u);
  EXPECT_TRUE(fixed.texts.empty());
}

TEST(ExitCodes, UsageOnlyForTheCommandLine) {
  using diag::Code;
  EXPECT_EQ(exitFor({}), ExitDone);
  EXPECT_EQ(exitFor({diag::make<Code::BadSet>({}, "x")}), ExitUsage);
  EXPECT_EQ(exitFor({diag::make<Code::NoStackFound>({}, ".", 0)}), ExitUsage);
  EXPECT_EQ(exitFor({diag::make<Code::FileNotFound>({}, "x")}), ExitErrors);
  EXPECT_EQ(exitFor({diag::make<Code::CannotWrite>({}, "x", "y")}), ExitErrors);
  EXPECT_EQ(exitFor({diag::make<Code::ParamsNotMap>({}, "x")}), ExitErrors);
  auto warning = diag::make<Code::UnknownName>({}, "x");
  warning.severity = diag::Severity::Warning;
  EXPECT_EQ(exitFor({warning}), ExitDone);
}

}  // namespace
}  // namespace mlstack::driver
