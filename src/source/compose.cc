#include "source/compose.h"

#include <algorithm>
#include <cerrno>

#include "config/document.h"
#include "core/sys_process.h"
#include "source/interpolation.h"

namespace hushrun {
namespace {

// The largest hand-written files are some 100 KiB; aliases may multiply nodes, not bytes.
constexpr DocumentLimits kLimits{4 * 1024 * 1024, 200'000, 64};
// A chain of extends longer than this is a circle.
constexpr unsigned kExtendsLimit = 16;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash + 1);
}

// One compose file as a tree, and how to speak about places in it.
struct ComposeFile {
  Node root;
  std::string path;
  Public shown;

  Public at(Position position) const {
    return shown + ":" + Public::number(position.line) + ":" + Public::number(position.column);
  }
  bool has_include() const { return root.find("include") != nullptr; }
};

Trouble invalid(Public at, Literal why, Public fix) {
  return {Code::source_invalid, "a compose file is not as it should be", at + ": " + why, fix};
}

constexpr Literal kIncludeHint = "name the file that defines it: include: is not followed";

Result<ComposeFile, Trouble> read_file(const std::string& path) {
  const Public shown = Public::path(path);
  const auto unreadable = [&](Errno why) {
    if (why.value == ENOENT) {
      return Trouble{Code::source_missing, "a compose file is not there", reason(shown, why), "name the file, or say optional: true for this source"};
    }
    if (why.value == EFBIG) return Trouble{Code::source_invalid, "a compose file is too large", shown + ": more than 4 MiB", "name the compose file itself"};
    return Trouble{Code::source_unreadable, "cannot read a compose file", reason(shown, why),
                   "let user " + Public::number(sys::effective_user()) + " read it"};
  };
  const Fd file = TRY(sys::open_file(path).or_error(unreadable));
  const sys::FileStatus status = TRY(sys::status(file).or_error(unreadable));
  if (status.kind != sys::FileKind::regular) {
    return Trouble{Code::source_invalid, "a compose file is not a file", shown + ": it is a directory, a pipe or a device", "name the compose file itself"};
  }
  const std::string text = TRY(sys::read_text(file, kLimits.bytes).or_error(unreadable));
  Node root = TRY(parse_document(text, Aliases::resolved, kLimits).or_error([&](const DocumentError& error) {
    return invalid(shown + ":" + Public::number(error.at.line) + ":" + Public::number(error.at.column), error.why,
                   "see that docker compose config accepts it");
  }));
  if (root.kind != Node::Kind::map) return invalid(shown, "it is no mapping", "name the compose file itself");
  return ComposeFile{std::move(root), path, shown};
}

// A line of a service's `secrets:`.
struct Use {
  std::string source;
  std::string target;
  Public at;
};

// Reads what a service is given, following extends. Holds the variables, since any text may name some.
class ServiceReader {
 public:
  explicit ServiceReader(ComposeVariables& variables) : variables_{variables} {}

  /// The scalar with its variables put in.
  Result<std::string, Trouble> text(const ComposeFile& file, const Node& node, Literal if_no_text) {
    if (node.kind != Node::Kind::scalar) return invalid(file.at(node.at), if_no_text, "see the Compose specification on secrets");
    Result<std::string, NotInterpolated> text = interpolate(node.scalar, [&](std::string_view name) { return variables_.text(name); });
    if (variables_.trouble()) return *variables_.trouble();
    if (text) return std::move(text).value();
    const Public at = file.at(node.at);
    if (text.error().variable.empty()) return invalid(at, text.error().why, "write it as Compose wants it");
    return invalid(at + ": " + text.error().variable, text.error().why, "set it, or write it into the .env beside the compose file");
  }

