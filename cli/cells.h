/*
 * cells.h - an aligned table: cells are gathered, then printed with the width that each column needs.
 */
#ifndef SLUICE_CLI_CELLS_H
#define SLUICE_CLI_CELLS_H

#include <stddef.h>

#include "common/core/error.h"
#include "terminal.h"

typedef struct Cells Cells;

/* NULL without memory; columns > 0. */
extern Cells *cells_new(size_t columns, SluiceError *err) SLUICE_MUST_CHECK;
extern void cells_free(Cells *cells);

/* The first row is a header: in capitals, aligned as the cell below it. */
extern void cells_header(Cells *cells);

/* The next cell, row by row; the text is cleaned. Cells that find no memory are left out, which cells_print() shows. */
extern void cells_put(Cells *cells, const char *text, Color color, bool right);

/* Cut to the screen's columns where it has such: the widest columns give first. */
extern void cells_print(Cells *cells, const Screen *screen, bool utf8);

#endif
