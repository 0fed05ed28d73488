#include "schema/tables.h"

#include <algorithm>
#include <cstring>

namespace mlstack::schema::table {

namespace {

template <class T>
void appendBytes(std::string& out, const T& value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

}  // namespace

Store::Store(const Tables& base) : base_(base) {
  if (!base_.nameEnds.empty()) return;
  names_.emplace_back();           // name 0
  nameIndex_.emplace(names_.back(), kNoName);
  limits_.emplace_back();          // limits 0
  types_.emplace_back();           // type 0: Any
}

const FieldRow* Store::findField(const TypeRow& row, std::string_view fieldName) const {
  const std::span<const FieldRow> rows = fields(row);
  std::size_t low = 0;
  std::size_t high = rows.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const int order = name(rows[middle].name).compare(fieldName);
    if (order == 0) return &rows[middle];
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return nullptr;
}

std::vector<std::string_view> Store::texts(Index begin, std::size_t count) const {
  std::vector<std::string_view> out;
  out.reserve(count);
  for (Index item : list(begin, count)) out.push_back(name(item));
  return out;
}

Index Store::checked(std::size_t value) {
  if (value > std::numeric_limits<Index>::max()) sound_ = false;
  return static_cast<Index>(value);
}

Index Store::intern(std::string_view text) {
  std::size_t low = 0;
  std::size_t high = base_.nameEnds.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const int order = name(static_cast<Index>(middle)).compare(text);
    if (order == 0) return static_cast<Index>(middle);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  if (auto found = nameIndex_.find(text); found != nameIndex_.end()) return found->second;
  const Index index = checked(base_.nameEnds.size() + names_.size());
  names_.emplace_back(text);
  nameIndex_.emplace(names_.back(), index);
  return index;
}

Index Store::placeList(const std::vector<Index>& items) {
  if (items.empty()) return 0;
  std::string key;
  for (Index item : items) appendBytes(key, item);
  auto [at, isNew] = listIndex_.try_emplace(std::move(key), Index{0});
  if (isNew) {
    at->second = checked(base_.lists.size() + lists_.size());
    lists_.insert(lists_.end(), items.begin(), items.end());
  }
  return at->second;
}

Index Store::placeLimits(const LimitRow& limits) {
  if (limits == LimitRow{}) return 0;
  const auto found = std::find(limits_.begin(), limits_.end(), limits);
  if (found != limits_.end()) return checked(base_.limits.size() + static_cast<std::size_t>(found - limits_.begin()));
  limits_.push_back(limits);
  return checked(base_.limits.size() + limits_.size() - 1);
}

TypeRow Store::rowOf(TypeDraft& draft, std::vector<FieldRow>& fields, std::vector<Index>& enums,
                     std::vector<Index>& keys) {
  std::sort(draft.fields.begin(), draft.fields.end(),
            [](const FieldDraft& a, const FieldDraft& b) { return a.name < b.name; });
  for (const FieldDraft& field : draft.fields) {
    fields.push_back({intern(field.name), field.type, field.versions, field.required,
                      static_cast<std::uint8_t>(field.defaulted)});
  }
  for (std::string_view text : draft.enums) enums.push_back(intern(text));
  for (std::string_view text : draft.keys) keys.push_back(intern(text));
  TypeRow row;
  row.shape = static_cast<std::uint8_t>(draft.shape);
  row.flags = draft.flags;
  row.listType = static_cast<std::uint8_t>(draft.listType);
  row.keyCount = static_cast<std::uint8_t>(keys.size());
  row.element = draft.element;
  row.name = intern(draft.name);
  row.enumCount = checked(enums.size());
  row.fieldCount = checked(fields.size());
  draft.limits.pattern = intern(draft.pattern);
  row.limits = placeLimits(draft.limits);
  return row;
}

void Store::place(TypeRow& row, const std::vector<FieldRow>& fields, const std::vector<Index>& enums,
                  const std::vector<Index>& keys) {
  row.enums = placeList(enums);
  row.keys = placeList(keys);
  row.fields = fields.empty() ? 0 : static_cast<std::uint32_t>(base_.fields.size() + fields_.size());
  fields_.insert(fields_.end(), fields.begin(), fields.end());
}

Index Store::add(TypeDraft draft) {
  std::vector<FieldRow> fields;
  std::vector<Index> enums;
  std::vector<Index> keys;
  TypeRow row = rowOf(draft, fields, enums, keys);
  std::string key;
  for (std::uint8_t byte : {row.shape, row.flags, row.listType, row.keyCount}) appendBytes(key, byte);
  for (Index part : {row.element, row.name, row.limits, row.enumCount}) appendBytes(key, part);
  for (Index item : enums) appendBytes(key, item);
  for (Index item : keys) appendBytes(key, item);
  for (const FieldRow& field : fields) {
    appendBytes(key, field.name);
    appendBytes(key, field.type);
    for (std::uint8_t byte : {field.versions, field.required, field.defaulted}) appendBytes(key, byte);
  }
  auto [at, isNew] = typeIndex_.try_emplace(std::move(key), Index{0});
  if (isNew) {
    at->second = reserve();
    if (!sound_) return kAnyType;
    place(row, fields, enums, keys);
    types_[at->second - base_.types.size()] = row;
  }
  return at->second;
}

Index Store::reserve() {
  if (base_.types.size() + types_.size() > std::numeric_limits<Index>::max()) {
    sound_ = false;
    return kAnyType;
  }
  types_.emplace_back();
  return static_cast<Index>(base_.types.size() + types_.size() - 1);
}

void Store::fill(Index index, TypeDraft draft) {
  if (index < base_.types.size()) return;
  std::vector<FieldRow> fields;
  std::vector<Index> enums;
  std::vector<Index> keys;
  TypeRow row = rowOf(draft, fields, enums, keys);
  place(row, fields, enums, keys);
  types_[index - base_.types.size()] = row;
}

Store::Mark Store::mark() const {
  return {types_.size(), fields_.size(), lists_.size(), limits_.size(), names_.size(), resources_};
}

void Store::rollBack(Mark mark) {
  const auto drop = [](auto& index, std::size_t end) {
    std::erase_if(index, [&](const auto& entry) { return entry.second >= end; });
  };
  // Indices beyond 16 bits were cut short and may point anywhere: then nothing is worth sharing.
  if (!sound_) {
    typeIndex_.clear();
    listIndex_.clear();
    nameIndex_.clear();
    for (std::size_t at = 0; at < mark.names; ++at) {
      nameIndex_.emplace(names_[at], static_cast<Index>(base_.nameEnds.size() + at));
    }
  } else {
    drop(typeIndex_, base_.types.size() + mark.types);
    drop(listIndex_, base_.lists.size() + mark.lists);
    drop(nameIndex_, base_.nameEnds.size() + mark.names);
  }
  types_.resize(mark.types);
  fields_.resize(mark.fields);
  lists_.resize(mark.lists);
  limits_.resize(mark.limits);
  names_.resize(mark.names);
  resources_ = std::move(mark.resources);
  sound_ = true;
}

void Store::removeResources(std::string_view apiVersion, std::string_view kind) {
  std::erase_if(resources_, [&](const ResourceRow& row) {
    return name(row.apiVersion) == apiVersion && name(row.kind) == kind;
  });
}

}  // namespace mlstack::schema::table
