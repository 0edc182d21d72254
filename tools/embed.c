/* embed FOLDER FILE...: writes a C file with the templates FOLDER/FILE as byte arrays to its output.
 * Built and run by the build; the names are given sorted, so that the result depends on nothing else.
 */
#include <stdio.h>
#include <string.h>

static int put_bytes(const char *folder, const char *name, int index)
{
    char path[4096];
    FILE *file;
    int c, column = 0;

    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return 1;
    file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    printf("static const unsigned char template_%d[] = {", index);
    while ((c = getc(file)) != EOF)
        printf("%s%d,", column++ % 20 == 0 ? "\n    " : " ", c);
    printf("\n    0};\n\n");
    fclose(file);
    return 0;
}

/* Without ".tmpl". */
static int name_length(const char *file)
{
    size_t length = strlen(file);

    return (int)(length > 5 && strcmp(file + length - 5, ".tmpl") == 0 ? length - 5 : length);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: embed FOLDER FILE...\n");
        return 2;
    }
    printf("#include \"templates.h\"\n\n");
    for (int i = 2; i < argc; i++)
        if (put_bytes(argv[1], argv[i], i) != 0)
            return 1;
    printf("const embedded_template templates_embedded[] = {\n");
    for (int i = 2; i < argc; i++)
        printf("    {\"%.*s\", template_%d, sizeof template_%d - 1},\n", name_length(argv[i]), argv[i], i, i);
    printf("};\nconst size_t templates_count = sizeof templates_embedded / sizeof templates_embedded[0];\n");
    return fflush(stdout) != 0 || ferror(stdout);
}
