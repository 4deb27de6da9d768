// ignore_verdict BUILDER FILE: which of the paths on standard input, a line each, a .dockerignore lets through; exit 2 if no builder
// takes the file. For ignore_engines_test.py, which asks the builders themselves.

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "audit/ignore.h"

int main(int argc, char** argv) {
  using namespace hushrun::audit;
  if (argc != 3) return 1;
  const std::string name = argv[1];
  const Builder builder = name == "older" ? Builder::older : name == "classic" ? Builder::classic : Builder::buildkit;
  std::ifstream in{argv[2], std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto file = IgnoreFile::parse(text);
  if (!file) return 2;
  for (std::string path; std::getline(std::cin, path);) {
    if (file.value().ships(path, builder)) std::cout << path << '\n';
  }
  return 0;
}
