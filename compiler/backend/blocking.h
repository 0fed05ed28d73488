#pragma once
// Waiting for one call. What is still under way when the waiting ends early (deadline, signal) may come later and finds nobody.

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "backend/api.h"

namespace mlstack::backend {

/// Why a wait ended without an answer.
[[nodiscard]] inline Failure unanswered(const Api& api) {
  Failure failure;
  const bool late = Clock::now() >= api.deadline;
  failure.outcome = late ? Outcome::TimedOut : Outcome::Cancelled;
  failure.message = late ? "the time is over" : "interrupted";
  return failure;
}

/// `start` begins a call with the `done` it is given. Blocks until that has been called.
template <class Start>
[[nodiscard]] Answer blocking(Api& api, const Start& start) {
  const auto answer = std::make_shared<std::optional<Answer>>();
  start([answer](Answer got) { *answer = std::move(got); });
  if (!answer->has_value()) api.run([&] { return answer->has_value(); });
  if (answer->has_value()) return std::move(**answer);
  Answer none;
  none.failure = unanswered(api);
  return none;
}

/// A whole list, one item after the other; those that an expired page token brings again are left out.
template <class Item>
[[nodiscard]] Failure blockingList(Api& api, const ListQuery& query, const Item& item) {
  struct State {
    std::optional<Failure> end;
    bool open = true;
    std::set<std::string> uids;
  };
  const auto state = std::make_shared<State>();
  api.list(
      query,
      [state, &item, &api](ir::Node& node, const std::shared_ptr<Document>& document) {
        if (state->open && state->uids.emplace(textAt(&node, "metadata.uid", api.symbols())).second) item(node, document);
      },
      [] {}, [state](Failure failure, const std::string&) { state->end = std::move(failure); });
  if (!state->end) api.run([&] { return state->end.has_value(); });
  state->open = false;
  return state->end ? std::move(*state->end) : unanswered(api);
}

}  // namespace mlstack::backend
