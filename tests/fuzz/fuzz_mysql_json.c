/*
 * fuzz_mysql_json.c - the length of a document in two bytes, the document, then changes of it: any
 * bytes are printed or refused, and without changes both ways print the same.
 */
#include "mysql_reader/binlog/json_diff.h"

#include "fuzz.h"

#define ROOM (1 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SluiceError err = {0};
	ByteBuf plain, changed;
	size_t length;
	bool good;

	if (size < 2)
		return 0;
	length = little_load(data, 2);
	length = length < size - 2 ? length : size - 2;
	bytebuf_init(&plain, &allocator_malloc, ROOM);
	bytebuf_init(&changed, &allocator_malloc, ROOM);
	good = json_binary_text(data + 2, length, &plain, &err);
	FUZZ_ASSERT(good || err.message[0] != '\0');
	FUZZ_ASSERT(good == json_diff_text(data + 2, length, data, 0, &changed, &err));
	if (good)
		FUZZ_ASSERT(plain.length == changed.length &&
					memcmp(plain.data, changed.data, plain.length) == 0);
	changed.length = 0;
	good = json_diff_text(data + 2, length, data + 2 + length, size - 2 - length, &changed, &err);
	FUZZ_ASSERT(good || err.message[0] != '\0');
	bytebuf_free(&plain);
	bytebuf_free(&changed);
	return 0;
}
