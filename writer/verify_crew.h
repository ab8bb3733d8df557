/*
 * verify_crew.h - threads that compare tables, range by range, in shared snapshots of both sides.
 */
#ifndef SLUICE_WRITER_VERIFY_CREW_H
#define SLUICE_WRITER_VERIFY_CREW_H

#include "verify_position.h"
#include "verify_scan.h"

typedef struct VerifyCrewSettings
{
	VerifyPosition *position; /* its keepers must live */
	const VerifyEnds *ends;	  /* of the threads' connections: their go_on() is called by several */
	int64_t range_rows;
	int jobs;
	/* Called by the calling thread now and then; false ends the work. */
	bool (*go_on)(void *context);
	void *context;
} VerifyCrewSettings;

/*
 * Compares all tables that are not broken and, with `repaired`, were repaired; fills what was found.
 */
extern bool verify_crew_run(const VerifyCrewSettings *settings, VerifyTables *tables, bool repaired,
							SluiceError *err) SLUICE_MUST_CHECK;

#endif
