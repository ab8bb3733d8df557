/*
 * database_problem.c - see database_problem.h.
 */
#include "database_problem.h"

#define RETRY_AFTER 1

/* Those that are not here are 502. */
static const struct
{
	SluiceErrorCode code;
	ProblemType type;
} problems[] = {
	{SLUICE_ERROR_MEMORY, PROBLEM_INTERNAL},
	{SLUICE_ERROR_TIMEOUT, PROBLEM_UPSTREAM_TIMEOUT},
};

bool
database_problem(const SluiceError *err, Response *response)
{
	ProblemType type = PROBLEM_UPSTREAM;

	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
	{
		if (problems[i].code == err->code)
			type = problems[i].type;
	}
	(void) response_error(response, err);
	response->problem.type = type;
	response->problem.retry_after = 0;
	return false;
}

bool
database_problem_open(const DialReport *report, const SluiceError *err, Response *response)
{
	if (report->at == DIAL_DNS && err->code == SLUICE_ERROR_DENIED)
		return response_error(response, err);
	return database_problem(err, response);
}

bool
database_problem_full(const SluiceError *err, Response *response)
{
	(void) response_fail(response, PROBLEM_RATE_LIMITED, "%s", err->message);
	response->problem.retry_after = RETRY_AFTER;
	return false;
}
