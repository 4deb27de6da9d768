#include "audit/image.h"

#include <algorithm>
#include <charconv>

#include "audit/unpack.h"
#include "core/json.h"

namespace hushrun::audit {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr int kDeepestIndex = 4;

// FNV-1a: a collision would show a file as hidden that is not, and is never a value missed.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

// "a//b/../c/" → "a/c": a link of `docker save` is "../ID/layer.tar".
std::string cleaned(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty()) parts.pop_back();
    else if (part != "..") parts.push_back(part);
  }
  std::string all;
  for (std::string_view part : parts) {
    if (!all.empty()) all += '/';
    all += part;
  }
  return all;
}

// The steps of a scalar's path: "manifests/0/digest". Keys with slashes (annotations) stay in one piece at the end.
struct Steps {
  explicit Steps(std::string_view path) : rest{path} {}
  std::string_view rest;
  std::string_view next() {
    const std::size_t slash = rest.find('/');
    const std::string_view step = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    return step;
  }
  std::optional<std::size_t> index() {
    const std::string_view step = next();
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), number);
    if (error != std::errc{} || end != step.data() + step.size() || number > 100'000) return std::nullopt;
    return number;
  }
};

template <class T>
T& grown(std::vector<T>& list, std::size_t index) {
  if (list.size() <= index) list.resize(index + 1);
  return list[index];
}

std::string blob(std::string_view digest) {
  const std::size_t colon = digest.find(':');
  if (colon == std::string_view::npos) return std::string{digest};
  return "blobs/" + std::string{digest.substr(0, colon)} + "/" + std::string{digest.substr(colon + 1)};
}

}  // namespace

// By the members each kind must have; media types are optional in them.
Image::Document::Kind Image::kind_of(std::string_view text) {
  bool array = false, manifests = false, layers = false, config_digest = false, rootfs = false, legacy = false, statement = false, docker = false;
  json::scalars(text, [&](const json::Scalar& one) {
    if (one.path.empty()) return;
    Steps steps{one.path};
    const std::string_view first = steps.next();
    array |= first == "0" && one.kind != json::Scalar::Kind::name;
    docker |= first == "0" && steps.rest.starts_with("Layers");
    manifests |= first == "manifests";
    layers |= first == "layers";
    config_digest |= one.path == "config/digest";
    rootfs |= first == "rootfs" || first == "history" || one.path == "architecture";
    legacy |= first == "layer_id" || first == "container_config" || first == "container" || (first == "id" && one.kind != json::Scalar::Kind::name);
    statement |= first == "_type" || first == "predicateType";
  });
  if (array && docker) return Document::Kind::docker_manifest;
  if (statement) return Document::Kind::statement;
  if (manifests) return Document::Kind::index;
  if (layers && config_digest) return Document::Kind::manifest;
  if (layers) return Document::Kind::manifest;
  if (rootfs) return Document::Kind::config;
  return legacy ? Document::Kind::legacy : Document::Kind::other;
}

void Image::document(std::string_view member, std::string text) {
  if (text.size() > Unpacker::kLargestDocument || size_ + text.size() > kAllDocuments) {
    too_large_.insert(cleaned(member));
    return;
  }
  size_ += text.size();
  const Document::Kind kind = kind_of(text);
  documents_[cleaned(member)] = {kind, std::move(text)};
}

void Image::link(std::string_view member, std::string_view target) {
  const std::string from = cleaned(member);
  links_[from] = cleaned(target.starts_with("/") ? std::string{target} : std::string{parent_of(from)} + "/" + std::string{target});
}

void Image::layer_entry(std::string_view member, std::string_view path, bool is_folder) {
  auto found = layers_.find(member);
  Layer& layer = found != layers_.end() ? found->second : layers_[std::string{member}];
  const std::string clean = cleaned(path);
  const std::string_view parent = parent_of(clean);
  const std::string_view name = std::string_view{clean}.substr(parent.empty() ? 0 : parent.size() + 1);
  if (name == kOpaque) {
    layer.opaque.push_back(hash_of(parent));
  } else if (name.starts_with(kWhiteout)) {
    const std::string removed = (parent.empty() ? "" : std::string{parent} + "/") + std::string{name.substr(kWhiteout.size())};
    layer.whiteouts.push_back(hash_of(removed));
  } else {
    layer.entries.push_back(hash_of(clean));
    if (!is_folder) layer.files.push_back(hash_of(clean));
  }
}

void Image::left_out(std::string_view member) { too_large_.insert(cleaned(member)); }

void Image::tell(wire::Writer& out) const {
  out.number(members_.size());
  for (const std::string& member : members_) out.text(member);
  out.number(layers_.size());
  for (const auto& [member, layer] : layers_) {
    out.text(member);
    for (const auto* list : {&layer.entries, &layer.files, &layer.whiteouts, &layer.opaque}) {
      out.number(list->size());
      for (const std::uint64_t hash : *list) out.number(hash);
    }
  }
}

