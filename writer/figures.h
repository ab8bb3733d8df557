/*
 * figures.h - what this process is doing, in numbers: as JSON for whoever listens, and a copy's as
 * metrics.
 */
#ifndef SLUICE_WRITER_FIGURES_H
#define SLUICE_WRITER_FIGURES_H

#include "beacon.h"
#include "load_crew.h"
#include "load_display.h"
#include "settings.h"

typedef struct Figures
{
	const WriterSettings *settings;
	const Stats *stats;
	LoadDisplay *display;
	LoadCrew *crew; /* may be NULL */
	Counter *rows, *bytes, *bundles;
	Gauge *phases[LOAD_PHASES];
	Gauge *chunks, *chunks_expected, *rows_expected;
} Figures;

/* Makes the series; the first four are set by the caller. */
extern bool figures_init(Figures *figures, Metrics *metrics, SluiceError *err) SLUICE_MUST_CHECK;

/* One JSON object, for BeaconSettings.figures; and .total. */
extern const char *figures_json(void *context, char text[FIGURES_TEXT]);
extern const char *figures_total(void *context, char text[KV_VALUE_MAXIMUM]);

#endif
