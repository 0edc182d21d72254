/* The grammar of the language: LALR(1) without conflicts, every keyword usable as a name.
 *
 * Actions only build the tree; what it means is judged later. There are no `error` rules: where a token does not fit,
 * parser.c changes the tokens so that they fit, and the statement is parsed again.
 */
%code requires {
#include "parser.h"

#define YYLLOC_DEFAULT(current, rhs, n)                                                                            \
    do {                                                                                                           \
        if (n) {                                                                                                   \
            (current) = YYRHSLOC(rhs, 1);                                                                          \
            if (YYRHSLOC(rhs, n).end > (current).end) /* tokens may have been moved */                             \
                (current).end = YYRHSLOC(rhs, n).end;                                                              \
        } else {                                                                                                   \
            (current) = YYRHSLOC(rhs, 0);                                                                          \
            (current).start = (current).end;                                                                       \
        }                                                                                                          \
    } while (0)
}

%code {
/* Deeper nesting than this is refused rather than followed. */
#define YYMAXDEPTH 4000

static int grammar_lex(YYSTYPE *value, YYLTYPE *where, parser *p);
static void grammar_error(const YYLTYPE *where, parser *p, const char *message);

/* Give up when memory is exhausted. */
#define NEED(pointer)                                                                                              \
    do {                                                                                                           \
        if ((pointer) == NULL)                                                                                     \
            YYABORT;                                                                                               \
    } while (0)
#define ADD(list, node)                                                                                            \
    do {                                                                                                           \
        if (!ast_append(p->memory, &(list), (node)))                                                               \
            YYABORT;                                                                                               \
    } while (0)
}

