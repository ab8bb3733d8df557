/*
 * terminal.c - asking the environment and the terminals (terminal.h).
 */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MOST_COLUMNS 1000

const char *const color_when_names[] = {
	[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never", NULL};

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && *value != '\0';
}

/* The first of these that is set counts, as for setlocale(). */
static bool
environment_is_utf8(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (is_set(variables[i]))
		{
			const char *value = getenv(variables[i]);

			return strcasestr(value, "UTF-8") != NULL || strcasestr(value, "UTF8") != NULL;
		}
	return false;
}

static Screen
screen_of(FILE *file, ColorWhen when)
{
	Screen screen = {.file = file, .terminal = isatty(fileno(file)) == 1};
	const char *kind = getenv("TERM");

	screen.color =
		when == COLOR_ALWAYS || (when == COLOR_AUTO && screen.terminal && !is_set("NO_COLOR") &&
								 (kind == NULL || strcmp(kind, "dumb") != 0));
	return screen;
}

void
terminal_init(Terminal *terminal, ColorWhen when)
{
	*terminal = (Terminal){.out = screen_of(stdout, when),
						   .err = screen_of(stderr, when),
						   .utf8 = environment_is_utf8()};
}

static unsigned
number_of(const char *variable)
{
	const char *text = getenv(variable);
	unsigned long number = text != NULL ? strtoul(text, NULL, 10) : 0;

	return number <= MOST_COLUMNS ? (unsigned) number : MOST_COLUMNS;
}

unsigned
screen_columns(const Screen *screen)
{
	struct winsize size;
	unsigned columns = number_of("COLUMNS");

	if (!screen->terminal || columns > 0)
		return columns;
	return ioctl(fileno(screen->file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
																				  : 80;
}

unsigned
screen_rows(const Screen *screen)
{
	struct winsize size;
	unsigned rows = number_of("LINES");

	if (!screen->terminal || rows > 0)
		return rows;
	return ioctl(fileno(screen->file), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row
																				  : 24;
}

const char *
screen_color(const Screen *screen, Color color)
{
	static const char *const sequences[COLORS] = {
		[COLOR_PLAIN] = "\033[0m",	[COLOR_BOLD] = "\033[1m",  [COLOR_DIM] = "\033[2m",
		[COLOR_GOOD] = "\033[32m",	[COLOR_BUSY] = "\033[36m", [COLOR_WARNING] = "\033[33m",
		[COLOR_BAD] = "\033[1;31m",
	};

	return screen->color ? sequences[color] : "";
}

Color
color_of_state(const char *state)
{
	static const struct
	{
		const char *word;
		Color color;
	} states[] = {
		{"streaming", COLOR_GOOD},	{"applying", COLOR_GOOD},
		{"finished", COLOR_GOOD},	{"ok", COLOR_GOOD},
		{"pass", COLOR_GOOD},		{"active", COLOR_GOOD},
		{"equal", COLOR_GOOD},		{"lossless", COLOR_GOOD},
		{"starting", COLOR_BUSY},	{"copying_schema", COLOR_BUSY},
		{"loading", COLOR_BUSY},	{"indexing", COLOR_BUSY},
		{"connecting", COLOR_BUSY}, {"running", COLOR_BUSY},
		{"copying", COLOR_BUSY},	{"stopping", COLOR_WARNING},
		{"paused", COLOR_WARNING},	{"draining", COLOR_WARNING},
		{"warn", COLOR_WARNING},	{"warning", COLOR_WARNING},
		{"lossy", COLOR_WARNING},	{"retrying", COLOR_WARNING},
		{"failed", COLOR_BAD},		{"fail", COLOR_BAD},
		{"error", COLOR_BAD},		{"lost", COLOR_BAD},
		{"different", COLOR_BAD},	{"critical", COLOR_BAD},
		{"missing", COLOR_BAD},		{"unsupported", COLOR_BAD},
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i].word, state) == 0)
			return states[i].color;
	return COLOR_PLAIN;
}
