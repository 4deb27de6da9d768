#include "leak/encodings.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace hushrun::leak;

namespace {

std::vector<std::string> forms_of(std::string_view value) {
  Forms forms;
  forms.spell(value, 0);
  std::vector<std::string> all;
  for (const Form& form : forms.list()) all.emplace_back(forms.bytes(form));
  return all;
}

bool has(const std::vector<std::string>& forms, std::string_view wanted) {
  return std::find(forms.begin(), forms.end(), wanted) != forms.end();
}

}  // namespace

TEST_CASE("a value is known in the spellings of real programs") {
  const auto [value, spelling] = GENERATE(table<std::string, std::string>({
      // base64: what the value alone decides, after 0, 1 and 2 other bytes
      {"correct-horse", "Y29ycmVjdC1ob3JzZ"},
      {"correct-horse", "NvcnJlY3QtaG9yc2"},
      {"correct-horse", "jb3JyZWN0LWhvcnNl"},
      {"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", "//79/Pv6+f"},
      {"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", "__79_Pv6-f"},
      {"correct-horse", "636f72726563742d686f727365"},
      {"correct-horse", "636F72726563742D686F727365"},
      {"p@ss/wörd!~", "p%40ss%2Fw%C3%B6rd%21~"},
      {"p@ss/wörd!~", "p%40ss%2fw%c3%b6rd%21~"},
      {"p@ss/wörd!~", "p%40ss/w%C3%B6rd%21~"},
      {"p@ss/wörd!~", "p%40ss%2Fw%C3%B6rd!~"},
      {"p@ss/wörd!~", "p@ss/w%C3%B6rd!~"},
      {"p@ss/wörd!~", "p%40ss%2Fw%C3%B6rd%21%7E"},
      {"two words+more", "two%20words%2Bmore"},
      {"two words+more", "two+words%2Bmore"},
      {"say \"yes\"\\no", R"(say \"yes\"\\no)"},
      {"caf\xc3\xa9 </b>&\xf0\x9f\x94\x91", R"(caf\u00e9 </b>&\ud83d\udd11)"},
      {"caf\xc3\xa9 </b>&\xf0\x9f\x94\x91", "caf\xc3\xa9 <\\/b>&\xf0\x9f\x94\x91"},
      {"caf\xc3\xa9 </b>&\xf0\x9f\x94\x91", R"(caf\u00e9 <\/b>&\ud83d\udd11)"},
      {"caf\xc3\xa9 </b>&\xf0\x9f\x94\x91", "caf\xc3\xa9 \\u003c/b\\u003e\\u0026\xf0\x9f\x94\x91"},
      {"caf\xc3\xa9 </b>&\xf0\x9f\x94\x91", R"(caf\u00E9 \u003C/b\u003E\u0026\uD83D\uDD11)"},
      {"tab\tand\x01more", R"(tab\tand\u0001more)"},
      {"tab\tand\x01more", R"(tab\tand\x01more)"},
      {"tab\tand\x01more", R"(tab\tand\001more)"},
      {"it's $5 now", R"(it'\''s $5 now)"},
      {"it's $5 now", R"(it'"'"'s $5 now)"},
      {"it's $5 now", R"(it\'s\ \$5\ now)"},
      {"it's $5 now", R"(it's \$5 now)"},
      {"key=~/x:~y~z", R"(key=\~/x:\~y~z)"},
      {"caf\xc3\xa9\x1b[0m", R"(caf\303\251\E[0m)"},
      {"it's \"both\"", R"(it\'s "both")"},
      {"<a href='x'>\"&", "&lt;a href=&#x27;x&#x27;&gt;&quot;&amp;"},
      {"<a href='x'>\"&", "&lt;a href=&#39;x&#39;&gt;&#34;&amp;"},
      {"<a href='x'>\"&", "&lt;a href=&#039;x&#039;&gt;&quot;&amp;"},
      {"<a href='x'>\"&", "&lt;a href=&apos;x&apos;&gt;&quot;&amp;"},
      {"<a href='x'>\"&", "&lt;a href='x'&gt;\"&amp;"},
      {"one\ntwo\nthree", "one\r\ntwo\r\nthree"},
      {"one\r\ntwo\r\nthree", "one\ntwo\nthree"},
      {"one\ntwo\nthree", "one two three"},
      {"one\ntwo\nthree", R"(one\ntwo\nthree)"},
      {"two   blanks", "two blanks"},
      {"one\r\ntwo\r\nthree", "b25lCnR3bwp0aHJlZ"},
  }));
  INFO(spelling);
  CHECK(has(forms_of(value), spelling));
}

