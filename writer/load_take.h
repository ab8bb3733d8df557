/*
 * load_take.h - what taking in bundles (load_target.h) comes to at any kind of target.
 */
#ifndef SLUICE_WRITER_LOAD_TAKE_H
#define SLUICE_WRITER_LOAD_TAKE_H

#include "load_target.h"

/*
 * The way its rows go in.  With write mode upsert a table that was made for the copy has no key yet,
 * and no rows to meet: they are copied.  Its table is described.
 */
extern LoadWay load_piece_way(const LoadTake *take, const LoadPiece *piece);

/* Whether it has rows that are not in yet. */
extern bool load_piece_has_rows(const LoadPiece *piece);

/* The source's number of the table that the piece's chunk is of. */
extern uint32_t load_piece_table_id(const LoadTake *take, const LoadPiece *piece);

/* Marks the piece of that place, unless it is marked; false when there is none. */
extern bool load_take_mark(const LoadTake *take, LoadPlace place);

/* CORRUPT when rows that are not in yet cannot be had any more. */
extern bool load_take_check(const LoadTake *take, SluiceError *err) SLUICE_MUST_CHECK;

/* The conflict policy that makes of an insert what the way wants. */
extern ConflictPolicy load_way_policy(LoadWay way);

#endif
