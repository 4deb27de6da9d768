#pragma once
// What a killed launcher leaves behind, and how the next one finds it, and nothing else.
//
// A launcher that makes files for somebody to remove keeps a list of them: a record, `.hushrun-` and 16 hexadecimal digits in /run or
// /dev/shm, 0600. It holds a lock on it (flock(2)) for as long as it lives, and the kernel gives the lock up when it
// is gone, however it went: unlike a pid in a file, that cannot be mistaken for another process, also between containers that share the
// directory. A record that is ours by its owner and that nobody holds is a dead launcher's. Every line is written before the thing it
// names is made. Paths mean something in one mount namespace only, which is the first line: with a shared /dev/shm (docker --ipc=host)
// a record from another one is left to those who are in it.

#include <array>
#include <optional>
#include <span>
#include <string>

#include "core/fd.h"

namespace hushrun::init {

/// Directories in memory, where records lie.
using Places = std::span<const char* const>;
inline constexpr std::array kRecordPlaces = {"/run", "/dev/shm"};

class Record {
 public:
  /// A new record, locked; nothing where neither place is a writable tmpfs: then there is no place for files either.
  static std::optional<Record> make(Places places = kRecordPlaces);

  /// Adds what is about to be made (a word of state.h, such as `tree=/run/hushrun-…`). False if it could not be written.
  bool add(const std::string& word);

  /// Has to stay open for as long as the things are there.
  int descriptor() const { return lock_.number(); }
  /// The record itself, as the last thing to take away.
  std::string word() const;

 private:
  Record(Fd lock, std::string path) : lock_{std::move(lock)}, path_{std::move(path)} {}
  Fd lock_;
  std::string path_;
};

/// Takes away what dead launchers of our own user left. Looks through two directories: only for starts that make files.
void take_leftovers_away(Places places = kRecordPlaces);

}  // namespace hushrun::init
