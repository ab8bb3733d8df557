/*
 * launch.h - starting the program of a job: which one, with which configuration.
 *
 * The configuration, secrets included, goes into an anonymous file that the child gets as a descriptor; TLS
 * material into further ones, whose paths stand in the URI.
 */
#ifndef SLUICE_WORKER_LAUNCH_H
#define SLUICE_WORKER_LAUNCH_H

#include "common/control/child.h"
#include "job.h"

/* DENIED, IO, TIMEOUT when secrets cannot be had; NOT_FOUND for a program that is not there; ARGUMENT for a run that
 * makes no sense. */
extern bool launch_program(Job *job, Child *child, SluiceError *err) SLUICE_MUST_CHECK;

/* The program that removes what writers noted of the stream at one of its targets. */
extern bool launch_forget(Job *job, const json_t *target, Child *child,
						  SluiceError *err) SLUICE_MUST_CHECK;

#endif
