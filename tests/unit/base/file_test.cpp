#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/source.h"

using namespace mlstack::base;
namespace fs = std::filesystem;

namespace {

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "mlstack-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
  }
  void TearDown() override { fs::remove_all(root); }

  std::string path(const std::string& leaf) const { return (root / leaf).string(); }
  void put(const std::string& leaf, const std::string& text) const { std::ofstream(root / leaf) << text; }
  std::string get(const std::string& leaf) const {
    std::ostringstream text;
    text << std::ifstream(root / leaf).rdbuf();
    return text.str();
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(root), fs::directory_iterator()));
  }

  fs::path root;
  ReadError error;
};

TEST_F(Files, ReadsWhatIsThere) {
  put("a", std::string("x\0y\n", 4));
  EXPECT_EQ(readFile(path("a"), error), std::string("x\0y\n", 4));
  put("empty", "");
  EXPECT_EQ(readFile(path("empty"), error), "");
  const std::string big(300'000, 'z');
  put("big", big);
  EXPECT_EQ(readFile(path("big"), error), big);
}

TEST_F(Files, SaysWhyNot) {
  EXPECT_FALSE(readFile(path("none"), error));
  EXPECT_EQ(error.message, "there is no such file");
  EXPECT_FALSE(readFile(root.string(), error));
  EXPECT_EQ(error.message, "it is a directory");
  put("a", "12345");
  EXPECT_FALSE(readFile(path("a") + "/b", error));
  EXPECT_EQ(error.message, "a part of its path is not a directory");
  EXPECT_FALSE(readFile(path("a"), error, 4));
  EXPECT_EQ(error.tooLarge, 5u);
  EXPECT_EQ(error.message, "it has 5 bytes, more than the limit of 4");
  EXPECT_TRUE(readFile(path("a"), error, 5));
  EXPECT_FALSE(readFile("/dev/zero", error, 100'000));
  EXPECT_EQ(error.message, "it is a device, not a file");
  if (::geteuid() != 0) {
    fs::permissions(path("a"), fs::perms::none);
    EXPECT_FALSE(readFile(path("a"), error));
    EXPECT_EQ(error.message, "permission denied");
  }
}

TEST_F(Files, ReadsPipesThatAreOpenAndNoOthers) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "hello", 5), 5);
  ::close(ends[1]);
  EXPECT_EQ(readFile("/dev/fd/" + std::to_string(ends[0]), error), "hello");
  ::close(ends[0]);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(readFile(path("pipe"), error));   // nobody writes to it
  EXPECT_EQ(error.message, "it is a pipe, not a file");
}

TEST_F(Files, WritesNewFilesUnderTheUmask) {
  const mode_t old = ::umask(027);
  EXPECT_TRUE(writeFileAtomically(path("new"), "text", error));
  ::umask(old);
  EXPECT_EQ(get("new"), "text");
  struct stat facts {};
  ASSERT_EQ(::stat(path("new").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0640u);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, ReplacingKeepsModeAndLinks) {
  put("real", "old");
  ::chmod(path("real").c_str(), 0751);
  fs::create_symlink("real", root / "link");
  fs::create_symlink("link", root / "twice");
  EXPECT_TRUE(writeFileAtomically(path("twice"), "new", error));
  EXPECT_EQ(get("real"), "new");
  EXPECT_TRUE(fs::is_symlink(root / "twice"));
  EXPECT_TRUE(fs::is_symlink(root / "link"));
  struct stat facts {};
  ASSERT_EQ(::stat(path("real").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0751u);
  fs::create_symlink("later", root / "dangling");
  EXPECT_TRUE(writeFileAtomically(path("dangling"), "new", error));
  EXPECT_EQ(get("later"), "new");
  EXPECT_EQ(entries(), 5u);
}

TEST_F(Files, WritingSaysWhyNot) {
  EXPECT_FALSE(writeFileAtomically(root.string(), "x", error));
  EXPECT_EQ(error.message, "it is a directory");
  EXPECT_FALSE(writeFileAtomically(path("no/such"), "x", error));
  EXPECT_EQ(error.message, "there is no folder `" + path("no") + "`");
  fs::create_symlink("loop", root / "loop");
  EXPECT_FALSE(writeFileAtomically(path("loop"), "x", error));
  EXPECT_EQ(error.message, "its symbolic links lead in a circle");
  EXPECT_EQ(entries(), 1u);
  EXPECT_TRUE(writeFileAtomically("/dev/null", "x", error));
}

}  // namespace
