/* aegis completion: what a shell has to know. The scripts ask `aegis complete` at each tab. */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const char for_bash[] =
    "# bash completion of aegis; also: source <(aegis completion bash)\n"
    "_aegis() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} words word before candidate kind\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line == *[[:space:]] ]] && words+=('')\n"
    "    words=(\"${words[@]//[\\'\\\"]/}\")\n"
    "    word=${words[${#words[@]} - 1]}\n"
    "    # the shell replaces what stands behind the last = or : alone\n"
    "    before=${word%\"${word##*[=:]}\"}\n"
    "    [[ $COMP_WORDBREAKS == *=* ]] || before=\n"
    "    COMPREPLY=()\n"
    "    while IFS=$'\\t' read -r candidate kind; do\n"
    "        if [[ $candidate == :files ]]; then\n"
    "            compopt -o filenames 2>/dev/null\n"
    "            while IFS= read -r candidate; do\n"
    "                COMPREPLY+=(\"$candidate\")\n"
    "            done < <(compgen -f -- \"${word##*=}\")\n"
    "            return\n"
    "        fi\n"
    "        [[ $candidate == *[=.] ]] && compopt -o nospace 2>/dev/null\n"
    "        COMPREPLY+=(\"${candidate#\"$before\"}\")\n"
    "    done < <(\"${words[0]:-aegis}\" complete -- \"${words[@]:1}\" 2>/dev/null)\n"
    "}\n"
    "complete -F _aegis aegis\n";

static const char for_zsh[] =
    "#compdef aegis\n"
    "# zsh completion of aegis; also: source <(aegis completion zsh)\n"
    "_aegis() {\n"
    "    local -a lines open closed open_names closed_names\n"
    "    local line name\n"
    "    lines=(\"${(@f)$(${words[1]:-aegis} complete -- \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
    "    for line in $lines; do\n"
    "        if [[ $line == :files ]]; then\n"
    "            _files\n"
    "            return\n"
    "        fi\n"
    "        name=${line%%$'\\t'*}\n"
    "        [[ -z $name ]] && continue\n"
    "        if [[ $name == *[=.] ]]; then\n"
    "            open_names+=(\"$name\") open+=(\"${line//$'\\t'/  -- }\")\n"
    "        else\n"
    "            closed_names+=(\"$name\") closed+=(\"${line//$'\\t'/  -- }\")\n"
    "        fi\n"
    "    done\n"
    "    (( $#open )) && compadd -l -S '' -d open -a open_names\n"
    "    (( $#closed )) && compadd -l -d closed -a closed_names\n"
    "}\n"
    "(( $+functions[compdef] )) && compdef _aegis aegis\n"
    "[[ $funcstack[1] == _aegis ]] && _aegis \"$@\"\n"
    "true\n";

static const char for_fish[] = "# fish completion of aegis; also: aegis completion fish | source\n"
                               "function __aegis_complete\n"
                               "    set -l words (commandline -opc) (commandline -ct)\n"
                               "    set -l lines ($words[1] complete -- $words[2..-1] 2>/dev/null)\n"
                               "    if test \"$lines[1]\" = :files\n"
                               "        __fish_complete_path (commandline -ct)\n"
                               "    else\n"
                               "        printf '%s\\n' $lines\n"
                               "    end\n"
                               "end\n"
                               "complete -c aegis -f -a '(__aegis_complete)'\n";

static int run(cli *line, void *data)
{
    const char *shell = line->arguments.items[0];

    (void)data;
    if (strcmp(shell, "bash") == 0)
        fputs(for_bash, stdout);
    else if (strcmp(shell, "zsh") == 0)
        fputs(for_zsh, stdout);
    else if (strcmp(shell, "fish") == 0)
        fputs(for_fish, stdout);
    else
        return cli_usage(line->command, "'%s' is no shell that is known: bash, zsh or fish", shell);
    return CLI_DONE;
}

const cli_command cmd_completion = {
    .name = "completion",
    .summary = "prints what a shell needs to complete command lines of aegis",
    .takes = "bash|zsh|fish",
    .about = "Prints a script for a shell, by which it completes commands and options, and the names of\n"
             "services, methods, events, parameters and values: those of -f, or of the services that run.\n"
             "'make install' puts the scripts where shells look for them.",
    .examples = "  source <(aegis completion bash)\n"
                "  aegis completion zsh > \"${fpath[1]}/_aegis\"\n"
                "  aegis completion fish > ~/.config/fish/completions/aegis.fish\n",
    .least = 1,
    .most = 1,
    .on_missing = "which shell? bash, zsh or fish",
    .run = run,
};
