// Functions on lists and maps.

#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

#include "sema/functions.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

constexpr Type kOptionalInt{.kind = TypeKind::Int, .optional = true};
constexpr Type kAnyOrNull{.kind = TypeKind::Any, .optional = true};

Value keyText(Call& call, Symbol key) {
  const auto text = call.evaluator.symbolText(key);
  Value v;
  v.kind = ValueKind::String;
  v.chars = text.data();
  v.length = static_cast<std::uint32_t>(text.size());
  return v;
}

constexpr Parameter kOneList[] = {{"list", &types::kList}};
constexpr Parameter kOneMap[] = {{"map", &types::kMap}};
constexpr Parameter kAnyValue[] = {{"value", &types::kAny}};

Value range(Call& call) {
  const auto low = call.given(1) ? call[0].integer : 0;
  const auto high = call.given(1) ? call[1].integer : call[0].integer;
  Value v;
  v.kind = ValueKind::Range;
  v.flag = true;
  v.integer = low;
  v.high = std::max(low, high);
  return v;
}
constexpr Parameter kRange[] = {{"low", &types::kInt}, {"high", &kOptionalInt, false}};

Value length(Call& call) {
  const Value& value = call[0];
  switch (value.kind) {
    case ValueKind::List: case ValueKind::Map: case ValueKind::Parts: return integer(value.length);
    case ValueKind::Range: return integer(std::max<std::int64_t>(0, value.high - value.integer + (value.flag ? 0 : 1)));
    case ValueKind::String: {
      std::int64_t count = 0;
      for (char c : value.text()) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
      return integer(count);
    }
    case ValueKind::Error: case ValueKind::Unknown: case ValueKind::Null: case ValueKind::Bool: case ValueKind::Int:
    case ValueKind::Float: case ValueKind::Quantity: case ValueKind::Duration: case ValueKind::Suffixed: case ValueKind::Ref:
    case ValueKind::KeyOf: case ValueKind::Fragment: case ValueKind::Cluster:
      break;
  }
  return call.fail(0, fmt::format("{} has no length; a list, a map, a string and a range have", describedValue(value)));
}

Value keys(Call& call) {
  std::vector<Element> items;
  for (const Entry& entry : call[0].map()) items.push_back({keyText(call, entry.key), entry.keySpan});
  return call.evaluator.makeList(items);
}

Value values(Call& call) {
  std::vector<Element> items;
  for (const Entry& entry : call[0].map()) items.push_back({entry.value, entry.span});
  return call.evaluator.makeList(items);
}

const Entry* find(Call& call, const Value& map, std::string_view key) {
  for (const Entry& entry : map.map()) {
    if (call.evaluator.symbolText(entry.key) == key) return &entry;
  }
  return nullptr;
}

Value lookup(Call& call) {
  const Entry* entry = find(call, call[0], call[1].text());
  return entry != nullptr ? entry->value : call[2];
}
constexpr Parameter kLookup[] = {{"map", &types::kMap}, {"key", &types::kString}, {"default", &kAnyOrNull}};

Value has(Call& call) { return boolean(find(call, call[0], call[1].text()) != nullptr); }
constexpr Parameter kHas[] = {{"map", &types::kMap}, {"key", &types::kString}};

Value merge(Call& call) {
  std::vector<Entry> out;
  std::unordered_map<std::uint32_t, std::size_t> at;
  for (const Value& map : call.arguments) {
    if (map.kind != ValueKind::Map) continue;
    for (const Entry& entry : map.map()) {
      const auto [found, fresh] = at.emplace(entry.key.id, out.size());
      if (fresh) out.push_back(entry);
      else out[found->second] = entry;
    }
  }
  return call.evaluator.makeMap(out);
}
constexpr Parameter kMerge[] = {{"map", &types::kMap}, {"more", &types::kMap, false}};

Value flatten(Call& call) {
  std::vector<Element> out;
  for (const Element& element : call[0].list()) {
    if (!call.evaluator.roomFor(Budget::Elements, out.size() + (element.value.kind == ValueKind::List ? element.value.length : 1), call.expr.span)) return call.error();
    if (element.value.kind == ValueKind::List) out.insert(out.end(), element.value.list().begin(), element.value.list().end());
    else out.push_back(element);
  }
  if (out.size() > kMaxElements) return call.fail(0, "the list grows too long");
  return call.evaluator.makeList(out);
}