TEST_CASE("base64 in lines is known as a whole and line by line") {
  const std::string value(100, 'x');  // 136 characters: 76 + 60, 64 + 64 + 8
  const auto forms = forms_of(value);
  std::string encoded;
  while (encoded.size() < 133) encoded += "eHh4";
  encoded.resize(133);  // the last character is decided by what follows as well
  CHECK(has(forms, encoded));
  CHECK(has(forms, encoded.substr(0, 76) + "\n" + encoded.substr(76)));
  CHECK(has(forms, encoded.substr(0, 76) + "\r\n" + encoded.substr(76)));
  CHECK(has(forms, encoded.substr(0, 64) + "\n" + encoded.substr(64, 64) + "\n" + encoded.substr(128)));
  CHECK(has(forms, encoded.substr(0, 76)));
  CHECK(has(forms, encoded.substr(76)));
}

TEST_CASE("lines of a value are needles where they tell something") {
  const auto forms = forms_of(
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSj\nAgEA\n-----END PRIVATE KEY-----\n{\n"
      "  \"quoted\": \"in JSON\",\n-=-=-=-=-=-=-=-=-=-=-=-=\n}");
  CHECK(has(forms, "MIIEvQIBADANBgkqhkiG9w0B"));
  CHECK(has(forms, "AQEFAASCBKcwggSj"));
  CHECK(has(forms, "AQEFAASCBKcwggSj\nAgEA"));
  CHECK(has(forms, "AQEFAASCBKcwggSj\r\nAgEA"));
  CHECK(has(forms, "\"quoted\": \"in JSON\","));
  CHECK(has(forms, R"(\"quoted\": \"in JSON\",)"));
  CHECK_FALSE(has(forms, "-----BEGIN PRIVATE KEY-----"));
  CHECK_FALSE(has(forms, "-----END PRIVATE KEY-----"));
  CHECK_FALSE(has(forms, "-=-=-=-=-=-=-=-=-=-=-=-="));
  CHECK_FALSE(has(forms, "AgEA"));
}

TEST_CASE("no form is shorter than eight bytes, none stands there twice, and an ordinary token has few") {
  const auto value = GENERATE(as<std::string>{}, "12345678", "a-token_of.40-characters-and-nothing-odd",
                              "p@ss w0rd\"'<&>\\", "{\n}\n]\n},,,,,");
  const auto forms = forms_of(value);
  for (std::size_t i = 0; i < forms.size(); ++i) {
    CHECK(forms[i].size() >= Forms::kShortest);
    CHECK(std::count(forms.begin(), forms.end(), forms[i]) == 1);
  }
  if (value == "12345678") CHECK(forms.size() == 5);  // plain, base64 at three offsets, hex in one case
}

TEST_CASE("a public beginning is known in every disguise") {
  Forms forms;
  forms.spell("postgres://app:hunter2@db", 0);
  for (const Form& form : forms.list()) {
    const std::string shown{forms.bytes(form).substr(0, form.public_size)};
    INFO(shown);
    switch (form.disguise) {
      case Disguise::base64:
        CHECK((shown == "cG9zdGdyZXM6Ly" || shown == "Bvc3RncmVzOi8v" || shown == "wb3N0Z3JlczovL"));
        break;
      case Disguise::hex:
        CHECK((shown == "706f7374677265733a2f2f" || shown == "706F7374677265733A2F2F"));
        break;
      default:
        CHECK((shown.starts_with("postgres") && shown.find("app") == std::string::npos));
    }
  }
}

TEST_CASE("a large value has fewer forms, and what finds no room is said") {
  const std::string value(Forms::kLarge + 1, '"');
  Forms forms;
  CHECK(forms.spell(value, 0));
  for (const Form& form : forms.list()) {
    CHECK((form.disguise == Disguise::plain || form.disguise == Disguise::base64 || form.disguise == Disguise::base64_wrapped));
  }
  const std::string largest(1 << 20, 'x');
  bool complete = true;
  for (int i = 0; i < 8; ++i) complete &= forms.spell(largest, 0);
  CHECK_FALSE(complete);
  std::size_t bytes = 0;
  for (const Form& form : forms.list()) bytes += form.size;
  CHECK(bytes <= Forms::kMostBytes);
}

TEST_CASE("bytes that are not UTF-8 have no form of characters, and no form is cut short") {
  const auto value = GENERATE(as<std::string>{}, "broken \xc3", "broken \xe2\x82", "over \xc0\xaf long", "half \xed\xa0\x80 pair",
                              "\xf5\x80\x80\x80 too far");
  for (const std::string& form : forms_of(value)) CHECK(form.find("\\u") == std::string::npos);
}
