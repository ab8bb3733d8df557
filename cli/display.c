/*
 * display.c - pictures and lines (display.h).
 */
#include "display.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format.h"
#include "text.h"

#define LINE_MS		10000 /* between lines where nothing is drawn */
#define DRAW_MS		200
#define NAME_LEAST	12
#define BAR_MOST	24
#define BAR_LEAST	8
#define OTHER_LINES 5  /* of the picture: head, total, how many more, error, the last empty one */
#define FIGURES		60 /* columns of the numbers of a table's line */

void
display_init(Display *display, const Terminal *terminal, bool quiet)
{
	*display = (Display){.terminal = terminal, .quiet = quiet};
}

void
display_leave(Display *display)
{
	display->drawn = 0;
}

/* ---- parts ---- */

static const char *
rate_text(char text[FORMAT_TEXT], double per_second)
{
	char number[FORMAT_TEXT];

	if (!(per_second >= 0))
		(void) snprintf(text, FORMAT_TEXT, "-");
	else
		(void) snprintf(text, FORMAT_TEXT, "%s rows/s", format_short(number, per_second));
	return text;
}

static const char *
lag_text(char text[2 * FORMAT_TEXT], const DisplayView *view)
{
	char seconds[FORMAT_TEXT], bytes[FORMAT_TEXT];

	(void) format_seconds(seconds, view->lag_seconds);
	if (view->lag_bytes > 0)
		(void) snprintf(text, 2 * FORMAT_TEXT, "%s (%s)", seconds,
						format_bytes(bytes, view->lag_bytes));
	else
		(void) snprintf(text, 2 * FORMAT_TEXT, "%s", seconds);
	return text;
}

/* "streaming", "loading, indexes", "streaming, to be paused" */
static void
state_text(char *text, size_t size, const DisplayView *view)
{
	const char *state = view->state != NULL ? view->state : "unknown";
	bool phase = view->phase != NULL && strcmp(view->phase, state) != 0;

	(void) snprintf(text, size, "%s%s%s%s%s", state, phase ? ", " : "", phase ? view->phase : "",
					view->wish != NULL ? ", to be " : "", view->wish != NULL ? view->wish : "");
}

/* Also tables that were read and are not loaded yet. */
static bool
has_copy(const DisplayView *view, const Progress *progress)
{
	bool loads = view->state != NULL && strcmp(view->state, "loading") == 0;

	return progress->count > 0 && (loads || progress->done < progress->count);
}

/* ---- the picture ---- */

static void
end_line(Display *display)
{
	(void) fputs("\033[K\n", display->terminal->err.file);
	display->drawn++;
}

static void
draw_head(Display *display, const DisplayView *view, const Progress *progress, int64_t now_ms)
{
	const Screen *screen = &display->terminal->err;
	char state[120], rate[FORMAT_TEXT], bytes[FORMAT_TEXT], lag[2 * FORMAT_TEXT], left[FORMAT_TEXT];

	state_text(state, sizeof(state), view);
	(void) fprintf(screen->file, "%s", screen_color(screen, COLOR_BOLD));
	text_put(screen->file, view->name);
	(void) fprintf(screen->file, "%s  %s", screen_color(screen, COLOR_PLAIN),
				   screen_color(screen, color_of_state(view->state != NULL ? view->state : "")));
	text_put(screen->file, state);
	(void) fputs(screen_color(screen, COLOR_PLAIN), screen->file);
	if (has_copy(view, progress))
		(void) fprintf(screen->file, "  %zu of %zu tables, %.0f %%, %s, %s/s, to go %s",
					   progress->done, progress->count,
					   100 * progress_part(progress->rows.value, progress->expected, false),
					   rate_text(rate, meter_rate(&progress->rows, now_ms)),
					   format_bytes(bytes, meter_rate(&progress->bytes, now_ms)),
					   format_seconds(left, (double) meter_seconds_left(
												&progress->rows, progress->expected, now_ms)));
	else
		(void) fprintf(screen->file, "  %s, lag %s", rate_text(rate, view->rows_per_second),
					   lag_text(lag, view));
	end_line(display);
}

static void
draw_table(Display *display, const TableProgress *table, size_t name_columns, size_t bar_columns,
		   int64_t now_ms)
{
	const Screen *screen = &display->terminal->err;
	char rows[FORMAT_TEXT], expected[FORMAT_TEXT], rate[FORMAT_TEXT], left[FORMAT_TEXT];
	char bar[3 * BAR_MOST + 1];
	double part = progress_part(table->rows.value, table->expected, table->done);
	char *name = text_clean(table->name);

	if (name == NULL)
		return;
	text_cut(name, name_columns, display->terminal->utf8);
	(void) fprintf(screen->file, "  %s%*s [%s%s%s] %3.0f %%  %9s of %-9s %14s %8s  %s", name,
				   (int) (name_columns - text_width(name)), "", screen_color(screen, COLOR_BUSY),
				   progress_bar(bar, bar_columns, part, display->terminal->utf8),
				   screen_color(screen, COLOR_PLAIN), 100 * part,
				   format_short(rows, table->rows.value),
				   table->expected > 0 ? format_short(expected, table->expected) : "?",
				   rate_text(rate, table->done ? 0 : meter_rate(&table->rows, now_ms)),
				   format_seconds(left, table->done ? 0
													: (double) meter_seconds_left(
														  &table->rows, table->expected, now_ms)),
				   table->state);
	free(name);
	end_line(display);
}

