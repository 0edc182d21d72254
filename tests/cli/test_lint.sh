#!/usr/bin/env bash
# lint: files and folders, levels and exit codes, comments that allow, changes that it makes. What each rule says is in
# tests/lint.
. "$(dirname "$0")/lib.sh"

printf 'aegis 1;\npackage a;\n/// Told.\nstruct M { price: f64; }\n' >a.aegis
expect 0 "$aegisc" lint a.aegis
complains "a.aegis:4:12: warning[AE1021]: field 'price' looks like money and is a float [float-money]"
must test -z "$out"
expect 1 "$aegisc" lint --deny float-money a.aegis
complains "error[AE1021]"
expect 1 "$aegisc" lint --deny all a.aegis
expect 0 "$aegisc" lint --deny all --allow AE1021 a.aegis
must test -z "$err"
expect 0 "$aegisc" lint --diagnostics=json a.aegis
says '"code":"AE1021","severity":"warning"'
expect 1 "$aegisc" lint --diagnostics=sarif --deny all a.aegis
says '"id":"AE1021"'
says '"level":"error"'
expect 0 "$aegisc" lint --list-rules
says "AE1021  float-money"
expect 2 "$aegisc" lint
expect 2 "$aegisc" lint --allow flaot-money a.aegis
complains "did you mean 'float-money'?"
expect 2 "$aegisc" lint --allow bounds-narrowed a.aegis
expect 3 "$aegisc" lint missing.aegis
printf 'aegis 1;\npackage b;\nstruct M { a: Strng; }\n' >b.aegis
expect 1 "$aegisc" lint b.aegis
complains "error[AE0304]"

# What another file uses is used; hidden folders are not looked into, nor are links to folders, which may lead round.
mkdir -p idl/common idl/.hidden
ln -s .. idl/common/round
cp b.aegis idl/.hidden/b.aegis
printf 'aegis 1;\npackage c;\n/// Told.\nerror Lost(404) {}\n/// Told.\n@version("1.0") event c.made {}\n' >idl/common/c.aegis
cat >idl/s.aegis <<'END'
aegis 1;
package s;
import "common/c.aegis";
/// Told.
@version("1.0.0") service S {
  /// Told.
  @timeout(1s) rpc go() -> {} raises c.Lost;
  publishes c.made;
}
END
expect 1 "$aegisc" lint --deny all idl/common/c.aegis
complains "[error-never-raised]"
expect 0 "$aegisc" lint --deny all idl
must test -z "$err"
expect 0 "$aegisc" lint --deny all idl/common/c.aegis idl/s.aegis

# What is certain is done, all of it at once, and the file still means the same.
cat >fix.aegis <<'END'
aegis 1;
package f;
// A comment stays.
/// Told.
event f.made {}
/// Told.
service F {
  /// Told.
  @idempotent rpc go() -> {};
  publishes f.made;
}
END
cp fix.aegis before.aegis
expect 0 "$aegisc" lint --fix fix.aegis
must test -z "$err"
cat >wanted.aegis <<'END'
aegis 1;
package f;
// A comment stays.
/// Told.
@version("1.0") event f.made {}
/// Told.
@version("1.0.0") service F {
  /// Told.
  @idempotent @timeout(5s) rpc go() -> {};
  publishes f.made;
}
END
same fix.aegis wanted.aegis
expect 0 "$aegisc" lint --deny all fix.aegis
expect 0 "$aegisc" breaking before.aegis fix.aegis
must test -z "$err"
touch -d 2001-01-01 fix.aegis
expect 0 "$aegisc" lint --fix fix.aegis
must test "$(date -r fix.aegis +%Y)" = 2001
mkdir locked
cp before.aegis locked/before.aegis
chmod a-w locked
if ! touch locked/probe 2>/dev/null; then # root writes anywhere
    expect 3 "$aegisc" lint --fix locked/before.aegis
    same locked/before.aegis before.aegis
fi

# A new project begins clean.
expect 0 "$aegisc" init project
expect 0 "$aegisc" lint --deny all project
must test -z "$err"
no_temporaries
finish "lint says what it should, and mends what it can"