  Result<std::vector<Use>, Trouble> uses(const ComposeFile& file, const std::string& service, Public asked_at, unsigned depth) {
    if (depth > kExtendsLimit) return invalid(asked_at, "extends leads in a circle, or through more than 16 services", "cut the chain");
    const Node* services = file.root.find("services");
    const Node* found = services == nullptr ? nullptr : services->find(service);
    if (found == nullptr) return no_such_service(file, services, asked_at);
    std::vector<Use> uses;
    if (const Node* extends = found->find("extends")) uses = TRY(extended(file, *extends, depth));
    const Node* secrets = found->find("secrets");
    if (secrets == nullptr || secrets->kind == Node::Kind::null) return uses;
    if (secrets->kind != Node::Kind::list) return invalid(file.at(secrets->at), "secrets: of a service is a list", "write - NAME for each");
    for (const Node& item : secrets->items) {
      Use use = TRY(read_use(file, item));
      // As Compose merges: what goes to the same target replaces what was inherited.
      std::erase_if(uses, [&](const Use& other) { return other.target == use.target; });
      uses.push_back(std::move(use));
    }
    return uses;
  }

 private:
  Trouble no_such_service(const ComposeFile& file, const Node* services, Public asked_at) {
    if (file.has_include()) return invalid(asked_at, "there is no service of that name in the file", kIncludeHint);
    Public names;
    // Services' names of a compose file are public: they are host names.
    for (std::size_t i = 0; services != nullptr && i < services->entries.size() && i < 8; ++i) {
      if (i > 0) names = names + ", ";
      names = names + Public::vouched(services->entries[i].key);
    }
    if (names.empty()) return invalid(asked_at, "there is no service in the file", "name the compose file that has services:");
    return invalid(asked_at, "there is no service of that name in the file", "name one of its services: " + names);
  }

  Result<std::vector<Use>, Trouble> extended(const ComposeFile& file, const Node& extends, unsigned depth) {
    if (extends.kind == Node::Kind::null) return std::vector<Use>{};
    const Node* service = extends.kind == Node::Kind::map ? extends.find("service") : &extends;
    if (service == nullptr) return invalid(file.at(extends.at), "extends names no service", "write service: NAME below extends:");
    const std::string name = TRY(text(file, *service, "a service is named by a text"));
    const Node* other = extends.kind == Node::Kind::map ? extends.find("file") : nullptr;
    if (other == nullptr) return uses(file, name, file.at(service->at), depth + 1);
    const std::string path = TRY(text(file, *other, "a file is named by a text"));
    const ComposeFile base = TRY(read_file(path.starts_with('/') ? path : directory_of(file.path) + path));
    return uses(base, name, file.at(service->at), depth + 1);
  }

  Result<Use, Trouble> read_use(const ComposeFile& file, const Node& item) {
    if (item.kind != Node::Kind::map) {
      std::string source = TRY(text(file, item, "a secret of a service is a name, or a mapping with source:"));
      return Use{source, source, file.at(item.at)};
    }
    const Node* source_node = item.find("source");
    if (source_node == nullptr) return invalid(file.at(item.at), "a secret of a service has no source:", "write source: NAME");
    std::string source = TRY(text(file, *source_node, "source: is the name of a secret"));
    const Node* target_node = item.find("target");
    if (target_node == nullptr || target_node->kind == Node::Kind::null) return Use{source, source, file.at(item.at)};
    std::string target = TRY(text(file, *target_node, "target: is a path"));
    constexpr std::string_view kMount = "/run/secrets/";
    if (target.starts_with(kMount)) target.erase(0, kMount.size());
    if (target.empty()) target = source;
    return Use{std::move(source), std::move(target), file.at(item.at)};
  }

