// A claim that names its volume follows it: what is not stated is taken over, what is stated must agree.

#include <algorithm>

#include "lower/lowering.h"

namespace mlstack::lower {

namespace {

constexpr std::string_view kNoClass = "";

/// The class a value names: a reference or a text.
std::string_view className(const Value& value, const base::SymbolTable& symbols) {
  if (value.kind == ValueKind::String) return value.text();
  if (value.kind == ValueKind::Ref) return symbols.text(value.instance->name ? value.instance->name : value.instance->label);
  return kNoClass;
}

template <class Visit>
void eachMode(const Value& value, Span span, Visit visit) {
  if (value.kind == ValueKind::String) visit(value.text(), span);
  if (value.kind != ValueKind::List) return;
  for (const auto& element : value.list()) {
    if (element.value.kind == ValueKind::String) visit(element.value.text(), element.span.known() ? element.span : span);
  }
}

bool offers(const Value& modes, std::string_view wanted) {
  bool found = false;
  eachMode(modes, {}, [&](std::string_view mode, Span) { found = found || mode == wanted; });
  return found;
}

}  // namespace

void Lowering::followVolume(const Instance& claim, const KindPlan& plan, const FieldValue& volume) {
  if (volume.value.kind != ValueKind::Ref || volume.value.instance->kind == nullptr) return;
  const auto& from = *volume.value.instance;
  const auto follow = [&](std::string_view own, std::string_view theirs) {
    if (claim.field(own) != nullptr) return;
    const auto* value = from.field(theirs);
    if (value != nullptr && value->value.kind != ValueKind::Null) imply(plan, own, value->value, volume.span);
  };
  follow("access", "access");
  follow("size", "capacity");
  follow("mode", "mode");
  if (claim.field("class") == nullptr) {
    const auto* theirs = from.field("class");
    Value none;
    none.kind = ValueKind::String;
    // A volume without a class is found by a claim that asks for none; a claim that says nothing gets the default class.
    if (theirs != nullptr && theirs->value.kind != ValueKind::Null) {
      imply(plan, "class", theirs->value, volume.span);
    } else if (!from.external) {
      imply(plan, "class", none, volume.span);
    }
  }
  checkAgainstVolume(claim, from);
}

void Lowering::checkAgainstVolume(const Instance& claim, const Instance& volume) {
  const auto* size = claim.field("size");
  const auto* capacity = volume.field("capacity");
  if (size != nullptr && capacity != nullptr && size->value.kind == ValueKind::Quantity && capacity->value.kind == ValueKind::Quantity &&
      *size->value.quantity > *capacity->value.quantity) {
    sink_.add(complain<diag::Code::SizeUnlikeVolume>(size->span, nameOf(claim), size->value.quantity->text(), nameOf(volume), capacity->value.quantity->text())
                  .note(capacity->span, "the volume's capacity")
                  .hint("leave `size` out: it follows the volume"));
  }
  const auto* access = claim.field("access");
  const auto* modes = volume.field("access");
  if (access != nullptr && modes != nullptr) {
    eachMode(access->value, access->span, [&](std::string_view mode, Span span) {
      if (offers(modes->value, mode)) return;
      sink_.add(complain<diag::Code::ModeUnlikeVolume>(span, nameOf(claim), mode, nameOf(volume))
                    .note(modes->span, "what the volume offers")
                    .hint("leave `access` out: it follows the volume"));
    });
  }
  const auto* own = claim.field("class");
  const auto* theirs = volume.field("class");
  if (own == nullptr || (theirs == nullptr && volume.external)) return;
  const auto left = className(own->value, symbols_);
  const auto right = theirs == nullptr ? kNoClass : className(theirs->value, symbols_);
  if (left == right) return;
  const auto shown = [](std::string_view name) { return name.empty() ? std::string("no class") : fmt::format("class `{}`", name); };
  sink_.add(complain<diag::Code::ClassUnlikeVolume>(own->span, nameOf(claim), shown(left), nameOf(volume), shown(right))
                .note(theirs != nullptr ? theirs->span : volume.headSpan, "the volume")
                .hint("leave `class` out: it follows the volume"));
}

/// What the API requires of a claim, wherever it stands.
void Lowering::checkClaim(const Instance& claim, std::string_view what) {
  if (claim.overlays != nullptr) return;
  const auto has = [&claim](std::string_view name) { return claim.field(name) != nullptr; };
  const auto* volume = claim.field("volume");
  const auto follows = [&](std::string_view name) {
    return volume != nullptr && volume->value.kind == ValueKind::Ref && volume->value.instance->field(name) != nullptr;
  };
  if (!has("size") && !follows("capacity")) {
    sink_.add(complain<diag::Code::ClaimIncomplete>(claim.headSpan, what, nameOf(claim), "size").hint("how much is needed: `size = 10Gi`"));
  }
  if (!has("access") && !follows("access")) {
    sink_.add(complain<diag::Code::ClaimIncomplete>(claim.headSpan, what, nameOf(claim), "access").hint("how it is mounted: `access = ReadWriteOnce`"));
  }
}

}  // namespace mlstack::lower
