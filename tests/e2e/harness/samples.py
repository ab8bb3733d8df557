"""Values made from schemas of the OpenAPI document: one that fits, and many that nearly do."""
import copy
import re

CLASS = re.compile(r'\[(\^?)((?:\\.|[^\]\\])+)\]|\\(.)|(.)')
COUNT = re.compile(r'\{(\d+)(?:,(\d*))?\}|([*+?])')

# A value of another type for each type.
OTHER_TYPE = {'string': 12345, 'integer': 'many', 'number': 'many', 'boolean': 'perhaps', 'array': 'list', 'object': 'thing', 'null': 'nothing'}


class Samples:
    def __init__(self, openapi):
        self.openapi = openapi

    def value(self, schema, depth=0):
        """A small value that fits."""
        schema = self.openapi.resolve(schema)
        if 'const' in schema:
            return schema['const']
        if 'enum' in schema:
            return schema['enum'][0]
        for word in ('oneOf', 'anyOf'):
            if word in schema:
                return self.value(schema[word][0], depth + 1)
        if 'allOf' in schema:
            merged = {}
            for part in schema['allOf']:
                made = self.value(part, depth + 1)
                if isinstance(made, dict):
                    merged |= made
            return merged
        kind = schema.get('type', 'object')
        kind = kind[0] if isinstance(kind, list) else kind
        return getattr(self, '_' + kind)(schema, depth)

    def _object(self, schema, depth):
        members = schema.get('properties', {})
        names = list(schema.get('required', ()))
        names += [name for name in members if name not in names][:max(0, schema.get('minProperties', 0) - len(names))]
        return {name: self.value(members[name], depth + 1) for name in names}

    def _array(self, schema, depth):
        return [self.value(schema.get('items', {}), depth + 1) for _ in range(schema.get('minItems', 0))]

    def _string(self, schema, _depth):
        if schema.get('format') == 'date-time':
            return '2026-01-31T12:00:00.000Z'
        if schema.get('format') == 'date':
            return '2026-01-31'
        if schema.get('format') == 'uri':
            return 'https://hooks.example.com/sluice'
        if schema.get('format') == 'cidr':
            return '10.0.0.0/8'
        if 'pattern' in schema:
            return _matching(schema['pattern'], schema.get('minLength', 1))
        return 'x' * max(schema.get('minLength', 0), 1)

    @staticmethod
    def _integer(schema, _depth):
        return max(schema.get('minimum', 1), min(1, schema.get('maximum', 1)))

    _number = _integer

    @staticmethod
    def _boolean(_schema, _depth):
        return False

    @staticmethod
    def _null(_schema, _depth):
        return None

    # -- bodies that do not fit ------------------------------------------

    def faults(self, schema):
        """(what, body, pointer that is to be named) of bodies that do not fit."""
        whole = self.value(schema)
        for other in ([], 'text', 7, None, True):
            yield f'{other!r} instead of an object', other, ''
        yield from self._object_faults(schema, whole, (), whole)

    def _object_faults(self, schema, value, path, whole):
        schema = self.openapi.resolve(schema)
        for word in ('oneOf', 'anyOf', 'allOf'):
            for part in schema.get(word, ())[:1 if word != 'allOf' else None]:
                yield from self._object_faults(part, value, path, whole)
        if 'properties' not in schema or not isinstance(value, dict):
            return
        where = ''.join(f'/{step}' for step in path)
        if schema.get('additionalProperties') is False:
            yield f'{where}/no_such_thing', _with(whole, (*path, 'no_such_thing'), 1), f'{where}/no_such_thing'
        for name, member in schema['properties'].items():
            member = self.openapi.resolve(member)
            here = f'{where}/{name}'
            if name in schema.get('required', ()):
                yield f'no {here}', _without(whole, (*path, name)), here
            kinds = member.get('type')
            if kinds and 'const' not in member:
                kinds = kinds if isinstance(kinds, list) else [kinds]
                wrong = OTHER_TYPE[kinds[0]] if 'string' not in kinds or kinds[0] == 'string' else {'wrong': 1}
                if not ({'integer', 'number'} & set(kinds) and isinstance(wrong, int)):
                    yield f'{here} of another type', _with(whole, (*path, name), wrong), here
                if 'null' not in kinds:
                    yield f'{here} null', _with(whole, (*path, name), None), here
            if 'maxLength' in member:
                yield f'{here} too long', _with(whole, (*path, name), 'x' * (member['maxLength'] + 1)), here
            if 'maximum' in member:
                yield f'{here} too large', _with(whole, (*path, name), member['maximum'] + 1), here
            if 'enum' in member:
                yield f'{here} none of its words', _with(whole, (*path, name), 'no such word'), here
            made = value.get(name, self.value(member)) if kinds == ['object'] or 'properties' in member else None
            if isinstance(made, dict):
                yield from self._object_faults(member, made, (*path, name), _with(whole, (*path, name), made))


def _with(whole, path, value):
    changed = copy.deepcopy(whole)
    at = changed
    for step in path[:-1]:
        at = at.setdefault(step, {})
    at[path[-1]] = value
    return changed


def _without(whole, path):
    changed = copy.deepcopy(whole)
    at = changed
    for step in path[:-1]:
        at = at.setdefault(step, {})
    at.pop(path[-1], None)
    return changed


def _matching(pattern, least):
    """A text that a pattern of ours matches: each atom as often as it must be."""
    pattern = pattern.removeprefix('^').removesuffix('$')
    text, at = '', 0
    while at < len(pattern):
        atom = CLASS.match(pattern, at)
        at = atom.end()
        inverted, members, escaped, plain = atom.groups()
        if members:
            one = members.replace('\\', '')[0] if not inverted else next(c for c in 'x9_' if c not in members)
        elif escaped:
            one = {'d': '1', 'w': 'w', 's': ' '}.get(escaped, escaped)
        else:
            one = 'x' if plain == '.' else plain
        count = COUNT.match(pattern, at)
        times = 1
        if count:
            at = count.end()
            times = int(count[1]) if count[1] else 0 if count[3] in '*?' else 1
            if at == len(pattern):
                times = max(times, least - len(text))
        text += one * times
    return text
