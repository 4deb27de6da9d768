// Our own operator delete: memory in which a foreign library held a secret is wiped before it goes back to the heap.

#include <malloc.h>

#include <cstdlib>
#include <new>

#include "core/secret.h"

// The forms for arrays call these (libstdc++, [new.delete]); memory with a larger alignment than usual holds no strings.
void operator delete(void* memory) noexcept {
  if (memory != nullptr && hushrun::WipedHeap::asked_for()) hushrun::wipe(memory, malloc_usable_size(memory));
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