  ComposeVariables& variables_;
};

bool is_true(const Node* node) { return node != nullptr && node->kind == Node::Kind::scalar && node->scalar == "true"; }

// What the top level says about `source`. A Trouble inside the variant is for whoever wants the value.
Result<ComposeSecret, Trouble> define(const ComposeFile& file, Name name, const Use& use, ServiceReader& reader, ComposeVariables& variables) {
  const auto defined = [&](Public at, ComposeSecret::Value value) { return ComposeSecret{std::move(name), at, std::move(value)}; };
  const Node* secrets = file.root.find("secrets");
  const Node::Entry* entry = nullptr;
  for (std::size_t i = 0; secrets != nullptr && i < secrets->entries.size(); ++i) {
    if (secrets->entries[i].key == use.source) entry = &secrets->entries[i];
  }
  if (entry == nullptr) {
    return defined(use.at, invalid(use.at, "the secret is not defined at the top level", file.has_include() ? Public{kIncludeHint} : "define it below secrets:"));
  }
  const Public at = file.at(entry->at);
  const Node* found = &entry->value;
  const Node* external = found->find("external");
  if (is_true(external) || (external != nullptr && external->kind == Node::Kind::map)) {
    return defined(at, Trouble{Code::secret_missing, "a secret of a compose file is external", at + ": only Swarm has its value",
                               "give it by a source in front of this one"});
  }
  const Node* path_node = found->find("file");
  const Node* variable_node = found->find("environment");
  if (path_node != nullptr) {
    std::string path = TRY(reader.text(file, *path_node, "file: is a path"));
    if (path.empty()) return defined(at, invalid(at, "file: is empty", "name the file, or set the variable it is made of"));
    if (path == "~" || path.starts_with("~/")) {
      const std::optional<std::string> home = variables.text("HOME");
      if (!home) return defined(at, invalid(at, "file: begins with ~ and HOME is not set", "set HOME, or write the path in full"));
      path = *home + path.substr(1);
    } else if (!path.starts_with('/')) {
      path = directory_of(file.path) + path;
    }
    return defined(at, ComposeSecret::File{std::move(path)});
  }
  if (variable_node != nullptr) {
    return defined(at, ComposeSecret::Variable{TRY(reader.text(file, *variable_node, "environment: is the name of a variable"))});
  }
  return defined(at, invalid(at, "the secret has neither file: nor environment:", "give it one, or a source in front of this one"));
}

Lookup read_secret_file(const std::string& path, Public at) {
  const Public shown = Public::path(path);
  const Public place = at + ": " + shown;
  const auto unreadable = [&](Errno why) {
    if (why.value == ENOENT) {
      return Trouble{Code::secret_missing, "the file of a compose secret is not there", reason(place, why),
                     "create it: Compose itself would only warn, or make a directory of it"};
    }
    if (why.value == EFBIG) {
      return Trouble{Code::secret_too_large, "a secret is too large", place + ": more than 1 MiB", "a secret is 1 MiB at most"};
    }
    return Trouble{Code::secret_unreadable, "cannot read the file of a compose secret", reason(place, why),
                   "let user " + Public::number(sys::effective_user()) + " read it"};
  };
  const Fd file = TRY(sys::open_file(path).or_error(unreadable));
  const sys::FileStatus status = TRY(sys::status(file).or_error(unreadable));
  if (status.kind == sys::FileKind::directory) {
    return Trouble{Code::secret_unreadable, "the file of a compose secret is a directory", place + ": it is a directory",
                   "remove it and create the file: Docker makes a directory of a file that is not there"};
  }
  if (status.kind != sys::FileKind::regular) {
    return Trouble{Code::secret_unreadable, "the file of a compose secret is not a file", place + ": it is a pipe, a socket or a device",
                   "put a regular file there"};
  }
  Secret value = TRY(sys::read_secret(file, status, kSecretLimit).or_error(unreadable));
  return std::optional{Found{std::move(value), shown, status}};
}

}  // namespace

Lookup ComposeVariables::find(std::string_view name) {
  if (const std::optional<std::string_view> value = environment_.find(name)) {
    Secret copy = Secret::filled_by(value->size(), [&](char* room, std::size_t size) {
      std::copy(value->begin(), value->end(), room);
      return size;
    });
    return std::optional{Found{std::move(copy), "variable " + Public::variable(name) + " of our environment", std::nullopt}};
  }
  if (!looked_) {
    looked_ = true;
    Opening<OpenDotenvSource> opened = OpenDotenvSource::open({dotenv_path_}, environment_, Presence::optional);
    if (opened) dotenv_ = std::move(opened).value();
    else trouble_ = std::move(opened).error();
  }
  if (trouble_) return *trouble_;
  const std::optional<Name> key = Name::parse(name);
  if (!dotenv_ || !key) return std::optional<Found>{};
  return dotenv_->find(*key);
}

