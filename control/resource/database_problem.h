/*
 * database_problem.h - what is wrong at users' databases, as problems: 502 and its like, never 500.
 */
#ifndef SLUICE_CONTROL_DATABASE_PROBLEM_H
#define SLUICE_CONTROL_DATABASE_PROBLEM_H

#include "control/database/database.h"
#include "control/http/request.h"

/* All of them are false. */

/* A database that answers with an error, or not in time. */
extern bool database_problem(const SluiceError *err, Response *response);

/* One that could not be opened: 403 for an address that is not allowed. */
extern bool database_problem_open(const DialReport *report, const SluiceError *err,
								  Response *response);

/* Too many at once. */
extern bool database_problem_full(const SluiceError *err, Response *response);

#endif
