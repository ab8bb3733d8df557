/*
 * launcher.h - the worker that keeps every stream's worker running.
 */
#ifndef SLUICE_LAUNCHER_H
#define SLUICE_LAUNCHER_H

#include "postgres.h"

/* From _PG_init, while preloading. */
extern void launcher_register(void);

/* Entry points of the workers. */
extern PGDLLEXPORT void sluice_launcher_main(Datum arg);
extern PGDLLEXPORT void sluice_scanner_main(Datum arg);
extern PGDLLEXPORT void sluice_stream_main(Datum arg);

#endif
