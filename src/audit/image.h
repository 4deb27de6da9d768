#pragma once
// A saved image, or many in one archive: which member is a layer, a config or an attestation of which image. The index may come last,
// so hits are given their places when all has been seen.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audit/fragment.h"
#include "audit/search.h"
#include "audit/wire.h"

namespace hushrun::audit {

/// Understands `docker save` (20.10: a folder a layer; 25 and later: an OCI layout with a manifest.json), docker-archive and oci-archive
/// of Buildah and Skopeo, and OCI layouts with several indexes, platforms and attestations.
class Image {
 public:
  /// Of all documents together.
  static constexpr std::size_t kAllDocuments = std::size_t{64} << 20;
  static constexpr std::size_t kMostImages = 4096;

  void member(std::string_view name);
  /// A member that looks like a JSON document. One for which there is no room is a gap if the image turns out to need it.
  void document(std::string_view member, std::string text);
  /// A member that another process looks into. As a document it would be too large.
  void left_out(std::string_view member);
  void link(std::string_view member, std::string_view target);
  void layer_entry(std::string_view member, std::string_view path, bool is_folder);

  /// What was seen of members and layers, for the process that puts the image together; and there.
  void tell(wire::Writer& out) const;
  void add_told(wire::Reader& in);

  /// True if what was seen is an image, and not an archive like any other.
  bool recognised() const;
  /// Shows every string of every config, index, manifest and attestation, decoded, to the visitor; and what is missing.
  void show(Visitor& visitor, const Locator& artifact);
  /// Says of hits in members where in which image that is. A layer of two images has its hits twice.
  void settle(std::vector<Hit>& hits, std::vector<Gap>& gaps) const;

 private:
  struct Document {
    enum class Kind : std::uint8_t { other, docker_manifest, index, manifest, config, legacy, statement } kind = Kind::other;
    std::string text;
  };
  struct Layer {
    std::vector<std::uint64_t> entries;    // hashes of paths
    std::vector<std::uint64_t> files;      // of these, what is no folder: it covers a folder of the same name
    std::vector<std::uint64_t> whiteouts;  // removed below
    std::vector<std::uint64_t> opaque;     // folders whose lower content is hidden
  };
  struct History {
    std::string created_by;
    bool empty = false;
  };
  struct One {
    std::string name;
    std::string platform;
    std::string config;
    std::vector<std::string> layers;
    std::vector<std::string> made_by;  // by layer
  };
  /// Descriptors of an index or a manifest.
  struct Descriptor {
    std::string digest, media_type, os, architecture, variant, name, reference_type;
  };

  struct Missing {
    std::string member;
    Literal what;
  };

  static Document::Kind kind_of(std::string_view text);
  std::string resolved(std::string_view member) const;
  bool is_there(const std::string& name) const;
  void read_index(const std::string& member, const std::string& name, int depth);
  void read_manifest(const std::string& member, const Descriptor& as, bool platforms);
  void read_docker_manifest(const std::string& member);
  void add(One one);
  void read_config(One& one) const;
  void show_config(Visitor& visitor, const Locator& artifact, const std::string& member, const std::string& image) const;
  std::uint32_t hidden_by(const One& one, std::size_t layer, std::string_view path) const;
  std::string shown_name(const One& one) const;

  std::set<std::string, std::less<>> members_;
  std::map<std::string, Document, std::less<>> documents_;
  std::map<std::string, Layer, std::less<>> layers_;
  std::map<std::string, std::string, std::less<>> links_;
  std::map<std::string, std::vector<std::string>, std::less<>> attestations_;  // by member: the images they are of
  std::set<std::string, std::less<>> too_large_;
  std::vector<Missing> missing_;
  std::vector<One> images_;
  std::vector<std::string> read_;  // indexes and manifests that have been, for they can refer to each other
  std::size_t size_ = 0;
};

}  // namespace hushrun::audit
