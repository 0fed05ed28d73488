#include "support.h"

#include <fmt/format.h>

#include "base/duration.h"

namespace mlstack::tests {

void Compiled::set(std::string name, std::string value) {
  const auto& file = sources.add("--set", name + "=" + value);
  const auto end = file.begin + static_cast<base::Pos>(name.size());
  options.params.push_back({std::move(name), std::move(value), nullptr, {file.begin, end}});
}

void Compiled::evaluate(std::string_view text) {
  const auto& source = sources.add("t.mlstack", std::string(text));
  file_ = parse::parseFile(source, symbols, sink);
  sema::FileAccess access;
  access.import = [this](std::string_view path, const base::SourceFile&, base::Span at, const base::SourceFile*& file) -> const syntax::File* {
    auto& entry = parsed_[std::string(path)];
    if (!entry.second) {
      const auto found = files.find(std::string(path));
      if (found == files.end()) {
        sink.add(diag::make<diag::Code::UnreadableFile>(at, path, "there is no such file"));
        return nullptr;
      }
      entry.first = &sources.add(std::string(path), found->second);
      entry.second = parse::parseFile(*entry.first, symbols, sink);
    }
    file = entry.first;
    return entry.second.get();
  };
  access.read = [this](std::string_view path, const base::SourceFile&, base::Span at) -> std::optional<std::string_view> {
    const auto found = files.find(std::string(path));
    if (found != files.end()) return found->second;
    sink.add(diag::make<diag::Code::UnreadableFile>(at, path, "there is no such file"));
    return std::nullopt;
  };
  program = sema::evaluate(source, *file_, access, catalog, options, symbols, sink);
  sink.sort();
}

std::string Compiled::codes() {
  std::string out;
  for (const auto& d : sink.all()) {
    const auto place = sources.place(d.span.begin);
    if (!out.empty()) out += ' ';
    out += fmt::format("{}@{}:{}", static_cast<int>(d.code), place ? place->line : 0, place ? place->column : 0);
  }
  return out;
}

std::string Compiled::messages() {
  std::string out;
  for (const auto& d : sink.all()) {
    out += d.message;
    if (!d.help.empty()) out += fmt::format(" ({})", d.help);
    out += '\n';
  }
  return out;
}

std::string Compiled::show(const sema::Value& v) const {
  using K = sema::ValueKind;
  switch (v.kind) {
    case K::Error: return "<error>";
    case K::Unknown: return "<unknown>";
    case K::Null: return "null";
    case K::Bool: return v.boolean ? "true" : "false";
    case K::Int: return std::to_string(v.integer);
    case K::Float: return fmt::format("{}", v.real);
    case K::String: return fmt::format("\"{}\"", v.text());
    case K::Quantity: return v.quantity->text();
    case K::Duration: return base::Duration{v.integer}.text();
    case K::Suffixed: return fmt::format("?{}", v.text());
    case K::Range: return fmt::format("{}..{}{}", v.integer, v.flag ? "<" : "", v.high);
    case K::List: {
      std::string out = "[";
      for (const auto& element : v.list()) out += (out.size() > 1 ? ", " : "") + show(element.value);
      return out + "]";
    }
    case K::Map: {
      std::string out = "{";
      for (const auto& entry : v.map()) out += fmt::format("{}{}: {}", out.size() > 1 ? ", " : "", symbols.text(entry.key), show(entry.value));
      return out + "}";
    }
    case K::Ref: return fmt::format("&{}", symbols.text(v.instance->name));
    case K::KeyOf: return fmt::format("{}[{}]", symbols.text(v.instance->name), v.second());
    case K::Fragment: {
      std::string out = std::string(v.instance->kind->name) + "(";
      for (const auto* field = v.instance->fields; field != nullptr; field = field->next) {
        out += fmt::format("{}{}={}", out.back() == '(' ? "" : ", ", field->member->name, show(field->value));
      }
      return out + ")";
    }
    case K::Cluster: return fmt::format("{}.{}", symbols.text(v.instance->name), v.second());
    case K::Parts: return fmt::format("parts({})", v.length);
  }
  return {};
}

std::string Compiled::output(std::string_view name) const {
  for (const auto& output : program->outputs) {
    if (symbols.text(output.name) == name) return show(output.value);
  }
  return "<none>";
}

const sema::Instance* Compiled::find(std::string_view name) const {
  for (const auto* instance : program->resources) {
    if (symbols.text(instance->name) == name) return instance;
  }
  return nullptr;
}

std::string Compiled::dump(const sema::Instance& instance) const {
  std::string out = instance.external ? "external " : "";
  out += fmt::format("{} {}", instance.kind != nullptr ? instance.kind->name : instance.api,
                     instance.labelValue.kind == sema::ValueKind::Null ? std::string(symbols.text(instance.name)) : show(instance.labelValue));
  out += " {";
  for (const auto* field = instance.fields; field != nullptr; field = field->next) {
    out += fmt::format(" {}{}={}", field->member->name, field->span.known() ? "" : "*", show(field->value));
  }
  for (const auto* part = instance.parts; part != nullptr; part = part->next) out += " " + dump(*part);
  for (const auto* allow = instance.allows; allow != nullptr; allow = allow->next) out += fmt::format(" allow {}", allow->code);
  for (const auto* overlay = instance.overlays; overlay != nullptr; overlay = overlay->next) out += " with";
  return out + " }";
}

std::string Compiled::thing(std::string_view name) const {
  const auto* found = find(name);
  return found != nullptr ? dump(*found) : "<none>";
}

}  // namespace mlstack::tests
