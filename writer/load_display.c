/*
 * load_display.c - figures of a copy and their pictures (load_display.h).
 */
#include "load_display.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "beacon.h"

#define LINE_MS		5000 /* between lines where no table can be drawn */
#define RATE_MS		5000 /* what rates are told of, at least */
#define NAME_WIDTH	32
#define TABLE_ROWS	20 /* of a terminal that does not say its size */
#define OTHER_LINES 3  /* of the picture: head, total, the last empty one */

typedef struct TableRate
{
	uint64_t rows; /* at the start of the span */
	double per_second;
	int64_t seconds_left;
} TableRate;

struct LoadDisplay
{
	FILE *out;
	bool terminal;
	pthread_mutex_t lock; /* guards the figures */
	LoadFigures figures;

	/* of the owner's thread */
	const LoadPlan *plan; /* the rates are of */
	TableRate *rates;	  /* by table, and behind them of all */
	int64_t span_ms;	  /* when the span began */
	int64_t line_ms;	  /* when a line was last written */
	LoadPhase phase;
	int drawn; /* lines on the terminal to be drawn over */
};

LoadDisplay *
load_display_new(FILE *out, bool terminal, SluiceError *err)
{
	LoadDisplay *display = calloc(1, sizeof(*display));

	if (display == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a display");
		return NULL;
	}
	display->out = out;
	display->terminal = terminal;
	pthread_mutex_init(&display->lock, NULL);
	return display;
}

void
load_display_free(LoadDisplay *display)
{
	if (display == NULL)
		return;
	pthread_mutex_destroy(&display->lock);
	free(display->rates);
	free(display);
}

/* ---- texts ---- */

const char *
figure_format(char text[FIGURE_TEXT], double value)
{
	static const char units[] = " kMGTP";
	size_t unit = 0;

	while (value >= 999.5 && unit + 2 < sizeof(units))
	{
		value /= 1000;
		unit++;
	}
	if (unit == 0)
		(void) snprintf(text, FIGURE_TEXT, "%.0f", value);
	else
		(void) snprintf(text, FIGURE_TEXT, "%.*f%c",
						value < 9.995	? 2
						: value < 99.95 ? 1
										: 0,
						value, units[unit]);
	return text;
}

const char *
figure_duration(char text[FIGURE_TEXT], int64_t seconds)
{
	int64_t hours = seconds / 3600, minutes = seconds / 60 % 60;

	if (seconds < 0 || hours > 9999)
		(void) snprintf(text, FIGURE_TEXT, "-");
	else if (hours > 0)
		(void) snprintf(text, FIGURE_TEXT, "%d:%02d:%02d", (int) hours, (int) minutes,
						(int) (seconds % 60));
	else
		(void) snprintf(text, FIGURE_TEXT, "%d:%02d", (int) minutes, (int) (seconds % 60));
	return text;
}

void
figure_rate(uint64_t rows, uint64_t earlier, int64_t ms, uint64_t expected, double *per_second,
			int64_t *seconds_left)
{
	uint64_t left = expected > rows ? expected - rows : 0;

	*per_second = ms > 0 && rows > earlier ? (double) (rows - earlier) * 1000 / (double) ms : 0;
	*seconds_left = left == 0		  ? 0
					: *per_second > 0 ? (int64_t) ((double) left / *per_second + 0.5)
									  : -1;
}

/* ---- figures ---- */

static uint64_t
rows_of(const LoadTally *tally, size_t table)
{
	return tally->tables[table].rows + tally->tables[table].more_rows;
}

/* An estimate is nothing against what is there; a whole table has what it has. */
static uint64_t
expected_of(const LoadTally *tally, size_t table)
{
	int64_t estimate = tally->plan->load->tables[table].rows;
	uint64_t rows = rows_of(tally, table);

	if (load_tally_table_whole(tally, table) || estimate < 0 || (uint64_t) estimate < rows)
		return rows;
	return (uint64_t) estimate;
}

/* Rates begin anew with another plan. */
static bool
make_rates(LoadDisplay *display, const LoadTally *tally)
{
	if (display->plan == tally->plan && display->rates != NULL)
		return true;
	free(display->rates);
	display->rates = calloc(tally->plan->load->table_count + 1, sizeof(*display->rates));
	if (display->rates == NULL)
		return false;
	display->plan = tally->plan;
	for (size_t i = 0; i < tally->plan->load->table_count; i++)
	{
		display->rates[i].rows = rows_of(tally, i);
		display->rates[tally->plan->load->table_count].rows += rows_of(tally, i);
	}
	display->span_ms = beacon_clock();
	return true;
}

/* Adds up, and tells the rates since the span began; a long span begins anew. */
static LoadFigures
measure(LoadDisplay *display, const LoadTally *tally, LoadPhase phase)
{
	size_t count = tally->plan->load->table_count;
	int64_t ms = beacon_clock() - display->span_ms;
	TableRate *all = &display->rates[count];
	LoadFigures f = {.active = phase != LOAD_DONE,
					 .phase = phase,
					 .generation = tally->plan->generation,
					 .chunks = tally->complete,
					 .of = tally->plan->chunks,
					 .tables = (uint32_t) count};

	for (size_t i = 0; i < count; i++)
	{
		TableRate *rate = &display->rates[i];

		f.rows += rows_of(tally, i);
		f.bytes += tally->tables[i].bytes + tally->tables[i].more_bytes;
		f.rows_expected += expected_of(tally, i);
		f.tables_done += load_tally_table_whole(tally, i);
		figure_rate(rows_of(tally, i), rate->rows, ms, expected_of(tally, i), &rate->per_second,
					&rate->seconds_left);
		if (ms >= RATE_MS)
			rate->rows = rows_of(tally, i);
	}
	figure_rate(f.rows, all->rows, ms, f.rows_expected, &f.rows_per_second, &f.seconds_left);
	if (ms >= RATE_MS)
	{
		all->rows = f.rows;
		display->span_ms = beacon_clock();
	}
	return f;
}

