/* The templates inside the binary; the table is made by tools/embed.c at build time. */
#ifndef TEMPLATES_H
#define TEMPLATES_H

#include <stddef.h>

typedef struct embedded_template {
    const char *name; /* "c/header.h": the path below templates/ without ".tmpl" */
    const unsigned char *data;
    size_t size;
} embedded_template;

extern const embedded_template templates_embedded[];
extern const size_t templates_count;

#endif
