/* A map in each of its formats. Names are others': in every format what is no plain character is escaped, so
 * that they can be neither markup nor commands. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cells.h"
#include "fleet_json.h"
#include "map.h"

extern char **environ;

/* ---- text ---- */

static const char *joined(const map *m, const map_edge *e)
{
    const char *text = "";
    size_t i;

    for (i = 0; i < e->what_count && text != NULL; i++)
        text = arena_printf(m->memory, "%s%s%s", text, i > 0 ? ", " : "", e->whats[i]);
    return text != NULL ? text : "";
}

void map_print_text(const map *m, const screen *out)
{
    screen_table *table = screen_table_new(m->memory, "FROM||TO|>REQUESTS|>RATE|>ERRORS||WHAT");
    size_t i;

    for (i = 0; i < m->edge_count; i++) {
        const map_edge *e = &m->edges[i];
        const bool first = i == 0 || m->edges[i - 1].from != e->from;
        const char *remark = map_remark(m, e);

        screen_cell(table, m->nodes[e->from].client ? INK_PLAIN : INK_BOLD, "%s",
                    first || !out->terminal ? m->nodes[e->from].name : "");
        screen_cell(table, INK_DIM, "%s", e->kind == MAP_CALLS ? "calls" : "tells");
        screen_cell(table, INK_BOLD, "%s", m->nodes[e->to].name);
        cell_count(table, INK_PLAIN, e->seen ? e->requests : -1);
        cell_rate(table, INK_CYAN, e->seen ? e->rate : -1);
        cell_count(table, INK_RED, e->seen ? e->errors : -1);
        screen_cell(table, e->declared ? INK_DIM : INK_YELLOW, "%s", remark != NULL ? remark : "");
        screen_cell(table, INK_DIM, "%s", joined(m, e));
    }
    if (m->edge_count > 0)
        screen_table_print(table, out);
}

/* ---- labels ---- */

/* The text as it is shown: valid, without control characters. */
static const char *shown(const map *m, const char *text)
{
    char *out = NULL;
    const char *kept;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);

    if (file == NULL)
        return "";
    cli_safe(file, text);
    kept = fclose(file) == 0 ? arena_strdup(m->memory, out) : NULL;
    free(out);
    return kept != NULL ? kept : "";
}

static const char *label_of(const map *m, const map_edge *e)
{
    char rate[SCREEN_TEXT], errors[SCREEN_TEXT];
    const char *text = "", *remark = map_remark(m, e);

    if (e->what_count > 0)
        text = e->what_count <= 3 ? joined(m, e)
                                  : arena_printf(m->memory, "%s, %s and %zu more", e->whats[0], e->whats[1],
                                                 e->what_count - 2);
    if (e->seen && e->rate >= 0 && text != NULL)
        text = arena_printf(m->memory, "%s%s%s", text, text[0] != '\0' ? "\n" : "", text_rate(e->rate, rate));
    if (e->errors > 0 && text != NULL)
        text = arena_printf(m->memory, "%s\n%s errors", text, text_count(e->errors, errors));
    if (remark != NULL && text != NULL)
        text = arena_printf(m->memory, "%s%s%s", text, text[0] != '\0' ? "\n" : "", remark);
    return text != NULL ? text : "";
}

static const char *colour_of(const map *m, const map_edge *e)
{
    if (!e->seen && m->observed)
        return "#999999";
    if (!e->declared && m->nodes[e->from].declared)
        return "#cc6600";
    return e->errors > 0 ? "#cc0000" : "#333333";
}

/* ---- mermaid ---- */

/* Mermaid's own escape for a character is its number: #35; */
static void put_mermaid(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("<br>", file);
        else if ((unsigned char)*text >= 0x80 || strchr(" .,-_/()", *text) != NULL ||
                 (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') ||
                 (*text >= 'A' && *text <= 'Z'))
            fputc(*text, file);
        else
            fprintf(file, "#%d;", *text);
    }
}

static void put_mermaid_label(const map *m, FILE *file, const char *text)
{
    const char *line = text;

    fputc('"', file);
    while (*line != '\0') { /* its own line ends stay, those of others do not */
        const size_t size = strcspn(line, "\n");
        const char *part = arena_copy(m->memory, line, size);

        put_mermaid(file, shown(m, part != NULL ? part : ""));
        line += size;
        if (*line == '\n') {
            fputs("<br>", file);
            line++;
        }
    }
    fputc('"', file);
}

void map_print_mermaid(const map *m, FILE *file)
{
    size_t i;

    fputs("flowchart LR\n", file);
    for (i = 0; i < m->node_count; i++) {
        fprintf(file, m->nodes[i].client ? "  n%zu([\"" : "  n%zu[\"", i);
        put_mermaid(file, shown(m, m->nodes[i].name));
        fputs(m->nodes[i].client ? "\"])\n" : "\"]\n", file);
    }
    for (i = 0; i < m->edge_count; i++) {
        const map_edge *e = &m->edges[i];
        const char *label = label_of(m, e);

        fprintf(file, "  n%zu %s", e->from, e->kind == MAP_CALLS ? "-->" : "-.->");
        if (label[0] != '\0') {
            fputc('|', file);
            put_mermaid_label(m, file, label);
            fputc('|', file);
        }
        fprintf(file, " n%zu\n", e->to);
    }
    for (i = 0; i < m->edge_count; i++)
        fprintf(file, "  linkStyle %zu stroke:%s\n", i, colour_of(m, &m->edges[i]));
}

