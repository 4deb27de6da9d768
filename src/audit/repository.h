#pragma once
// A git repository: every object, reachable or not, and every file that lies beside the objects. None of its config is trusted: git
// itself sees an empty repository of our own, with the objects of theirs.

#include <map>
#include <string>

#include "audit/crew.h"

namespace hushrun::audit {

/// A git directory: has HEAD, objects and refs (gitrepository-layout(5)).
bool is_repository(const Fd& folder);

/// Submits all of it; `path` is where it lies in the artifact. Waits for the objects: an answer that lists none is no answer.
void look_into_repository(Crew& crew, const Fd& folder, const std::string& artifact, const std::string& path);

/// The repository of a work tree or a bare one; submodules and worktrees too.
Result<void> look_at_repository(Crew& crew, const std::string& target);

/// For people: in which file and by which commit each of the hits in blobs came in, and whether a remote is known to have it.
void name_blobs(std::vector<Hit>& hits, const std::string& target);

}  // namespace hushrun::audit
