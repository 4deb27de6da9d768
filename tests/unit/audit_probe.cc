// The search as a filter, for tests that have other programs make the text:  audit_probe VALUES <FRAGMENTS
// VALUES holds a value a line, `\n` for a line end in it; they are v1, v2 … A fragment is "SIZE CHUNK\n" and its bytes, given to the
// search in chunks of that size. Of each a line is printed: "v1 at 12: in base64; …", or "clean".

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "audit/search.h"

int main(int argc, char** argv) {
  using namespace hushrun;
  if (argc != 2) return 2;
  std::vector<Secret> values;
  std::ifstream file{argv[1]};
  for (std::string line; std::getline(file, line);) {
    std::string value;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool escaped = line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == 'n' || line[i + 1] == 'r');
      value += escaped ? (line[++i] == 'n' ? '\n' : '\r') : line[i];
    }
    values.push_back(Secret::of_public(value));
  }
  std::vector<leak::Delivered> delivered;
  for (std::size_t i = 0; i < values.size(); ++i) delivered.push_back({Public{"v"} + Public::number(i + 1), &values[i]});
  const audit::Patterns patterns{delivered};
  for (const auto& weak : patterns.weak()) std::cerr << weak.name.view() << ": " << (weak.is_common ? "common" : "too short") << '\n';
  audit::Search search{patterns};
  std::string bytes;
  for (std::size_t size = 0, chunk = 0; std::scanf("%zu %zu", &size, &chunk) == 2;) {
    std::getchar();
    bytes.resize(size);
    if (std::fread(bytes.data(), 1, size, stdin) != size) return 2;
    search.begin({});
    for (std::size_t at = 0; at < size; at += chunk) search.feed(std::string_view{bytes}.substr(at, chunk));
    search.end();
    const auto hits = search.take_hits();
    if (hits.empty()) std::printf("clean");
    for (const audit::Hit& hit : hits) {
      std::printf("%s at %llu: %s; ", std::string{patterns.name(hit.needle).view()}.c_str(), static_cast<unsigned long long>(hit.where.offset),
                  std::string{audit::words(hit.shape).view()}.c_str());
    }
    std::printf("\n");
  }
}
