#!/usr/bin/python3
"""What must not compile: each snippet is refused by the compiler, for the reason that is meant; its good twin is taken.

  must_not_compile.py COMPILER SOURCE_DIR [FLAG]...
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

PRELUDE = """
#include "core/error.h"
#include "core/fd.h"
#include "core/log.h"
#include "core/secret.h"
#include "plan/plan.h"
#include <iostream>
#include <string>
using namespace hushrun;
"""
# What it is about → (taken, refused, what the compiler says of the refused one).
CASES = {
    "a secret is not copied": (
        "void f(Secret a) { Secret b{std::move(a)}; }", "void f(const Secret& a) { Secret b{a}; }", "use of deleted function|call to deleted"),
    "a secret is not streamed": (
        "void f() { std::cerr << Literal{\"x\"}.view(); }", "void f(const Secret& a) { std::cerr << a; }", "deleted"),
    "a secret is not logged": (
        "void f(Public a) { log::info(\"{}\", a); }", "void f(const Secret& a) { log::info(\"{}\", a); }", "constraint|no matching function"),
    "a string is not logged": (
        "void f(std::size_t a) { log::debug(\"{}\", a); }", "void f(std::string a) { log::debug(\"{}\", a); }", "constraint|no matching function"),
    "a log format is not made at run time": (
        "void f() { log::info(\"fixed\"); }", "void f(const char* text) { log::info(text); }", "constant expression|consteval"),
    "a log format agrees with its arguments": (
        "void f(Public a) { log::info(\"{}\", a); }", "void f() { log::info(\"{}\"); }", "constant expression|consteval"),
    "a literal is not made at run time": (
        "Literal f() { return \"fixed\"; }", "Literal f(const char* text) { return text; }", "constant expression|consteval|no matching|could not convert"),
    "a public text is not made of a string": (
        "Public f(const std::string& a) { return Public::path(a); }", "Public f(const std::string& a) { return a; }",
        "could not convert|no viable conversion|explicit|private"),
    "a bare kernel answer is no error": (
        "Result<int> f(Result<int, Errno> a) { return TRY(std::move(a).or_error([](Errno e) { return Error{Code::system, \"x\", \"x\", e, \"x\"}; })); }",
        "Result<int> f(Result<int, Errno> a) { return TRY(std::move(a)); }", "could not convert|no viable conversion|no matching"),
    "a result is looked at": (
        "void f(Result<int> (*g)()) { static_cast<void>(g()); }", "void f(Result<int> (*g)()) { g(); }", "nodiscard"),
    "a view into a secret that is gone": (
        "void f(const Secret& a) { a.expose(); }", "void f() { Secret::of_public(\"x\").expose(); }", "deleted"),
    "secrets are not compared in variable time": (
        "bool f(const Secret& a) { return equal_in_constant_time(a, a); }", "bool f(const Secret& a) { return a == a; }", "deleted"),
    "a plan is made of a checked config only": (
        "auto f(Config c, const Environment& e) { return Plan::from(std::move(c), e); }", "Plan f() { return Plan{}; }", "private"),
    "a descriptor is not made of a number": (
        "Fd f(int a) { return Fd::adopt(a); }", "Fd f(int a) { return Fd{a}; }", "private"),
    "an exit code is not made of a number": (
        "ExitCode f() { return ExitCode::not_found(); }", "ExitCode f() { return ExitCode{1}; }", "private"),
}


def compiled(command, code):
    done = subprocess.run([*command, "-xc++", "-fsyntax-only", "-"], input=code + "\n", capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr


def judge(command, about):
    good, bad, says = CASES[about]
    taken, error = compiled(command, good)
    if not taken:
        return f"{about}: the good twin is refused:\n{error}"
    taken, error = compiled(command, bad)
    if taken:
        return f"{about}: it compiles"
    if not re.search(says, error):
        return f"{about}: refused for another reason:\n{error}"
    return None


def main():
    compiler, source, *flags = sys.argv[1:]
    command = [compiler, "-std=c++20", "-Werror", "-Wall", f"-I{source}", *flags]
    with tempfile.TemporaryDirectory(prefix="hushrun-test-") as directory:
        prelude = pathlib.Path(directory) / "prelude.h"
        prelude.write_text(PRELUDE, encoding="ascii")
        subprocess.run([*command, "-xc++-header", prelude, "-o", f"{prelude}.gch"], check=True)  # read thirty times
        command += ["-include", str(prelude)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            failures = [f for f in pool.map(lambda about: judge(command, about), CASES) if f]
    print("\n".join(failures) or f"ok: {len(CASES)} snippets are refused, their twins taken")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
