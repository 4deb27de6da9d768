#include "audit/engine.h"

#include "core/json.h"
#include "core/sys_channel.h"

namespace hushrun::audit {
namespace {

constexpr std::size_t kLongestHead = 64 * 1024;
constexpr std::size_t kLargestAnswer = std::size_t{64} << 20;

// A name in a URL's path: it came from the command line or from the engine.
std::string escaped(const std::string& name) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/' || c == ':';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%', out += kDigits[byte >> 4], out += kDigits[byte & 15];
    }
  }
  return out;
}

// Strings at "0/Id", "1/Id" …
std::vector<std::string> all_at(const std::string& document, std::string_view member) {
  std::vector<std::string> all;
  json::scalars(document, [&](const json::Scalar& one) {
    const std::size_t slash = one.path.find('/');
    if (one.kind == json::Scalar::Kind::string && slash != std::string_view::npos && one.path.substr(slash + 1) == member) all.emplace_back(one.text);
  });
  return all;
}

bool holds(const std::string& document, std::string_view path) {
  bool found = false;
  json::scalars(document, [&](const json::Scalar& one) { found |= one.path == path; });
  return found;
}

// Every string of an answer, decoded, at its place.
void submit_strings(Crew& crew, const std::string& document, Place place, Locator where) {
  where.place = place;
  json::scalars(document, [&](const json::Scalar& one) {
    if (one.kind == json::Scalar::Kind::word || one.text.size() < Patterns::kShortest) return;
    where.path = one.path;
    crew.submit({.kind = Job::Kind::text, .where = where, .text = std::string{one.text}}, std::nullopt);
  });
}

}  // namespace

Result<Engine> Engine::at(std::string host) {
  if (host.empty()) host = "/var/run/docker.sock";
  if (host.starts_with("unix://")) host.erase(0, 7);
  if (!host.starts_with("/")) {
    return Error{Code::usage, "this engine cannot be reached", "option --host", "only unix sockets are spoken to", "give unix:///PATH, or save the image to a file"};
  }
  return Engine{std::move(host)};
}

// HTTP/1.0: the answer comes as it is, neither in chunks nor compressed, and ends with the connection.
Result<Fd> Engine::get(const std::string& path, Public what) const {
  const auto failed = [&](Errno why) {
    return Error{Code::source_unreadable, "cannot talk to the engine", Public::path(socket_), why, "start it, or give its socket with --host"};
  };
  Fd connection = TRY(sys::connect_to(socket_).or_error(failed));
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: engine\r\n\r\n";
  TRY(sys::write_all(connection, request.data(), request.size()).or_error(failed));
  // Byte by byte, so that what is behind the head is still to be read by whoever gets the connection.
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    char byte;
    const std::size_t got = TRY(sys::read_some(connection, &byte, 1).or_error(failed));
    if (got == 0 || head.size() > kLongestHead) {
      return Error{Code::source_unreadable, "cannot talk to the engine", Public::path(socket_), "its answer is not HTTP", "give the socket of Docker or Podman with --host"};
    }
    head += byte;
  }
  const std::string_view status = std::string_view{head}.substr(head.find(' ') == std::string::npos ? 0 : head.find(' ') + 1, 3);
  if (status == "200") return connection;
  if (status == "404") return Error{Code::source_missing, "the engine does not have it", what, "no such image or container", "pull it, or correct its name"};
  return Error{Code::source_unreadable, "the engine refuses", what, "it answered with an error", "see the engine's own log"};
}

Result<std::string> Engine::text(const std::string& path, Public what) const {
  const Fd body = TRY(get(path, what));
  return TRY(sys::read_text(body, kLargestAnswer).or_error([&](Errno why) {
    return Error{Code::source_unreadable, "cannot read the engine's answer", what, why, "see the engine's own log"};
  }));
}

Result<void> Engine::look_at_image(Crew& crew, const std::string& name) const {
  Fd body = TRY(get("/images/" + escaped(name) + "/get", Public::path(name)));
  Locator where;
  where.artifact = name;
  crew.submit({.kind = Job::Kind::image, .where = where}, std::move(body));
  return {};
}

Result<void> Engine::look_at_all(Crew& crew) const {
  // All of them in one archive: layers that they share come once.
  const std::vector<std::string> images = all_at(TRY(text("/images/json?all=1", "images")), "Id");
  std::string names;
  for (const std::string& id : images) {
    // A step in front of the first layer: an engine cannot save it, and its description is all there is of it.
    const std::string path = "/images/" + escaped(id);
    const std::string description = TRY(text(path + "/json", "image"));
    if (holds(description, "RootFS/Layers/0")) {
      names += (names.empty() ? "?names=" : "&names=") + escaped(id);
      continue;
    }
    Locator where;
    where.artifact = "images of " + socket_;
    where.image = id.substr(0, 19);
    submit_strings(crew, description, Place::config_other, where);
    submit_strings(crew, TRY(text(path + "/history", "image")), Place::history, where);
  }
  if (!names.empty()) {
    Locator where;
    where.artifact = "images of " + socket_;
    crew.submit({.kind = Job::Kind::image, .where = where}, TRY(get("/images/get" + names, "images")));
  }
  for (const std::string& id : all_at(TRY(text("/containers/json?all=1", "containers")), "Id")) {
    Locator where;
    where.artifact = "container " + id.substr(0, 12);
    const auto gap = [&](const Error& error) { crew.add_gap({Gap::Kind::unreadable, where, error.why.words(), {}}); };
    const auto description = text("/containers/" + id + "/json", "container");
    if (!description) {
      gap(description.error());
      continue;
    }
    where.place = Place::inspect;
    json::scalars(description.value(), [&](const json::Scalar& one) {
      if (one.kind == json::Scalar::Kind::string && one.path == "Name" && one.text.size() > 1) where.artifact = "container " + std::string{one.text.substr(1)};
    });
    submit_strings(crew, description.value(), Place::inspect, where);
    where.place = Place::log;
    auto log = get("/containers/" + id + "/logs?stdout=1&stderr=1", "container");
    if (log) crew.submit({.kind = Job::Kind::engine_log, .where = where}, std::move(log).value());
    else gap(log.error());
  }
  return {};
}

}  // namespace hushrun::audit
