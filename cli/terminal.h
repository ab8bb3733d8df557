/*
 * terminal.h - what standard output and standard error are: a terminal or not, how wide, in colour or not.
 *
 * Results go to standard output, talk to standard error, and each may be a terminal by itself.
 */
#ifndef SLUICE_CLI_TERMINAL_H
#define SLUICE_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

typedef enum ColorWhen
{
	COLOR_AUTO, /* on a terminal, unless NO_COLOR is set or TERM is dumb */
	COLOR_ALWAYS,
	COLOR_NEVER
} ColorWhen;

extern const char *const color_when_names[];

typedef enum Color
{
	COLOR_PLAIN,
	COLOR_BOLD,
	COLOR_DIM,
	COLOR_GOOD,
	COLOR_BUSY,
	COLOR_WARNING,
	COLOR_BAD,
	COLORS
} Color;

/* One of both. */
typedef struct Screen
{
	FILE *file;
	bool terminal, color;
} Screen;

typedef struct Terminal
{
	Screen out, err;
	bool utf8; /* the environment says that text is UTF-8 */
} Terminal;

extern void terminal_init(Terminal *terminal, ColorWhen when);

/* Columns and rows of now: COLUMNS and LINES, else the terminal's; 0 where there is no bound. */
extern unsigned screen_columns(const Screen *screen);
extern unsigned screen_rows(const Screen *screen);

/* The sequence that begins a colour, or "" without colours; COLOR_PLAIN ends it. */
extern const char *screen_color(const Screen *screen, Color color);

/* The colour of a state's word: running ones, failed ones, ... */
extern Color color_of_state(const char *state);

#endif
