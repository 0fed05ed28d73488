#include "ir/words.h"

namespace mlstack::ir {

std::string_view word(Role role) {
  switch (role) {
    case Role::Other:
      return "other";
    case Role::Class:
      return "class";
    case Role::Volume:
      return "volume";
    case Role::Claim:
      return "claim";
    case Role::SnapshotClass:
      return "snapshot-class";
    case Role::Snapshot:
      return "snapshot";
    case Role::Workload:
      return "workload";
    case Role::Config:
      return "config";
    case Role::Secret:
      return "secret";
    case Role::Namespace:
      return "namespace";
    case Role::Service:
      return "service";
    case Role::Account:
      return "account";
  }
  return {};
}

std::string_view word(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::Provides:
      return "provides";
    case EdgeKind::Binds:
      return "binds";
    case EdgeKind::Mounts:
      return "mounts";
    case EdgeKind::References:
      return "references";
    case EdgeKind::RestoresFrom:
      return "restores-from";
    case EdgeKind::Snapshots:
      return "snapshots";
    case EdgeKind::Selects:
      return "selects";
    case EdgeKind::Owns:
      return "owns";
  }
  return {};
}

std::string_view word(Intent intent) {
  switch (intent) {
    case Intent::Unstated:
      return "unstated";
    case Intent::Read:
      return "read";
    case Intent::Write:
      return "write";
    case Intent::Checkpoint:
      return "checkpoint";
    case Intent::Scratch:
      return "scratch";
  }
  return {};
}

std::string_view word(NodeKind kind) {
  switch (kind) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return "bool";
    case NodeKind::Int:
      return "int";
    case NodeKind::Float:
      return "float";
    case NodeKind::String:
      return "string";
    case NodeKind::List:
      return "list";
    case NodeKind::Map:
      return "map";
  }
  return {};
}

}  // namespace mlstack::ir
