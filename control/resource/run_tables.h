/*
 * run_tables.h - tables of a run: while it goes on as they are told, afterwards as they were at its end.
 *
 * At its end they are kept in `tables.<run>` = {run_id, tenant, tables: text}; the text is the JSON of an array, for it takes less
 * memory so.  It goes with the run.
 */
#ifndef SLUICE_CONTROL_RUN_TABLES_H
#define SLUICE_CONTROL_RUN_TABLES_H

#include <jansson.h>

#include "control/control.h"

/* Bytes that are kept of a run: the first tables by name that fit. */
#define RUN_TABLES_MAXIMUM (128 * 1024)

/* Keeps what is told of the tables of a run that ends; where nothing is told, nothing is written. */
extern bool run_tables_keep(Control *control, const json_t *run,
							SluiceError *err) SLUICE_MUST_CHECK;

/* {run_id, tenant, tables} of a run; NULL without memory.  `tables` is an array. */
extern json_t *run_tables_document(const json_t *run, const json_t *tables);

/* An array of what is known, by name; owned; NULL without memory. */
extern json_t *run_tables(Control *control, const json_t *run);

#endif