/* ---- the table ---- */

static int
terminal_rows(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_row > 2 * OTHER_LINES ? size.ws_row
																					   : TABLE_ROWS;
}

/* What a table is at: waiting, loading, loaded, indexing, done. */
static const char *
table_phase(const LoadTally *tally, size_t table, LoadFinish *finish)
{
	const SchemaDocument *document = tally->plan->document;
	const SchemaTable *made = tally->plan->tables[table];
	size_t number = made != NULL ? (size_t) (made - document->tables) : 0;

	if (!load_tally_table_whole(tally, table))
		return rows_of(tally, table) > 0 ? "loading" : "waiting";
	if (finish == NULL || made == NULL || !load_finish_has(finish, number))
		return "loaded";
	return load_finish_done(finish, number) ? "done" : "indexing";
}

static void
draw_line(FILE *out, const char *name, uint64_t rows, uint64_t expected, double per_second,
		  int64_t seconds_left, const char *phase)
{
	char a[FIGURE_TEXT], b[FIGURE_TEXT], c[FIGURE_TEXT], d[FIGURE_TEXT];
	double part = expected > 0 ? 100.0 * (double) rows / (double) expected : 100.0;

	(void) fprintf(out, "\033[K%-*.*s %7s of %7s %5.1f%% %7s/s %8s  %s\n", NAME_WIDTH, NAME_WIDTH,
				   name, figure_format(a, (double) rows), figure_format(b, (double) expected), part,
				   figure_format(c, per_second), figure_duration(d, seconds_left), phase);
}

/* Tables that are being loaded come first, whole ones last, as far as there is room. */
static int
draw_tables(LoadDisplay *display, const LoadTally *tally, LoadFinish *finish, int room)
{
	int drawn = 0;

	for (int whole = 0; whole < 2; whole++)
	{
		for (size_t i = 0; i < tally->plan->load->table_count && drawn < room; i++)
		{
			const SchemaLoadTable *read = &tally->plan->load->tables[i];
			char name[NAME_WIDTH + 1];

			if (load_tally_table_whole(tally, i) != (whole == 1))
				continue;
			(void) snprintf(name, sizeof(name), "%s.%s", read->schema, read->name);
			draw_line(display->out, name, rows_of(tally, i), expected_of(tally, i),
					  display->rates[i].per_second, display->rates[i].seconds_left,
					  table_phase(tally, i, finish));
			drawn++;
		}
	}
	return drawn;
}

static void
draw(LoadDisplay *display, const LoadTally *tally, const LoadFigures *f, LoadFinish *finish)
{
	int room = terminal_rows(display->out) - OTHER_LINES;

	if (display->drawn > 0)
		(void) fprintf(display->out, "\033[%dA", display->drawn);
	(void) fprintf(display->out, "\033[K%-*s %7s    %7s %6s %9s %8s  %s\n", NAME_WIDTH, "table",
				   "rows", "about", "", "rate", "to go", "phase");
	display->drawn = 2 + draw_tables(display, tally, finish, room);
	draw_line(display->out, "all", f->rows, f->rows_expected, f->rows_per_second, f->seconds_left,
			  load_phase_name(f->phase));
	(void) fputs("\033[J", display->out);
	(void) fflush(display->out);
}

/* ---- lines ---- */

static void
write_line(LoadDisplay *display, const LoadFigures *f)
{
	char rows[FIGURE_TEXT], expected[FIGURE_TEXT], rate[FIGURE_TEXT], left[FIGURE_TEXT];

	(void) fprintf(display->out,
				   "copy: %s, %s of about %s rows, %s rows/s, %s to go, %" PRIu32 " of %" PRIu32
				   " chunks, %" PRIu32 " of %" PRIu32 " tables loaded\n",
				   load_phase_name(f->phase), figure_format(rows, (double) f->rows),
				   figure_format(expected, (double) f->rows_expected),
				   figure_format(rate, f->rows_per_second), figure_duration(left, f->seconds_left),
				   f->chunks, f->of, f->tables_done, f->tables);
	(void) fflush(display->out);
	display->line_ms = beacon_clock();
	display->phase = f->phase;
}

void
load_display_show(LoadDisplay *display, const LoadTally *tally, LoadPhase phase, LoadFinish *finish)
{
	LoadFigures figures;

	if (tally->plan == NULL || !make_rates(display, tally))
		return;
	figures = measure(display, tally, phase);
	pthread_mutex_lock(&display->lock);
	display->figures = figures;
	pthread_mutex_unlock(&display->lock);
	if (display->out == NULL)
		return;
	if (display->terminal)
		draw(display, tally, &figures, finish);
	else if (display->line_ms == 0 || phase != display->phase ||
			 beacon_clock() - display->line_ms >= LINE_MS)
		write_line(display, &figures);
	if (phase == LOAD_DONE)
		display->drawn = 0;
}

void
load_display_end(LoadDisplay *display)
{
	pthread_mutex_lock(&display->lock);
	display->figures.active = false;
	pthread_mutex_unlock(&display->lock);
	display->plan = NULL;
	display->drawn = 0;
}

LoadFigures
load_display_figures(LoadDisplay *display)
{
	LoadFigures figures;

	pthread_mutex_lock(&display->lock);
	figures = display->figures;
	pthread_mutex_unlock(&display->lock);
	return figures;
}
