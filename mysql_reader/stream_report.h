/*
 * stream_report.h - a stream's figures as JSON, published once a second for whoever watches (docs/control.md, "Figures").
 */
#ifndef SLUICE_MYSQL_READER_STREAM_REPORT_H
#define SLUICE_MYSQL_READER_STREAM_REPORT_H

#include "common/nats/connection.h"
#include "stream_figures.h"

#define STREAM_REPORT_MS 1000

/* On sluice.<stream>.stats.reader.<owner>; nobody need be there to hear it. */
extern bool stream_report_publish(NatsSession *session, const StreamFigures *figures,
								  const char *owner, int state, SluiceError *err) SLUICE_MUST_CHECK;

#endif
