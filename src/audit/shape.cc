#include "audit/shape.h"

namespace hushrun::audit {
namespace {

Literal word(Step step) {
  switch (step) {
    case Step::part: return "a part of it";
    case Step::base64: return "in base64";
    case Step::base64url: return "in base64url";
    case Step::hex: return "in hexadecimal";
    case Step::utf16: return "in UTF-16";
    case Step::percent: return "percent-encoded";
    case Step::escaped: return "escaped with backslashes";
    case Step::markup: return "in HTML or XML";
    case Step::quoted: return "quoted";
    case Step::wrapped: return "with other line breaks";
    case Step::printable: return "quoted-printable";
    case Step::enumerated: return "encoded";
  }
  return "encoded";
}

}  // namespace

Public words(const Shape& shape) {
  Public all;
  for (Step step : shape.steps()) all = all.empty() ? Public{word(step)} : all + Public{", "} + Public{word(step)};
  return all;
}

}  // namespace hushrun::audit
