// Where memory comes from. Small things come from malloc as ever; what is a large page or more (the tables and lists of large
// stacks) comes in large pages where the system has them, as base::Arena does: fewer steps to get it, fewer translations missed.
// What is left behind the last whole one stays in small pages, so that no more is taken than is used.

#include <cstdlib>
#include <new>

#include <sys/mman.h>

#if !defined(MLSTACK_SANITIZED) && defined(MADV_HUGEPAGE)

namespace {

constexpr std::size_t kPage = 2u << 20;

void* allocate(std::size_t bytes) {
  if (bytes < kPage) return std::malloc(bytes);
  constexpr std::size_t kSmall = 4096;
  void* const at = std::aligned_alloc(kPage, (bytes + kSmall - 1) / kSmall * kSmall);
  if (at != nullptr) (void)::madvise(at, bytes / kPage * kPage, MADV_HUGEPAGE);   // a wish: it is as good without
  return at;
}

}  // namespace

void* operator new(std::size_t bytes) {
  while (true) {
    if (void* const at = allocate(bytes != 0 ? bytes : 1)) return at;
    if (const auto handler = std::get_new_handler()) handler();
    else throw std::bad_alloc();
  }
}

void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }

#endif
