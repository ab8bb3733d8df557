/*
 * change_name.h - naming a change in messages: what it was to do, its table and key.
 */
#ifndef SLUICE_WRITER_CHANGE_NAME_H
#define SLUICE_WRITER_CHANGE_NAME_H

#include "batch.h"

/* The row a change is found by: the old one where it came along, else the new one. */
extern const BundleRow *change_row(const Change *change);

/* Puts action, table and key before the message of an error of an insert, update or delete; false. */
extern bool change_name(const Change *change, SluiceError *err);

/* DATA, because the target's row is not as the change expects it, without a name and with; false. */
extern bool change_conflict(const char *what, SluiceError *err);
extern bool change_fail_conflict(const Change *change, const char *what, SluiceError *err);

#endif
