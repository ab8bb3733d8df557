/*
 * load_take.c - bundles on their way in, whatever the target (load_take.h).
 */
#include "load_take.h"

#include <inttypes.h>

static const SchemaLoadTable *
table_of(const LoadTake *take, const LoadPiece *piece)
{
	uint32_t table = 0;

	(void) load_plan_chunk(take->plan, piece->place.generation, piece->place.chunk, &table);
	return &take->plan->load->tables[table];
}

LoadWay
load_piece_way(const LoadTake *take, const LoadPiece *piece)
{
	if (piece->way != LOAD_WAY_UPSERT || piece->table->keyed)
		return piece->way;
	return table_of(take, piece)->mode == SCHEMA_LOAD_CATCH_UP ? LOAD_WAY_UPSERT : LOAD_WAY_COPY;
}

bool
load_piece_has_rows(const LoadPiece *piece)
{
	return piece->fresh && piece->row_count > 0;
}

uint32_t
load_piece_table_id(const LoadTake *take, const LoadPiece *piece)
{
	return table_of(take, piece)->id;
}

bool
load_take_mark(const LoadTake *take, LoadPlace place)
{
	for (uint32_t i = 0; i < take->count; i++)
	{
		LoadPiece *piece = take->pieces[i];

		if (piece->place.generation == place.generation && piece->place.chunk == place.chunk &&
			piece->place.bundle == place.bundle && !piece->fresh)
		{
			piece->fresh = true;
			return true;
		}
	}
	return false;
}

bool
load_take_check(const LoadTake *take, SluiceError *err)
{
	for (uint32_t i = 0; i < take->count; i++)
	{
		const LoadPiece *piece = take->pieces[i];

		if (!piece->gone || !piece->fresh)
			continue;
		(void) sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "parts of bundle %" PRIu32 " of chunk %" PRIu32 " (generation %" PRIu32
						   ") are not in JetStream any more",
						   piece->place.bundle, piece->place.chunk, piece->place.generation);
		return sluice_hint(err, "start the copy anew");
	}
	return true;
}

ConflictPolicy
load_way_policy(LoadWay way)
{
	return way == LOAD_WAY_UPSERT ? CONFLICT_UPSERT
		   : way == LOAD_WAY_FILL ? CONFLICT_SKIP
								  : CONFLICT_ERROR;
}
