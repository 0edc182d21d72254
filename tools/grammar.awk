# The grammar of the language as a reader wants it: compiler/grammar.y without its actions and the rules that only recover
# from mistakes. `awk -f tools/grammar.awk compiler/grammar.y` prints it; idl/LANGUAGE.md holds it, which is tested.

/^%%/ { part++; next }
part == 1 { text = text $0 "\n" }

# Actions and comments go; what is left of a rule are its symbols.
function strip(s,    out_text, depth, i, c, quote) {
    while (match(s, /\/\*([^*]|\*+[^*\/])*\*+\//))
        s = substr(s, 1, RSTART - 1) " " substr(s, RSTART + RLENGTH)
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (c == "'" && depth == 0) { # a mark, perhaps a brace
            out_text = out_text substr(s, i, 3)
            i += 2
            continue
        }
        if (c == "{")
            depth++
        if (depth == 0)
            out_text = out_text c
        if (c == "}")
            depth--
    }
    return out_text
}

function symbol(s) {
    if (s ~ /^KW_/)
        return "'" tolower(substr(s, 4)) "'"
    if (s == "ARROW")
        return "'->'"
    if (s == "DOTS")
        return "'..'"
    return s
}

# One alternative; "" when it is there for recovery.
function alternative(s,    n, words, i, made) {
    n = split(s, words, /[ \t\n]+/)
    for (i = 1; i <= n; i++) {
        if (words[i] == "" || words[i] == "%empty")
            continue
        if (words[i] ~ /^(error|flat|junk|skip)$/)
            return ""
        made = made (made == "" ? "" : " ") symbol(words[i])
    }
    return made == "" ? "(nothing)" : made
}

# Where a rule ends: at a ';' that is no mark.
function rule_end(s,    i) {
    for (i = 1; i <= length(s); i++) {
        if (substr(s, i, 1) == "'")
            i += 2
        else if (substr(s, i, 1) == ";")
            return i
    }
    return 0
}

# On one line if it fits; else an alternative a line, short ones filling lines.
function print_rule(name, body,    i, from, c, made, count, all, longest, line) {
    body = body "|"
    from = 1
    for (i = 1; i <= length(body); i++) {
        c = substr(body, i, 1)
        if (c == "'") { # a mark, perhaps '|'
            i += 2
            continue
        }
        if (c != "|")
            continue
        made = alternative(substr(body, from, i - from))
        from = i + 1
        if (made != "")
            all[++count] = made
        if (length(made) > longest)
            longest = length(made)
    }
    line = name ": " all[1]
    for (i = 2; i <= count; i++) {
        if (length(line) + 3 + length(all[i]) > 100 || (longest > 40 && count > 2)) {
            print line
            line = sprintf("%*s| %s", length(name), "", all[i])
        } else {
            line = line " | " all[i]
        }
    }
    print line
}

END {
    text = strip(text)
    while ((end = rule_end(text)) > 0) {
        rule = substr(text, 1, end - 1)
        text = substr(text, end + 1)
        colon = index(rule, ":")
        name = substr(rule, 1, colon - 1)
        gsub(/[ \t\n]/, "", name)
        if (name !~ /^(flat|junk|skip|balanced)$/)
            print_rule(name, substr(rule, colon + 1))
    }
}
