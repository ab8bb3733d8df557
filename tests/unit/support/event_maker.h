/*
 * event_maker.h - makes events of a binary log byte by byte, and hexadecimal texts to bytes.
 */
#ifndef SLUICE_TESTS_EVENT_MAKER_H
#define SLUICE_TESTS_EVENT_MAKER_H

#include "mysql_reader/binlog/event.h"

/* Appends the bytes that pairs of hexadecimal digits say; blanks are passed. */
extern void put_hex(ByteBuf *out, const char *hex);
extern void put_little(ByteBuf *out, uint64_t value, unsigned bytes);

/* What stands in an event's header beside its type. */
typedef struct EventMaker
{
	bool checksum;
	uint16_t flags;
	uint32_t end; /* place behind it in the log; grows with each, unless `still` */
	bool still;
	uint32_t server_id;
	ByteBuf out; /* events one behind the other */
} EventMaker;

extern void event_maker_init(EventMaker *maker);
extern void event_maker_free(EventMaker *maker);

/* Appends an event; gives where it lies in maker->out until the next is made. */
extern ByteCursor make_event(EventMaker *maker, uint8_t type, const void *body, size_t length);
extern ByteCursor make_hex_event(EventMaker *maker, uint8_t type, const char *hex);

/* A format description of the flavour; what follows has checksums as maker->checksum says. */
extern ByteCursor make_format(EventMaker *maker, Flavour flavour);

/* A QUERY event of a session in database "db". */
extern ByteCursor make_query(EventMaker *maker, const char *text);

#endif
