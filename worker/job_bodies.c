/*
 * job_bodies.c - the table of bodies (job_bodies.h).
 */
#include "job_bodies.h"

static const struct
{
	JobBody mysql, postgresql; /* by the source */
} bodies[JOB_KINDS] = {
	[JOB_READER] = {job_keep, job_postgresql},
	[JOB_WRITER] = {job_keep, job_keep},
	[JOB_DROP] = {job_once, job_postgresql_drop},
	[JOB_VERIFICATION] = {job_once, job_once},
};

JobBody
job_body(const JobFacts *facts)
{
	return facts->postgresql ? bodies[facts->kind].postgresql : bodies[facts->kind].mysql;
}
