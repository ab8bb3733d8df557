/*
 * schema_flatten.h - a schema document whose partitioned tables are plain ones.
 *
 * Each partitioned table takes all rows of its partitions, which are not in the document any more:
 * nor is what hangs on one of them alone (indexes, checks, keys, triggers), which `not_carried` then
 * names.  What the copy reads stays: load->tables still name the partitions, with the number (id) of
 * the table that they are published as.
 *
 * A table whose partitions the stream publishes one by one stays partitioned, as changes of them
 * would not find it.  Without a copy in the document that is not known, and all are flattened.
 */
#ifndef SLUICE_CORE_SCHEMA_FLATTEN_H
#define SLUICE_CORE_SCHEMA_FLATTEN_H

#include "schema_document.h"

/* False when there is no memory; the document is then of no use. */
extern bool schema_document_flatten(SchemaDocument *document, SluiceError *err) SLUICE_MUST_CHECK;

#endif
