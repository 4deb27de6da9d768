#include "launcher/help.h"

namespace hushrun {

const char kHelp[] =
    R"(usage: hushrun [OPTIONS] [--] COMMAND [ARG]...

Gives COMMAND its secrets as variables or as files in memory, then becomes it, or stays above it.
Without a config and without -e or -f every file of /run/secrets becomes a variable: anthropic_key
is ANTHROPIC_KEY.

  -c, --config FILE        else $HUSHRUN_CONFIG, ./hushrun.yaml, /etc/hushrun/hushrun.yaml
      --no-config          read none of them
  -p, --profile NAME       apply profiles.NAME over the config
  -s, --source KIND:ARG    search this first (repeatable): dir:PATH age:FILE ejson:FILE dotenv:FILE
                           env:VAR compose:FILE#SERVICE
  -i, --identity WHERE     what opens sealed files: FILE env:VAR fd:N secret:NAME (repeatable)
      --passphrase WHERE   the same places, for what a passphrase seals
  -e, --env VAR=REF        deliver a secret as a variable (repeatable)
  -f, --file PATH=REF[:MODE]  deliver a secret as a file in memory (repeatable)
  -u, --user USER[:GROUP]  run COMMAND as this user
      --exec | --supervise become COMMAND (default) | stay above it as its init
      --redact             mask secrets in COMMAND's output (implies --supervise)
      --stop-timeout TIME  supervise: from TERM to KILL (default 10s)
      --group              supervise: signals go to COMMAND's process group
      --rewrite SIG=SIG    supervise: COMMAND gets the second for the first, as TERM=QUIT
  -n, --dry-run            print the plan; no secret is read, nothing is launched
      --check              read and validate everything, say what is wrong, launch nothing
      --copy-to PATH       put this program there, executable, and stop
      --log-level LEVEL    error warn info debug (default warn)
      --log-format FORMAT  text json (default text)
  -h, --help
  -V, --version

REF is NAME[#/json/pointer][|filter]...; filters are trim base64 base64d hexd urlencode json.
Settings with one value can come from the environment: HUSHRUN_USER, HUSHRUN_LOG_LEVEL, ...
Exit status: 125 hushrun failed, 126 COMMAND cannot be executed, 127 not found, else COMMAND's own.

  hushrun -- npm start                                   every mounted secret becomes a variable
  hushrun -e DB_PASSWORD=rds#/password -- ./server       one value out of a JSON secret
  hushrun -s age:secrets.env.age -i secret:age_identity -- ./server
  hushrun -s dotenv:.env --dry-run -- ./server           what would happen, without a value

More: hushrun(1), hushrun.yaml(5).
)";

}  // namespace hushrun
