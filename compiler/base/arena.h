#pragma once
// Bump allocation for plain data that lives as long as one compilation.

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mlstack::base {

/// Owns memory that is released all at once. Never runs destructors: only trivially
/// destructible types may live in it. Not thread-safe; addresses are stable.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t align) {
    const auto at = (cursor_ + align - 1) & ~(align - 1);
    if (at + bytes > limit_) [[unlikely]] return grow(bytes, align);
    cursor_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }

  template <class T, class... Args>
  [[nodiscard]] T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return ::new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  /// Copies `text`; the result is stable and not NUL-terminated.
  [[nodiscard]] std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    auto* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  template <class T>
  [[nodiscard]] std::span<T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    auto* to = static_cast<T*>(allocate(items.size_bytes(), alignof(T)));
    std::memcpy(static_cast<void*>(to), items.data(), items.size_bytes());
    return {to, items.size()};
  }
  template <class T>
  [[nodiscard]] std::span<T> copy(const std::vector<T>& items) {
    return copy(std::span<const T>(items));
  }

  [[nodiscard]] std::size_t bytesReserved() const { return reserved_; }

  [[nodiscard]] bool contains(const void* at) const {
    for (const Chunk& chunk : chunks_) {
      const auto* byte = static_cast<const std::byte*>(at);
      if (!std::less<>{}(byte, chunk.bytes.get()) && std::less<>{}(byte, chunk.bytes.get() + chunk.size)) return true;
    }
    return false;
  }

  /// Gives up everything in it; the memory serves again. Builds with sanitizers return it instead, so that
  /// whoever still holds on to something is found.
  void recycle() {
    if (chunks_.empty()) return;
#ifdef MLSTACK_SANITIZED
    *this = Arena();
#else
    if (chunks_.size() > 1) chunks_.front() = std::move(chunks_.back());   // the largest
    chunks_.resize(1);
    cursor_ = reinterpret_cast<std::uintptr_t>(chunks_.front().bytes.get());
    limit_ = cursor_ + chunks_.front().size;
    reserved_ = chunks_.front().size;
#endif
  }

 private:
  [[gnu::noinline]] void* grow(std::size_t bytes, std::size_t align) {
    const std::size_t atLeast = bytes + align;
    std::size_t size = chunks_.empty() ? 16 * 1024 : (reserved_ < kLargeChunk / 2 ? reserved_ : kLargeChunk);
    if (size < atLeast) size = atLeast;
    chunks_.push_back({Bytes(allocateChunk(size)), size});
    cursor_ = reinterpret_cast<std::uintptr_t>(chunks_.back().bytes.get());
    limit_ = cursor_ + size;
    reserved_ += size;
    const auto at = (cursor_ + align - 1) & ~(align - 1);
    cursor_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }

  /// From here on an arena grows by so much.
  static constexpr std::size_t kLargeChunk = 4u << 20;
  /// A large one in large pages where the system has them: a walk over many trees then misses fewer translations, and
  /// memory comes in fewer steps.
  [[nodiscard]] static std::byte* allocateChunk(std::size_t bytes);
  static void freeChunk(std::byte* bytes) noexcept;
  struct FreeChunk {
    void operator()(std::byte* bytes) const noexcept { freeChunk(bytes); }
  };
  using Bytes = std::unique_ptr<std::byte[], FreeChunk>;

  struct Chunk {
    Bytes bytes;
    std::size_t size = 0;
  };

  std::vector<Chunk> chunks_;
  std::uintptr_t cursor_ = 1;   // beyond `limit_`: even nothing at all makes a first chunk
  std::uintptr_t limit_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace mlstack::base
