#include "audit/finding.h"

#include <algorithm>
#include <functional>

namespace hushrun::audit {

Literal word(Place place) {
  switch (place) {
    case Place::layer_file: return "layer-file";
    case Place::layer_path: return "layer-path";
    case Place::layer_link: return "layer-link";
    case Place::layer_xattr: return "layer-xattr";
    case Place::config_env: return "config-env";
    case Place::config_label: return "config-label";
    case Place::config_command: return "config-cmd";
    case Place::config_other: return "config-other";
    case Place::history: return "history";
    case Place::annotation: return "annotation";
    case Place::attestation: return "attestation";
    case Place::orphan_blob: return "orphan-blob";
    case Place::git_blob: return "git-blob";
    case Place::git_commit: return "git-commit";
    case Place::git_tag: return "git-tag";
    case Place::git_tree: return "git-tree";
    case Place::git_ref: return "git-ref";
    case Place::git_config: return "git-config";
    case Place::git_reflog: return "git-reflog";
    case Place::context_file: return "context-file";
    case Place::context_path: return "context-path";
    case Place::log: return "log";
    case Place::inspect: return "inspect";
    case Place::file: return "file";
    case Place::file_path: return "file-path";
  }
  return "file";
}

Literal word(Gap::Kind kind) {
  switch (kind) {
    case Gap::Kind::limit: return "limit";
    case Gap::Kind::corrupt: return "corrupt";
    case Gap::Kind::unreadable: return "unreadable";
    case Gap::Kind::missing: return "missing";
    case Gap::Kind::weak: return "weak";
    case Gap::Kind::setting: return "setting";
  }
  return "limit";
}

Totals& Totals::operator+=(const Totals& other) {
  images += other.images;
  layers += other.layers;
  files += other.files;
  objects += other.objects;
  logs += other.logs;
  bytes += other.bytes;
  return *this;
}

bool Outcome::is_complete() const { return std::none_of(gaps.begin(), gaps.end(), std::mem_fn(&Gap::counts)); }

}  // namespace hushrun::audit