void Image::add_told(wire::Reader& in) {
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) members_.insert(in.text());
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    Layer& layer = layers_[in.text()];
    for (auto* list : {&layer.entries, &layer.files, &layer.whiteouts, &layer.opaque}) {
      for (std::uint64_t hashes = in.number(); hashes > 0 && in.ok(); --hashes) list->push_back(in.number());
    }
  }
}

bool Image::recognised() const {
  return std::any_of(documents_.begin(), documents_.end(), [](const auto& one) {
    return one.second.kind == Document::Kind::docker_manifest || one.first == "oci-layout" ||
           (one.first == "index.json" && one.second.kind == Document::Kind::index);
  });
}

std::string Image::resolved(std::string_view member) const {
  std::string at = cleaned(member);
  for (int i = 0; i < 8; ++i) {
    const auto link = links_.find(at);
    if (link == links_.end()) break;
    at = link->second;
  }
  return at;
}

bool Image::is_there(const std::string& name) const { return members_.contains(name); }
void Image::member(std::string_view name) { members_.insert(cleaned(name)); }

void Image::add(One one) {
  if (images_.size() >= kMostImages) return;
  for (One& other : images_) {
    if (other.config != one.config) continue;
    // The same image under the archive's two indexes; the one of Docker has its tags.
    if (other.name.empty()) other.name = one.name;
    if (other.platform.empty()) other.platform = one.platform;
    return;
  }
  read_config(one);
  images_.push_back(std::move(one));
}

// Which line of its making each layer is from.
void Image::read_config(One& one) const {
  const auto found = documents_.find(one.config);
  if (found == documents_.end()) return;
  std::vector<History> history;
  json::scalars(found->second.text, [&](const json::Scalar& scalar) {
    if (scalar.kind == json::Scalar::Kind::name) return;
    Steps steps{scalar.path};
    if (steps.next() != "history") return;
    const auto index = steps.index();
    if (!index) return;
    History& entry = grown(history, *index);
    if (steps.rest == "created_by") entry.created_by = scalar.text;
    if (steps.rest == "empty_layer") entry.empty = scalar.text == "true";
  });
  for (const History& entry : history) {
    if (!entry.empty) one.made_by.push_back(entry.created_by);
  }
  // A history that leaves layers out says nothing about which.
  if (one.made_by.size() != one.layers.size()) one.made_by.assign(one.layers.size(), "");
}

void Image::read_docker_manifest(const std::string& member) {
  std::vector<One> all;
  json::scalars(documents_.find(member)->second.text, [&](const json::Scalar& scalar) {
    if (scalar.kind != json::Scalar::Kind::string) return;
    Steps steps{scalar.path};
    const auto index = steps.index();
    if (!index || *index >= kMostImages) return;
    One& one = grown(all, *index);
    const std::string_view what = steps.next();
    if (what == "Config") one.config = resolved(scalar.text);
    if (what == "RepoTags") one.name += (one.name.empty() ? "" : ", ") + std::string{scalar.text};
    if (what == "Layers") one.layers.push_back(resolved(scalar.text));
  });
  for (One& one : all) {
    if (!is_there(one.config)) missing_.push_back({one.config, "an image's configuration is not in the archive"});
    for (const std::string& layer : one.layers) {
      if (!is_there(layer)) missing_.push_back({layer, "a layer is not in the archive"});
    }
    add(std::move(one));
  }
}

void Image::read_index(const std::string& member, const std::string& name, int depth) {
  if (depth > kDeepestIndex || std::find(read_.begin(), read_.end(), member) != read_.end()) return;
  read_.push_back(member);
  std::vector<Descriptor> list;
  json::scalars(documents_.find(member)->second.text, [&](const json::Scalar& scalar) {
    if (scalar.kind == json::Scalar::Kind::name) return;
    Steps steps{scalar.path};
    if (steps.next() != "manifests") return;
    const auto index = steps.index();
    if (!index) return;
    Descriptor& one = grown(list, *index);
    if (steps.rest == "digest") one.digest = scalar.text;
    if (steps.rest == "mediaType") one.media_type = scalar.text;
    if (steps.rest == "platform/os") one.os = scalar.text;
    if (steps.rest == "platform/architecture") one.architecture = scalar.text;
    if (steps.rest == "platform/variant") one.variant = "/" + std::string{scalar.text};
    if (steps.rest == "annotations/io.containerd.image.name") one.name = scalar.text;
    if (steps.rest == "annotations/org.opencontainers.image.ref.name" && one.name.empty()) one.name = scalar.text;
    if (steps.rest == "annotations/vnd.docker.reference.type") one.reference_type = scalar.text;
  });
  const auto real = std::count_if(list.begin(), list.end(), [](const Descriptor& one) { return one.reference_type.empty(); });
  for (Descriptor& one : list) {
    if (one.name.empty()) one.name = name;
    const std::string at = blob(one.digest);
    const auto found = documents_.find(at);
    // A platform that was left out when the image was pulled is not part of this archive.
    if (found == documents_.end()) continue;
    if (found->second.kind == Document::Kind::index) read_index(at, one.name, depth + 1);
    if (found->second.kind == Document::Kind::manifest) read_manifest(at, one, real > 1);
  }
}