bool comparable(Call& call, std::span<const Element> items) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (!call.evaluator.compare(items[0].value, items[i].value)) return false;
  }
  return true;
}

Value sort(Call& call) {
  std::vector<Element> out(call[0].list().begin(), call[0].list().end());
  if (!comparable(call, out)) return call.fail(0, "the elements are not all of one kind that has an order");
  std::stable_sort(out.begin(), out.end(), [&](const Element& a, const Element& b) { return *call.evaluator.compare(a.value, b.value) < 0; });
  return call.evaluator.makeList(out);
}

Value distinct(Call& call) {
  const auto items = call[0].list();
  std::vector<Element> out;
  std::unordered_map<std::string, int> seen;
  for (const Element& element : items) {
    if (element.value.kind == ValueKind::String || element.value.kind == ValueKind::Int) {
      const auto text = call.evaluator.textOf(element.value, element.span);
      if (!seen.emplace((element.value.kind == ValueKind::String ? "s" : "i") + text.value_or(""), 0).second) continue;
    } else {
      bool known = false;
      for (const Element& other : out) known = known || call.evaluator.equal(other.value, element.value);
      if (known) continue;
    }
    out.push_back(element);
  }
  return call.evaluator.makeList(out);
}

Value reverse(Call& call) {
  std::vector<Element> out(call[0].list().begin(), call[0].list().end());
  std::reverse(out.begin(), out.end());
  return call.evaluator.makeList(out);
}

Value zip(Call& call) {
  std::vector<Element> out;
  const auto count = std::min(call[0].length, call[1].length);
  for (std::uint32_t i = 0; i < count; ++i) {
    out.push_back({call.evaluator.makeList({call[0].elements[i], call[1].elements[i]}), call[0].elements[i].span});
  }
  return call.evaluator.makeList(out);
}
constexpr Parameter kZip[] = {{"first", &types::kList}, {"second", &types::kList}};

Value enumerate(Call& call) {
  std::vector<Element> out;
  std::int64_t number = 0;
  for (const Element& element : call[0].list()) {
    out.push_back({call.evaluator.makeList({Element{integer(number++), element.span}, element}), element.span});
  }
  return call.evaluator.makeList(out);
}

constexpr std::array kFunctions{
    Function{"range", "range(high: int) -> range, range(low: int, high: int) -> range", "The integers from 0 (or `low`) up to, not including, `high`.", kRange, false, &types::kInts, range},
    Function{"length", "length(value: list | map | string | range) -> int", "How many elements, entries or characters.", kAnyValue, false, &types::kInt, length},
    Function{"keys", "keys(map) -> list<string>", "The keys, in order.", kOneMap, false, &types::kStrings, keys},
    Function{"values", "values(map) -> list", "The values, in order.", kOneMap, false, &types::kList, values},
    Function{"lookup", "lookup(map, key: string, default) -> any", "The value under `key`, or `default`.", kLookup, false, nullptr, lookup},
    Function{"has", "has(map, key: string) -> bool", "Whether the map has the key.", kHas, false, &types::kBool, has},
    Function{"merge", "merge(map, more…) -> map", "All entries; a later map wins.", kMerge, true, &types::kMap, merge},
    Function{"flatten", "flatten(list) -> list", "The elements of the lists in a list, one level deep.", kOneList, false, &types::kList, flatten},
    Function{"distinct", "distinct(list) -> list", "Each element once, where it stands first.", kOneList, false, &types::kList, distinct},
    Function{"sort", "sort(list) -> list", "Numbers, texts, quantities or durations in rising order.", kOneList, false, &types::kList, sort},
    Function{"reverse", "reverse(list) -> list", "The last element first.", kOneList, false, &types::kList, reverse},
    Function{"zip", "zip(first: list, second: list) -> list<list>", "Pairs of elements at the same place, as long as the shorter list.", kZip, false, &types::kLists, zip},
    Function{"enumerate", "enumerate(list) -> list<list>", "Pairs of position (from 0) and element.", kOneList, false, &types::kLists, enumerate},
};

}  // namespace

std::span<const Function> listFunctions() { return kFunctions; }

}  // namespace mlstack::sema
