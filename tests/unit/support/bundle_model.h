/*
 * bundle_model.h - what a bundle should hold, kept apart from the bundle: random relations and
 * records that can be written with the bundle writer and held against what the reader gives back.
 *
 * The model owns all it points to until bundle_model_free().
 */
#ifndef SLUICE_TESTS_BUNDLE_MODEL_H
#define SLUICE_TESTS_BUNDLE_MODEL_H

#include "common/core/bundle.h"
#include "random.h"

typedef struct ModelField
{
	int32_t length; /* or FIELD_NULL, FIELD_UNCHANGED */
	const uint8_t *data;
} ModelField;

typedef struct ModelRecord
{
	RecordType type;
	uint8_t flags;
	uint16_t relation;
	ChangeId id;
	BundleBegin begin;
	int64_t commit_time;
	BundleMessage message;
	uint16_t truncated_count;
	const uint16_t *truncated;
	uint16_t old_count, new_count;
	const ModelField *old_fields, *new_fields;
} ModelRecord;

typedef struct BundleModel
{
	BundleKind kind;
	ChangeId previous;
	uint16_t relation_count;
	BundleRelation *relations;
	uint32_t record_count;
	ModelRecord *records;
	struct ModelChunk *chunks;
} BundleModel;

typedef struct ModelSize
{
	uint16_t relations;
	uint16_t columns; /* of a relation, at most */
	uint32_t records; /* relations left out */
} ModelSize;

/* A random model of at most that size. */
extern void bundle_model_make(BundleModel *model, Random *random, const ModelSize *size);
extern void bundle_model_free(BundleModel *model);

/*
 * Writes it all: relations where their first record needs them.  False at the first record that
 * could not be written, the writer then as it was before that record (asserted).
 */
extern bool bundle_model_write(const BundleModel *model, BundleWriter *writer, SluiceError *err);

/* Reads an open bundle to its end and asserts that it holds the model; false when reading failed. */
extern bool bundle_model_read(const BundleModel *model, BundleReader *reader, SluiceError *err);

#endif
