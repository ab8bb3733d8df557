/*
 * text.h - texts on their way to a terminal: nothing in them can command it, and their width is known.
 *
 * Names, messages and values come from servers and databases; whoever can name a table could write
 * escape sequences, or turn the direction of writing, on somebody's terminal.  What is shown goes through text_clean().
 */
#ifndef SLUICE_CLI_TEXT_H
#define SLUICE_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A copy without what a terminal would act on: control characters become "\n", "\x1b" and the like,
 * characters that are not seen or turn the direction "\u202e", bytes that are not UTF-8 U+FFFD.  To be freed;
 * NULL without memory.
 */
extern char *text_clean(const char *text);

/* How many columns of a terminal a clean text takes. */
extern size_t text_width(const char *text);

/* Cuts what text_clean() gave in place to so many columns, the last an ellipsis (of ASCII unless utf8). */
extern void text_cut(char *text, size_t columns, bool utf8);

/* Writes a text clean. */
extern void text_put(FILE *out, const char *text);

/* As text_clean(), but only for what stands outside of ASCII and a terminal acts on, for JSON: "\u009b". */
extern char *text_clean_json(const char *json);

#endif
