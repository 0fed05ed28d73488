// The older patch formats, and doubled fields of JSON.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goJsonError } from './go_json.mjs';
import { doubledFields } from './json_strict.mjs';
import { jsonPatch, mergePatch, strategicMerge } from './patches.mjs';

test('merge patch: RFC 7386, appendix A', () => {
  for (const [target, patch, result] of [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }], [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }], [{ a: 'b' }, { a: null }, {}], [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }], [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }], [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }], [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }]]) {
    const before = structuredClone(target);
    assert.deepEqual(mergePatch(target, patch), result);
    assert.deepEqual(target, before);
  }
});

test('JSON patch: RFC 6902, appendix A', () => {
  for (const [target, patch, result] of [
    [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
    [{ foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
    [{ foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc'] }], { foo: ['bar', ['abc']] }],
    [{ foo: ['bar', 'qux'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar'] }],
    [{ foo: { bar: 'baz', waldo: 'fred' }, qux: {} }, [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }], { foo: { bar: 'baz' }, qux: { thud: 'fred' } }],
    [{ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }, { op: 'replace', path: '/~1', value: 1 }], { '/': 1, '~1': 10 }]])
    assert.deepEqual(jsonPatch(target, patch), result);
  for (const patch of [[{ op: 'remove', path: '/a' }], [{ op: 'replace', path: '/a', value: 1 }], [{ op: 'test', path: '/foo', value: 2 }], [{ op: 'add', path: '/foo/bar/x', value: 1 }], [{ op: 'none' }]])
    assert.throws(() => jsonPatch({ foo: 1 }, patch), { code: 422 });
  assert.throws(() => jsonPatch({}, {}), { code: 400 });
});

test('strategic merge: lists by key, order, directives', () => {
  const spec = { containers: [{ name: 'a', image: 'x:1', env: [{ name: 'P', value: '1' }] }, { name: 'b', image: 'y' }], tolerations: [{ key: 'k' }] };
  assert.deepEqual(strategicMerge(spec, { containers: [{ name: 'a', image: 'x:2', env: [{ name: 'Q', value: '2' }] }] }).containers,
    [{ name: 'a', image: 'x:2', env: [{ name: 'Q', value: '2' }, { name: 'P', value: '1' }] }, { name: 'b', image: 'y' }]);
  assert.deepEqual(strategicMerge(spec, { containers: [{ name: 'a', $patch: 'delete' }] }).containers, [{ name: 'b', image: 'y' }]);
  assert.deepEqual(strategicMerge(spec, { containers: [{ $patch: 'replace' }, { name: 'c' }] }).containers, [{ name: 'c' }]);
  assert.deepEqual(strategicMerge(spec, { tolerations: [{ key: 'l' }] }).tolerations, [{ key: 'l' }]);
  assert.deepEqual(strategicMerge(spec, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [] }).containers.map(({ name }) => name), ['b', 'a']);
  assert.deepEqual(strategicMerge({ finalizers: ['a', 'b'] }, { '$deleteFromPrimitiveList/finalizers': ['a'] }), { finalizers: ['b'] });
  assert.deepEqual(strategicMerge({ strategy: { type: 'RollingUpdate', rollingUpdate: {} } }, { strategy: { $retainKeys: ['type'], type: 'Recreate' } }), { strategy: { type: 'Recreate' } });
});

test('doubled fields', () => {
  assert.deepEqual(doubledFields('{"a":1,"b":{"c":[{"d":1,"d":2},{"d":1}],"c":[]},"a":"x\\"y","e":{"a":1}}'), ['b.c[0].d', 'b.c', 'a']);
  assert.deepEqual(doubledFields('[]'), []);
  assert.deepEqual(doubledFields('{"a":{"b":1},"c":{"b":1}}'), []);
});

test('what is wrong with JSON', () => {
  assert.equal(goJsonError('{}'), undefined);
  assert.equal(goJsonError(''), 'unexpected end of JSON input');
  assert.equal(goJsonError('{"a":'), 'unexpected end of JSON input');
  assert.equal(goJsonError('hello'), "invalid character 'h' looking for beginning of value");
});
