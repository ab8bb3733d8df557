/*
 * mysql_document.h - schema documents of a MySQL source as JSON, written field by field, and made
 * PostgreSQL's.
 */
#ifndef SLUICE_TESTS_MYSQL_DOCUMENT_H
#define SLUICE_TESTS_MYSQL_DOCUMENT_H

#include "common/core/schema_to_pg.h"

#define DOCUMENT_SIZE 65536

/* What was written so far. */
extern char document_json[DOCUMENT_SIZE];
extern size_t document_length;

extern void put(const char *format, ...) SLUICE_PRINTF(1, 2);

extern void begin_document(const char *product);

/* Columns are numbered from 1 on. */
extern void begin_columns(void);
extern void begin_table(const char *name, const char *more);

/* `more` has fields that are not as mostly: NOT_NULL, LITERAL(...), ... */
extern void column(const char *name, const char *type, const char *type_name, const char *canon,
				   const char *more);
extern void end_table(const char *indexes, const char *checks, const char *keys);

/* Read, and made PostgreSQL's. */
extern SchemaDocument *end_document(const SchemaToPg *to);

/* The first of a kind in not_carried, or NULL. */
extern const SchemaNotCarried *told(const SchemaDocument *document, const char *kind);

#define NOT_NULL ",\"not_null\":true"
#define LITERAL(sql, text)                                                                         \
	",\"default\":\"" sql "\",\"default_kind\":\"literal\",\"default_value\":\"" text "\""
#define EXPRESSION(sql) ",\"default\":\"" sql "\",\"default_kind\":\"expression\""
#define GENERATED(sql)	",\"generated\":\"virtual\",\"expression\":\"" sql "\""
#define SCAN(boolean, day)                                                                         \
	",\"scan\":{\"only_boolean\":" boolean ",\"within_day\":" day ",\"zero_dates\":false,"         \
	"\"longest\":null}"
#define BINARY ",\"charset\":\"utf8mb4\",\"collation\":\"utf8mb4_bin\""

#endif
