#pragma once
// An apply as it happens, on stderr: on a terminal one living line below what is done, elsewhere plain lines.

#include <chrono>
#include <map>
#include <string>

#include "backend/backend.h"

namespace mlstack::driver {

class ProgressLines final : public backend::Progress {
 public:
  ProgressLines(std::size_t steps, std::string home, bool terminal, bool color);
  ~ProgressLines() override;
  void step(const backend::PlanStep& step, std::string_view what) override;
  void done(const backend::PlanStep& step, std::string_view what) override;
  void trouble(const backend::PlanStep& step, std::string_view what) override;

 private:
  struct Running {
    std::string what;
    std::chrono::steady_clock::time_point since;
  };
  void clear();
  void draw();
  void drawSoon();
  void say(std::string_view ink, std::string_view sign, const backend::PlanStep& step, std::string_view what);

  std::size_t steps_;
  std::size_t done_ = 0;
  std::string home_;
  bool terminal_;
  bool color_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point lastDraw_;
  std::map<const backend::PlanStep*, Running> running_;
};

}  // namespace mlstack::driver
