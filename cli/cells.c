/*
 * cells.c - gathering, measuring, printing (cells.h).
 */
#include "cells.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define GAP			2 /* columns between two */
#define LEAST_WIDTH 6 /* a column is not cut to less */

typedef struct Cell
{
	char *text; /* clean */
	size_t width;
	Color color;
	bool right;
} Cell;

struct Cells
{
	size_t columns;
	Cell *cells;
	size_t count, capacity;
	bool header, lost;
	size_t *widths; /* of the columns */
};

Cells *
cells_new(size_t columns, SluiceError *err)
{
	Cells *cells = calloc(1, sizeof(*cells));

	if (cells != NULL)
		cells->widths = calloc(columns, sizeof(*cells->widths));
	if (cells == NULL || cells->widths == NULL)
	{
		free(cells);
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table");
		return NULL;
	}
	cells->columns = columns;
	return cells;
}

void
cells_free(Cells *cells)
{
	if (cells == NULL)
		return;
	for (size_t i = 0; i < cells->count; i++)
		free(cells->cells[i].text);
	free(cells->cells);
	free(cells->widths);
	free(cells);
}

void
cells_header(Cells *cells)
{
	cells->header = true;
}

static bool
make_room(Cells *cells)
{
	size_t capacity = cells->capacity > 0 ? 2 * cells->capacity : 64;
	Cell *larger;

	if (cells->count < cells->capacity)
		return true;
	larger = reallocarray(cells->cells, capacity, sizeof(*larger));
	if (larger == NULL)
		return false;
	cells->cells = larger;
	cells->capacity = capacity;
	return true;
}

void
cells_put(Cells *cells, const char *text, Color color, bool right)
{
	char *clean = text_clean(text);

	if (clean == NULL || !make_room(cells))
	{
		free(clean);
		cells->lost = true;
		return;
	}
	if (cells->header && cells->count < cells->columns)
		for (char *c = clean; *c != '\0'; c++)
			*c = (char) (*c == '_' ? ' ' : toupper((unsigned char) *c));
	cells->cells[cells->count++] = (Cell){clean, text_width(clean), color, right};
}

/* ---- printing ---- */

static size_t
measure(Cells *cells)
{
	size_t total = 0;

	for (size_t i = 0; i < cells->count; i++)
		if (cells->cells[i].width > cells->widths[i % cells->columns])
			cells->widths[i % cells->columns] = cells->cells[i].width;
	for (size_t i = 0; i < cells->columns; i++)
		total += cells->widths[i] + (i > 0 ? GAP : 0);
	return total;
}

/* Takes from the widest column until the whole fits, or all are as narrow as can be. */
static void
narrow(Cells *cells, size_t total, size_t room)
{
	while (total > room)
	{
		size_t widest = 0;

		for (size_t i = 1; i < cells->columns; i++)
			if (cells->widths[i] >= cells->widths[widest])
				widest = i;
		if (cells->widths[widest] <= LEAST_WIDTH)
			return;
		cells->widths[widest]--;
		total--;
	}
}

/* A header goes the way of the cells below it. */
static bool
goes_right(const Cells *cells, size_t at)
{
	if (cells->header && at < cells->columns && at + cells->columns < cells->count)
		return cells->cells[at + cells->columns].right;
	return cells->cells[at].right;
}

static void
print_cell(const Cells *cells, size_t at, const Screen *screen)
{
	const Cell *cell = &cells->cells[at];
	size_t column = at % cells->columns;
	size_t width = text_width(cell->text);
	int pad = cells->widths[column] > width ? (int) (cells->widths[column] - width) : 0;
	bool right = goes_right(cells, at), last = column + 1 == cells->columns;

	if (column > 0)
		(void) fprintf(screen->file, "%*s", GAP, "");
	if (right)
		(void) fprintf(screen->file, "%*s", pad, "");
	if (cell->color == COLOR_PLAIN)
		(void) fputs(cell->text, screen->file);
	else
		(void) fprintf(screen->file, "%s%s%s", screen_color(screen, cell->color), cell->text,
					   screen_color(screen, COLOR_PLAIN));
	if (!right && !last)
		(void) fprintf(screen->file, "%*s", pad, "");
	if (last)
		(void) fputc('\n', screen->file);
}

void
cells_print(Cells *cells, const Screen *screen, bool utf8)
{
	size_t total = measure(cells), room = screen_columns(screen);

	if (room > 0)
		narrow(cells, total, room);
	for (size_t i = 0; i < cells->count; i++)
	{
		text_cut(cells->cells[i].text, cells->widths[i % cells->columns], utf8);
		print_cell(cells, i, screen);
	}
	if (cells->lost)
		(void) fputs("(out of memory: not all is shown)\n", screen->file);
}
