/*
 * meter_internal.h - what the files of the meter share and nobody else includes.
 */
#ifndef SLUICE_CONTROL_METER_INTERNAL_H
#define SLUICE_CONTROL_METER_INTERNAL_H

#include "common/control/layout.h"
#include "common/daemon/trouble.h"
#include "control/control.h"
#include "control/live/name_table.h"
#include "meter.h"
#include "usage.h"

#define METER_STREAMS 100000 /* that are counted at once at most */

/* A stream that is counted; only the leader's thread has any. */
typedef struct Counted
{
	const char *name; /* key: what a NameTable goes by */
	char key[LAYOUT_KEY_MAXIMUM];
	char tenant[TENANT_MAXIMUM + 1];
	char stream_id[ID_MAXIMUM + 1];
	UsageMeter meter;
	uint64_t revision; /* of its document; 0: it has none yet */
	bool changed;	   /* rows or bytes are not written yet */
	bool timed;		   /* nor is time */
	bool seen;		   /* streaming, in this tick */
	bool broken;	   /* its document is none: it is left alone */
	int64_t written_ms;
} Counted;

struct Meter
{
	Control *control;
	NameTable counted;
	Trouble trouble;
	int64_t kept_ms;   /* when totals that are kept were read; 0: this server does not lead */
	int64_t quotas_ms; /* when quotas were looked at */
};

/* ---- meter_store.c ---- */

/* The stream, read when it is new here; NULL on error. */
extern Counted *meter_counted(Meter *meter, const char *tenant, const char *stream_id,
							  int64_t now_ms, SluiceError *err);

/* ---- meter_totals.c ---- */

/* Counts what writers told. */
extern bool meter_take_totals(Meter *meter, NatsSession *session, int64_t now_ms,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* ---- meter_quota.c ---- */

/* Tells of tenants that come near a quota, or reach it: once for each month. */
extern bool meter_watch_quotas(Meter *meter, int64_t now_ms, SluiceError *err) SLUICE_MUST_CHECK;

#endif
