/*
 * change_bundle.h - what the change writer does with its open bundle.
 */
#ifndef SLUICE_MYSQL_READER_CHANGE_BUNDLE_H
#define SLUICE_MYSQL_READER_CHANGE_BUNDLE_H

#include "change_writer.h"

/* The identity of the group's next record; true when the stream has it and it is not to be written. */
extern bool change_is_known(ChangeWriter *writer, ChangeId *id);

/* Before the first change of a group. */
extern bool change_require_begin(ChangeWriter *writer, SluiceError *err) SLUICE_MUST_CHECK;

/* Opens a bundle unless one is open. */
extern bool change_require_bundle(ChangeWriter *writer, SluiceError *err) SLUICE_MUST_CHECK;

/* Tells the open bundle of a relation unless it knows, by what is noted beside the relation. */
extern bool change_require_relation(ChangeWriter *writer, const BundleRelation *relation,
									uint64_t *bundle, uint16_t *number,
									SluiceError *err) SLUICE_MUST_CHECK;

/* Sends the open bundle; the second only when it is full. */
extern bool change_emit(ChangeWriter *writer, SluiceError *err) SLUICE_MUST_CHECK;
extern bool change_emit_when_full(ChangeWriter *writer, SluiceError *err) SLUICE_MUST_CHECK;

/* Where the open bundle stands, and going back there; false when it went out meanwhile. */
extern BundleMark change_mark(const ChangeWriter *writer);
extern bool change_go_back(ChangeWriter *writer, const BundleMark *mark);

#endif
