/*
 * store_ops.h - what an implementation of store.h is: the calls of store.h, one for one.
 *
 * An implementation embeds a Store as its first member and sets `ops`.  store.c hands every call on.
 */
#ifndef SLUICE_CONTROL_STORE_OPS_H
#define SLUICE_CONTROL_STORE_OPS_H

#include "store.h"

typedef struct StoreOps
{
	bool (*get)(Store *store, StoreArea area, const char *key, StoreEntry *entry, SluiceError *err);
	bool (*get_at)(Store *store, StoreArea area, const char *key, uint64_t revision,
				   StoreEntry *entry, SluiceError *err);
	/* value NULL: removes the key */
	bool (*write)(Store *store, StoreArea area, const char *key, const json_t *value,
				  uint64_t revision, uint64_t *new_revision, SluiceError *err);
	/* up to `size` entries behind `after` */
	bool (*list)(Store *store, StoreArea area, const char *prefix, const char *after,
				 StoreEntry *entries, size_t size, size_t *count, SluiceError *err);
	bool (*history)(Store *store, StoreArea area, const char *key, StoreEntry *entries, size_t size,
					size_t *count, SluiceError *err);
	bool (*on_change)(Store *store, StoreChanged changed, void *context, SluiceError *err);
	void (*off_change)(Store *store, StoreChanged changed, void *context);
	bool (*ready)(Store *store, SluiceError *err);
	void (*stop)(Store *store);
} StoreOps;

struct Store
{
	const StoreOps *ops;
};

#endif
