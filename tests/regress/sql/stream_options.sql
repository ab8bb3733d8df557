-- Options are looked at when the stream is made.
\set SHOW_CONTEXT never
SELECT name, kind, minimum, maximum, initial, unit FROM sluice.known_options() ORDER BY name;
CREATE PUBLICATION p;
DO $$
DECLARE
	options jsonb;
	message text;
BEGIN
	FOR options IN SELECT jsonb_array_elements('[[], "x", null, {"unknown": 1}, {"durability": "never"}, {"durability": null},
		{"messages": "yes"}, {"messages": true}, {"origin": "some"}, {"bundle_rows": 0}, {"bundle_rows": 1000001}, {"bundle_rows": 1.5},
		{"bundle_rows": -1}, {"bundle_rows": "ten"}, {"bundle_rows": "10"}, {"bundle_bytes": 4095}, {"bundle_bytes": 67108865},
		{"compression": "gzip"}, {"compression": "zstd"}, {"max_bytes": 99999999999999999999}, {"max_bytes": 1048576}, {"replicas": 6},
		{"replay_window": -1}, {"consumers": ""}, {"consumers": "a b"}, {"consumers": "a, b-2,c_3"}, {"consumers": ["a"]},
		{"bundle_rows": 5, "origin": "here"}, {}]')
	LOOP
		BEGIN
			PERFORM sluice.create_stream('s', publication => 'p', options => options);
			PERFORM sluice.drop_stream('s');
			message := 'good';
		EXCEPTION WHEN invalid_parameter_value THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
		END;
		RAISE INFO '%: %', options, message;
	END LOOP;
END $$;
SELECT sluice.create_stream('s', publication => 'p', options => '{"bundle_rows": 0}');
SELECT sluice.create_stream('s', publication => 'p', options => NULL);
DROP PUBLICATION p;
