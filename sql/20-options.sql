-- ---- options ----

CREATE FUNCTION sluice.known_options(
	OUT name text, OUT kind text, OUT minimum numeric, OUT maximum numeric, OUT allowed text[],
	OUT initial text, OUT unit text, OUT meaning text) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE AS $$
	VALUES
	('durability', 'choice', NULL::numeric, NULL::numeric, ARRAY['target', 'broker'], 'target', NULL::text,
		'what the slot is confirmed for: flushed at every target, or acknowledged by JetStream'),
	('messages', 'boolean', NULL, NULL, ARRAY['true', 'false'], 'true', NULL,
		'publish logical messages (pg_logical_emit_message)'),
	('origin', 'choice', NULL, NULL, ARRAY['any', 'none'], 'any', NULL,
		'none leaves out changes that came here by replication'),
	('bundle_rows', 'integer', 1, 1000000, NULL, '500', 'rows',
		'a bundle is sent when it has so many changes'),
	('bundle_bytes', 'integer', 4096, 67108864, NULL, '524288', 'bytes',
		'a bundle is sent when it is so long'),
	('compression', 'choice', NULL, NULL, ARRAY['none', 'lz4', 'zstd'], 'none', NULL,
		'of bundles'),
	('max_bytes', 'integer', 1048576, 9223372036854775807, NULL, '4294967296', 'bytes',
		'most that JetStream keeps; then the source''s log waits'),
	('replicas', 'integer', 1, 5, NULL, '1', NULL,
		'of the JetStream stream'),
	('replay_window', 'integer', 0, 31536000, NULL, '0', 'seconds',
		'how long JetStream keeps what every consumer has applied'),
	('consumers', 'names', NULL, NULL, NULL, 'writer', NULL,
		'whose progress the slot and JetStream wait for, with commas between'),
	('carry', 'names', NULL, NULL, ARRAY['functions', 'views', 'triggers'], NULL, NULL,
		'what a copy makes at the target besides tables, with commas between'),
	('copy_workers', 'integer', 1, 16, NULL, '2', 'processes',
		'that read tables for a copy at once'),
	('chunk_bytes', 'integer', 1048576, 1099511627776, NULL, '67108864', 'bytes',
		'of a table that are copied in one transaction'),
	('scan', 'boolean', NULL, NULL, ARRAY['true', 'false'], 'false', NULL,
		'look at all values before a copy, for targets that cannot have all of a type''s (loss policy auto)'),
	('queries', 'object', NULL, NULL, NULL, NULL, NULL,
		'mode convert: SELECT statements to copy in the place of tables, by table'),
	('max_events', 'integer', 1, 9223372036854775807, NULL, NULL, 'changes',
		'published since the start, after which the stream is finished'),
	('max_seconds', 'integer', 1, 31536000, NULL, NULL, 'seconds',
		'since the start, after which the stream is finished')
$$;

-- Whether a text is a JSON object whose values are texts.
CREATE FUNCTION sluice.is_text_object(content text) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN jsonb_typeof(content::jsonb) = 'object' AND NOT EXISTS
		(SELECT FROM jsonb_each(content::jsonb) e WHERE jsonb_typeof(e.value) <> 'string');
EXCEPTION WHEN invalid_text_representation THEN
	RETURN false;
END $$;

CREATE FUNCTION sluice.option_fault(option_name text, option_value text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known record;
BEGIN
	SELECT * INTO known FROM sluice.known_options() o WHERE o.name = option_name;
	IF NOT FOUND THEN
		RETURN format('unknown option "%s": there are %s', option_name,
			(SELECT string_agg(o.name, ', ') FROM sluice.known_options() o));
	ELSIF option_value IS NULL THEN
		RETURN format('option "%s" has no value', option_name);
	ELSIF known.kind IN ('choice', 'boolean') AND NOT option_value = ANY (known.allowed) THEN
		RETURN format('option "%s" is %s, not "%s"', option_name,
			array_to_string(known.allowed, ' or '), option_value);
	ELSIF known.kind = 'integer' AND (option_value !~ '^[0-9]{1,19}$'
			OR option_value::numeric NOT BETWEEN known.minimum AND known.maximum) THEN
		RETURN format('option "%s" is a number from %s to %s%s, not "%s"', option_name,
			known.minimum, known.maximum, coalesce(' (' || known.unit || ')', ''), option_value);
	ELSIF known.kind = 'names' AND option_value !~ '^[A-Za-z0-9_-]{1,40}( *, *[A-Za-z0-9_-]{1,40}){0,7}$' THEN
		RETURN format('option "%s" is one to eight names of letters, digits, _ and -, not "%s"',
			option_name, option_value);
	ELSIF known.kind = 'names' AND NOT regexp_split_to_array(option_value, ' *, *') <@ known.allowed THEN
		RETURN format('option "%s" is some of %s, not "%s"', option_name,
			array_to_string(known.allowed, ', '), option_value);
	ELSIF known.kind = 'object' AND NOT sluice.is_text_object(option_value) THEN
		RETURN format('option "%s" is a JSON object of texts, not "%s"', option_name, option_value);
	END IF;
	RETURN NULL;
END $$;

CREATE FUNCTION sluice.require_options(options jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	fault text;
BEGIN
	IF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'options is a JSON object';
	END IF;
	SELECT sluice.option_fault(key, value) INTO fault FROM jsonb_each_text(options)
		WHERE sluice.option_fault(key, value) IS NOT NULL LIMIT 1;
	IF fault IS NOT NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = fault,
			HINT = 'SELECT * FROM sluice.known_options() explains them.';
	END IF;
END $$;
