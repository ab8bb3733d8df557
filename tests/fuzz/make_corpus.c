/*
 * make_corpus.c - writes the seeds of tests/fuzz/corpus: small messages of every kind.
 *
 *     make_corpus FOLDER
 *
 * The same program gives the same files.
 */
#include "common/nats/durable.h"
#include "fuzz.h"
#include "tests/unit/support/bundle_model.h"

#include <stdio.h>

#define SEEDS_EACH	 6
#define SEED_MAXIMUM 700
#define ROOM		 (1 << 20)

static void
save(const char *folder, const char *target, const char *name, int number, const void *data,
	 size_t length)
{
	char path[4096];
	FILE *file;

	(void) snprintf(path, sizeof(path), "%s/%s/%s-%d", folder, target, name, number);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(data, 1, length, file) != length || fclose(file) != 0)
	{
		perror(path);
		exit(EXIT_FAILURE);
	}
}

/* A sealed random bundle of a few hundred bytes in `writer` or `scratch`; its head in *header. */
static const uint8_t *
seed_bundle(Random *random, Compression compression, BundleWriter *writer, ByteBuf *scratch,
			BundleHeader *header, size_t *length)
{
	for (;;)
	{
		const uint8_t *sealed;
		BundleModel model;
		bool done;

		bundle_model_make(&model, random, &(ModelSize){2, 5, 8});
		done = bundle_writer_start(writer, &model.previous, 0, NULL) &&
			   bundle_model_write(&model, writer, NULL);
		FUZZ_ASSERT(done);
		bundle_writer_header(writer, model.kind, header);
		done = bundle_seal(header, writer->buf.data, writer->buf.length, compression, scratch,
						   &sealed, length, NULL);
		FUZZ_ASSERT(done);
		bundle_model_free(&model);
		if (*length <= SEED_MAXIMUM && header->compression == compression && header->records > 3)
			return sealed;
	}
}

static void
save_parts(const char *folder, int number, const BundleHeader *header, const uint8_t *sealed,
		   size_t length)
{
	size_t max_message = BUNDLE_HEADER_SIZE + length / 3;
	uint32_t parts = bundle_part_count(length, max_message);
	ByteBuf all;
	ByteBuf part;
	bool done = true;

	bytebuf_init(&all, &allocator_malloc, ROOM);
	bytebuf_init(&part, &allocator_malloc, ROOM);
	for (uint32_t i = 0; parts > 1 && i < parts; i++)
		done = done && bundle_part_write(header, sealed, length, max_message, i, &part, NULL) &&
			   bytebuf_put_u16(&all, (uint16_t) part.length, NULL) &&
			   bytebuf_put(&all, part.data, part.length, NULL);
	/* A whole one behind it, as it comes on the subject. */
	done = done && bytebuf_put_u16(&all, (uint16_t) length, NULL) &&
		   bytebuf_put(&all, sealed, length, NULL);
	FUZZ_ASSERT(done);
	save(folder, "parts", "parts", number, all.data, all.length);
	bytebuf_free(&part);
	bytebuf_free(&all);
}

static void
make_bundles(const char *folder)
{
	Random random = random_of(2024);
	BundleWriter writer;
	ByteBuf scratch;

	bundle_writer_init(&writer, &allocator_malloc, ROOM);
	bytebuf_init(&scratch, &allocator_malloc, ROOM);
	for (int i = 0; i < 3 * SEEDS_EACH; i++)
	{
		Compression compression = (Compression) (i % 3);
		BundleHeader header;
		size_t length;
		const uint8_t *sealed =
			seed_bundle(&random, compression, &writer, &scratch, &header, &length);

		save(folder, "bundle", compression_name(compression), i / 3, sealed, length);
		if (i % 3 == 0)
			save_parts(folder, i / 3, &header, sealed, length);
	}
	bytebuf_free(&scratch);
	bundle_writer_free(&writer);
}

static void
make_relations(const char *folder)
{
	Random random = random_of(7);
	int made = 0;

	while (made < 2 * SEEDS_EACH)
	{
		BundleModel model;
		ByteBuf out;

		bundle_model_make(&model, &random, &(ModelSize){1, 8, 0});
		bytebuf_init(&out, &allocator_malloc, ROOM);
		FUZZ_ASSERT(bundle_relation_write(&model.relations[0], &out, NULL));
		if (out.length <= SEED_MAXIMUM)
			save(folder, "relation", "relation", made++, out.data, out.length);
		bytebuf_free(&out);
		bundle_model_free(&model);
	}
}

static void
make_texts(const char *folder)
{
	const ChangeId ids[] = {
		{0, 0, 0}, {1, 0x16B3748, CHANGE_INDEX_COMMIT}, {UINT64_MAX, UINT64_MAX, UINT64_MAX - 1}};
	char text[KV_VALUE_MAXIMUM];

	for (int i = 0; i < 3; i++)
	{
		DurableMark mark = {ids[i], (uint64_t) i * 1000, INT64_MAX / 3 * i};

		(void) change_id_format(&ids[i], text);
		save(folder, "change_id", "id", i, text, strlen(text));
		(void) durable_format(&mark, text);
		save(folder, "durable", "mark", i, text, strlen(text));
	}
}

int
main(int argc, char **argv)
{
	if (argc != 2)
	{
		(void) fprintf(stderr, "usage: make_corpus FOLDER\n");
		return EXIT_FAILURE;
	}
	make_bundles(argv[1]);
	make_relations(argv[1]);
	make_texts(argv[1]);
	return EXIT_SUCCESS;
}
