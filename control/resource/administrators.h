/*
 * administrators.h - the last key that can make keys of every kind stays, whoever deletes others at the same moment.
 *
 * An administrator's key is the tenant "default"'s, has tenants:admin and keys:admin, and does not expire.
 */
#ifndef SLUICE_CONTROL_ADMINISTRATORS_H
#define SLUICE_CONTROL_ADMINISTRATORS_H

#include "control/control.h"
#include "control/http/request.h"
#include "control/store/store.h"

/*
 * To be called before an API key is deleted, which must then be done at the entry's revision.  Fails with 409 when it is the
 * last administrator's.
 */
extern bool administrator_leaves(Control *control, const StoreEntry *entry, Response *response);

#endif
