/*
 * child_config.c - configuration lines (child_config.h), as common/daemon/config_file.c reads them.
 */
#include "child_config.h"

#include <stdlib.h>
#include <string.h>

bool
child_config_init(ByteBuf *config, SluiceError *err)
{
	bytebuf_init(config, &allocator_malloc, CHILD_CONFIG_MAXIMUM);
	return bytebuf_reserve(config, CHILD_CONFIG_MAXIMUM, err);
}

void
child_config_free(ByteBuf *config)
{
	if (config->data != NULL)
		explicit_bzero(config->data, config->length);
	bytebuf_free(config);
}

/* Within double quotes these four have another form; everything else stands for itself. */
static const char *
escaped(char c)
{
	switch (c)
	{
		case '"': return "\\\"";
		case '\\': return "\\\\";
		case '\n': return "\\n";
		case '\t': return "\\t";
		default: return NULL;
	}
}

static bool
put(ByteBuf *config, const char *text, SluiceError *err)
{
	return bytebuf_put(config, text, strlen(text), err);
}

bool
child_config_line(ByteBuf *config, const char *name, const char *value, SluiceError *err)
{
	bool good;

	if (value == NULL)
		return true;
	good = put(config, name, err) && put(config, " = \"", err);
	for (; good && *value != '\0'; value++)
	{
		const char *form = escaped(*value);

		good = form != NULL ? put(config, form, err) : bytebuf_put(config, value, 1, err);
	}
	return good && put(config, "\"\n", err);
}

bool
child_config_nats(ByteBuf *config, const NatsSettings *nats, SluiceError *err)
{
	const struct
	{
		const char *option, *value;
	} lines[] = {
		{"nats", nats->urls},
		{"nats-creds", nats->creds_file},
		{"nats-nkey", nats->nkey_file},
		{"nats-user", nats->user},
		{"nats-password", nats->password},
		{"nats-token", nats->token},
		{"nats-tls-ca", nats->tls_ca_file},
		{"nats-tls-cert", nats->tls_cert_file},
		{"nats-tls-key", nats->tls_key_file},
		{"nats-tls", nats->tls_required ? "on" : NULL},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
	{
		if (!child_config_line(config, lines[i].option, lines[i].value, err))
			return false;
	}
	return true;
}

bool
child_config_options(ByteBuf *config, JobPart part, const json_t *options, SluiceError *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *) (uintptr_t) options, name, value)
	{
		char *text = job_option_text(part, name, value, err);
		bool good = text != NULL && child_config_line(config, name, text, err);

		free(text);
		if (!good)
			return sluice_prefix(err, "option %.64s", name);
	}
	return true;
}