void Image::read_manifest(const std::string& member, const Descriptor& as, bool platforms) {
  read_.push_back(member);
  One one;
  one.name = as.name;
  if (platforms && as.reference_type.empty()) one.platform = as.os + "/" + as.architecture + as.variant;
  std::vector<Descriptor> layers;
  std::string artifact_type;
  json::scalars(documents_.find(member)->second.text, [&](const json::Scalar& scalar) {
    if (scalar.kind == json::Scalar::Kind::name) return;
    if (scalar.path == "config/digest") one.config = blob(scalar.text);
    if (scalar.path == "artifactType") artifact_type = scalar.text;
    Steps steps{scalar.path};
    if (steps.next() != "layers") return;
    const auto index = steps.index();
    if (!index) return;
    if (steps.rest == "digest") grown(layers, *index).digest = scalar.text;
    if (steps.rest == "mediaType") grown(layers, *index).media_type = scalar.text;
  });
  bool attestation = as.reference_type == "attestation-manifest";
  for (const Descriptor& layer : layers) {
    const std::string at = blob(layer.digest);
    one.layers.push_back(at);
    const auto found = documents_.find(at);
    if (layer.media_type.find("in-toto") != std::string::npos || (found != documents_.end() && found->second.kind == Document::Kind::statement)) {
      attestation = true;
      attestations_[at].push_back(as.name);
    }
  }
  if (attestation) {
    attestations_[one.config];  // searched as a document of the attestation
    return;
  }
  if (!one.config.empty() && !is_there(one.config)) missing_.push_back({one.config, "an image's configuration is not in the archive"});
  for (const std::string& layer : one.layers) {
    if (!is_there(layer)) missing_.push_back({layer, "a layer is not in the archive"});
  }
  add(std::move(one));
}

std::string Image::shown_name(const One& one) const {
  std::string name = one.name;
  if (name.empty()) {
    const std::string_view config = one.config;
    name = config.substr(config.rfind('/') == std::string_view::npos ? 0 : config.rfind('/') + 1).substr(0, 12);
  }
  return one.platform.empty() ? name : name + " " + one.platform;
}

void Image::show_config(Visitor& visitor, const Locator& artifact, const std::string& member, const std::string& image) const {
  const auto found = documents_.find(member);
  if (found == documents_.end()) return;
  json::scalars(found->second.text, [&](const json::Scalar& scalar) {
    Locator where = artifact;
    where.image = image;
    where.object = member;
    where.path = scalar.path;
    Steps steps{scalar.path};
    std::string_view first = steps.next();
    if (first == "config" || first == "container_config" || first == "Config") first = steps.next();
    where.place = first == "Env"                                                                                        ? Place::config_env
                  : first == "Labels"                                                                                  ? Place::config_label
                  : first == "Cmd" || first == "Entrypoint" || first == "Healthcheck" || first == "OnBuild" || first == "Shell" ? Place::config_command
                  : first == "history"                                                                                 ? Place::history
                                                                                                                       : Place::config_other;
    // A member's name stands in the path: the report masks it there.
    visitor.text(where, scalar.text);
  });
}

