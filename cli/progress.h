/*
 * progress.h - how far a copy is: rows of each table against the source's estimate, rates, time to go.
 *
 * Pure: figures and the time are given.  Rates are those of the last half minute; a time to go is told after half a minute of
 * data, because what is told earlier is wrong.
 */
#ifndef SLUICE_CLI_PROGRESS_H
#define SLUICE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_SAMPLES   32
#define PROGRESS_STEP_MS   1000
#define PROGRESS_ENOUGH_MS 30000

/* A counter and what it was in the last half minute. */
typedef struct Meter
{
	double value;
	double values[PROGRESS_SAMPLES];
	int64_t times[PROGRESS_SAMPLES]; /* milliseconds */
	size_t count, next;
	int64_t since; /* when it began to move; 0: not yet */
} Meter;

/* Takes the counter's value of now; one that goes back begins anew. */
extern void meter_take(Meter *meter, double value, int64_t now_ms);

/* Per second; 0 when nothing can be told. */
extern double meter_rate(const Meter *meter, int64_t now_ms);

/* Seconds until it is `expected` at its rate; -1: not to be told. */
extern int64_t meter_seconds_left(const Meter *meter, double expected, int64_t now_ms);

typedef struct TableProgress
{
	char *name;
	char state[32];
	double expected, bytes;
	bool done;
	Meter rows;
} TableProgress;

typedef struct Progress
{
	TableProgress *tables;
	size_t count, size;
	double expected; /* rows of all tables */
	size_t done;
	Meter rows, bytes;
} Progress;

typedef struct TableFigures
{
	const char *name, *state;	  /* state NULL: of the rows alone */
	double rows, expected, bytes; /* expected < 0: nobody knows */
	bool done;
} TableFigures;

/* Takes a table's figures of now; tables are found by name.  False without memory. */
extern bool progress_take(Progress *progress, const TableFigures *figures, int64_t now_ms);

/* Adds up, after all tables were taken. */
extern void progress_add_up(Progress *progress, int64_t now_ms);

extern void progress_free(Progress *progress);

/* Part of 1 that is done. */
extern double progress_part(double rows, double expected, bool done);

/* "█████▌    " or "#####     ": a bar of so many columns; text is of 3 bytes a column and one more. Returns text. */
extern const char *progress_bar(char *text, size_t columns, double part, bool utf8);

#endif
