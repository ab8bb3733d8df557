/*
 * reader_number.h - the number and the UUID by which a server knows a reader among its replicas.
 *
 * They follow from the stream's incarnation, so that a reader that comes back is known as the same one
 * and the server ends what it still had of it, and no two streams are taken for one.
 */
#ifndef SLUICE_MYSQL_READER_READER_NUMBER_H
#define SLUICE_MYSQL_READER_READER_NUMBER_H

#include "common/mysql/my_connection.h"

#define READER_UUID_SIZE 37

/* Never 0; of an incarnation each `attempt` gives another. */
extern uint32_t reader_number(uint64_t incarnation, unsigned attempt);
extern void reader_uuid(uint64_t incarnation, char uuid[READER_UUID_SIZE]);

/*
 * The number to use: `wanted`, or with 0 one of the incarnation's that neither the server nor a replica
 * that it tells of has.  ARGUMENT when the wanted one is taken.  Who may not ask for replicas is believed.
 */
extern bool reader_number_choose(MyConnection *c, uint64_t incarnation, uint32_t wanted,
								 uint32_t *number, SluiceError *err) SLUICE_MUST_CHECK;

#endif