%define api.pure full
%define api.prefix {grammar_}
%define api.location.type {span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { parser *p }

%union {
    const token *tok;
    ast_name name;
    ast_path *path;
    ast_value *value;
    ast_type *type;
    ast_node *node;
    ast_list list;
    ast_marks marks;
    ast_annotation *annotation;
    ast_argument *argument;
}

%token END 0            "end of file"
%token <tok> NAME     "a name"
%token <tok> INTEGER  "a number"
%token <tok> FLOAT    "a decimal number"
%token <tok> DURATION "a duration"
%token <tok> STRING   "a string"
%token <tok> DOC      "a doc comment"
%token ARROW            "'->'"
%token DOTS             "'..'"
/* Cut by the scanner; the first four become others, no rule takes the last two. */
%token BAD_NUMBER BAD_NAME OPEN_STRING ODD_STRING BAD_CHARACTER HASH_LINE
%token <tok> KW_AEGIS "'aegis'" KW_PACKAGE "'package'" KW_IMPORT "'import'" KW_CONST "'const'" KW_ALIAS "'alias'"
               KW_STRUCT "'struct'" KW_ENUM "'enum'" KW_STRICT "'strict'" KW_UNION "'union'" KW_ERROR "'error'"
               KW_RESERVED "'reserved'" KW_SERVICE "'service'" KW_RPC "'rpc'" KW_COMMAND "'command'"
               KW_PROGRESS "'progress'" KW_RAISES "'raises'" KW_PUBLISHES "'publishes'"
               KW_SUBSCRIBES "'subscribes'" KW_USES "'uses'" KW_EVENT "'event'" KW_STREAM "'stream'"
               KW_TRUE "'true'" KW_FALSE "'false'"

%type <name> name plain_name name_not_raises pattern_part
%type <tok> keyword
%type <path> path plain_path path_not_raises pattern
%type <value> literal value range argument_value
%type <type> type core_type
%type <list> body members enum_body enum_values params param_list strings paths patterns raises arguments names service_body service_items
%type <marks> marks
%type <annotation> annotation
%type <argument> argument
%type <node> item statement member field enum_value enum_member param service_item service_statement result command_tail

%%

file: items
    ;

items: %empty
    | items item
        {
            ADD(p->result->nodes, $2);
            parser_statement_done(p, yychar != GRAMMAR_EMPTY);
        }
    ;

item: statement
    | marks statement           { $$ = $2; $$->marks = $1; }
    ;

statement:
      KW_AEGIS literal ';'      { NEED($$ = ast_new(p->memory, AST_EDITION, @$)); $$->value = $2; $$->name.where = @1; }
    | KW_PACKAGE name ';'       { NEED($$ = ast_new(p->memory, AST_PACKAGE, @$)); $$->name = $2; }
    | KW_IMPORT STRING ';'
        {
            ast_value *path = arena_new(p->memory, ast_value);

            NEED(path);
            *path = *$2->value;
            NEED($$ = ast_new(p->memory, AST_IMPORT, @$));
            $$->value = path;
            $$->name = (ast_name){path->text, @2};
        }
    | KW_CONST name ':' type '=' value ';'
        {
            NEED($$ = ast_new(p->memory, AST_CONST, @$));
            $$->name = $2;
            $$->type = $4;
            $$->value = $6;
        }
    | KW_ALIAS name '=' type ';'
        {
            NEED($$ = ast_new(p->memory, AST_ALIAS, @$));
            $$->name = $2;
            $$->type = $4;
        }
    | KW_STRUCT name body       { NEED($$ = ast_new(p->memory, AST_STRUCT, @$)); $$->name = $2; $$->members = $3; }
    | KW_UNION name body        { NEED($$ = ast_new(p->memory, AST_UNION, @$)); $$->name = $2; $$->members = $3; }
    | KW_ENUM name enum_body    { NEED($$ = ast_new(p->memory, AST_ENUM, @$)); $$->name = $2; $$->members = $3; }
    | KW_STRICT KW_ENUM name enum_body
        {
            NEED($$ = ast_new(p->memory, AST_ENUM, @$));
            $$->name = $3;
            $$->members = $4;
            $$->strict = true;
        }
    | KW_ERROR name body        { NEED($$ = ast_new(p->memory, AST_ERROR, @$)); $$->name = $2; $$->members = $3; }
    | KW_ERROR name '(' value ')' body
        {
            NEED($$ = ast_new(p->memory, AST_ERROR, @$));
            $$->name = $2;
            $$->value = $4;
            $$->members = $6;
        }
    | KW_EVENT path body
        {
            NEED($$ = ast_new(p->memory, AST_EVENT, @$));
            $$->path = $2;
            $$->name.where = @2;
            NEED($$->name.text = ast_path_text(p->memory, $2));
            $$->members = $3;
        }
    | KW_SERVICE name service_body
        {
            NEED($$ = ast_new(p->memory, AST_SERVICE, @$));
            $$->name = $2;
            $$->members = $3;
        }
    ;

/* ---- bodies ---- */

body: '{' members '}'               { $$ = $2; }
    ;

members: %empty                     { $$ = (ast_list){NULL, 0}; }
    | members member                { $$ = $1; ADD($$, $2); }
    ;

member: field ';'
    | marks field ';'               { $$ = $2; $$->marks = $1; }
    | KW_RESERVED strings ';'       { NEED($$ = ast_new(p->memory, AST_RESERVED, @$)); $$->members = $2; }
    | marks KW_RESERVED strings ';'
        {
            NEED($$ = ast_new(p->memory, AST_RESERVED, @$));
            $$->members = $3;
            $$->marks = $1;
        }
    ;

field: name ':' type
        {
            NEED($$ = ast_new(p->memory, AST_FIELD, @$));
            $$->name = $1;
            $$->type = $3;
        }
    | name ':' type '=' value
        {
            NEED($$ = ast_new(p->memory, AST_FIELD, @$));
            $$->name = $1;
            $$->type = $3;
            $$->value = $5;
        }
    ;

strings: STRING
        {
            ast_value *copy = arena_new(p->memory, ast_value);

            NEED(copy);
            *copy = *$1->value;
            $$ = (ast_list){NULL, 0};
            ADD($$, copy);
        }
    | strings ',' STRING
        {
            ast_value *copy = arena_new(p->memory, ast_value);

            NEED(copy);
            *copy = *$3->value;
            $$ = $1;
            ADD($$, copy);
        }
    ;

enum_body: '{' enum_values '}'      { $$ = $2; }
    | '{' enum_values ',' '}'       { $$ = $2; }
    | '{' '}'                       { $$ = (ast_list){NULL, 0}; }
    ;

enum_values: enum_value             { $$ = (ast_list){NULL, 0}; ADD($$, $1); }
    | enum_values ',' enum_value    { $$ = $1; ADD($$, $3); }
    ;

enum_value: enum_member
    | marks enum_member             { $$ = $2; $$->marks = $1; }
    ;

enum_member: name                   { NEED($$ = ast_new(p->memory, AST_ENUM_VALUE, @$)); $$->name = $1; }
    ;

/* ---- services ---- */

service_body: '{' service_items '}'         { $$ = $2; }
    ;

service_items: %empty                       { $$ = (ast_list){NULL, 0}; }
    | service_items service_item            { $$ = $1; ADD($$, $2); }
    ;

service_item: service_statement
    | marks service_statement               { $$ = $2; $$->marks = $1; }
    ;

service_statement:
      KW_RPC name '(' params ')' ARROW result raises ';'
        {
            $$ = $7;
            $$->kind = AST_RPC;
            $$->where = @$;
            $$->name = $2;
            $$->members = $4;
            $$->raises = $8;
        }
    | KW_COMMAND name '(' params ')' command_tail raises ';'
        {
            $$ = $6;
            $$->kind = AST_COMMAND;
            $$->where = @$;
            $$->name = $2;
            $$->members = $4;
            $$->raises = $7;
        }
    | KW_PUBLISHES paths ';'
        {
            NEED($$ = ast_new(p->memory, AST_PUBLISHES, @$));
            $$->members = $2;
            $$->name.where = @1;
        }
    | KW_SUBSCRIBES patterns ';'
        {
            NEED($$ = ast_new(p->memory, AST_SUBSCRIBES, @$));
            $$->members = $2;
            $$->name.where = @1;
        }
    | KW_USES paths ';'
        {
            NEED($$ = ast_new(p->memory, AST_USES, @$));
            $$->members = $2;
            $$->name.where = @1;
        }
    ;

/* A method node that holds only its result so far. */
result: path                    { NEED($$ = ast_new(p->memory, AST_RPC, @$)); $$->result = $1; }
    | KW_STREAM path_not_raises
        {
            NEED($$ = ast_new(p->memory, AST_RPC, @$));
            $$->result = $2;
            $$->stream = true;
            $$->stream_where = @1;
        }
    | body
        {
            NEED($$ = ast_new(p->memory, AST_RPC, @$));
            NEED($$->result_body = ast_new(p->memory, AST_STRUCT, @$));
            $$->result_body->members = $1;
        }
    ;

command_tail: %empty            { NEED($$ = ast_new(p->memory, AST_COMMAND, @$)); }
    | ARROW result              { $$ = $2; }
    | KW_PROGRESS body
        {
            NEED($$ = ast_new(p->memory, AST_COMMAND, @$));
            NEED($$->progress = ast_new(p->memory, AST_STRUCT, @$));
            $$->progress->members = $2;
        }
    | KW_PROGRESS body ARROW result
        {
            $$ = $4;
            NEED($$->progress = ast_new(p->memory, AST_STRUCT, ast_join(@1, @2)));
            $$->progress->members = $2;
        }
    ;

raises: %empty                  { $$ = (ast_list){NULL, 0}; }
    | KW_RAISES paths           { $$ = $2; }
    ;

params: %empty                  { $$ = (ast_list){NULL, 0}; }
    | param_list
    | param_list ','
    ;

param_list: param               { $$ = (ast_list){NULL, 0}; ADD($$, $1); }
    | param_list ',' param      { $$ = $1; ADD($$, $3); }
    ;

param: field
    | marks field               { $$ = $2; $$->marks = $1; }
    ;

paths: path                     { $$ = (ast_list){NULL, 0}; ADD($$, $1); }
    | paths ',' path            { $$ = $1; ADD($$, $3); }
    ;

patterns: pattern               { $$ = (ast_list){NULL, 0}; ADD($$, $1); }
    | patterns ',' pattern      { $$ = $1; ADD($$, $3); }
    ;

pattern: pattern_part           { NEED($$ = ast_path_start(p->memory, $1)); }
    | pattern '.' pattern_part  { NEED($$ = ast_path_add(p->memory, $1, $3)); }
    ;

pattern_part: name
    | '*'                       { $$ = (ast_name){"*", @1}; }
    | '>'                       { $$ = (ast_name){">", @1}; }
    ;

/* ---- annotations and docs ---- */

marks: annotation               { $$ = (ast_marks){{NULL, 0}, {NULL, 0}}; ADD($$.annotations, $1); }
    | DOC
        {
            ast_name *line = arena_new(p->memory, ast_name);

            NEED(line);
            *line = (ast_name){$1->text, @1};
            $$ = (ast_marks){{NULL, 0}, {NULL, 0}};
            ADD($$.docs, line);
        }
    | marks annotation          { $$ = $1; ADD($$.annotations, $2); }
    | marks DOC
        {
            ast_name *line = arena_new(p->memory, ast_name);

            NEED(line);
            *line = (ast_name){$2->text, @2};
            $$ = $1;
            ADD($$.docs, line);
        }
    ;

annotation: '@' name
        {
            NEED($$ = arena_new(p->memory, ast_annotation));
            $$->name = $2;
            $$->where = @$;
        }
    | '@' name '(' arguments ')'
        {
            NEED($$ = arena_new(p->memory, ast_annotation));
            $$->name = $2;
            $$->arguments = $4;
            $$->where = @$;
        }
    ;

arguments: argument             { $$ = (ast_list){NULL, 0}; ADD($$, $1); }
    | arguments ',' argument    { $$ = $1; ADD($$, $3); }
    ;

argument: argument_value        { NEED($$ = arena_new(p->memory, ast_argument)); $$->value = $1; }
    | plain_name ':' argument_value
        {
            NEED($$ = arena_new(p->memory, ast_argument));
            $$->name = $1;
            $$->value = $3;
        }
    ;

argument_value: value
    | range
    | '[' names ']'
        {
            NEED($$ = arena_new(p->memory, ast_value));
            *$$ = (ast_value){.kind = AST_NAMES, .where = @$, .names = $2};
        }
    ;

names: plain_path               { $$ = (ast_list){NULL, 0}; ADD($$, $1); }
    | names ',' plain_path      { $$ = $1; ADD($$, $3); }
    ;

/* ---- types and values ---- */

type: core_type
    | type '?'
        {
            $$ = $1;
            $$->twice_optional = $$->is_optional;
            $$->is_optional = true;
            $$->optional = @2;
            $$->where = @$;
        }
    ;

core_type: path                 { NEED($$ = ast_type_new(p->memory, AST_NAMED, @$)); $$->name = $1; }
    | path '(' range ')'
        {
            NEED($$ = ast_type_new(p->memory, AST_NAMED, @$));
            $$->name = $1;
            $$->range = $3;
        }
    | '[' type ']'
        {
            NEED($$ = ast_type_new(p->memory, AST_LIST, @$));
            $$->element = $2;
            $$->depth = $2->depth + 1;
        }
    | '[' type ']' '(' range ')'
        {
            NEED($$ = ast_type_new(p->memory, AST_LIST, @$));
            $$->element = $2;
            $$->depth = $2->depth + 1;
            $$->range = $5;
        }
    | '{' type ':' type '}'
        {
            NEED($$ = ast_type_new(p->memory, AST_MAP, @$));
            $$->key = $2;
            $$->element = $4;
            $$->depth = ($2->depth > $4->depth ? $2->depth : $4->depth) + 1;
        }
    | '{' type ':' type '}' '(' range ')'
        {
            NEED($$ = ast_type_new(p->memory, AST_MAP, @$));
            $$->key = $2;
            $$->element = $4;
            $$->depth = ($2->depth > $4->depth ? $2->depth : $4->depth) + 1;
            $$->range = $7;
        }
    ;

range: value DOTS value
        {
            NEED($$ = arena_new(p->memory, ast_value));
            *$$ = (ast_value){.kind = AST_RANGE, .where = @$, .low = $1, .high = $3};
        }
    | value DOTS
        {
            NEED($$ = arena_new(p->memory, ast_value));
            *$$ = (ast_value){.kind = AST_RANGE, .where = @$, .low = $1};
        }
    | DOTS value
        {
            NEED($$ = arena_new(p->memory, ast_value));
            *$$ = (ast_value){.kind = AST_RANGE, .where = @$, .high = $2};
        }
    ;

value: literal
    | plain_path
        {
            NEED($$ = arena_new(p->memory, ast_value));
            *$$ = (ast_value){.kind = AST_PATH, .where = @$, .path = $1};
        }
    ;

literal: INTEGER                { NEED($$ = arena_new(p->memory, ast_value)); *$$ = *$1->value; }
    | FLOAT                     { NEED($$ = arena_new(p->memory, ast_value)); *$$ = *$1->value; }
    | DURATION                  { NEED($$ = arena_new(p->memory, ast_value)); *$$ = *$1->value; }
    | STRING                    { NEED($$ = arena_new(p->memory, ast_value)); *$$ = *$1->value; }
    | KW_TRUE                   { NEED($$ = arena_new(p->memory, ast_value)); *$$ = (ast_value){.kind = AST_TRUE, .where = @$, .text = "true"}; }
    | KW_FALSE                  { NEED($$ = arena_new(p->memory, ast_value)); *$$ = (ast_value){.kind = AST_FALSE, .where = @$, .text = "false"}; }
    | '[' ']'                   { NEED($$ = arena_new(p->memory, ast_value)); *$$ = (ast_value){.kind = AST_EMPTY_LIST, .where = @$, .text = "[]"}; }
    | '{' '}'                   { NEED($$ = arena_new(p->memory, ast_value)); *$$ = (ast_value){.kind = AST_EMPTY_MAP, .where = @$, .text = "{}"}; }
    ;

/* ---- names ---- */

path: name                      { NEED($$ = ast_path_start(p->memory, $1)); }
    | path '.' name             { NEED($$ = ast_path_add(p->memory, $1, $3)); }
    ;

path_not_raises: name_not_raises { NEED($$ = ast_path_start(p->memory, $1)); }
    | path_not_raises '.' name   { NEED($$ = ast_path_add(p->memory, $1, $3)); }
    ;

plain_path: plain_name          { NEED($$ = ast_path_start(p->memory, $1)); }
    | plain_path '.' name       { NEED($$ = ast_path_add(p->memory, $1, $3)); }
    ;

/* Names are half of a file, so each is one reduction. */
name: NAME                      { $$ = (ast_name){$1->text, @1}; }
    | keyword                   { $$ = (ast_name){$1->text, @1}; }
    | KW_RAISES                 { $$ = (ast_name){$1->text, @1}; }
    | KW_TRUE                   { $$ = (ast_name){$1->text, @1}; }
    | KW_FALSE                  { $$ = (ast_name){$1->text, @1}; }
    ;

plain_name: NAME                { $$ = (ast_name){$1->text, @1}; }
    | keyword                   { $$ = (ast_name){$1->text, @1}; }
    | KW_RAISES                 { $$ = (ast_name){$1->text, @1}; }
    ;

name_not_raises: NAME           { $$ = (ast_name){$1->text, @1}; }
    | keyword                   { $$ = (ast_name){$1->text, @1}; }
    | KW_TRUE                   { $$ = (ast_name){$1->text, @1}; }
    | KW_FALSE                  { $$ = (ast_name){$1->text, @1}; }
    ;

keyword: KW_AEGIS | KW_PACKAGE | KW_IMPORT | KW_CONST | KW_ALIAS | KW_STRUCT | KW_ENUM | KW_STRICT | KW_UNION
    | KW_ERROR | KW_RESERVED | KW_SERVICE | KW_RPC | KW_COMMAND | KW_PROGRESS | KW_PUBLISHES
    | KW_SUBSCRIBES | KW_USES | KW_EVENT | KW_STREAM
    ;

%%

static int grammar_lex(YYSTYPE *value, YYLTYPE *where, parser *p)
{
    const token *next;

    if (p->stop) {
        next = &p->tokens[p->count - 1];
    } else {
        next = &p->tokens[p->last = p->at];
        p->at += next->kind != 0;
    }
    value->tok = next;
    *where = next->where;
    return next->kind;
}

static void grammar_error(const YYLTYPE *where, parser *p, const char *message)
{
    (void)message; /* only ever "memory exhausted": its stack is full */
    parser_too_deep(p, *where);
}

static int yyreport_syntax_error(const yypcontext_t *context, parser *p)
{
    yysymbol_kind_t symbols[YYNTOKENS];
    const char *names[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, symbols, YYNTOKENS);
    expected wanted = {names, 0};

    if (count < 0)
        return count;
    for (int i = 0; i < count; i++)
        names[wanted.count++] = yysymbol_name(symbols[i]);
    parser_mismatch(p, &wanted);
    return 0;
}
