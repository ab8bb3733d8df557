/*
 * sight.h - the streams there are, with what is known of each at the moment: its newest run, its figures.
 */
#ifndef SLUICE_CONTROL_METER_SIGHT_H
#define SLUICE_CONTROL_METER_SIGHT_H

#include "common/control/layout.h"
#include "common/core/stream_state.h"
#include "control/live/live.h"

#define SIGHT_NAME_MAXIMUM 64 /* bytes of a stream's own name, with the NUL */

typedef struct StreamSight
{
	char tenant[TENANT_MAXIMUM + 1];
	char stream_id[ID_MAXIMUM + 1];
	char name[SIGHT_NAME_MAXIMUM];
	char run_id[ID_MAXIMUM + 1]; /* the newest; "": it has never run */
	bool active;				 /* the run has not ended */
	StreamState state;			 /* of the run, as it is written */
	char error[300];			 /* of the run; "": none */
	LiveFigures figures;
} StreamSight;

/* Told of one; valid during the call alone. */
typedef void (*SightEach)(void *context, const StreamSight *sight);

/* Streams of a tenant, or with NULL of all.  What of one cannot be read is not known of it. */
extern bool sight_each_stream(Control *control, const char *tenant, SightEach each, void *context,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Whether it is seen streaming: its run says so, and its reader was heard in the last seconds. */
extern bool sight_is_streaming(const StreamSight *sight);

#endif