/* ---- dot ---- */

/* Only quotes and backslashes mean something inside quotes; "\n" ends a line. */
static void put_dot(const map *m, FILE *file, const char *text)
{
    const char *line = text;

    fputc('"', file);
    while (*line != '\0') {
        const size_t size = strcspn(line, "\n");
        const char *part = arena_copy(m->memory, line, size), *at;

        for (at = shown(m, part != NULL ? part : ""); *at != '\0'; at++) {
            if (*at == '"' || *at == '\\')
                fputc('\\', file);
            fputc(*at, file);
        }
        line += size;
        if (*line == '\n') {
            fputs("\\n", file);
            line++;
        }
    }
    fputc('"', file);
}

void map_print_dot(const map *m, FILE *file)
{
    size_t i;

    fputs("digraph aegis {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
          "  edge [fontname=\"sans-serif\", fontsize=10];\n",
          file);
    for (i = 0; i < m->node_count; i++) {
        fprintf(file, "  n%zu [label=", i);
        put_dot(m, file, shown(m, m->nodes[i].name));
        fputs(m->nodes[i].client ? ", shape=ellipse];\n"
              : m->nodes[i].runs ? ", penwidth=2];\n"
                                 : "];\n",
              file);
    }
    for (i = 0; i < m->edge_count; i++) {
        const map_edge *e = &m->edges[i];

        fprintf(file, "  n%zu -> n%zu [label=", e->from, e->to);
        put_dot(m, file, label_of(m, e));
        fprintf(file, ", color=\"%s\"%s%s];\n", colour_of(m, e),
                e->kind == MAP_EVENTS ? ", arrowhead=empty" : "",
                e->seen || !m->observed ? "" : ", style=dashed");
    }
    fputs("}\n", file);
}

/* ---- svg ---- */

static bool start_dot(int input, int unused, pid_t *process)
{
    char name[] = "dot", format[] = "-Tsvg";
    char *const arguments[] = {name, format, NULL};
    posix_spawn_file_actions_t actions;
    int failed;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    (void)posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    (void)posix_spawn_file_actions_addclose(&actions, unused);
    failed = posix_spawnp(process, "dot", &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    errno = failed;
    return failed == 0;
}

int map_print_svg(const map *m)
{
    int ends[2], status = 0;
    FILE *file;
    pid_t process;

    if (pipe(ends) != 0)
        return cli_out_of_memory();
    fflush(stdout);
    if (!start_dot(ends[0], ends[1], &process)) {
        cli_complain(errno == ENOENT ? "svg is drawn by graphviz' dot, which is not installed" CLI_HINT
                                       "apt-get install graphviz"
                                     : "dot cannot be started");
        (void)close(ends[0]);
        (void)close(ends[1]);
        return CLI_IO;
    }
    (void)close(ends[0]);
    (void)signal(SIGPIPE, SIG_IGN); /* should it end early, its exit code says so */
    file = fdopen(ends[1], "w");
    if (file != NULL) {
        map_print_dot(m, file);
        (void)fclose(file);
    } else {
        (void)close(ends[1]);
    }
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        continue;
    if (file != NULL && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return CLI_DONE;
    cli_complain("dot could not draw it");
    return CLI_IO;
}

/* ---- json ---- */

json_t *map_json(const map *m)
{
    json_t *nodes = json_array(), *edges = json_array();
    size_t i, k;

    for (i = 0; i < m->node_count; i++)
        (void)json_array_append_new(nodes,
                                    json_pack("{s:s, s:s, s:b, s:b}", "name", m->nodes[i].name, "kind",
                                              m->nodes[i].client ? "client" : "service", "runs",
                                              (int)m->nodes[i].runs, "schema", (int)m->nodes[i].declared));
    for (i = 0; i < m->edge_count; i++) {
        const map_edge *e = &m->edges[i];
        json_t *whats = json_array();

        for (k = 0; k < e->what_count; k++)
            (void)json_array_append_new(whats, json_string(e->whats[k]));
        (void)json_array_append_new(
            edges,
            json_pack("{s:s, s:s, s:s, s:o, s:b, s:b, s:o, s:o, s:o, s:s?}", "from", m->nodes[e->from].name,
                      "to", m->nodes[e->to].name, "kind", e->kind == MAP_CALLS ? "calls" : "events", "what",
                      whats, "declared", (int)e->declared, "seen", (int)e->seen, "requests",
                      fleet_json_number(e->requests), "errors", fleet_json_number(e->errors), "rate",
                      fleet_json_number(e->rate), "remark", map_remark(m, e)));
    }
    return json_pack("{s:o, s:o}", "nodes", nodes, "edges", edges);
}
