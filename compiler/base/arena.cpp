#include "base/arena.h"

#include <cstdlib>

#include <sys/mman.h>

namespace mlstack::base {

std::byte* Arena::allocateChunk(std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kLargePage = 2u << 20;
  if (bytes >= kLargePage) {
    const std::size_t whole = (bytes + kLargePage - 1) / kLargePage * kLargePage;
    void* const at = std::aligned_alloc(kLargePage, whole);
    if (at == nullptr) throw std::bad_alloc();
    (void)::madvise(at, whole, MADV_HUGEPAGE);   // a wish: it is as good without
    return static_cast<std::byte*>(at);
  }
#endif
  void* const at = std::malloc(bytes);
  if (at == nullptr) throw std::bad_alloc();
  return static_cast<std::byte*>(at);
}

void Arena::freeChunk(std::byte* bytes) noexcept { std::free(bytes); }

}  // namespace mlstack::base
