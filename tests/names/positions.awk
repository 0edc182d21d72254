# From a list of names, one a line, to .aegis files that have each name in each position (see tools/check-names.sh).

BEGIN {
    split("u32 string u32? [u32] {string:string} bool string? uuid [string] f64? bytes timestamp i8(-5..5) decimal", shapes, " ")
    shape_count = 14
    split("alias bool bytes decimal duration f32 f64 i16 i32 i64 i8 raw string timestamp u16 u32 u64 u8 uuid any", words, " ")
    for (i in words)
        builtin[words[i]] = 1
}

{ names[++count] = $1 }

# Names that differ only in case or in underscores at word ends may become one, and what is derived from one (`on`:
# `on_progress`) may be the other. Such names go to different declarations; that aegisc reports them is tested elsewhere.
function key(name,    i, c, out_key) {
    gsub(/_+$/, "", name)
    return tolower(name)
}

# The number of the first declaration of this kind that has no such name yet.
function place(kind, name,    k, i, n, parts, start, ok) {
    k = key(name)
    for (i = 1; ; i++) {
        ok = !((kind, i, k) in taken) && !((kind, i, k) in begins)
        n = split(k, parts, "_")
        start = parts[1]
        for (j = 2; ok && j <= n; j++) {
            ok = !((kind, i, start) in taken)
            start = start "_" parts[j]
        }
        if (ok)
            break
    }
    taken[kind, i, k] = 1
    start = parts[1]
    for (j = 2; j <= n; j++) {
        begins[kind, i, start] = 1
        start = start "_" parts[j]
    }
    if (i > most[kind])
        most[kind] = i
    return i
}

function field(i, shift, kind,    shape) {
    shape = shapes[(i + shift) % shape_count + 1]
    if (kind == "member") # of a union: never optional
        sub(/\?/, "", shape)
    return names[i] ": " shape
}

function start(file, package) {
    print "aegis 1;\npackage " package ";" > (out "/" file ".aegis")
}

function put(file, text) {
    print text > (out "/" file ".aegis")
}

# A body for all names: one declaration for each place.
function bodies(kind, file, head, tail, line, separator,    i, n) {
    delete body
    for (i = 1; i <= count; i++) {
        n = place(kind, names[i])
        body[n] = body[n] (body[n] == "" ? "" : separator) "\n  " (line == "" ? names[i] : field(i, line, kind))
    }
    for (n = 1; n <= most[kind]; n++)
        put(file, sprintf(head, n) body[n] tail)
}

# One file for each place, with one declaration for each name.
function files(kind, head, tail, skip,    i, n, file) {
    for (i = 1; i <= count; i++) {
        if (skip && names[i] in builtin)
            continue
        n = names[i] == "opt" ? 0 : place(kind, names[i]) # the optional of enum `map` and the map of enum `opt` are one
        file = kind n
        if (!(file in begun)) {
            begun[file] = 1
            start(file, file)
        }
        put(file, head " " names[i] " " tail)
    }
}

END {
    start("members", "members")
    bodies("field", "members", "struct Struct%d {", ";\n}", 1, ";")
    bodies("result", "members", "error Error%d {", ";\n}", 5, ";")
    bodies("member", "members", "union Union%d {", ";\n}", 7, ";")
    bodies("value", "members", "enum Enum%d {", "\n}", "", ",")
    put("members", "service Service {")
    bodies("parameter", "members", "rpc call%d(", "\n) -> {};", 9, ",")
    put("members", "}")

    files("struct", "struct", "{ x: u32; }", 1)
    files("union", "union", "{ x: u32; }", 1)
    files("enum", "enum", "{ x, y }", 1)
    files("alias", "alias", "= u32;", 1)
    files("const", "const", ": u32 = 5;", 1)

    # Errors are raised, events published and subscribed to; methods are rpcs, and commands in files of their own.
    for (i = 1; i <= count; i++) {
        if (names[i] in builtin)
            continue
        n = place("error", names[i])
        if (n > errors)
            start("error" ++errors, "error" n)
        put("error" n, "error " names[i] " {}")
        raises[n] = raises[n] (raises[n] == "" ? "" : ", ") names[i]
        if (tolower(names[i]) !~ /^(submit|wait|poll|notify|callback|run)$/) # a command's own functions
            fails[n] = fails[n] (fails[n] == "" ? "" : ", ") names[i]
    }
    for (n = 1; n <= errors; n++)
        put("error" n, "@wire(\"errors" n "\") service Service { rpc call() -> {} raises " raises[n] "; command work() raises " fails[n] "; }")

    for (i = 1; i <= count; i++) {
        n = place("event", names[i])
        if (n > events)
            start("event" ++events, "event" n)
        put("event" n, "event " names[i] "." names[i] " {}")
        patterns[n] = patterns[n] (patterns[n] == "" ? "" : ", ") names[i] "." names[i]
    }
    for (n = 1; n <= events; n++)
        put("event" n, "@wire(\"events" n "\") service Service { subscribes " patterns[n] "; publishes " patterns[n] "; }")

    for (i = 1; i <= count; i++) {
        n = place("method", names[i])
        rpcs[n] = rpcs[n] "  rpc " names[i] "() -> Result;\n"
        commands[n] = commands[n] "  command " names[i] "() progress { x: u32; } -> Result;\n"
    }
    for (n = 1; n <= most["method"]; n++) {
        start("rpc" n, "rpc" n)
        put("rpc" n, "struct Result { x: u32; }\n@wire(\"rpcs" n "\") service Service {\n" rpcs[n] "}")
        start("command" n, "command" n)
        put("command" n, "struct Result { x: u32; }\n@wire(\"commands" n "\") service Service {\n" commands[n] "}")
    }

    for (i = 1; i <= count; i++) {
        if (names[i] in builtin)
            continue
        n = place("service", names[i])
        if (n > services) {
            start("service" ++services, "service" n)
            put("service" n, "event x.y" n " {}")
        }
        put("service" n, "@wire(\"x" i "\") service " names[i] " { subscribes x.y" n "; }")
    }

    for (i = 1; i <= count; i++) {
        if (names[i] ~ /^aegis/ || place("package", names[i]) > 1)
            continue
        start("package" ++packages, names[i])
        put("package" packages, "struct Item { x: u32; }\nenum Kind { x }\nconst LIMIT: u32 = 5;")
        print "#include \"package" packages ".h\"" > (out "/packages.h")
    }
}
