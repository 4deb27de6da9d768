// Says what the parser makes of hushrun.yaml texts, for tests written in Python. Standard input: `LENGTH\n` and that many bytes,
// any number of times. Standard output, a line of JSON each: {"accepted", "problems": [[code, what, where, why, fix]], "tree"};
// in the tree a scalar is
// {"plain": TEXT} or {"quoted": TEXT}; it is absent if the text is no YAML. With --keys: the keys of every section, and stop.

#include <cstring>
#include <iostream>
#include <string>

#include "config/config_sections.h"
#include "core/json.h"

namespace hushrun {
namespace {

std::string quoted(std::string_view text) { return json::quoted(text); }

template <class Range, class Show>
std::string joined(const Range& range, Show&& show) {
  std::string out;
  for (const auto& each : range) out.append(out.empty() ? "" : ",").append(show(each));
  return out;
}

std::string tree(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "null";
    case Node::Kind::scalar: return std::string{node.plain ? "{\"plain\":" : "{\"quoted\":"} + quoted(node.scalar) + "}";
    case Node::Kind::list: return "[" + joined(node.items, tree) + "]";
    case Node::Kind::map:
      return "{" + joined(node.entries, [](const Node::Entry& entry) { return quoted(entry.key) + ":" + tree(entry.value); }) + "}";
  }
  return "null";
}

std::string problem(const Error& error) {
  const std::string_view parts[] = {word(error.code).view(), error.what.view(), error.where.view(), error.why.words().view(),
                                    error.fix.view()};
  return "[" + joined(parts, quoted) + "]";
}

std::string verdict(const std::string& text) {
  const auto config = parse_config(text, "hushrun.yaml", std::nullopt);
  const auto document = parse_document(text, Aliases::refused, {kConfigLimit, kConfigLimit, 100});
  std::string out = std::string{"{\"accepted\":"} + (config ? "true" : "false");
  if (!config) out += ",\"problems\":[" + joined(config.error().list, problem) + "]";
  if (document) out += ",\"tree\":" + tree(document.value());
  return out + "}";
}

std::string keys() {
  return "{" + joined(section_keys(), [](const SectionKeys& section) {
           return quoted(section.section) + ":{" + joined(section.keys, [](const SectionKeys::Key& key) {
                    return quoted(key.word) + ":" + (key.required ? "true" : "false");
                  }) + "}";
         }) + "}";
}

}  // namespace
}  // namespace hushrun

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--keys") == 0) {
    std::cout << hushrun::keys() << '\n';
    return 0;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::string text(std::stoul(line), '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
    std::cout << hushrun::verdict(text) << std::endl;
  }
}
