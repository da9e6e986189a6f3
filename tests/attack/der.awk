# Edits one element of DER given as upper-case hex: PATH names it by places from 0, "1 0 4 0" say.
#   OP get: print it; put: HEX in its place; add: HEX after it; tag: HEX is its new first byte
function value(h, i, n) {
	n = 0
	for (i = 1; i <= length(h); i++)
		n = n * 16 + index("0123456789ABCDEF", substr(h, i, 1)) - 1
	return n
}

function hex(n, s) {
	for (s = ""; n > 0 || length(s) % 2 || s == ""; n = int(n / 16))
		s = substr("0123456789ABCDEF", n % 16 + 1, 1) s
	return s
}

# HEAD and BODY: digits of header and contents of the element that begins h.
function measure(h, n) {
	n = value(substr(h, 3, 2))
	HEAD = 4
	if (n >= 128) {
		HEAD += 2 * (n - 128)
		n = value(substr(h, 5, HEAD - 4))
	}
	BODY = 2 * n
}

function element(tag, body, n) {
	n = hex(length(body) / 2)
	return tag (length(body) < 256 ? "" : hex(128 + length(n) / 2)) n body
}

function edit(h, at, head, body, done, k) {
	if (at > depth) {
		if (op == "get")
			found = h
		if (op == "add")
			return h hex_arg
		measure(h)
		return op == "put" ? hex_arg : op == "tag" ? hex_arg substr(h, 3) : h
	}
	measure(h)
	head = HEAD
	body = substr(h, head + 1, BODY)
	for (k = 0; k < place[at]; k++) {
		measure(substr(body, length(done) + 1))
		done = done substr(body, length(done) + 1, HEAD + BODY)
	}
	measure(substr(body, length(done) + 1))
	k = HEAD + BODY
	return element(substr(h, 1, 2), done edit(substr(body, length(done) + 1, k), at + 1) substr(body, length(done) + k + 1))
}

BEGIN { depth = split(path, place, " ") }
{ result = edit($0, 1) }
END { print op == "get" ? found : result }
