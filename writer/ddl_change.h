/*
 * ddl_change.h - from a change of structure at the source to what is to be done at a PostgreSQL
 * target; texts only.
 *
 * A change is a list of parts in the order they are to be done in.  Each asks the target first
 * whether there is something to do, so that what is done already, by hand or before a crash, is
 * passed over.  Nothing is dropped with CASCADE.
 */
#ifndef SLUICE_WRITER_DDL_CHANGE_H
#define SLUICE_WRITER_DDL_CHANGE_H

#include "common/core/schema_change.h"
#include "script.h"

typedef struct DdlPart
{
	size_t question;	 /* step of the script: a SELECT that gives one boolean, whether to do it */
	size_t end;			 /* the steps between it and this one do it */
	const char *unknown; /* values that only the source knows would be missing: why, else NULL */
	const char *by_hand; /* what only people can do, else NULL */
	bool outside;		 /* before PostgreSQL 12 its steps cannot run inside a transaction */
} DdlPart;

typedef struct DdlChange
{
	const SchemaChange *change;
	int version; /* of the target: 150004 for 15.4 */
	unsigned
		create; /* CREATE_ bits of structure.h: indexes and foreign keys are only made with theirs */
	Script script;
	DdlPart *parts;
	size_t count, room;
	bool failed;
} DdlChange;

/* The change must outlive it; ddl_change_free() in any case. */
extern bool ddl_change_make(DdlChange *ddl, const SchemaChange *change, int version,
							unsigned create, SluiceError *err) SLUICE_MUST_CHECK;
extern void ddl_change_free(DdlChange *ddl);

/* For what makes a change by other parts: no more of them, from here on their texts can be read. */
extern bool ddl_change_end(DdlChange *ddl, SluiceError *err) SLUICE_MUST_CHECK;

#endif
