#pragma once
// The objects of one kind as they are and as they change: a list, then a watch from there on, again and again, as client-go's
// reflector does it.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "backend/api.h"

namespace mlstack::backend {

/// Ends with its last owner. Where there can be no watch (forbidden, not served, too many of them) it lists every few seconds.
class Informer : public std::enable_shared_from_this<Informer> {
 public:
  /// `selection.resource` must outlive it.
  Informer(Api& api, ListQuery selection, bool canWatch = true);
  ~Informer();
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  /// Called for each object at first and after each change of it.
  std::function<void(const ir::Node& object, const std::shared_ptr<Document>&)> present;
  std::function<void(const std::string& nameSpace, const std::string& name)> gone;
  /// After each list.
  std::function<void()> synced;
  /// It cannot be read at all (403, 404, 401); nothing follows.
  std::function<void(const Failure&)> failed;

  void start();
  [[nodiscard]] bool hasSynced() const { return synced_; }
  /// As of the last list or event.
  [[nodiscard]] bool has(const std::string& nameSpace, const std::string& name) const { return objects_.contains({nameSpace, name}); }

 private:
  using Key = std::pair<std::string, std::string>;
  void list();
  void watch(std::string from);
  void take(const ir::Node& object, const std::shared_ptr<Document>& document);
  void again(std::chrono::milliseconds delay, bool listing, std::string from = {});
  [[nodiscard]] Key keyOf(const ir::Node& object) const;

  Api& api_;
  ListQuery selection_;
  bool canWatch_;
  bool synced_ = false;
  unsigned round_ = 0;                   // of lists
  unsigned failures_ = 0;                // in a row
  unsigned expired_ = 0;                 // watches in a row whose version was too old
  std::map<Key, unsigned> objects_;      // the round in which each was seen last
};

}  // namespace mlstack::backend
