/*
 * pg_identifier.h - names of other databases as PostgreSQL can have them: it keeps 63 bytes.
 */
#ifndef SLUICE_CORE_PG_IDENTIFIER_H
#define SLUICE_CORE_PG_IDENTIFIER_H

#define PG_IDENTIFIER_SIZE 64

/*
 * A name that fits stays.  Of one that does not the beginning stays, whole characters of it, and a
 * checksum of all of it follows: the same name always becomes the same, and others become others.
 * Gives `fitted`.
 */
extern const char *pg_identifier_fit(const char *name, char fitted[PG_IDENTIFIER_SIZE]);

#endif
