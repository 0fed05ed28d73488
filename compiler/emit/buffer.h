#pragma once
// Output in pieces of 64 KB: the writers append bytes without asking for memory.

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "emit/emit.h"

namespace mlstack::emit {

/// Appends to a string.
class StringWriter final : public Writer {
 public:
  explicit StringWriter(std::string& out) : out_(out) {}
  [[nodiscard]] bool write(std::string_view bytes) override {
    out_.append(bytes);
    return true;
  }

 private:
  std::string& out_;
};

/// Collects bytes for a Writer. Once the writer has refused a piece, the rest is dropped and
/// `ok` is false.
class Buffer {
 public:
  explicit Buffer(Writer& writer)
      : writer_(writer),
        bytes_(std::make_unique_for_overwrite<char[]>(kSize)),
        cursor_(bytes_.get()) {}

  void put(char c) {
    if (cursor_ == bytes_.get() + kSize) flush();
    *cursor_++ = c;
  }
  void put(std::string_view text) {
    if (text.size() > room()) return putLong(text);
    copy(cursor_, text.data(), text.size());
    cursor_ += text.size();
  }
  void spaces(unsigned count) {
    if (count > kIndent) {
      while (count-- > 0) put(' ');
      return;
    }
    if (room() < kIndent) flush();
    std::memset(cursor_, ' ', kIndent);  // a constant size is a few stores
    cursor_ += count;
  }
  void flush() {
    if (cursor_ != bytes_.get() && ok_) ok_ = writer_.write({bytes_.get(), kSize - room()});
    cursor_ = bytes_.get();
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  static constexpr std::size_t kSize = 64 * 1024;
  static constexpr unsigned kIndent = 32;

  [[nodiscard]] std::size_t room() const {
    return kSize - static_cast<std::size_t>(cursor_ - bytes_.get());
  }
  /// Words are short: two moves that overlap do for up to 32 bytes, without a call.
  static void copy(char* to, const char* from, std::size_t size) {
    const auto ends = [&]<std::size_t kBytes>(std::integral_constant<std::size_t, kBytes>) {
      char first[kBytes];
      char last[kBytes];
      std::memcpy(first, from, kBytes);
      std::memcpy(last, from + size - kBytes, kBytes);
      std::memcpy(to, first, kBytes);
      std::memcpy(to + size - kBytes, last, kBytes);
    };
    if (size > 32) {
      std::memcpy(to, from, size);
    } else if (size >= 16) {
      ends(std::integral_constant<std::size_t, 16>{});
    } else if (size >= 8) {
      ends(std::integral_constant<std::size_t, 8>{});
    } else if (size >= 4) {
      ends(std::integral_constant<std::size_t, 4>{});
    } else if (size >= 2) {
      ends(std::integral_constant<std::size_t, 2>{});
    } else if (size == 1) {
      *to = *from;
    }
  }

  void putLong(std::string_view text) {
    flush();
    if (text.size() > kSize / 2) {
      if (ok_) ok_ = writer_.write(text);
      return;
    }
    put(text);
  }

  Writer& writer_;
  std::unique_ptr<char[]> bytes_;
  char* cursor_;
  bool ok_ = true;
};

}  // namespace mlstack::emit
