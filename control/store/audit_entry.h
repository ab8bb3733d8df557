/*
 * audit_entry.h - one entry of the audit chain as JSON, and whether it fits behind another; no I/O.
 */
#ifndef SLUICE_CONTROL_AUDIT_ENTRY_H
#define SLUICE_CONTROL_AUDIT_ENTRY_H

#include "audit.h"

#define AUDIT_HASH 65 /* hexadecimal SHA-256 with the NUL */

/* Where a chain stands: all zero, hash of zeros, before its first entry. */
typedef struct AuditPlace
{
	uint64_t number;   /* of the last entry */
	uint64_t sequence; /* its message's */
	char hash[AUDIT_HASH];
} AuditPlace;

extern void audit_place_init(AuditPlace *place);

/* The entry behind a place, with its hash; a new reference, NULL without memory. */
extern json_t *audit_entry_make(const AuditRecord *record, const AuditPlace *behind);

/* Whether an entry fits behind a place, which then becomes its own (but for sequence); else why not. */
extern bool audit_entry_follows(const json_t *entry, AuditPlace *place, char *reason, size_t size);

/* Its own place. */
extern bool audit_entry_place(const json_t *entry, AuditPlace *place);

#endif
