#!/usr/bin/env bash
# Who may include whom: the table of the layers, enforced. docs/ARCHITECTURE.md draws the same in a picture.
#
# Each rule is: the files it is about | what they may include, as extended regular expressions on the name between the
# quotes or brackets. The first rule that fits a file counts. Headers of the C library are allowed everywhere.
set -uo pipefail
cd "$(dirname "$0")/.."

c='(assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|time)\.h'
aegis='aegis/[a-z_]+\.h'
posix='(pthread|unistd|signal|fcntl|poll|dlfcn|sys/[a-z]+|netinet/[a-z]+|arpa/inet|netdb)\.h'

rules=$(cat <<RULES
runtime/include/aegis/any\.h | $aegis|msgpack\.h
runtime/include/aegis/ | $aegis
runtime/domain/ | $aegis|domain/.*|codec/.*|ports/clock\.h|ports/log\.h|pthread\.h|sys/random\.h|unistd\.h
runtime/codec/ | $aegis|domain/.*|codec/.*|msgpack\.h|msgpack/.*|emmintrin\.h
runtime/ports/ | $aegis|ports/.*|domain/.*|$posix
runtime/application/ | $aegis|application/.*|domain/.*|codec/.*|ports/.*|$posix
runtime/adapters/memory/ | $aegis|adapters/memory/.*|ports/.*|domain/.*|[a-z_]+\.h|$posix
runtime/adapters/nats/ | $aegis|adapters/nats/.*|ports/.*|domain/.*|[a-z_]+\.h|nats/nats\.h|$posix
runtime/http/ | $aegis|http/.*|microhttpd\.h|curl/curl\.h|$posix
runtime/[a-z_]+\.c | $aegis|application/.*|domain/.*|codec/.*|ports/.*|nats/nats\.h|msgpack\.h|$posix
tools/aegis/ | $aegis|jansson\.h|[a-z_]+\.h|ports/(bus|clock|stream)\.h|application/(bus|commands_client|needs)\.h|domain/(base64|subject|time)\.h|codec/codec\.h|$posix
compiler/output\. | (output|arena)\.h|$posix
compiler/main\. | cli_commands\.h
compiler/(cli|cmd)[a-z_]*\. | .*
compiler/(text|json|utf8)\.h | (text|arena)\.h
compiler/(arena|names|diag|source|text|json)[a-z_]*\. | (arena|names|diag|source|text|json|utf8)[a-z_]*\.h|$posix
compiler/(lexer|grammar|ast|parser|literal|token|repair|slip|elsewhere|utf8)[a-z_]*\. | (lexer|grammar|ast|parser|literal|token|repair|slip|elsewhere|names|diag|source|arena|utf8)[a-z_]*\.h
compiler/(fmt|diff)[a-z_]*\. | (fmt|diff|text|parser|grammar|diag|source|arena)[a-z_]*\.h
compiler/pattern[a-z_]*\. | (pattern|pattern_machine|arena)\.h
compiler/(shape|template)[a-z_]*\. | (shape|template|arena|diag)[a-z_]*\.h
compiler/view[a-z_]*\. | (view|shape|schema|cname|arena|pattern)[a-z_]*\.h
compiler/(emit|layout|templates)[a-z_]*\. | (emit|layout|view|template|templates|schema|arena)[a-z_]*\.h|$posix
compiler/sha256\. | sha256\.h
compiler/schema[a-z_]*\. | (schema|arena|cname|pattern|sha256)[a-z_]*\.h
compiler/ | (ast|schema|diag|arena|source|cname|annotation|check|compat|lint|rules|place|frontend|elsewhere|names|utf8|parser|literal|resolve|lower|pattern|text)[a-z_]*\.h
RULES
)

bad=0
patterns=() allowed=()
while IFS= read -r rule; do
    patterns+=("^${rule%% | *}")
    allowed+=("^(${rule#* | })$")
done <<<"$rules"
# Lines are numbered by grep: file:line:#include <name>
directive='^([^:]+):([0-9]+):[^<"]*[<"]([^>"]+)'
while IFS= read -r hit; do
    [[ $hit =~ $directive ]] || continue
    file=${BASH_REMATCH[1]} line=${BASH_REMATCH[2]} name=${BASH_REMATCH[3]}
    [[ $name =~ ^$c$ ]] && continue
    for i in "${!patterns[@]}"; do
        [[ $file =~ ${patterns[i]} ]] || continue
        if ! [[ $name =~ ${allowed[i]} ]]; then
            echo "$file:$line: may not include $name"
            bad=1
        fi
        break
    done
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' runtime compiler tools/aegis --include='*.[chly]')

# Programs of users see the public headers and what aegisc generated, nothing else of ours.
if hits=$(grep -rnE '#include ["<](domain|codec|ports|application|adapters)/|nats/nats\.h|msgpack' examples --include='*.[ch]'); then
    echo "examples may include <aegis/*.h> and generated headers only:"
    echo "$hits"
    bad=1
fi
[ $bad = 0 ] && echo "every include is allowed"
exit $bad
