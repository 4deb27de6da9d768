#pragma once
// A running Docker or Podman, asked over its unix socket: images, what it tells about containers, their logs.

#include <string>
#include <vector>

#include "audit/crew.h"

namespace hushrun::audit {

/// `unix:///run/docker.sock`, or a path; empty for $DOCKER_HOST's or Docker's own.
class Engine {
 public:
  static Result<Engine> at(std::string host);

  /// An image by name or id, as `docker save` would write it.
  Result<void> look_at_image(Crew& crew, const std::string& name) const;
  /// Everything: all images, those of build stages too, every container's description and log.
  Result<void> look_at_all(Crew& crew) const;

 private:
  explicit Engine(std::string socket) : socket_{std::move(socket)} {}
  /// The body of an answer, as a stream that ends with it.
  Result<Fd> get(const std::string& path, Public what) const;
  Result<std::string> text(const std::string& path, Public what) const;

  std::string socket_;
};

}  // namespace hushrun::audit
