/*
 * bundle_header.h - the fixed head of every message Sluice publishes, its checksum and its sealing.
 *
 * A bundle is a head of BUNDLE_HEADER_SIZE bytes and a body of records (bundle.h), the body perhaps
 * compressed.  A bundle longer than a message may be travels as parts: messages of kind BUNDLE_PART
 * whose bodies are the consecutive slices of the whole sealed bundle.  docs/bundle-format.md has
 * the table of bytes.
 */
#ifndef SLUICE_CORE_BUNDLE_HEADER_H
#define SLUICE_CORE_BUNDLE_HEADER_H

#include "bytebuf.h"
#include "change_id.h"
#include "compress.h"

#define BUNDLE_HEADER_SIZE 96
#define BUNDLE_VERSION	   1
#define BUNDLE_MAXIMUM	   ((size_t) 2 << 30) /* bytes of one bundle, head and unpacked body */

typedef enum BundleKind
{
	BUNDLE_CHANGE = 1, /* changes in the source's order */
	BUNDLE_LOAD = 2,   /* rows of a table copy, in no order */
	BUNDLE_PART = 3	   /* a slice of a bundle too long for one message */
} BundleKind;

typedef struct BundleHeader
{
	BundleKind kind;
	Compression compression;
	uint32_t records;	  /* in the body, relations included; 0 in a part */
	uint32_t raw_size;	  /* body once unpacked */
	uint32_t stored_size; /* body as it follows the head */
	uint32_t part, parts; /* 0 of 1 for a whole bundle */
	ChangeId previous;	  /* last change of the message before; commit 0 when there is none */
	ChangeId first, last; /* the changes this bundle (for a part: the whole bundle) holds */
	int64_t commit_time;  /* of the last transaction in it, microseconds since 2000-01-01 UTC */
} BundleHeader;

/*
 * Reads and checks head and checksum of a message; *body is set to the stored body inside it.
 * SLUICE_ERROR_CORRUPT or SLUICE_ERROR_VERSION.
 */
extern bool bundle_header_read(const uint8_t *data, size_t length, BundleHeader *header,
							   const uint8_t **body, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Makes a message of a raw body.  `data` holds BUNDLE_HEADER_SIZE bytes of room and then the body;
 * `header` says the rest (sizes are filled in here).  Without compression, or when it would not
 * shrink the body or might need more than scratch may hold, the head is written into the room and *sealed is data; else *sealed is in
 * `scratch`, which is emptied first.
 */
extern bool bundle_seal(BundleHeader *header, uint8_t *data, size_t length, Compression compression,
						ByteBuf *scratch, const uint8_t **sealed, size_t *sealed_length,
						SluiceError *err) SLUICE_MUST_CHECK;

/*
 * How many messages of at most max_message bytes a sealed bundle needs; 1 when it fits as it is, 0
 * when messages have no room for more than a head.
 */
extern uint32_t bundle_part_count(size_t sealed_length, size_t max_message);

/* Writes part `part` of a sealed bundle that needs several to out, which is emptied first; LIMIT when
 * there is no such part. */
extern bool bundle_part_write(const BundleHeader *whole, const uint8_t *sealed,
							  size_t sealed_length, size_t max_message, uint32_t part, ByteBuf *out,
							  SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Puts parts together.  Parts must come in order; part 0 starts over, which is what a publisher
 * that was interrupted does.
 */
typedef struct BundleAssembly
{
	ByteBuf whole;
	BundleHeader header; /* of the last part taken */
	uint32_t next;		 /* the part expected */
} BundleAssembly;

extern void bundle_assembly_init(BundleAssembly *assembly, const Allocator *allocator,
								 size_t maximum);
extern void bundle_assembly_free(BundleAssembly *assembly);

/* Forgets what was gathered and gives its memory back. */
extern void bundle_assembly_reset(BundleAssembly *assembly);

/* Takes one part as bundle_header_read() gave it; *complete tells whether `whole` is a sealed bundle now. */
extern bool bundle_assembly_add(BundleAssembly *assembly, const BundleHeader *header,
								const uint8_t *body, bool *complete,
								SluiceError *err) SLUICE_MUST_CHECK;

#endif
