#!/usr/bin/env bash
# Help for everything, a word about what is misspelt, and exit code 2 for a command line that cannot be meant.
. "$(dirname "$0")/lib.sh"

expect 0 "$aegisc" --version
says "aegisc "
expect 0 "$aegisc" --help
commands=$(sed -nE '/^usage/,/^  help /s/^  ([a-z]+) .*/\1/p' <<<"$out" | grep -v '^help$')
must test "$(wc -w <<<"$commands")" -ge 3
for command in $commands; do
    expect 0 "$aegisc" "$command" --help
    says "usage: aegisc $command"
    says "options:"
    says "examples:"
    says "  aegisc $command"
    says "exit codes:"
    says "  3  a file that cannot be read or written"
    help=$out
    expect 0 "$aegisc" help "$command"
    must test "$out" = "$help"
    expect 0 "$aegisc" "$command" -h
    must test "$out" = "$help"
    must test "$(wc -L <<<"$help")" -le 100
    expect 2 "$aegisc" "$command" --no-such-option
    complains "unknown option '--no-such-option'"
    complains "'aegisc $command --help' shows what it takes"
done

expect 2 "$aegisc"
complains "usage: aegisc"
expect 2 "$aegisc" chekc "$idl"
complains "unknown command 'chekc'; did you mean 'check'?"
expect 2 "$aegisc" help generat
complains "did you mean 'generate'?"
expect 2 "$aegisc" frobnicate
complains "unknown command 'frobnicate'"
expect 2 "$aegisc" --nonsense "$idl"
complains "unknown option '--nonsense'"
expect 2 "$aegisc" --depfil x "$idl"
complains "did you mean '--depfile'?"
expect 2 "$aegisc" check --depfile x "$idl"
complains "unknown option '--depfile'"
expect 2 "$aegisc" -o
complains "'-o' lacks its value, DIR"
expect 2 "$aegisc" --depfile= "$idl"
complains "'--depfile' lacks its value"
expect 2 "$aegisc" --stdout=yes "$idl"
complains "'--stdout' takes no value"
expect 2 "$aegisc" check
complains "which file?"
expect 2 "$aegisc" check --diagnostics=xml "$idl"
complains "'--diagnostics' is one of text|json|sarif, not 'xml'"
expect 2 "$aegisc" generate --stdout --diagnostics json "$idl"
complains "both need standard output"

# A file may be called like an option or like a command.
cp "$idl" ./-odd.aegis
expect 0 "$aegisc" check -- -odd.aegis
cp "$idl" check
expect 0 "$aegisc" generate -o out check
must test -s out/check.h

expect 0 "$aegisc" explain AE0304
says "AE0304 (error): A name that is not declared"
expect 0 "$aegisc" explain 0304
expect 0 "$aegisc" explain
says "AE0304  error    A name that is not declared"
expect 2 "$aegisc" explain AE9999
complains "there is no code 'AE9999'"
expect 2 "$aegisc" explain AE0304 AE0305
complains "there is no use for 'AE0305'"

expect 3 sh -c "'$aegisc' --help >/dev/full"
complains "cannot write the output"
finish "the command line explains itself"
