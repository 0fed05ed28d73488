#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "driver/command.h"

namespace mlstack::driver {
namespace {

/// MLSTACK_UPDATE=1 writes the page anew.
TEST(Manual, PageIsWhatTheTableSays) {
  std::string path = MLSTACK_SOURCE_DIR "/compiler/driver/mlstackc.1";
  if (std::getenv("MLSTACK_UPDATE") != nullptr) std::ofstream(path) << manualPage();
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), manualPage()) << "run this test with MLSTACK_UPDATE=1";
}

TEST(Manual, HelpLinesFitATerminal) {
  auto fits = [](const std::string& page) {
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110u) << line;
  };
  fits(helpText());
  for (const auto& command : commands()) fits(helpText(command));
}

}  // namespace
}  // namespace mlstack::driver
