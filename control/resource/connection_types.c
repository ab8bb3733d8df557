/*
 * connection_types.c - a JSON Schema for each kind of database, by which a form can be made (connection_look.h).
 */
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "connection_look.h"
#include "control/database/engine.h"

/* What a field is, as JSON; `order` is its place. */
static const struct FormField
{
	const char *name, *title, *schema;
} fields[] = {
	{"name", "Name", "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 100}"},
	{"host", "Host", "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255}"},
	{"port", "Port", "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 65535}"},
	{"database", "Database", "{\"type\": \"string\", \"maxLength\": 64}"},
	{"user", "User", "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 128}"},
	{"password", "Password",
	 "{\"type\": \"string\", \"maxLength\": 1000, \"writeOnly\": true, \"format\": \"password\"}"},
	{"tls", "TLS",
	 "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
	 "\"mode\": {\"type\": \"string\", \"title\": \"Mode\", \"default\": \"prefer\","
	 " \"enum\": [\"disable\", \"prefer\", \"require\", \"verify-ca\", \"verify-full\"]},"
	 "\"ca\": {\"type\": \"string\", \"title\": \"Authority (PEM)\", \"writeOnly\": true},"
	 "\"certificate\": {\"type\": \"string\", \"title\": \"Client certificate (PEM)\", "
	 "\"writeOnly\": true},"
	 "\"key\": {\"type\": \"string\", \"title\": \"Client key (PEM)\", \"writeOnly\": true}}}"},
	{"options", "Options",
	 "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
	 "\"connect_timeout\": {\"type\": \"integer\", \"title\": \"Connect timeout (s)\","
	 " \"minimum\": 1, \"maximum\": 3600, \"default\": 5}}}"},
	{"description", "Description", "{\"type\": \"string\", \"maxLength\": 1000}"},
};

static json_t *
form_of(const Engine *engine)
{
	json_t *properties = json_pack("{s:{s:s}}", "type", "const", engine->type);
	json_t *required = json_pack("[s, s, s, s]", "name", "type", "host", "user");

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
	{
		json_t *schema = json_loads(fields[i].schema, 0, NULL);

		(void) json_object_set_new(schema, "title", json_string(fields[i].title));
		if (strcmp(fields[i].name, "port") == 0)
			(void) json_object_set_new(schema, "default", json_integer(engine->port));
		(void) json_object_set_new(properties, fields[i].name, schema);
	}
	if (engine->database_needed)
		(void) json_array_append_new(required, json_string("database"));
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0,
					 "required", required, "properties", properties);
}

bool
connection_list_types(Control *control, const Request *request, Response *response)
{
	json_t *items = json_array();
	const Engine *engine;

	(void) control;
	(void) request;
	for (size_t i = 0; (engine = engine_at(i)) != NULL; i++)
		(void) json_array_append_new(
			items, json_pack("{s:s, s:s, s:i, s:b, s:o}", "type", engine->type, "name",
							 engine->name, "default_port", (int) engine->port, "has_schemas",
							 (int) engine->schemas, "schema", form_of(engine)));
	return answer_json(response, 200, json_pack("{s:o, s:n}", "items", items, "next_cursor"));
}
