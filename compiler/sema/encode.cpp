#include "sema/encode.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "base/json.h"
#include "sema/evaluator.h"

namespace mlstack::sema::encode {

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const auto count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

namespace {

constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr std::uint32_t turn(std::uint32_t x, unsigned by) { return x >> by | x << (32 - by); }

void mix(std::array<std::uint32_t, 8>& state, const unsigned char* block) {
  std::array<std::uint32_t, 64> w{};
  for (std::size_t i = 0; i < 16; ++i) {
    w[i] = static_cast<std::uint32_t>(block[i * 4]) << 24 | static_cast<std::uint32_t>(block[i * 4 + 1]) << 16 |
           static_cast<std::uint32_t>(block[i * 4 + 2]) << 8 | block[i * 4 + 3];
  }
  for (std::size_t i = 16; i < 64; ++i) {
    const auto a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
    const auto b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  auto s = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const auto t1 = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + kRound[i] + w[i];
    const auto t2 = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    s = {t1 + t2, s[0], s[1], s[2], s[3] + t1, s[4], s[5], s[6]};
  }
  for (std::size_t i = 0; i < 8; ++i) state[i] += s[i];
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::array<std::uint32_t, 8> state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string padded(bytes);
  padded.push_back(static_cast<char>(0x80));
  while (padded.size() % 64 != 56) padded.push_back('\0');
  const auto bits = static_cast<std::uint64_t>(bytes.size()) * 8;
  for (int shift = 56; shift >= 0; shift -= 8) padded.push_back(static_cast<char>(bits >> shift & 0xff));
  for (std::size_t i = 0; i < padded.size(); i += 64) mix(state, reinterpret_cast<const unsigned char*>(padded.data()) + i);
  std::string out;
  for (const auto word : state) out += fmt::format("{:08x}", word);
  return out;
}

namespace {

constexpr unsigned kMaxDepth = 400;

/// Writes one value; knows where the call stands, for what cannot be written.
class Writing {
 public:
  Writing(Evaluator& evaluator, base::Span span, std::string& out) : evaluator_(evaluator), span_(span), out_(out), json_(out) {}

  [[nodiscard]] bool writeJson(const Value& value, unsigned depth = 0);
  [[nodiscard]] bool writeYaml(const Value& value, unsigned indent = 0, unsigned depth = 0);

 private:
  /// A range is the list that it stands for.
  [[nodiscard]] Value listOf(const Value& range) { return evaluator_.conform(range, &types::kInts, span_); }
  [[nodiscard]] bool tooDeep() {
    (void)evaluator_.errorAt(diag::make<diag::Code::FunctionFailed>(span_, "json", "the value nests too deep"));
    return false;
  }
  /// Lists and maps that share what they hold are written out in full.
  [[nodiscard]] bool hasRoom() {
    return evaluator_.spend(Budget::Elements, 1, span_) && evaluator_.roomFor(Budget::Text, out_.size(), span_);
  }
  [[nodiscard]] bool writeYamlChild(const Value& value, unsigned indent, unsigned depth);

  Evaluator& evaluator_;
  base::Span span_;
  std::string& out_;
  base::JsonWriter json_;
};

bool Writing::writeJson(const Value& value, unsigned depth) {
  if (depth > kMaxDepth) return tooDeep();
  if (!hasRoom()) return false;
  switch (value.kind) {
    case ValueKind::Null: json_.null(); return true;
    case ValueKind::Bool: json_.value(value.boolean); return true;
    case ValueKind::Int: json_.value(value.integer); return true;
    case ValueKind::Float: json_.value(value.real); return true;
    case ValueKind::Range: return writeJson(listOf(value), depth + 1);
    case ValueKind::List:
      json_.beginArray();
      for (const Element& element : value.list()) {
        if (!writeJson(element.value, depth + 1)) return false;
      }
      json_.endArray();
      return true;
    case ValueKind::Map:
      json_.beginObject();
      for (const Entry& entry : value.map()) {
        json_.key(evaluator_.symbolText(entry.key));
        if (!writeJson(entry.value, depth + 1)) return false;
      }
      json_.endObject();
      return true;
    case ValueKind::String: case ValueKind::Quantity: case ValueKind::Duration: case ValueKind::Ref: case ValueKind::Suffixed:
    case ValueKind::Error: case ValueKind::Unknown: case ValueKind::KeyOf: case ValueKind::Fragment: case ValueKind::Cluster:
    case ValueKind::Parts:
      break;
  }
  const auto text = value.kind == ValueKind::Suffixed ? std::optional<std::string>(value.text()) : evaluator_.textOf(value, span_);
  if (!text) return false;
  json_.value(*text);
  return true;
}

bool isPlain(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text.front())) return false;
  for (char c : text) {
    if (!letter(c) && !(c >= '0' && c <= '9') && std::string_view("-_./").find(c) == std::string_view::npos) return false;
  }
  for (std::string_view word : {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}) {
    if (text.size() != word.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < word.size(); ++i) same = same && (text[i] | 0x20) == word[i];
    if (same) return false;
  }
  return true;
}

void writeScalar(std::string_view text, std::string& out) {
  if (isPlain(text)) out += text;
  else base::appendJsonString(out, text);
}

bool isNested(const Value& value) {
  return (value.kind == ValueKind::List || value.kind == ValueKind::Map) && value.length != 0;
}

/// What stands behind a `-` or `key:`, with the end of its line.
bool Writing::writeYamlChild(const Value& value, unsigned indent, unsigned depth) {
  const Value plain = value.kind == ValueKind::Range ? listOf(value) : value;
  const bool nested = isNested(plain);
  out_.push_back(nested ? '\n' : ' ');
  if (!writeYaml(plain, indent + 2, depth + 1)) return false;
  if (!nested) out_.push_back('\n');
  return true;
}

bool Writing::writeYaml(const Value& value, unsigned indent, unsigned depth) {
  if (depth > kMaxDepth) return tooDeep();
  if (!hasRoom()) return false;
  if (value.kind == ValueKind::Range) return writeYaml(listOf(value), indent, depth + 1);
  const std::string blanks(indent, ' ');
  if (value.kind == ValueKind::List && value.length != 0) {
    for (const Element& element : value.list()) {
      out_ += blanks + "-";
      if (!writeYamlChild(element.value, indent, depth)) return false;
    }
    return true;
  }
  if (value.kind == ValueKind::Map && value.length != 0) {
    for (const Entry& entry : value.map()) {
      out_ += blanks;
      writeScalar(evaluator_.symbolText(entry.key), out_);
      out_.push_back(':');
      if (!writeYamlChild(entry.value, indent, depth)) return false;
    }
    return true;
  }
  if (value.kind == ValueKind::List || value.kind == ValueKind::Map) {
    out_ += value.kind == ValueKind::List ? "[]" : "{}";
    return true;
  }
  if (value.kind == ValueKind::String) {
    writeScalar(value.text(), out_);
    return true;
  }
  return Writing(evaluator_, span_, out_).writeJson(value, depth);
}

}  // namespace

bool json(Evaluator& evaluator, const Value& value, base::Span span, std::string& out) {
  return Writing(evaluator, span, out).writeJson(value);
}

bool yaml(Evaluator& evaluator, const Value& value, base::Span span, std::string& out) {
  if (!Writing(evaluator, span, out).writeYaml(value)) return false;
  if (out.empty() || out.back() != '\n') out.push_back('\n');
  return true;
}

}  // namespace mlstack::sema::encode