void Image::show(Visitor& visitor, const Locator& artifact) {
  for (auto& [member, layer] : layers_) {
    for (auto* list : {&layer.entries, &layer.files, &layer.whiteouts, &layer.opaque}) std::sort(list->begin(), list->end());
  }
  for (const auto& [member, document] : documents_) {
    if (document.kind == Document::Kind::docker_manifest) read_docker_manifest(member);
  }
  if (const auto index = documents_.find("index.json"); index != documents_.end()) read_index("index.json", "", 0);
  // What no index leads to is looked at all the same, by itself.
  for (const auto& [member, document] : documents_) {
    if (document.kind == Document::Kind::index) read_index(member, "", 0);
  }
  for (const One& one : images_) show_config(visitor, artifact, one.config, shown_name(one));
  visitor.count({.images = images_.size(), .layers = layers_.size()});

  for (const auto& [member, document] : documents_) {
    const auto attestation = attestations_.find(member);
    Locator where = artifact;
    where.object = member;
    if (attestation != attestations_.end() || document.kind == Document::Kind::statement) {
      where.place = Place::attestation;
      if (attestation != attestations_.end() && !attestation->second.empty()) where.image = attestation->second.front();
    } else if (document.kind == Document::Kind::config || document.kind == Document::Kind::legacy) {
      const bool used = std::any_of(images_.begin(), images_.end(), [&name = member](const One& one) { return one.config == name; });
      if (!used) show_config(visitor, artifact, member, "");
      continue;
    } else if (document.kind != Document::Kind::other) {
      where.place = Place::annotation;
    } else {
      // `repositories`, and documents of kinds that nobody has told us: they were searched as they are.
      continue;
    }
    json::scalars(document.text, [&](const json::Scalar& scalar) {
      where.path = scalar.path;
      visitor.text(where, scalar.text);
    });
  }
  for (const One& one : images_) {
    if (!too_large_.contains(one.config)) continue;
    Locator where = artifact;
    where.object = one.config;
    visitor.gap({Gap::Kind::limit, where, "a document of this size is not read as one, only searched", {}});
  }
  for (const auto& [member, what] : missing_) {
    Locator where = artifact;
    where.object = member;
    visitor.gap({Gap::Kind::missing, where, what, {}});
  }
}

// The lowest layer above that covers or removes the path; 0 if there is none.
std::uint32_t Image::hidden_by(const One& one, std::size_t layer, std::string_view path) const {
  const std::string clean = cleaned(path.substr(0, path.find('!')));
  std::vector<std::uint64_t> above;
  for (std::string_view parent = parent_of(clean); !parent.empty(); parent = parent_of(parent)) above.push_back(hash_of(parent));
  const std::uint64_t self = hash_of(clean), root = hash_of("");
  for (std::size_t i = layer + 1; i < one.layers.size(); ++i) {
    const auto found = layers_.find(one.layers[i]);
    if (found == layers_.end()) continue;
    const Layer& later = found->second;
    const auto in = [](const std::vector<std::uint64_t>& list, std::uint64_t hash) { return std::binary_search(list.begin(), list.end(), hash); };
    bool hides = in(later.entries, self) || in(later.whiteouts, self) || in(later.opaque, root);
    for (const std::uint64_t parent : above) hides |= in(later.whiteouts, parent) || in(later.opaque, parent) || in(later.files, parent);
    if (hides) return static_cast<std::uint32_t>(i + 1);
  }
  return 0;
}

void Image::settle(std::vector<Hit>& hits, std::vector<Gap>& gaps) const {
  const bool image = recognised();
  const auto as_plain = [](Locator& where) {
    // An archive like any other: its member is part of the path.
    where.path = where.object + (where.path.empty() ? "" : "!" + where.path);
    where.object.clear();
    where.place = where.place == Place::layer_file || where.place == Place::orphan_blob ? Place::file : Place::file_path;
  };
  const auto is_of_member = [](const Locator& where) {
    return where.place == Place::layer_file || where.place == Place::layer_path || where.place == Place::layer_link || where.place == Place::layer_xattr ||
           where.place == Place::orphan_blob;
  };
  std::vector<Hit> placed;
  for (Hit& hit : hits) {
    if (!is_of_member(hit.where)) {
      placed.push_back(std::move(hit));
      continue;
    }
    if (!image) {
      as_plain(hit.where);
      placed.push_back(std::move(hit));
      continue;
    }
    const std::string member = cleaned(hit.where.object);
    const auto document = documents_.find(member);
    // Its strings have been shown one by one, with their names.
    if (document != documents_.end() && document->second.kind != Document::Kind::other && hit.where.place == Place::orphan_blob) continue;
    if (attestations_.contains(member)) {
      hit.where.place = Place::attestation;
      placed.push_back(std::move(hit));
      continue;
    }
    bool used = false;
    for (const One& one : images_) {
      for (std::size_t layer = 0; layer < one.layers.size(); ++layer) {
        if (one.layers[layer] != member) continue;
        used = true;
        Hit copy = hit;
        copy.where.image = shown_name(one);
        copy.where.layer = static_cast<std::uint32_t>(layer + 1);
        if (copy.where.place == Place::orphan_blob) copy.where.place = Place::layer_file;
        copy.hidden_by = hidden_by(one, layer, copy.where.path);
        copy.visibility = copy.hidden_by == 0 ? Visibility::live : Visibility::hidden;
        if (layer < one.made_by.size()) copy.made_by = one.made_by[layer];
        placed.push_back(std::move(copy));
      }
    }
    if (used) continue;
    hit.where.place = Place::orphan_blob;
    placed.push_back(std::move(hit));
  }
  hits = std::move(placed);
  if (image) return;
  for (Gap& gap : gaps) {
    if (is_of_member(gap.where) && !gap.where.object.empty()) as_plain(gap.where);
  }
}

}  // namespace hushrun::audit
