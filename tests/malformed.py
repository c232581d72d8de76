"""Requests that are not GraphQL over HTTP, by name: body, and the status that refuses it."""

import gzip

GOOD = b'{"query":"{viewer}"}'

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "a number": b"1",
    "null": b"null",
    "a string": b'"x"',
    "true": b"true",
    "an array": b"[]",
    "a batch": b"[" + GOOD + b"]",
    "an object without query": b"{}",
    "query null": b'{"query":null}',
    "query a number": b'{"query":1}',
    "query an array": b'{"query":["{viewer}"]}',
    "query an object": b'{"query":{"a":1}}',
    "operationName a number": b'{"query":"{viewer}","operationName":1}',
    "operationName an array": b'{"query":"{viewer}","operationName":["A"]}',
    "operationName false": b'{"query":"{viewer}","operationName":false}',
    "variables a string": b'{"query":"{viewer}","variables":"{}"}',
    "variables an array": b'{"query":"{viewer}","variables":[]}',
    "variables a number": b'{"query":"{viewer}","variables":0}',
    "extensions an array": b'{"query":"{viewer}","extensions":[]}',
    "extensions true": b'{"query":"{viewer}","extensions":true}',
    "a persisted query without a query": (
        b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}'
    ),
    "unfinished": GOOD[:-1],
    "two objects": GOOD + GOOD,
    "a trailing comma": b'{"query":"{viewer}",}',
    "a comment": b'{"query":"{viewer}"}//',
    "single quotes": b"{'query':'{viewer}'}",
    "a bare document": b"{viewer}",
    "NaN": b'{"query":"{viewer}","variables":{"a":NaN}}',
    "Infinity": b'{"query":"{viewer}","variables":{"a":Infinity}}',
    "a number past every float": b'{"query":"{viewer}","variables":{"a":1e999}}',
    "a number of 5,000 digits": b'{"query":"{viewer}","variables":{"a":' + b"9" * 5_000 + b"}}",
    "a lone surrogate": b'{"query":"{viewer}","variables":{"a":"\\ud800"}}',
    "a lone low surrogate": b'{"query":"{viewer}","variables":{"a":"\\udc00"}}',
    "a surrogate in UTF-8": b'{"query":"{viewer}","variables":{"a":"\xed\xa0\x80"}}',
    "invalid UTF-8": b'{"query":"{viewer}","variables":{"a":"\xff\xfe"}}',
    "overlong UTF-8": b'{"query":"{viewer}","variables":{"a":"\xc0\xaf"}}',
    "Latin-1": '{"query":"{viewer}","variables":{"a":"é"}}'.encode("latin-1"),
    "UTF-16": '{"query":"{viewer}"}'.encode("utf-16"),
    "UTF-32": '{"query":"{viewer}"}'.encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "NUL bytes": b"\0" * 100,
    "a NUL in a string": b'{"query":"{viewer}","variables":{"a":"\0"}}',
    "50 kB of brackets": b"[" * 50_000,
    "50 kB of deep objects": b'{"a":' * 10_000,
    "deep and closed": b'{"query":"{viewer}","variables":{"a":'
    + b"[" * 5_000
    + b"]" * 5_000
    + b"}}",
    "gzip, not declared": gzip.compress(GOOD),
    "a form": b"query=%7Bviewer%7D",
    "multipart": b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--',
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
}

CONTENT_TYPES: dict[str, str | None] = {
    "none": None,
    "empty": "",
    "text": "text/plain",
    "GraphQL": "application/graphql",
    "a response": "application/graphql-response+json",
    "longer": "xapplication/jsonx",
    "a suffix": "application/ld+json",
    "two": "application/json, application/json",
    "a form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data; boundary=x",
    "Latin-1": "application/json; charset=iso-8859-1",
    "UTF-16": 'application/json; charset="utf-16"',
    "two charsets": "application/json; charset=utf-8; charset=utf-16",
    "a wildcard": "*/*",
}

QUERY_STRINGS: dict[str, str] = {
    "nothing": "",
    "no query": "variables={}",
    "query twice": "query={viewer}&query={viewer}",
    "variables not JSON": "query={viewer}&variables=x",
    "variables an array": "query={viewer}&variables=[]",
    "variables of deep arrays": "query={viewer}&variables=" + "[" * 5_000,
    "extensions a number": "query={viewer}&extensions=1",
    "invalid UTF-8": "query=%ff%fe",
    "a surrogate": "query=%ed%a0%80",
    "many parameters": "query={viewer}&" + "&".join(f"a{i}=1" for i in range(30)),
}