/* Tables that are being loaded first, then those that wait, whole ones last, as far as there is room. */
static size_t
draw_tables(Display *display, const Progress *progress, size_t room, size_t columns, int64_t now_ms)
{
	size_t bar = columns > FIGURES + NAME_LEAST + 2 * BAR_LEAST
					 ? (columns - FIGURES - NAME_LEAST) / 2
					 : BAR_LEAST;
	size_t drawn = 0, name;

	bar = bar < BAR_MOST ? bar : BAR_MOST;
	name = columns > FIGURES + bar + NAME_LEAST + 8 ? columns - FIGURES - bar - 8 : NAME_LEAST;
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i < progress->count && drawn < room; i++)
		{
			const TableProgress *table = &progress->tables[i];
			int kind = table->done ? 2 : table->rows.value > 0 ? 0 : 1;

			if (kind != pass)
				continue;
			draw_table(display, table, name < 40 ? name : 40, bar, now_ms);
			drawn++;
		}
	return drawn;
}

static void
draw(Display *display, const DisplayView *view, const Progress *progress, int64_t now_ms)
{
	const Screen *screen = &display->terminal->err;
	size_t rows = screen_rows(screen), columns = screen_columns(screen), shown = 0;

	/* No wrapping: a line that is too long is cut by the terminal, and the picture keeps its height. */
	(void) fputs("\033[?7l", screen->file);
	if (display->drawn > 0)
		(void) fprintf(screen->file, "\033[%uA\r", display->drawn);
	display->drawn = 0;
	draw_head(display, view, progress, now_ms);
	if (has_copy(view, progress))
	{
		shown = draw_tables(display, progress, rows > OTHER_LINES + 1 ? rows - OTHER_LINES : 1,
							columns, now_ms);
		if (shown < progress->count)
		{
			(void) fprintf(screen->file, "  ... and %zu more", progress->count - shown);
			end_line(display);
		}
	}
	if (view->error != NULL)
	{
		(void) fprintf(screen->file, "  %s", screen_color(screen, COLOR_BAD));
		text_put(screen->file, view->error);
		(void) fputs(screen_color(screen, COLOR_PLAIN), screen->file);
		end_line(display);
	}
	(void) fputs("\033[J\033[?7h", screen->file);
	(void) fflush(screen->file);
}

/* ---- lines ---- */

static void
write_line(const Display *display, const DisplayView *view, const Progress *progress,
		   int64_t now_ms)
{
	FILE *out = display->terminal->err.file;
	char state[120], rate[FORMAT_TEXT], rows[FORMAT_TEXT], expected[FORMAT_TEXT],
		lag[2 * FORMAT_TEXT];
	char left[FORMAT_TEXT], clock[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm) != NULL)
		(void) strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	state_text(state, sizeof(state), view);
	(void) fprintf(out, "%s ", clock);
	text_put(out, view->name);
	(void) fputc(' ', out);
	text_put(out, state);
	if (has_copy(view, progress))
		(void) fprintf(out, ": %zu of %zu tables, %s of about %s rows, %.0f %%, %s, to go %s",
					   progress->done, progress->count,
					   format_count(rows, (int64_t) progress->rows.value),
					   format_count(expected, (int64_t) progress->expected),
					   100 * progress_part(progress->rows.value, progress->expected, false),
					   rate_text(rate, meter_rate(&progress->rows, now_ms)),
					   format_seconds(left, (double) meter_seconds_left(
												&progress->rows, progress->expected, now_ms)));
	else
		(void) fprintf(out, ": %s, lag %s", rate_text(rate, view->rows_per_second),
					   lag_text(lag, view));
	if (view->error != NULL)
	{
		(void) fputs(", ", out);
		text_put(out, view->error);
	}
	(void) fputc('\n', out);
	(void) fflush(out);
}

void
display_show(Display *display, const DisplayView *view, const Progress *progress, int64_t now_ms)
{
	const char *state = view->state != NULL ? view->state : "";
	/* Tables are told of a moment after the state. */
	bool changed = strcmp(display->state, state) != 0 || display->drawn_ms == 0 ||
				   (has_copy(view, progress) && !display->had_copy);
	bool draws = display->terminal->err.terminal;

	if (display->quiet || (!changed && now_ms - display->drawn_ms < (draws ? DRAW_MS : LINE_MS)))
		return;
	(void) snprintf(display->state, sizeof(display->state), "%s", state);
	display->had_copy = has_copy(view, progress);
	display->drawn_ms = now_ms;
	if (draws)
		draw(display, view, progress, now_ms);
	else
		write_line(display, view, progress, now_ms);
}
