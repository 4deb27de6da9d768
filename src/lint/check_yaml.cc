#include "lint/check_yaml.h"

#include "config/document.h"

namespace hushrun::lint {
namespace {

constexpr DocumentLimits kLimits{std::size_t{4} << 20, 200'000, 64};

std::optional<Node> parse(const File& file, Findings& findings) {
  auto document = parse_document(file.text, Aliases::resolved, kLimits);
  if (document) return std::move(document).value();
  findings.gap(file.path, audit::Gap::Kind::corrupt, "not read as YAML from line " + Public::number(document.error().at.line) + ": " + document.error().why);
  return std::nullopt;
}

// `K: v` of a map, or `- K=v` of a list. No value: it is handed through from outside.
struct Setting {
  std::string name;
  std::optional<std::string> value;
  unsigned line;
};
std::vector<Setting> settings_of(const Node* node) {
  std::vector<Setting> all;
  if (node == nullptr) return all;
  for (const Node::Entry& entry : node->entries) {
    const bool has_value = entry.value.kind == Node::Kind::scalar;
    all.push_back({entry.key, has_value ? std::optional{entry.value.scalar} : std::nullopt, entry.at.line});
  }
  for (const Node& item : node->items) {
    const std::size_t equals = item.scalar.find('=');
    if (equals == std::string::npos) all.push_back({item.scalar, std::nullopt, item.at.line});
    else all.push_back({item.scalar.substr(0, equals), item.scalar.substr(equals + 1), item.at.line});
  }
  return all;
}

// The worst default of `${NAME:-default}` whose name is a secret's.
Worth worth_of_defaults(std::string_view text) {
  Worth worst = Worth::nothing;
  for (std::size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    const std::string_view inside = text.substr(at + 2, text.find('}', at) - at - 2);
    const std::size_t name_end = std::min(inside.find_first_of(":-?+"), inside.size());
    std::string_view rest = inside.substr(name_end);
    if (rest.starts_with(':')) rest.remove_prefix(1);
    if (!rest.starts_with('-') || !is_secret_name(inside.substr(0, name_end))) continue;
    worst = std::max(worst, worth(rest.substr(1)));
  }
  return worst;
}

class ComposeChecker {
 public:
  ComposeChecker(const File& file, Findings& findings) : file_{file}, findings_{findings}, folder_{folder_of(file.path)} {}

  ComposeUse check(const Node& root) {
    look_at_texts(root);
    each_of(root.find("services"), [&](const Node& service) { look_at_service(service); });
    each_of(root.find("secrets"), [&](const Node& secret) { add_path(secret.find("file"), use_.secret_files); });
    each_of(root.find("configs"), [&](const Node& config) { look_at_config(config.find("content")); });
    return std::move(use_);
  }

 private:
  template <class Look>
  static void each_of(const Node* map, Look&& look) {
    if (map == nullptr) return;
    for (const Node::Entry& entry : map->entries) look(entry.value);
  }

  void add(Level level, Literal rule, unsigned line, Public message, Public fix) { findings_.add(file_, level, rule, line, message, fix); }

  void add_path(const Node* node, std::vector<std::string>& list) {
    if (node == nullptr || node->kind != Node::Kind::scalar || node->scalar.find('$') != std::string::npos) return;
    if (auto path = join(folder_, node->scalar)) list.push_back(std::move(*path));
  }

  // Keys and passwords of URLs, wherever they stand.
  void look_at_texts(const Node& node) {
    if (node.kind == Node::Kind::scalar) {
      if (holds_url_credentials(node.scalar)) {
        add(Level::error, "url-credentials", node.at.line, "a URL with a password in it", "rotate the password, and use secrets:");
      } else if (holds_issued_key(node.scalar)) {
        add(Level::error, "compose-literal-secret", node.at.line, "a key is written out", "rotate it, and use secrets: with file: or environment:");
      }
      use_.reads_dotenv |= worth(node.scalar) == Worth::reference;
    }
    for (const Node& item : node.items) look_at_texts(item);
    for (const Node::Entry& entry : node.entries) look_at_texts(entry.value);
  }

  void look_at_service(const Node& service) {
    for (const Setting& setting : settings_of(service.find("environment"))) look_at_variable(setting);
    if (const Node* files = service.find("env_file")) {
      add_path(files, use_.env_files);
      for (const Node& item : files->items) add_path(item.kind == Node::Kind::map ? item.find("path") : &item, use_.env_files);
    }
    const Node* build = service.find("build");
    if (build == nullptr) return;
    look_at_build(*build);
    for (const Setting& setting : settings_of(build->find("args"))) look_at_argument(setting);
  }

  void look_at_variable(const Setting& setting) {
    const Public name = Public::variable(setting.name);
    const bool is_secret = is_secret_name(setting.name);
    const std::string value = setting.value.value_or("");
    if (holds_url_credentials(value) || holds_issued_key(value)) return;  // said already
    if (const Worth worst = worth_of_defaults(value); worst == Worth::literal || worst == Worth::placeholder) {
      add(worst == Worth::literal ? Level::warning : Level::note, "compose-default-secret", setting.line, name + " has a default, which holds wherever nobody sets another",
          "write ${NAME:?}, so that it has to be set");
    }
    if (!is_secret) return;
    const Worth is = setting.value ? worth(value) : Worth::reference;
    if (is == Worth::literal) {
      add(Level::error, "compose-literal-secret", setting.line, "the value of " + name + " is written out", "rotate it, and use secrets: with file: or environment:");
    } else if (is == Worth::placeholder) {
      add(Level::note, "compose-literal-secret", setting.line, name + " has a value that everybody knows", "use secrets: with file: or environment:");
    } else if (is == Worth::reference) {
      add(Level::note, "compose-env-secret", setting.line, name + " is shown by docker inspect, and inherited by every process", "use secrets:, which hushrun turns into the variable the application wants");
    }
  }

  void look_at_build(const Node& build) {
    const Node* context = build.kind == Node::Kind::scalar ? &build : build.find("context");
    const Node* dockerfile = build.find("dockerfile");
    const std::string place = context == nullptr ? "." : context->scalar;
    if (place.find('$') != std::string::npos || place.find("://") != std::string::npos) return;
    const auto folder = join(folder_, place);
    if (!folder) return;
    const auto path = join(*folder, dockerfile == nullptr ? "Dockerfile" : std::string_view{dockerfile->scalar});
    if (path) use_.builds.push_back({*folder, *path});
  }

  void look_at_argument(const Setting& setting) {
    if (!is_secret_name(setting.name)) return;
    const Worth is = setting.value ? worth(*setting.value) : Worth::reference;
    if (is == Worth::nothing) return;
    const Level level = is == Worth::literal ? Level::error : is == Worth::reference ? Level::warning : Level::note;
    add(level, "compose-build-arg-secret", setting.line, Public::variable(setting.name) + " stands in the history of the image, and in the provenance", "use build.secrets and RUN --mount=type=secret");
  }

  void look_at_config(const Node* content) {
    if (content == nullptr || content->kind != Node::Kind::scalar) return;
    if (look_into(FileKind::env, content->scalar) != FileContent::secret && look_into(FileKind::credentials, content->scalar) != FileContent::secret) return;
    add(Level::warning, "compose-config-content", content->at.line, "the content looks like a secret, and configs are shown to everybody", "use secrets:");
  }

  const File& file_;
  Findings& findings_;
  std::string folder_;
  ComposeUse use_;
};

bool hands_secret(std::string_view text) {
  for (std::size_t at = text.find("${{"); at != std::string_view::npos; at = text.find("${{", at + 3)) {
    std::string_view inside = text.substr(at + 3);
    inside.remove_prefix(std::min(inside.find_first_not_of(' '), inside.size()));
    if (inside.starts_with("secrets.")) return true;
  }
  return false;
}

void look_at_step(const File& file, const Node& node, Findings& findings) {
  constexpr Literal kFix = "use the secrets: input, or --secret, and RUN --mount=type=secret";
  const Node* uses = node.find("uses");
  const Node* with = node.find("with");
  const Node* arguments = with == nullptr ? nullptr : with->find("build-args");
  if (uses != nullptr && arguments != nullptr && uses->scalar.find("build-push-action") != std::string::npos && hands_secret(arguments->scalar)) {
    findings.add(file, Level::warning, "provenance-max-with-build-arg", arguments->at.line, "a secret becomes a build argument: it stands in the history, and in the provenance that is pushed with the image", kFix);
  }
  const Node* run = node.find("run");
  if (run != nullptr && run->kind == Node::Kind::scalar) {
    std::string_view rest = run->scalar;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.find("--build-arg") == std::string_view::npos || !hands_secret(line)) continue;
      findings.add(file, Level::warning, "provenance-max-with-build-arg", run->at.line, "a secret becomes a build argument: it stands in the history of the image", kFix);
      break;
    }
  }
  for (const Node& item : node.items) look_at_step(file, item, findings);
  for (const Node::Entry& entry : node.entries) look_at_step(file, entry.value, findings);
}

}  // namespace

ComposeUse check_compose(const File& file, Findings& findings) {
  const std::optional<Node> root = parse(file, findings);
  if (!root) return {};
  return ComposeChecker{file, findings}.check(*root);
}

void check_workflow(const File& file, Findings& findings) {
  if (const std::optional<Node> root = parse(file, findings)) look_at_step(file, *root, findings);
}

}  // namespace hushrun::lint
