#!/usr/bin/env bash
# breaking: versions as files, folders and revisions, what cannot be read, what is allowed. What each rule says is in
# tests/breaking.
. "$(dirname "$0")/lib.sh"

schema() { # schema FILE PACKAGE FIELDS
    mkdir -p "$(dirname "$1")"
    printf 'aegis 1;\npackage %s;\nstruct M { %s }\n' "$2" "$3" >"$1"
}

schema old.aegis p 'a: u32;'
schema new.aegis p 'a: u32; b: u32;'
expect 1 "$aegisc" breaking old.aegis new.aegis
complains "new.aegis:3:20: error[AE2001]: field 'b' of struct 'M' is new and required: new readers refuse old messages"
complains "old.aegis:3:8: note: the old version does not have it"
complains "help: give it a default, or make it optional"
must test -z "$out"
expect 0 "$aegisc" breaking --allow field-required-added old.aegis new.aegis
expect 0 "$aegisc" breaking --allow=AE2001:p.M.b old.aegis new.aegis
expect 1 "$aegisc" breaking --allow=AE2001:p.M.c old.aegis new.aegis
expect 0 "$aegisc" breaking --only source old.aegis new.aegis
expect 1 "$aegisc" breaking --only source --only wire old.aegis new.aegis
expect 1 "$aegisc" breaking --diagnostics=json old.aegis new.aegis
says '"code":"AE2001","severity":"error"'
says '"file":"old.aegis"'
expect 1 "$aegisc" breaking --diagnostics=sarif old.aegis new.aegis
says '"id":"AE2001"'
expect 0 "$aegisc" breaking --list-rules
says "AE2001  field-required-added"
expect 0 "$aegisc" explain field-required-added
says "AE2001 field-required-added (error): A required field is added"

expect 2 "$aegisc" breaking old.aegis
expect 2 "$aegisc" breaking --allow field-requird-added old.aegis new.aegis
complains "did you mean 'field-required-added'?"
expect 2 "$aegisc" breaking git: missing.aegis
complains "write git:REF"
expect 2 "$aegisc" breaking --only wires old.aegis new.aegis
expect 3 "$aegisc" breaking missing.aegis new.aegis
complains "'missing.aegis' cannot be read"
mkdir empty
expect 3 "$aegisc" breaking empty new.aegis
complains "there is no .aegis file in 'empty'"
printf 'aegis 1;\npackage p;\nstruct M { a: Strng; }\n' >wrong.aegis
expect 1 "$aegisc" breaking wrong.aegis new.aegis
complains "error[AE0304]"
complains "'wrong.aegis' has mistakes, so there is nothing to compare"

# Folders: packages are matched by name, imports of the old tree are the old ones, also where -I leads to the new ones.
schema v1/common/pay.aegis pay 'n: u32;'
schema v2/common/pay.aegis pay 'n: u32; o: u32;'
for v in v1 v2; do
    mkdir -p $v/shop
    printf 'aegis 1;\npackage shop;\nimport "common/pay.aegis";\nstruct Order { m: pay.M; }\n' >$v/shop/order.aegis
done
expect 1 "$aegisc" breaking v1 v2
complains "v2/common/pay.aegis:3:20: error[AE2001]"
must test "$(grep -c 'error\[' <<<"$err")" = 1
expect 1 "$aegisc" breaking -I v2 v1 v2
must test "$(grep -c 'error\[' <<<"$err")" = 1
expect 0 "$aegisc" breaking v1 v1/
expect 2 "$aegisc" breaking v1 v2 v3

# Revisions.
if command -v git >/dev/null; then
    git_() { git -c user.name=t -c user.email=t@t -c init.defaultBranch=main -c commit.gpgsign=false "$@" >/dev/null; }
    mkdir -p repo/idl
    cp -r v1/. repo/idl
    must git_ -C repo init
    must git_ -C repo add -A
    must git_ -C repo commit -m one
    must git_ -C repo tag v1
    cp -r v2/. repo/idl
    expect 1 "$aegisc" breaking git:v1 repo/idl
    complains "repo/idl/common/pay.aegis:3:20: error[AE2001]"
    complains "git:v1:idl/common/pay.aegis:3:8: note: the old version does not have it"
    must test "$(grep -c 'error\[' <<<"$err")" = 1
    expect 1 "$aegisc" breaking git:HEAD repo/idl/common/pay.aegis
    complains "git:HEAD:idl/common/pay.aegis:3:8: note"
    expect 1 "$aegisc" breaking -I repo/idl git:v1 repo/idl/shop/order.aegis
    must test "$(grep -c 'error\[' <<<"$err")" = 1
    cd repo/idl/shop || exit 1
    expect 1 "$aegisc" breaking git:HEAD ..
    expect 1 "$aegisc" breaking -I .. git:HEAD order.aegis
    expect 0 "$aegisc" breaking -I .. git:HEAD git:v1
    cd ../..
    # What a hook sets must not lead elsewhere, and "../" in an import stays in the revision.
    GIT_DIR=/nonexistent expect 1 "$aegisc" breaking git:v1 idl
    printf 'aegis 1;\npackage up;\nimport "../common/pay.aegis";\nstruct U { m: pay.M; }\n' >idl/shop/up.aegis
    must git_ add -A
    must git_ commit -m two
    expect 0 "$aegisc" breaking git:HEAD idl
    expect 1 "$aegisc" breaking git:v1:idl/common git:HEAD:idl/common
    expect 3 "$aegisc" breaking git:nosuch idl
    complains "git knows no revision 'nosuch'"
    expect 3 "$aegisc" breaking git:v1:nowhere idl
    complains "revision 'v1' has no .aegis file at 'nowhere'"
    cd ..
    expect 2 "$aegisc" breaking git:--all repo/idl
    expect 2 "$aegisc" breaking git: repo/idl
    expect 3 "$aegisc" breaking git:HEAD v1
    complains "'v1' is in no git repository"
    mkdir bin
    expect 3 env PATH="$PWD/bin" "$aegisc" breaking git:HEAD repo/idl
    complains "is it installed?"
    cd repo || exit 1
    must git_ mv idl/common/pay.aegis top.aegis
    must git_ commit -m three
    expect 1 "$aegisc" breaking git:v1:idl/common/pay.aegis git:HEAD:top.aegis
    complains "git:HEAD:top.aegis:3:20: error[AE2001]"
else
    echo "no git here: revisions are not tested"
fi
finish "versions are compared wherever they lie"
