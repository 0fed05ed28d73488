#include "driver/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "diag/printable.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t width() {
  winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

/// At most so many characters; cut between code points.
std::string cut(std::string text, std::size_t columns) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
    if (++count < columns) continue;
    return text.substr(0, i) + "…";
  }
  return text;
}

std::string oneLine(std::string_view text) {
  auto safe = diag::printable(text);
  for (auto& c : safe) {
    if (c == '\n') c = ' ';
  }
  return safe;
}

}  // namespace

ProgressLines::ProgressLines(std::size_t steps, std::string home, bool terminal, bool color)
    : steps_(steps), home_(std::move(home)), terminal_(terminal), color_(color) {}

ProgressLines::~ProgressLines() { clear(); }

void ProgressLines::clear() {
  if (!drawn_) return;
  printError("\r\x1b[K");
  drawn_ = false;
}

void ProgressLines::draw() {
  if (!terminal_) return;
  lastDraw_ = Clock::now();
  clear();
  if (running_.empty()) return;
  // The one that has run longest is what everything else waits for.
  auto oldest = running_.begin();
  for (auto at = running_.begin(); at != running_.end(); ++at) {
    if (at->second.since < oldest->second.since) oldest = at;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - oldest->second.since).count();
  auto line = fmt::format("{}/{}  {}  {}", done_, steps_, oneLine(oldest->first->object.text(home_)), oneLine(oldest->second.what));
  if (seconds > 1) line += fmt::format("  {} s", seconds);
  if (running_.size() > 1) line += fmt::format("  and {} more", running_.size() - 1);
  printError(cut(std::move(line), width()));
  drawn_ = true;
}

/// Often enough for an eye; each drawing looks at all that is under way.
void ProgressLines::drawSoon() {
  if (Clock::now() - lastDraw_ > std::chrono::milliseconds(100)) draw();
}

void ProgressLines::say(std::string_view ink, std::string_view sign, const backend::PlanStep& step, std::string_view what) {
  clear();
  const auto name = oneLine(step.object.text(home_));
  printError(fmt::format("{}{}{} {:<9} {}{}{}\n", color_ ? ink : "", sign, color_ ? "\x1b[0m" : "", word(step.action), name, what.empty() ? "" : "  ", oneLine(what)));
}

void ProgressLines::step(const backend::PlanStep& step, std::string_view what) {
  auto [at, fresh] = running_.try_emplace(&step, Running{std::string(what), Clock::now()});
  const bool changed = fresh || at->second.what != what;
  at->second.what = what;
  if (terminal_) {
    drawSoon();
  } else if (changed && !what.empty()) {
    say("", "·", step, what);   // elsewhere only what is waited for: a line a change
  }
}

void ProgressLines::done(const backend::PlanStep& step, std::string_view what) {
  const bool waited = running_.erase(&step) != 0;
  if (step.action == backend::Action::Unchanged && !waited) return;   // as it should be, and nobody asked
  ++done_;
  say("\x1b[32m", "✓", step, what);
  drawSoon();
}

void ProgressLines::trouble(const backend::PlanStep& step, std::string_view what) {
  say("\x1b[33m", "!", step, what);
  drawSoon();
}

}  // namespace mlstack::driver
