/*
 * leader.h - what one server does for all: once a second, as long as it holds the lease lease.control.
 *
 * One thread with a NATS connection of its own.  What it calls is the table in leader.c: runs, usage, alerts, history of
 * figures, events of runs.  Two may think they lead for a moment (lease.h): every tick writes by compare-and-set.
 */
#ifndef SLUICE_CONTROL_LIVE_LEADER_H
#define SLUICE_CONTROL_LIVE_LEADER_H

#include "control/control.h"

typedef struct Leader Leader;

/* All parts of `control` must be there already and outlive it.  NULL on error. */
extern Leader *leader_start(Control *control, SluiceError *err);

/* Whether this server leads at the moment. */
extern bool leader_leads(const Leader *leader);

/* Gives the lease up and ends the thread; NULL is fine. */
extern void leader_stop(Leader *leader);

#endif
