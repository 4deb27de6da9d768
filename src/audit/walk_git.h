#pragma once
// The objects of a repository, as `git cat-file --batch` writes them: blobs, trees, commits, tags, reachable or not.

#include "audit/bytes.h"
#include "audit/fragment.h"

namespace hushrun::audit {

/// Reads `ID TYPE SIZE`, a line end, the object, a line end; to the end. Blobs that are archives are opened.
void walk_git_objects(Bytes& bytes, const Locator& where, Visitor& visitor);

}  // namespace hushrun::audit
