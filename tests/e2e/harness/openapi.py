"""The OpenAPI document the server serves: its operations, and answers held against it."""
import re

import jsonschema

METHODS = ('get', 'post', 'put', 'patch', 'delete')
PREFIX = '/api/v1'


class Undocumented(AssertionError):
    """An answer that the document does not allow."""


class Operation:
    """One method of one path."""

    def __init__(self, document, path, method, members, spec):
        self.id = spec['operationId']
        self.method = method.upper()
        self.template = path
        self.spec = spec
        self.public = spec.get('security') == []
        scopes = [scope for way in spec.get('security', ()) for names in way.values() for scope in names]
        self.scope = scopes[0] if scopes else None
        self.parameters = [document.resolve(parameter) for parameter in
                           [*members.get('parameters', ()), *spec.get('parameters', ())]]
        outside = any(server['url'] == '/' for server in members.get('servers', ()))
        self.prefix = '' if outside else PREFIX
        pattern = re.sub(r'\\\{[^}]*\\\}', '[^/]+', re.escape(self.prefix + path))
        self.pattern = re.compile(f'^{pattern}$')
        self.literals = len(re.findall(r'/[^{/]+', path))

    def path(self, **values):
        """The whole path, with values for its parameters."""
        return self.prefix + re.sub(r'\{(\w+)\}', lambda match: str(values[match[1]]), self.template)

    @property
    def path_parameters(self):
        return re.findall(r'\{(\w+)\}', self.template)


class OpenApi:
    def __init__(self, document):
        self.document = document
        self.operations = [Operation(self, path, method, members, members[method])
                           for path, members in document['paths'].items() for method in METHODS if method in members]
        # Literal segments win over parameters.
        self.operations.sort(key=lambda operation: -operation.literals)
        self._resolver = jsonschema.RefResolver.from_schema(document)
        self._validators = {}

    def resolve(self, part):
        while '$ref' in part:
            name = part['$ref']
            part = self.document
            for step in name[2:].split('/'):
                part = part[step]
        return part

    def operation(self, method, path):
        """The operation of a request; None when there is none. HEAD is answered as GET."""
        method = 'GET' if method == 'HEAD' else method
        path = path.partition('?')[0]
        for operation in self.operations:
            if operation.method == method and operation.pattern.match(path):
                return operation
        return None

    def errors(self, schema, value):
        """What of a value does not fit a schema of the document: a list of texts."""
        key = id(schema)
        if key not in self._validators:
            self._validators[key] = jsonschema.Draft202012Validator(schema, resolver=self._resolver)
        return [f'{error.json_path}: {error.message}' for error in self._validators[key].iter_errors(value)]

    def check(self, method, path, status, content_type, value):
        """Raises when the document does not allow the answer. value is its JSON, or None."""
        what = f'{method} {path} -> {status} {content_type}'
        operation = self.operation(method, path)
        if status >= 400 and content_type == 'application/problem+json':
            errors = self.errors(self.document['components']['schemas']['Problem'], value)
            if errors or value['status'] != status:
                raise Undocumented(f'{what}: {errors}\n{value}')
            if operation is not None and str(status) not in operation.spec['responses'] and 'default' not in operation.spec['responses']:
                raise Undocumented(f'{what}: the operation has no such answer')
            return
        if operation is None:
            raise Undocumented(f'{what}: there is no such operation')
        if status == 304:
            return
        answers = operation.spec['responses']
        if str(status) not in answers:
            raise Undocumented(f'{what}: the operation has answers {list(answers)}')
        content = self.resolve(answers[str(status)]).get('content')
        if content is None:
            if content_type is not None:
                raise Undocumented(f'{what}: it should have no content')
            return
        if content_type not in content:
            raise Undocumented(f'{what}: the operation answers with {list(content)}')
        if value is not None and 'schema' in content[content_type]:
            errors = self.errors(content[content_type]['schema'], value)
            if errors:
                raise Undocumented(f'{what}: {errors[:5]}\n{value}')