std::optional<std::string> ComposeVariables::text(std::string_view name) {
  if (const std::optional<std::string_view> value = environment_.find(name)) return std::string{*value};
  const Lookup found = find(name);
  if (!found || !found.value()) return std::nullopt;
  // It becomes part of a path or a name, which is no secret.
  const Exposed bytes = found.value()->value.expose();
  return std::string{bytes.data(), bytes.size()};
}

Opening<OpenComposeSource> OpenComposeSource::open(const ComposeSource& config, const Environment& environment, Presence presence) {
  Result<ComposeFile, Trouble> opened = read_file(config.path);
  if (!opened && opened.error().code == Code::source_missing && presence == Presence::optional) return std::optional<OpenComposeSource>{};
  const ComposeFile file = TRY(std::move(opened));
  ComposeVariables variables{environment, directory_of(config.path) + ".env"};
  ServiceReader reader{variables};
  const std::vector<Use> uses = TRY(reader.uses(file, config.service, file.shown, 0));
  std::vector<ComposeSecret> secrets;
  std::vector<Skipped> skipped;
  for (const Use& use : uses) {
    std::optional<Name> name = Name::parse(std::string_view{use.target}.substr(use.target.rfind('/') + 1));
    if (!name) {
      skipped.push_back({use.at, "a secret's name is made of letters, digits, dots, dashes and underscores"});
      continue;
    }
    if (std::any_of(secrets.begin(), secrets.end(), [&](const ComposeSecret& other) { return other.name == *name; })) {
      return invalid(use.at, "another secret of the service has the same file name", "give one of them another target:");
    }
    secrets.push_back(TRY(define(file, std::move(*name), use, reader, variables)));
  }
  return std::optional{OpenComposeSource{std::move(secrets), std::move(skipped), std::move(variables), file.shown}};
}

const ComposeSecret* OpenComposeSource::secret(const Name& name) const {
  const auto at = std::find_if(secrets_.begin(), secrets_.end(), [&](const ComposeSecret& each) { return each.name == name; });
  return at == secrets_.end() ? nullptr : &*at;
}

Lookup OpenComposeSource::find(const Name& name) {
  const ComposeSecret* found = secret(name);
  if (found == nullptr) return std::optional<Found>{};
  if (const auto* trouble = std::get_if<Trouble>(&found->value)) return *trouble;
  if (const auto* file = std::get_if<ComposeSecret::File>(&found->value)) return read_secret_file(file->path, found->at);
  const std::string& variable = std::get<ComposeSecret::Variable>(found->value).name;
  std::optional<Found> value = TRY(variables_.find(variable));
  if (value) return value;
  return Trouble{Code::secret_missing, "the variable of a compose secret is not set", found->at + ": " + Public::variable(variable),
                 "set it, or write it into the .env beside the compose file"};
}

Result<Offer, Trouble> OpenComposeSource::offered() const {
  Offer offer{{}, skipped_};
  for (const ComposeSecret& each : secrets_) offer.names.push_back(each.name);
  std::sort(offer.names.begin(), offer.names.end());
  return offer;
}

std::optional<Public> OpenComposeSource::whereabouts(const Name& name) const {
  const ComposeSecret* found = secret(name);
  if (found == nullptr) return std::nullopt;
  return found->at;
}

std::vector<std::string> OpenComposeSource::variables() const {
  std::vector<std::string> names;
  for (const ComposeSecret& each : secrets_) {
    if (const auto* variable = std::get_if<ComposeSecret::Variable>(&each.value)) names.push_back(variable->name);
  }
  return names;
}

std::vector<std::string> OpenComposeSource::files() const {
  std::vector<std::string> paths;
  for (const ComposeSecret& each : secrets_) {
    if (const auto* file = std::get_if<ComposeSecret::File>(&each.value)) paths.push_back(file->path);
  }
  return paths;
}

}  // namespace hushrun
